"""What the command line shows of the Redis store, and removes from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from starmodel.adapters.persistence.redis.query.ranges import id_text_of, whole
from starmodel.adapters.persistence.redis.records import (
    HEADER,
    CorruptRecordError,
    Records,
    corrupt,
    read_header,
)
from starmodel.adapters.persistence.redis.repository import RedisRepository
from starmodel.adapters.persistence.redis.scripts import REMOVE
from starmodel.adapters.persistence.redis.server.checks import ServerInfo, server_info

SAMPLE = 100
PAGE = 500
HIDDEN = "(private)"


class ClassStatistics(NamedTuple):
    """The records of one class.

    Units: nbytes is an estimate from a sample of the records, index_bytes is of their index.
    """

    name: str
    records: int
    expiring: int
    nbytes: int
    index_bytes: int
    ttl_s: float | None


class StoredRecord(NamedTuple):
    """One record as it is stored. Shapes: fields are parsed JSON; private ones are masked."""

    key: str
    version: int
    expires_at: float | None
    nbytes: int
    indexed: Sequence[str]
    fields: dict[str, Any]


async def facts_of(repository: RedisRepository) -> ServerInfo:
    """The facts of the server that an open store uses."""
    return await server_info(repository.store.link)


async def statistics(repository: RedisRepository) -> list[ClassStatistics]:
    """The number and size of the records of each class of an open store."""
    return [await _statistics_of(repository, each) for each in repository.store.records.values()]


async def _statistics_of(repository: RedisRepository, records: Records) -> ClassStatistics:
    call, every = repository.store.link.call, whole("id")
    count = await call("ZLEXCOUNT", records.index_key, every.low, every.high)
    expiring = await call("ZCARD", records.expiry_key)
    members = await call(
        "ZRANGEBYLEX", records.index_key, every.low, every.high, "LIMIT", 0, SAMPLE
    )
    keys = [records.key(records.id_of_entry(id_text_of(records, each))) for each in members]
    sizes = [await call("MEMORY", "USAGE", key) or 0 for key in keys]
    index_bytes = await call("MEMORY", "USAGE", records.index_key) or 0
    nbytes = sum(sizes) * count // len(sizes) if sizes else 0
    return ClassStatistics(records.name, count, expiring, nbytes, index_bytes, records.ttl_s)


async def inspected(repository: RedisRepository, records: Records, id: Any) -> StoredRecord | None:
    """One record of an open store; None without it. Raises: StoreFailedError, for a foreign one."""
    try:
        key = records.key(id)
    except ValueError:
        return None
    raw = await repository.store.link.call("GET", key)
    if raw is None:
        return None
    try:
        values = json.loads(raw)
        if not isinstance(values, dict):
            raise CorruptRecordError("is JSON, and not an object")
        header = read_header(values.pop(HEADER, None))
    except CorruptRecordError as error:
        raise corrupt(records, id, error) from error
    except ValueError as error:
        raise corrupt(records, id, CorruptRecordError(f"is not JSON: {error}")) from error
    # An unknown field may be private in another build.
    fields = {
        name: value if name in records.specs and not records.specs[name].private else HIDDEN
        for name, value in values.items()
    }
    return StoredRecord(
        key, header.version, header.expires_at, len(raw), sorted(header.entries), fields
    )


async def flush(repository: RedisRepository, records: Records) -> int:
    """Delete every record of a class in pages; their number. Nothing is published to open pages."""
    link, every, removed = repository.store.link, whole("id"), 0
    while True:
        members = await link.call(
            "ZRANGEBYLEX", records.index_key, every.low, every.high, "LIMIT", 0, PAGE
        )
        if not members:
            return removed
        texts = [id_text_of(records, each) for each in members]
        keys = [records.key(records.id_of_entry(text)) for text in texts]
        removed += await link.script(REMOVE, [records.index_key, records.expiry_key, *keys], *texts)
