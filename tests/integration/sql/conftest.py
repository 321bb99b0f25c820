"""Empty databases of each dialect, and one with a table made by an external writer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from databases import DATABASES, SERVERS, empty_database
from external_writers import ExternalWriter
from integration.sql.external_table import ANN, MADE, Customer
from integration.web.browser import Browser
from repositories import opened
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.application import Application
from starmodel.core.entity import Entity
from starmodel.testing.fakes import fake_application


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database on each server."""
    return empty_database(request, tmp_path)


@pytest.fixture(params=DATABASES)
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each dialect."""
    return empty_database(request, tmp_path)


@pytest.fixture
async def external(any_url: str) -> AsyncIterator[ExternalWriter]:
    """A connection that has created the external customer table with one row."""
    external = await ExternalWriter.at(any_url)
    await external.run(MADE[external.kind])
    await external.run(ANN)
    yield external
    await external.close()


@pytest.fixture
async def customers(any_url: str, external: ExternalWriter) -> AsyncIterator[SqlRepository]:
    """A repository on the external customer table."""
    repository = await opened(any_url, Customer)
    yield repository
    await repository.close()


@pytest.fixture
async def start(any_url: str) -> AsyncIterator[Callable[..., Awaitable[Application]]]:
    """`start(Product, …)`: an application on the database, closed after the test."""
    made: list[Application] = []

    async def start(*classes: type[Entity]) -> Application:
        app = fake_application(*classes, stores={"sql": SqlRepository(any_url)})
        made.append(app)
        await app.ready()
        return app

    yield start
    for app in made:
        await app.close()


@pytest.fixture
async def visit() -> AsyncIterator[Callable[[Any], Browser]]:
    """`visit(app)`: a visitor of an application, which is closed at the end."""
    made: list[Browser] = []

    def visit(app: Any) -> Browser:
        made.append(Browser(app))
        return made[-1]

    yield visit
    for browser in made:
        await browser.aclose()
        await browser.app.starmodel.close()
