"""A page from an older build than the server's."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

import starmodel
from e2e.apps.shop import SHOP
from e2e.browsing import SERVER_AWAY, Visitor, form
from e2e.serving import Server

Visit = Callable[..., Visitor]


@pytest.fixture
def newer(tmp_path: Path) -> dict[str, str]:
    """The environment of a server with a newer build of the package and its assets."""
    source = Path(starmodel.__file__).parent
    copy = tmp_path / "newer" / "starmodel"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = json.loads((copy / "static" / "manifest.json").read_text(encoding="utf-8"))
    old, new = manifest["starmodel.js"], "starmodel-0123abcd.js"
    for suffix in ("", ".gz", ".br"):
        (copy / "static" / (old + suffix)).rename(copy / "static" / (new + suffix))
    manifest["starmodel.js"] = new
    (copy / "static" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return {"PYTHONPATH": str(copy.parent)}


def test_older_page_reloads_without_unsent_input_or_shows_a_notice(
    serve: Callable[..., Server], visit: Visit, newer: dict[str, str]
) -> None:
    server = serve(SHOP)
    ann = visit(server)
    ann.expect_errors(*SERVER_AWAY)
    idle, typing, choosing = (ann.open("/counter") for _ in range(3))
    for page in (idle, typing, choosing):
        page.evaluate("window.mark = 'old page'")
    form(typing, "Increment").get_by_label("Amount").fill("12")
    choosing.evaluate(
        "() => { const select = document.createElement('select');"
        " select.append(new Option('S'), new Option('M'));"
        " document.querySelector('form').append(select); select.value = 'M' }"
    )

    server.stop()
    server.start(**newer)
    idle.wait_for_function("window.mark === undefined")
    expect(idle.locator("html")).to_have_attribute("data-live", "open")
    for page in (typing, choosing):
        expect(page.get_by_role("status")).to_contain_text("Reload this page when you are ready")
        assert page.evaluate("window.mark") == "old page"
    expect(form(typing, "Increment").get_by_label("Amount")).to_have_value("12")


def test_older_html_loads_compatible_modules(
    serve: Callable[..., Server], visit: Visit, newer: dict[str, str]
) -> None:
    """In a rolling deployment the page may come from the old server, its modules from the new."""
    server = serve(SHOP)
    ann = visit(server)
    html = ann.context.request.get("/counter", headers={"accept": "text/html"}).text()
    module = re.search(r'src="([^"]+starmodel-[^"]+)"', html)
    assert module
    server.stop()
    server.start(**newer)
    ann.expect_errors("404")  # Chromium requests an icon
    page = ann.open("/_starmodel/health", live=False)  # a page of this origin without modules
    assert page.evaluate("url => import(url).then(() => 'loaded')", module[1]) == "loaded"
    old = next(r for r in ann.responses if r.url.endswith(module[1]))
    assert old.headers["cache-control"] == "no-store"
