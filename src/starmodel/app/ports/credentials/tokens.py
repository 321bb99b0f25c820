"""The port of the store that holds bearer tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from starmodel.app.access.policy import Actor


class TokenRecord(NamedTuple):
    """A bearer token of a program; only a hash of it is stored.

    Shapes: id is the hash; actor is the owner; name is for people; grants are those of
    `starmodel.app.access.grants`.
    Units: seconds since the epoch; used_at is coarse, None until the first use; ended_at is
    None until it is revoked.
    """

    id: str
    actor: Actor
    name: str
    grants: tuple[str, ...]
    created_at: float
    expires_at: float
    used_at: float | None = None
    ended_at: float | None = None

    @property
    def handle(self) -> str:
        """The start of the hash, by which people name the token; not a secret."""
        return self.id[:12]


class TokenStore(Protocol):
    """Durable bearer tokens, shared by every process of an application.

    Every method raises StoreUnavailableError when the store can't be reached.
    """

    async def exists(self) -> bool:
        """Whether any token may have been stored; creates nothing."""

    async def issue(self, record: TokenRecord) -> None:
        """Store a token."""

    async def find(self, id: str) -> TokenRecord | None:
        """The token with this id, valid or ended."""

    async def of_actor(self, actor_id: str) -> Sequence[TokenRecord]:
        """The tokens of an owner that are not revoked, the newest first; expired ones too."""

    async def update(self, records: Sequence[TokenRecord]) -> None:
        """Store actor and end of these tokens, atomically; one that has ended stays as it is."""

    async def changes(
        self, since: int | None, limit: int
    ) -> tuple[int, Sequence[TokenRecord] | None]:
        """The revision of the store, and what changed after the revision `since`.

        The records are None when more than `limit` revisions lie between, or when the store
        is older than `since`. Without `since` only the revision is read.
        """

    async def touch(self, id: str, used_at: float) -> None:
        """Record that the token was used; does not change the revision."""

    async def sweep(self, before: float) -> None:
        """Delete tokens that ended or expired before that time."""

    async def close(self) -> None:
        """Release connections; the next call opens them again."""
