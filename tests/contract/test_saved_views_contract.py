"""Every store of saved views: they belong to one person and one class."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from starmodel.adapters.persistence.system.connection import SystemDatabase
from starmodel.adapters.persistence.system.saved_views.memory import MemorySavedViews
from starmodel.adapters.persistence.system.saved_views.sql import LOOK_EVERY_S, SqlSavedViews
from starmodel.app.ports.saved_views import SavedView, SavedViewStore
from starmodel.testing.fakes import FakeClock

MINE = SavedView("1", "ann", "Task", "My \N{EURO SIGN}", "search=%E2%82%AC", 1.0)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_views_are_those_of_their_owner(kind: str, tmp_path: Path) -> None:
    clock = FakeClock()
    url = f"sqlite:///{tmp_path / 'views.db'}"

    def store() -> SavedViewStore:
        if kind == "memory":
            return MemorySavedViews()
        database = SystemDatabase(url, synchronous="NORMAL", timeout_s=5)
        return SqlSavedViews(database, clock)

    async def scenario() -> None:
        views = store()
        assert list(await views.of("ann", "Task")) == []
        assert not (tmp_path / "views.db").exists()
        await views.add(MINE)
        await views.add(MINE._replace(id="2", name="Later", created_at=2.0))
        await views.add(MINE._replace(id="3", owner="bob"))
        await views.add(MINE._replace(id="4", entity="Other"))
        assert [view.id for view in await views.of("ann", "Task")] == ["1", "2"]
        await views.rename("1", "ann", "Own")
        await views.rename("2", "bob", "Stolen")
        await views.remove("3", "ann")
        assert [view.name for view in await views.of("ann", "Task")] == ["Own", "Later"]
        assert len(await views.of("bob", "Task")) == 1
        await views.remove("1", "ann")
        assert [view.id for view in await views.of("ann", "Task")] == ["2"]
        await views.close()
        if kind == "sqlite":
            other = store()
            clock.advance(LOOK_EVERY_S)
            assert len(await other.of("ann", "Task")) == 1
            await other.close()

    asyncio.run(scenario())
