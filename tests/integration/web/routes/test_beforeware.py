"""FastHTML's `before` functions also guard generated routes."""

from __future__ import annotations

from typing import Any

import pytest
from fasthtml.core import Beforeware
from starlette.responses import RedirectResponse

from integration.web.browser import moved_to, unlisted
from starmodel import Entity, event


@unlisted
class Till(Entity):
    sum: int = 0

    @event
    def add(self, amount: int = 1) -> None:
        self.sum += amount


def guard(req, session):
    if req.query_params.get("key") != "open" and not session.get("known"):
        return RedirectResponse("/login", status_code=303)
    session["known"] = True
    return None


@pytest.fixture
def browser(visit: Any, serve: Any) -> Any:
    return visit(serve(Till, before=Beforeware(guard, skip=[r"/login", r"/sign-in/.*"])))


async def test_before_stops_pages_and_events(browser: Any) -> None:
    page, event = await browser.page("/till"), await browser.submit("/till/add")

    assert [page.status_code, event.status_code] == [303, 303]
    assert page.headers["location"] == event.headers["location"] == "/login"


async def test_before_redirects_a_datastar_page_by_a_patch(browser: Any) -> None:
    response = await browser.click("/till/add")

    assert response.status_code == 200
    assert moved_to(response.text) == "/login"


async def test_before_that_passes_keeps_body_and_session(browser: Any) -> None:
    await browser.page("/till?key=open")
    await browser.submit("/till/add", {"amount": "5"})

    assert (await browser.call("GET", "/till")).json()["sum"] == 5


async def test_before_that_raises_is_a_500(visit: Any, serve: Any) -> None:
    def broken(req):
        raise RuntimeError("secret detail")

    response = await visit(serve(Till, before=broken, sign_in=False)).page("/till")
    assert response.status_code == 500
    assert "secret detail" not in response.text
