"""A database of each kind, and one with a table that another program has made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from databases import DATABASES, SERVERS, emptied
from external_writers import Outsider
from integration.sql.external_table import ANN, MADE, opened
from integration.web.browser import Browser
from starmodel.adapters.persistence.sql.repository import SqlRepository


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest) -> str:
    """The url of an empty database on each server."""
    return emptied(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=DATABASES)
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The url of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    return emptied(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def outsider(any_url: str) -> AsyncIterator[Outsider]:
    """The other program, which has made its table of customers and one row in it."""
    outsider = await Outsider.at(any_url)
    await outsider.run(MADE[outsider.kind])
    await outsider.run(ANN)
    yield outsider
    await outsider.close()


@pytest.fixture
async def customers(any_url: str, outsider: Outsider) -> AsyncIterator[SqlRepository]:
    """Our store on that table."""
    repository = await opened(any_url)
    yield repository
    await repository.close()


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
        await browser.app.front.realtime.close()
        await browser.app.starmodel.close()
