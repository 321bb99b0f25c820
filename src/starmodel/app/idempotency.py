"""One click, one effect: a key's marker is stored together with what the command changed."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from starmodel.app.ports import Batch, Marker, Repository
from starmodel.core.commands import CommandRecord
from starmodel.core.errors import (
    CommandReusedError,
    CommandRunningError,
    DuplicateCommandError,
    RequestError,
)
from starmodel.core.json_data import json_bytes

MAX_KEY = 128
MAX_DIGEST_BYTES = 32
T = TypeVar("T")


@dataclass(slots=True)
class Claim:
    """A running command's hold on its key.

    Shapes: kept is True once a part of the command is stored, so that the
    key must never run again.
    """

    repository: Repository
    name: str
    digest: str
    record: CommandRecord
    kept: bool = False

    def marker(self, outcome: str | None = None, *, effects: bool = False) -> Marker:
        """The marker to store with a change; without an outcome it says "started"."""
        return Marker(self.name, self.digest, self.record.id, self.record.at, outcome, effects)

    async def start(self) -> None:
        """Put the start on record before anything outside can happen."""
        await self.repository.commit(Batch(marker=self.marker()))

    async def release(self) -> None:
        """Let the key run again, unless a part of the command is stored."""
        if not self.kept:
            await self.repository.forget(self.name, self.record.id)


class Idempotency:
    """Answers a repeated key with the first outcome."""

    def __init__(self) -> None:
        self._running: set[str] = set()

    async def once(
        self,
        record: CommandRecord,
        key: str,
        repository: Repository,
        run: Callable[[Claim], Awaitable[T]],
        repeat: Callable[[str], Awaitable[T]],
    ) -> T:
        """`run` it, or answer `repeat(outcome)` when the key has run in the last day.

        Raises: CommandRunningError, while the first runs or after it was interrupted;
        CommandReusedError, when the arguments differ.
        """
        if not 0 < len(key) <= MAX_KEY:
            raise RequestError(
                f"Idempotency-Key has {len(key)} characters; expected 1 to {MAX_KEY}."
            )
        name = f"{record.session or record.actor}|{record.entity}|{record.event}|{key}"
        if name in self._running:
            raise CommandRunningError(f"{record.event} with this key is still running.")
        claim = Claim(repository, name, _digest(record), record)
        self._running.add(name)
        try:
            known = await repository.marker(name)
            if known is None:
                try:
                    return await run(claim)
                except DuplicateCommandError:
                    known = await repository.marker(name)
                    if known is None:
                        raise
            return await repeat(_outcome_of(known, claim))
        finally:
            self._running.discard(name)


def _digest(record: CommandRecord) -> str:
    """What tells arguments apart, whatever their order; short, however long they are."""
    args = record.args
    text = json_bytes(dict(sorted(args.items())) if len(args) > 1 else args)
    if len(text) <= MAX_DIGEST_BYTES:
        return text.decode()
    return hashlib.blake2b(text, digest_size=MAX_DIGEST_BYTES // 2).hexdigest()


def _outcome_of(known: Marker, claim: Claim) -> str:
    event = claim.record.event
    if known.digest != claim.digest:
        raise CommandReusedError(
            f"This idempotency key was used for {event} with other arguments. "
            "Make a new key for each click."
        )
    if known.outcome is None:
        raise CommandRunningError(
            f"{event} with this key is still running elsewhere, or was interrupted; "
            "it is not run again by itself."
        )
    return known.outcome
