"""The documentation site and its images in Chromium."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from documentation.build import build
from documentation.pictures import ALL, Picture, take

PAGES = ("index", "tutorial/hello", "reference/settings", "reference/entities", "comparison")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Suppress the access log."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the built site."""
    handler = partial(_Quiet, directory=build(tmp_path_factory.mktemp("documentation")))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_and_request_their_own_server_only(
    browser: Browser, site: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        page.goto(f"{site}/{path}.html", wait_until="networkidle")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
    page.close()
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []


def test_search_finds_a_page(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{site}/index.html", wait_until="networkidle")
    page.keyboard.press("Control+k")
    page.keyboard.type("idempotency", delay=30)
    expect(page.locator("a", has_text="Idempotency").first).to_be_visible()
    page.close()


@pytest.mark.parametrize("picture", ALL, ids=lambda picture: picture.name)
def test_screenshot_script_runs(browser: Browser, tmp_path: Path, picture: Picture) -> None:
    take(browser, picture, tmp_path)
    assert len(list(tmp_path.glob("*.png"))) == 2
