"""One click, one effect: a key's marker is stored together with what the command changed."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from starmodel.app.ports.repository import Batch, Marker, Repository
from starmodel.core.commands import CommandRecord
from starmodel.core.errors import (
    CommandReusedError,
    CommandRunningError,
    DuplicateCommandError,
    RequestError,
)
from starmodel.core.values.json_data import exact_json

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
    started: bool = False

    def marker(self, outcome: str | None = None, *, effects: bool = False) -> Marker:
        """The marker to store with a change; without an outcome it says "started"."""
        record = self.record
        return Marker(
            self.name, self.digest, record.id, record.at, outcome, effects,
            record.session or record.actor or "", record.actor is None,
        )  # fmt: skip

    async def start(self) -> None:
        """Store the start, once, before anything outside can happen."""
        if not self.started:
            await self.repository.commit(Batch(marker=self.marker()))
            self.started = True

    async def release(self) -> None:
        """Let the key run again, unless a part of the command is stored."""
        if self.started and not self.kept:
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
        repeat: Callable[[Callable[[], str]], Awaitable[T]],
    ) -> T:
        """`run` it, or `repeat` it when the key has run in the last day.

        A key belongs to a session, which stays the same at sign-in, to its
        actor, and to one event of one entity. What a guest has done is
        repeated by whom the guest signs in as; what another actor of the
        same browser has done is not.

        Shapes: repeat takes a function that gives the stored outcome, and
        raises as this method does.
        Raises: CommandRunningError, while the first runs or after it was interrupted;
        CommandReusedError, when the arguments differ.
        """
        if not 0 < len(key) <= MAX_KEY:
            raise RequestError(
                f"Idempotency-Key has {len(key)} characters; expected 1 to {MAX_KEY}."
            )
        actor = _GUEST if record.actor is None else _actor_tag(record.actor)
        shared, arguments = _name_and_digest(record, key)
        digest = f"{actor}{arguments}"
        running = f"{shared}{actor}"
        if running in self._running:
            raise CommandRunningError(f"{record.event} with this key is still running.")
        self._running.add(running)
        try:
            for name in (shared, running):
                claim = Claim(repository, name, digest, record)
                known = await repository.marker(name)
                if known is None:
                    try:
                        return await run(claim)
                    except DuplicateCommandError:
                        known = await repository.marker(name)
                        if known is None:
                            raise
                # Else somebody else used this key in the same browser.
                if _is_of(known, actor) or name is running:
                    return await repeat(partial(_outcome_of, known, claim))
        finally:
            self._running.discard(running)
        raise AssertionError("unreachable")


_GUEST = "-"


def _actor_tag(actor: str) -> str:
    """Who runs the command, as markers begin their digests; of a fixed form, never empty."""
    return f"{hashlib.blake2b(actor.encode(), digest_size=8).hexdigest()}:"


def _name_and_digest(record: CommandRecord, key: str) -> tuple[str, str]:
    """The name of the command's marker, and a digest of its arguments.

    The digest depends on no order of the arguments, and is short however long they are.
    """
    # A list, so that no part can be read as two. Earlier builds wrote names of another form.
    family = ("session", record.session) if record.session else ("actor", record.actor)
    name = exact_json([*family, record.entity, record.event, key]).decode()
    args = record.args
    text = exact_json(dict(sorted(args.items())) if len(args) > 1 else args)
    if len(text) <= MAX_DIGEST_BYTES:
        return name, text.decode()
    return name, hashlib.blake2b(text, digest_size=MAX_DIGEST_BYTES // 2).hexdigest()


def _is_of(known: Marker, actor: str) -> bool:
    return known.digest.startswith((actor, _GUEST))


def _arguments(digest: str) -> str:
    """The digest without its actor."""
    return digest[1:] if digest.startswith(_GUEST) else digest.partition(":")[2]


def _outcome_of(known: Marker, claim: Claim) -> str:
    event = claim.record.event
    if _arguments(known.digest) != _arguments(claim.digest):
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
