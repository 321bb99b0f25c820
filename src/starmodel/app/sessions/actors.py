"""The sessions of one actor: listed, ended, or given other roles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starmodel.app.access.policy import Actor
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.sessions import SessionRecord, SessionStore

Update = Callable[[Sequence[SessionRecord]], Awaitable[None]]
Check = Callable[[Actor], Awaitable[None]]


class ActorSessions:
    """The valid sessions of an actor, in all processes.

    A change holds in this process as soon as the method returns, in others within a second, and
    after restarts. Open streams of the session end; their pages reconnect. A session that starts
    concurrently may stay unchanged, so `check` is called after each start.

    Shapes: ids of sessions are those of `SessionRecord`; update stores changed records and
    announces them; check is called with the actor of each session that this process has stored.
    Every method raises StoreUnavailableError.
    """

    check: Check | None = None

    def __init__(
        self, store: SessionStore, clock: Clock, update: Update, idle_s: float, absolute_s: float
    ) -> None:
        self._store, self._clock, self._update = store, clock, update
        self._idle_s, self._absolute_s = idle_s, absolute_s

    async def started(self, record: SessionRecord) -> None:
        """Call `check` with the actor of a session that was stored just now."""
        if self.check is not None and record.actor is not None and record.ended_at is None:
            await self.check(record.actor)

    async def list(self, actor_id: str) -> Sequence[SessionRecord]:
        """The sessions, the newest first, without expired ones."""
        now = self._clock()
        return [
            record
            for record in await self._store.of_actor(actor_id)
            if min(record.seen_at + self._idle_s, record.created_at + self._absolute_s) >= now
        ]

    async def end(self, actor_id: str, *, only: str = "", keep: str = "") -> None:
        """End every session: without the one with the id `keep`, or the one with the id `only`."""

        def revised(record: SessionRecord) -> Actor | None:
            ends = record.id != keep and record.id == (only or record.id)
            return None if ends else record.actor

        await self.revise(actor_id, revised)

    async def change(self, actor_id: str, change: Callable[[Actor], Actor]) -> None:
        """Replace the actor of every session, such as its roles and claims; the id stays."""
        await self.revise(actor_id, lambda record: record.actor and change(record.actor))

    async def revise(self, actor_id: str, revised: Callable[[SessionRecord], Actor | None]) -> None:
        """Give every session the actor that the function returns for it; end it for None."""
        now, changed = self._clock(), []
        for record in await self._store.of_actor(actor_id):
            actor = revised(record)
            if actor is None:
                changed.append(record._replace(ended_at=now))
            elif actor != record.actor:
                changed.append(record._replace(actor=actor))
        await self._update(changed)
