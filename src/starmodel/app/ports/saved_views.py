"""The port of the store that holds the lists which people have saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class SavedView(NamedTuple):
    """A list under a name of its owner's.

    Shapes: owner is a hash of the actor's id; question is the query string of the list.
    Units: created_at is seconds since the epoch.
    """

    id: str
    owner: str
    entity: str
    name: str
    question: str
    created_at: float


class SavedViewStore(Protocol):
    """Saved views, shared by every process of an application.

    Every method raises StoreUnavailableError when the store can't be reached.
    """

    async def of(self, owner: str, entity: str) -> Sequence[SavedView]:
        """The views of one person for one class, the oldest first."""

    async def add(self, view: SavedView) -> None:
        """Store a new view."""

    async def rename(self, id: str, owner: str, name: str) -> None:
        """Rename a view of the owner; nothing for another id."""

    async def remove(self, id: str, owner: str) -> None:
        """Delete a view of the owner; nothing for another id."""

    async def close(self) -> None:
        """Release connections; the next call opens them again."""
