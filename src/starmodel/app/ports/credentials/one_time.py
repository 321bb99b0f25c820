"""The port of the store that holds one-time secrets."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class OneTimeRecord(NamedTuple):
    """A secret that is used at most once; only hashes of it are stored.

    Shapes: id is a hash of the secret, or of the handle of a code; code is a keyed hash of the
    code, "" without one; subject is a keyed hash, data a JSON text.
    Units: seconds since the epoch.
    """

    id: str
    purpose: str
    subject: str
    code: str
    data: str
    created_at: float
    expires_at: float


class OneTimeStore(Protocol):
    """Durable one-time secrets, shared by every process of an application.

    Every method raises StoreUnavailableError when the store can't be reached.
    """

    async def issue(self, record: OneTimeRecord) -> None:
        """Store a secret."""

    async def find(self, id: str, purpose: str, now: float) -> OneTimeRecord | None:
        """The secret, if it is neither used nor expired; changes nothing."""

    async def use(
        self, id: str, purpose: str, code: str, now: float, *, max_attempts: int
    ) -> OneTimeRecord | None:
        """Use the secret up, or count a failed attempt when the code is another.

        One of several concurrent uses gets the record, in all processes. A secret that is used,
        expired, or has had `max_attempts` gives None.
        """

    async def revoke(self, purpose: str, subject: str) -> None:
        """Delete the secrets of a subject for one purpose."""

    async def sweep(self, now: float) -> None:
        """Delete expired secrets."""

    async def close(self) -> None:
        """Release connections; the next call opens them again."""
