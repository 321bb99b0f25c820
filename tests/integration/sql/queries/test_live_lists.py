"""Live lists over a database with its own collation."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from databases import emptied
from starmodel import Entity, EntityConfig
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.adapters.transports.memory import MemoryTransport
from starmodel.app.live.subscription import Subscription
from starmodel.app.live.topics import WatchedList
from starmodel.app.queries.listing import listing_of
from starmodel.testing.fakes import fake_application


class _Names:
    """A view that renders the names in the list."""

    def encode(self, message: Any, *, full: bool) -> list[str]:
        return [entity.name for entity in message.state.entities]


@pytest.fixture
def database(mariadb_url: str) -> str:
    return emptied(mariadb_url)


@pytest.mark.parametrize(("name", "search"), [("İSTANBUL", "istanbul"), ("ΟΔΟΣ", "οδοσ")])
async def test_live_list_shows_rows_matched_by_database_collation(
    database: str, name: str, search: str
) -> None:
    class City(Entity):
        model_config = EntityConfig(store="sql", access="public")
        name: str

    app = fake_application(City, stores={"sql": SqlRepository(database)})
    await app.ready()
    try:
        listing = listing_of(app.registry[City], {"search": search})
        viewer = Subscription({listing.topic: (_Names(),)}, MemoryTransport())
        app.lists.join(viewer, WatchedList(listing))
        await _rendered_names(viewer)

        made = await City.objects.create(name=name)

        # The row matches by the database's collation only, so a new page shows it.
        assert not listing.query.matches(made)
        assert [city.name for city in await City.objects.list(search=search)] == [name]
        assert await _rendered_names(viewer) == name
    finally:
        await app.close()


async def _rendered_names(viewer: Subscription) -> str:
    async with asyncio.timeout(20):
        await viewer.wait()
    return ",".join(name for names in viewer.take() for name in names)
