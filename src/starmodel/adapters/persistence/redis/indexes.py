"""Builds indexes that were added to a class after its records were stored."""

from __future__ import annotations

import logging
from typing import Any

from starmodel.adapters.persistence.redis.query.ranges import entry_of_id, id_text_of, whole
from starmodel.adapters.persistence.redis.records import (
    HEADER,
    CorruptRecordError,
    Records,
    read_header,
)
from starmodel.adapters.persistence.redis.scripts import REINDEX
from starmodel.adapters.persistence.redis.server.connection import RedisLink
from starmodel.core.errors import ConstraintError

log = logging.getLogger("starmodel.redis")
PAGE = 200
ATTEMPTS = 20


async def build_indexes(link: RedisLink, records: Records) -> None:
    """Add the entries of every index that the class has gained, and note which ones are built.

    An interrupted build continues with the record at which it stopped. Several processes may
    build at once: each record is replaced only as it was read.
    """
    wanted = ",".join(sorted(f"{n}:{c.sort_version}" for n, c in records.indexed.items()))
    stored = await link.call("HMGET", records.schema_key, "built", "building", "at")
    built, building, at = ("" if each is None else each.decode() for each in stored)
    if set(filter(None, wanted.split(","))) <= set(built.split(",")):
        return
    total = await link.call("ZLEXCOUNT", records.index_key, *_bounds())
    if total:
        names = sorted(set(wanted.split(",")) - set(built.split(",")))
        fields = ", ".join(f"{records.name}.{name.partition(':')[0]}" for name in names)
        log.warning("Building the Redis index of %s for %d records", fields, total)
    low = b"(" + entry_of_id(at) if building == wanted and at else _bounds()[0]
    while True:
        members = await link.call(
            "ZRANGEBYLEX", records.index_key, low, _bounds()[1], "LIMIT", 0, PAGE
        )
        if not members:
            break
        texts = [id_text_of(records, member) for member in members]
        keys = [records.key(records.id_of_entry(text)) for text in texts]
        for text, key, raw in zip(texts, keys, await link.call("MGET", *keys), strict=True):
            await _index(link, records, text, key, raw)
        await link.call("HSET", records.schema_key, "building", wanted, "at", texts[-1])
        low = b"(" + members[-1]
    await link.call("HSET", records.schema_key, "built", wanted, "building", "", "at", "")
    if total:
        log.warning("Built the Redis index of %s", fields)


def _bounds() -> tuple[bytes, bytes]:
    every = whole("id")
    return every.low, every.high


async def _index(link: RedisLink, records: Records, text: str, key: str, raw: Any) -> None:
    """Add the entries of one record; a record that changes meanwhile is read again."""
    for _ in range(ATTEMPTS):
        if raw is None:
            return
        try:
            made = _with_entries(records, raw)
        except (CorruptRecordError, ConstraintError) as error:
            log.warning("The key %s has no index entries: %s", key, error)
            return
        if await link.script(REINDEX, [key, records.index_key], raw, made, text):
            return
        raw = await link.call("GET", key)


def _with_entries(records: Records, raw: bytes) -> bytes:
    """The JSON of a record with the index entries that its class has now."""
    values = records.parsed(raw)
    header = read_header(values.get(HEADER))
    entries = {**header.entries, **records.entry_texts(records.snapshot(values, header.version))}
    rest = raw.partition(b'","')[2]
    made = records.header(header.version, header.expires_at, entries, shape=header.shape)
    return f'{{"{HEADER}":"{made}'.encode() + b'","' + rest
