"""The port of the store that holds server-side sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from starmodel.app.access.policy import Actor


class SessionRecord(NamedTuple):
    """A server-side session; without an actor, an anonymous visitor who signed out.

    Shapes: id is a hash of the session id in the cookie; visitor is the
    session's key; provider names how the actor signed in; device is the
    User-Agent and address the IP address of the sign-in, "" when unknown.
    Units: seconds since the epoch; ended_at is None while the session is valid; confirmed_at is
    when the actor last proved who it is, at the sign-in or after it, 0 when unknown.
    """

    id: str
    visitor: str
    actor: Actor | None
    provider: str
    created_at: float
    seen_at: float
    ended_at: float | None = None
    device: str = ""
    address: str = ""
    confirmed_at: float = 0.0


class SessionStore(Protocol):
    """Durable sessions, shared by every process of an application.

    Every method raises StoreUnavailableError when the store can't be reached.
    """

    async def exists(self) -> bool:
        """Whether any session may have been stored; creates nothing."""

    async def find(self, id: str) -> SessionRecord | None:
        """The session with this id, valid or ended."""

    async def latest(self, visitor: str) -> SessionRecord | None:
        """The newest session of a visitor, valid or ended."""

    async def replace(self, visitor: str, at: float, records: Sequence[SessionRecord]) -> None:
        """End every session of the visitor and add `records`, atomically.

        Safe to repeat after a lost connection.
        """

    async def of_actor(self, actor_id: str) -> Sequence[SessionRecord]:
        """The valid sessions of an actor, the newest first."""

    async def update(self, records: Sequence[SessionRecord]) -> None:
        """Store actor and end of these sessions, atomically; one that has ended stays as it is.

        Safe to repeat after a lost connection.
        """

    async def changes(
        self, since: int | None, limit: int
    ) -> tuple[int, Sequence[SessionRecord] | None]:
        """The revision of the store, and what changed after the revision `since`.

        The records are None when more than `limit` revisions lie between.
        Without `since` only the revision is read.
        """

    async def touch(self, id: str, seen_at: float) -> None:
        """Record that the session was used; does not change the revision."""

    async def sweep(self, now: float, idle_s: float, absolute_s: float, keep_s: float) -> None:
        """End expired sessions, and delete those that ended `keep_s` ago."""

    async def close(self) -> None:
        """Release connections; the next call opens them again."""
