"""Server-side sessions in this process, lost when it ends."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.app.ports.sessions import SessionRecord


class MemorySessions:
    """A dict of sessions, for tests and for hosts without a writable database."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[int, SessionRecord]] = {}
        self._revision = 0

    async def exists(self) -> bool:
        return bool(self._records)

    async def find(self, id: str) -> SessionRecord | None:
        found = self._records.get(id)
        return None if found is None else found[1]

    async def latest(self, visitor: str) -> SessionRecord | None:
        mine = [record for _, record in self._records.values() if record.visitor == visitor]
        return max(mine, key=lambda record: record.created_at, default=None)

    async def replace(self, visitor: str, at: float, records: Sequence[SessionRecord]) -> None:
        self._revision += 1
        self._end([r for _, r in self._records.values() if r.visitor == visitor], at)
        for record in records:
            self._records[record.id] = self._revision, record

    async def of_actor(self, actor_id: str) -> Sequence[SessionRecord]:
        mine = [
            record
            for _, record in self._records.values()
            if record.ended_at is None and record.actor is not None and record.actor.id == actor_id
        ]
        return sorted(mine, key=lambda record: record.created_at, reverse=True)

    async def update(self, records: Sequence[SessionRecord]) -> None:
        self._revision += 1
        for record in records:
            found = self._records.get(record.id)
            if found is not None and found[1].ended_at is None:
                made = found[1]._replace(actor=record.actor, ended_at=record.ended_at)
                self._records[record.id] = self._revision, made

    async def changes(
        self, since: int | None, limit: int
    ) -> tuple[int, Sequence[SessionRecord] | None]:
        if since is None:
            return self._revision, ()
        if self._revision - since > limit:
            return self._revision, None
        return self._revision, [r for revision, r in self._records.values() if revision > since]

    async def touch(self, id: str, seen_at: float) -> None:
        found = self._records.get(id)
        if found is not None:
            self._records[id] = found[0], found[1]._replace(seen_at=seen_at)

    async def sweep(self, now: float, idle_s: float, absolute_s: float, keep_s: float) -> None:
        old = [
            record
            for _, record in self._records.values()
            if record.seen_at < now - idle_s or record.created_at < now - absolute_s
        ]
        if old:
            self._revision += 1
            self._end(old, now)
        for id, (_, record) in list(self._records.items()):
            if record.ended_at is not None and record.ended_at < now - keep_s:
                del self._records[id]

    async def close(self) -> None:
        """Do nothing: there is no resource to release, and the sessions stay."""

    def _end(self, records: Sequence[SessionRecord], at: float) -> None:
        for record in records:
            if record.ended_at is None:
                self._records[record.id] = self._revision, record._replace(ended_at=at)
