"""Applications with the plugin `auth`, and visitors who sign in by their pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from databases import DATABASES, empty_database
from integration.web.browser import Browser
from starmodel import create_app

SECRET = "k" * 40


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, without settings, keys or static files of the checkout."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    return empty_database(request, tmp_path)


@pytest.fixture
async def process() -> AsyncIterator[Callable[..., Any]]:
    """`process(Desk, …)`: one more process of the application, or the next one of a restart."""
    made: list[Any] = []

    def make(*entities: type, **options: Any) -> Any:
        app = create_app(list(entities), secret_key=SECRET, **{"auth": True, **options})
        made.append(app)
        return app

    yield make
    for app in made:
        await app.starmodel.close()


@pytest.fixture
async def visit() -> AsyncIterator[Callable[..., Browser]]:
    """`visit(app)`: a new visitor."""
    browsers: list[Browser] = []

    def make(app: Any, **options: Any) -> Browser:
        browsers.append(Browser(app, **options))
        return browsers[-1]

    yield make
    for browser in browsers:
        await browser.aclose()
