"""Applications and visitors for in-process tests of the web adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from integration.web.browser import Browser
from starmodel import Actor, create_app
from starmodel.app.bus import InProcessBus
from starmodel.bootstrap import services
from starmodel.core.entity import Entity

SECRET = "k" * 40


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, without settings, keys or static files of the checkout."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _serialised_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subscribers receive each message as from another process."""
    monkeypatch.setattr(services, "InProcessBus", partial(InProcessBus, serialise=True))


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """`serve(Counter, …)`: an application with `/sign-in/{name}` and `/sign-out`."""
    made: list[Any] = []

    def make(*entities: type[Entity], sign_in: bool = True, **options: Any) -> Any:
        app = create_app(list(entities), secret_key=SECRET, **options)
        made.append(app)
        if sign_in:
            add_sign_in(app)
        return app

    yield make
    for app in made:
        await app.starmodel.close()


@pytest.fixture
async def visit(serve: Callable[..., Any]) -> AsyncIterator[Callable[..., Browser]]:
    """`visit(Counter)` or `visit(app)`: a new visitor of an application."""
    browsers: list[Browser] = []
    given: dict[int, Any] = {}

    def make(*what: Any, **options: Any) -> Browser:
        is_app = len(what) == 1 and not isinstance(what[0], type)
        app = what[0] if is_app else serve(*what, **options)
        if is_app and hasattr(app, "starmodel"):
            given[id(app)] = app
        browsers.append(Browser(app))
        return browsers[-1]

    yield make
    for browser in browsers:
        await browser.aclose()
    for app in given.values():
        await app.starmodel.close()


def add_sign_in(app: Any) -> None:
    """Add sign-in routes, with roles in the query: `/sign-in/ann?roles=editor`."""

    @app.get("/sign-in/{name}")
    def sign_in(session, name: str, roles: str = ""):  # type: ignore[no-untyped-def]
        session.sign_in(Actor(name, roles=frozenset(filter(None, roles.split(",")))))
        return f"Hello {name}"

    @app.get("/sign-out")
    def sign_out(session):  # type: ignore[no-untyped-def]
        session.sign_out()
        return "Bye"
