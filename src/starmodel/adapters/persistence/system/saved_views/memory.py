"""Saved views in this process, lost when it ends."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.app.ports.saved_views import SavedView


class MemorySavedViews:
    """A dict of views, for tests."""

    def __init__(self) -> None:
        self._views: dict[str, SavedView] = {}

    async def of(self, owner: str, entity: str) -> Sequence[SavedView]:
        return [
            each for each in self._views.values() if (each.owner, each.entity) == (owner, entity)
        ]

    async def add(self, view: SavedView) -> None:
        self._views[view.id] = view

    async def rename(self, id: str, owner: str, name: str) -> None:
        found = self._views.get(id)
        if found is not None and found.owner == owner:
            self._views[id] = found._replace(name=name)

    async def remove(self, id: str, owner: str) -> None:
        found = self._views.get(id)
        if found is not None and found.owner == owner:
            del self._views[id]

    async def close(self) -> None:
        """Do nothing: there is no resource to release, and the views stay."""
