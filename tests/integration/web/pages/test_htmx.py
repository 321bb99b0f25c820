"""A page with htmx attributes but without htmx logs a warning."""

from __future__ import annotations

from typing import Any

import pytest
from fasthtml.common import Button, Div, Script, Titled

from integration.web.browser import unlisted
from starmodel import Entity


@unlisted
class Counter(Entity):
    n: int = 0


def pages(serve: Any, **options: Any) -> Any:
    app = serve(Counter, **options)

    @app.get("/page")
    def page(counter: Counter):  # type: ignore[no-untyped-def]
        return Titled("Page", counter, Button("Load", hx_get="/part", hx_target="#here"))

    @app.get("/plain")
    def plain(counter: Counter):  # type: ignore[no-untyped-def]
        return Titled("Page", counter, Div("a > b hx-get=1"))

    return app


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("/page", {}, True),
        ("/plain", {}, False),
        ("/page", {"hdrs": [Script(src="/static/htmx.min.js")]}, False),
        ("/page", {"env": "production"}, False),
    ],
    ids=str,
)
async def test_htmx_attributes_are_logged_once(
    visit: Any, serve: Any, caplog: Any, path: str, options: Any, message: bool
) -> None:
    browser = visit(pages(serve, **options))

    for _ in range(3):
        assert (await browser.page(path)).status_code == 200

    lines = [record.getMessage() for record in caplog.records if "htmx" in record.getMessage()]
    assert len(lines) == (1 if message else 0)
    assert not message or "/page has hx-get" in lines[0]
