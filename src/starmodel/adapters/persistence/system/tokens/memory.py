"""Bearer tokens in this process, lost when it ends."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.app.ports.credentials.tokens import TokenRecord


class MemoryTokens:
    """A dict of tokens, for tests and for hosts without a writable database."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[int, TokenRecord]] = {}
        self._revision = 0

    async def exists(self) -> bool:
        return bool(self._records)

    async def issue(self, record: TokenRecord) -> None:
        self._revision += 1
        self._records[record.id] = self._revision, record

    async def find(self, id: str) -> TokenRecord | None:
        found = self._records.get(id)
        return None if found is None else found[1]

    async def of_actor(self, actor_id: str) -> Sequence[TokenRecord]:
        mine = [
            record
            for _, record in self._records.values()
            if record.actor.id == actor_id and record.ended_at is None
        ]
        return sorted(mine, key=lambda record: -record.created_at)

    async def update(self, records: Sequence[TokenRecord]) -> None:
        self._revision += 1
        for record in records:
            found = self._records.get(record.id)
            if found is not None and found[1].ended_at is None:
                changed = found[1]._replace(actor=record.actor, ended_at=record.ended_at)
                self._records[record.id] = self._revision, changed

    async def changes(
        self, since: int | None, limit: int
    ) -> tuple[int, Sequence[TokenRecord] | None]:
        if since is None:
            return self._revision, ()
        if not 0 <= self._revision - since <= limit:
            return self._revision, None
        return self._revision, [r for revision, r in self._records.values() if revision > since]

    async def touch(self, id: str, used_at: float) -> None:
        found = self._records.get(id)
        if found is not None:
            self._records[id] = found[0], found[1]._replace(used_at=used_at)

    async def sweep(self, before: float) -> None:
        for id, (_, record) in list(self._records.items()):
            if record.expires_at < before or (record.ended_at or before) < before:
                del self._records[id]

    async def close(self) -> None:
        """Do nothing: there is no resource to release, and the tokens stay."""
