"""One-time secrets in this process, lost when it ends."""

from __future__ import annotations

from starmodel.app.ports.credentials.one_time import OneTimeRecord


class MemoryOneTime:
    """A dict of secrets, for tests and for hosts without a writable database."""

    def __init__(self) -> None:
        self._records: dict[str, OneTimeRecord] = {}
        self._attempts: dict[str, int] = {}

    async def issue(self, record: OneTimeRecord) -> None:
        self._records[record.id] = record

    async def find(self, id: str, purpose: str, now: float) -> OneTimeRecord | None:
        found = self._records.get(id)
        if found is None or found.purpose != purpose or found.expires_at <= now:
            return None
        return found

    async def use(
        self, id: str, purpose: str, code: str, now: float, *, max_attempts: int
    ) -> OneTimeRecord | None:
        found = await self.find(id, purpose, now)
        attempts = self._attempts.get(id, 0)
        if found is None or attempts >= max_attempts:
            return None
        if found.code != code:
            self._attempts[id] = attempts + 1
            return None
        self._remove(id)
        return found

    async def revoke(self, purpose: str, subject: str) -> None:
        for record in list(self._records.values()):
            if (record.purpose, record.subject) == (purpose, subject):
                self._remove(record.id)

    async def sweep(self, now: float) -> None:
        for record in list(self._records.values()):
            if record.expires_at <= now:
                self._remove(record.id)

    async def close(self) -> None:
        """Do nothing: there is no resource to release, and the secrets stay."""

    def _remove(self, id: str) -> None:
        self._records.pop(id, None)
        self._attempts.pop(id, None)
