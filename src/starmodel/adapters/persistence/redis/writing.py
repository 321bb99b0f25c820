"""Stores batches: one script call each, sent again only where that can't store it twice."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.adapters.persistence.redis.keys import Keys
from starmodel.adapters.persistence.redis.records import CorruptRecordError, Records, corrupt
from starmodel.adapters.persistence.redis.scripts import COMMIT, DELETE
from starmodel.adapters.persistence.redis.server.connection import (
    SENT_AGAIN,
    LostReplyError,
    RedisLink,
)
from starmodel.adapters.persistence.redis.server.failures import unavailable
from starmodel.app.commit.deadlines import deadline_of
from starmodel.app.ports.repository import MARKER_TTL_S, Batch, Change, Marker
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConstraintError,
    DuplicateCommandError,
    StoreBusyError,
    StoreFailedError,
    VersionConflictError,
)
from starmodel.texts.catalogue import Message

MAX_CHANGES = 2_000
MAX_BATCH_BYTES = 32 * 1024 * 1024
GRACE_S = 3600.0
"""A record is removed by the server itself this long after its expiry. Units: seconds."""
LOCK_POLL_S = 0.004
Encoded = list[Any]
"""The arguments of the commit script for one change."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The locks that a transaction holds. Shapes: keys are those of the locks."""

    token: str = ""
    keys: Sequence[str] = ()


class Writer:
    """Stores batches of changes of the classes of one store."""

    def __init__(
        self,
        link: RedisLink,
        keys: Keys,
        records: Mapping[type[Entity], Records],
        *,
        timeout_s: float,
    ) -> None:
        self._link, self._keys, self._records = link, keys, records
        self._timeout_s = timeout_s

    def encode(self, batch: Batch, now: float) -> list[Encoded]:
        """The arguments of the script for each change. Raises: ConstraintError."""
        if len(batch.changes) > MAX_CHANGES:
            raise _too_large(f"{len(batch.changes)} records", f"{MAX_CHANGES} records")
        return [self._arguments(change, now) for change in batch.changes]

    async def commit(self, batch: Batch, encoded: list[Encoded], now: float, lease: Lease) -> None:
        """Store the batch. Raises: as `Repository.commit`; StoreBusyError, when locked too long."""
        if not batch.changes and batch.marker is None:
            return
        deadline = deadline_of(self._timeout_s)
        nonce = secrets.token_hex(8)
        while True:
            answer, *rest = await self._run(batch, encoded, nonce, now, lease)
            if answer == b"ok":
                return
            if answer == b"duplicate":
                raise DuplicateCommandError("" if batch.marker is None else batch.marker.key)
            number = int(rest[0])
            change = batch.changes[number]
            if answer == b"shape":  # written by another build, whose fields stay
                unknown = self._unknown(change, rest[1])
                encoded[number] = self._arguments(change, now, unknown)
            elif answer == b"locked":
                if lease.token or time.monotonic() > deadline:
                    raise _busy(change)
                await asyncio.sleep(LOCK_POLL_S * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            else:
                raise self._failure(answer, change, rest[1:])

    def _arguments(
        self,
        change: Change,
        now: float,
        unknown: tuple[dict[str, Any], dict[str, str]] | None = None,
    ) -> Encoded:
        records = self._records[change.entity]
        fields, entries = unknown or ({}, {})
        raw, ttl = "", ""
        try:
            id = records.id_entry(change.id)
        except ValueError as error:
            if change.kind != "insert":
                raise _gone(change) from error
            raise records.problem("id", str(error)) from error
        if change.snapshot is not None:
            expires_at = None if change.ttl_s is None else now + change.ttl_s
            if change.ttl_s is not None:
                ttl = str(int((change.ttl_s + GRACE_S) * 1000))
            raw = records.encode(change.snapshot, change.version, expires_at, entries, fields)
        number = str(change.id) if type(change.id) is int and change.id > 0 else ""
        shape = records.shape if not unknown else "any"
        uniques = f",{','.join(records.uniques)}," if records.uniques else ""
        return [change.kind, change.base, shape, raw, ttl, uniques, id, number]

    async def _run(
        self, batch: Batch, encoded: list[Encoded], nonce: str, now: float, lease: Lease
    ) -> list[Any]:
        keys, arguments = [self._keys.marker("")], self._marker_arguments(batch.marker, nonce, now)
        if batch.marker is not None:
            keys = [self._keys.marker(batch.marker.key)]
        for change in batch.changes:
            records = self._records[change.entity]
            keys += [
                records.key(change.id), records.index_key, records.expiry_key,
                records.sequence_key, records.lock_key(change.id),
            ]  # fmt: skip
        keys += lease.keys
        arguments += [lease.token, len(lease.keys)]
        for each in encoded:
            arguments += each
        size = sum(len(word) for word in arguments if isinstance(word, str))
        if size > MAX_BATCH_BYTES:
            raise _too_large(f"{size} bytes", f"{MAX_BATCH_BYTES} bytes")
        deletes = all(change.kind in ("delete", "check") for change in batch.changes)
        script = DELETE if deletes and batch.changes else COMMIT
        return await self._send(script.command(keys, arguments), is_marked=batch.marker is not None)

    async def _send(self, command: tuple[Any, ...], *, is_marked: bool) -> list[Any]:
        """The reply of the script; sent again after a lost reply if it has a marker."""
        attempts = SENT_AGAIN if is_marked else 1
        for attempt in range(attempts):
            try:
                reply: list[Any] = await self._link.send(command)
                return reply
            except LostReplyError as error:
                if attempt == attempts - 1:
                    cause = error.__cause__ or error
                    raise unavailable(self._link.place, cause, doubtful=True) from error
        raise AssertionError

    @staticmethod
    def _marker_arguments(marker: Marker | None, nonce: str, now: float) -> list[Any]:
        if marker is None:
            return [now, "", "", "", 0]
        ttl_ms = max(0, int((marker.at + MARKER_TTL_S - now) * 1000))
        return [now, marker_text(marker, nonce), marker.command, nonce, ttl_ms]

    def _unknown(self, change: Change, raw: bytes) -> tuple[dict[str, Any], dict[str, str]]:
        records = self._records[change.entity]
        try:
            return records.unknown_of(raw)
        except CorruptRecordError as error:
            raise corrupt(records, change.id, error) from error

    def _failure(self, answer: bytes, change: Change, rest: Sequence[bytes]) -> Exception:
        records = self._records[change.entity]
        if answer == b"conflict":
            stored = int(rest[0]) if rest[0] else None
            return VersionConflictError(
                change.entity.__name__, change.id, read=change.base, stored=stored
            )
        if answer == b"unique":
            return _taken(records, rest[0].decode())
        return corrupt(records, change.id, CorruptRecordError("was not written by StarModel"))


def marker_text(marker: Marker, nonce: str) -> str:
    """The stored form of a marker: what scripts compare, then JSON."""
    words = [marker.digest, marker.outcome, marker.effects]
    return f"{marker.command};{nonce};{marker.at!r};{json.dumps(words)}"


def marker_of(key: str, raw: bytes) -> Marker:
    """The marker of its stored form."""
    command, _, at, words = raw.decode().split(";", 3)
    digest, outcome, effects = json.loads(words)
    return Marker(key, digest, command, float(at), outcome, effects)


def _too_large(size: str, limit: str) -> StoreFailedError:
    return StoreFailedError(
        f"One command changes {size} in Redis, where a script stops all others while it runs; at "
        f"most {limit} are stored at once. Nothing was stored. Change them in several commands."
    )


def _busy(change: Change) -> StoreBusyError:
    return StoreBusyError(
        f"{change.entity.__name__} {change.id!r} is locked by other commands. Nothing was stored; "
        "dispatch again."
    )


def _gone(change: Change) -> VersionConflictError:
    return VersionConflictError(change.entity.__name__, change.id, read=change.base, stored=None)


def _taken(records: Records, name: str) -> ConstraintError:
    spec = records.specs[name]
    problem = Message("constraint.unique", titles=spec.title)
    public = {} if spec.private else {name: problem}
    reason = Message("constraint.some_unique") if spec.private else problem
    return ConstraintError(
        Message("constraint.refused", title=records.cls.__name__, reason=problem),
        public,
        shown=Message("constraint.refused", title=records.cls.__name__, reason=reason),
        entity=records.name,
    )
