"""A page whose stream is redirected by the application follows the redirect."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.browsing import Visitor, hide, show
from e2e.serving import Server

PROGRAM = """
from fasthtml.common import Beforeware, Main, P, RedirectResponse
from starlette.responses import Response
from starmodel import Entity, create_app, event

class Board(Entity):
    model_config = {"scope": "app", "access": "public"}
    count: int = 0

class Prefs(Entity):
    model_config = {"store": "local_storage"}
    size: int = 1

    @event
    def grow(self):
        self.size += 1

def guard(req):
    if "pass" not in req.cookies:
        return %s

app = create_app(before=Beforeware(guard, skip=["/login"]))

@app.get("/login")
def login():
    return Main(P("Sign in, please", id="login"))
"""
ANSWERS = {
    "redirect": 'RedirectResponse("/login", status_code=303)',
    "refusal": 'Response("closed", 401) if "_starmodel" in req.url.path '
    'else RedirectResponse("/login", status_code=303)',
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_page_follows_redirect_of_its_rejected_stream(
    serve: Callable[..., Server], visit: Callable[..., Visitor], kind: str
) -> None:
    server = serve(PROGRAM % ANSWERS[kind])
    visitor = visit(server)
    visitor.expect_errors("401")
    visitor.context.add_cookies([{"name": "pass", "value": "1", "url": server.url}])
    page = visitor.open("/prefs")
    page.get_by_role("button", name="Grow").click()
    expect(page.locator("main")).to_contain_text("2")
    hide(page)
    visitor.context.clear_cookies(name="pass")
    show(page)
    expect(page.locator("#login")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).some((key) => key.endsWith(':Prefs'))")
