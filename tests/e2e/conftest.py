"""One Chromium for all tests, real servers, and visitors checked for console errors."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from e2e.apps.gallery import GALLERY
from e2e.apps.page_state import PAGE_STATE
from e2e.apps.shop import SHOP
from e2e.browsing import Visitor
from e2e.serving import Server

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


# Scope "package": Playwright's own event loop must be gone before tests of other levels run.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that all tests share; see `apps.shop.SHOP`."""
    with Server(tmp_path_factory.mktemp("shop"), SHOP) as server:
        yield server


@pytest.fixture(scope="package")
def page_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server for unsent input; see `apps.page_state.PAGE_STATE`."""
    with Server(tmp_path_factory.mktemp("page_state"), PAGE_STATE) as server:
        yield server


@pytest.fixture(scope="package")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with every generated page; see `apps.gallery.GALLERY`."""
    with Server(tmp_path_factory.mktemp("gallery"), GALLERY) as server:
        urllib.request.urlopen(f"{server.url}/seed").close()  # noqa: S310 - our own address
        yield server


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server for this test only: `serve(program)`."""
    with ExitStack() as stack:
        yield lambda program, **options: stack.enter_context(Server(tmp_path, program, **options))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """A browser context for one visitor: `visit(server)`; console errors fail the test."""
    visitors: list[Visitor] = []

    def make(server: Server, **options: Any) -> Visitor:
        visitors.append(Visitor(browser, server.url, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        for page in visitor.context.pages:  # a held request would block the closing of the context
            page.unroute_all(behavior="ignoreErrors")
        visitor.context.unroute_all(behavior="ignoreErrors")
        visitor.context.close()
    assert [c for visitor in visitors for c in visitor.complaints] == []
