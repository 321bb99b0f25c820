"""One program on each web framework: clicks, forms, live updates in another window, a restart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.browsing import SERVER_AWAY, Visitor, field, form
from e2e.serving import Server

PROGRAM = """
from fastcore.xml import FT
from starmodel import Entity, Toast, create_app, event

class Board(Entity):
    model_config = {"scope": "app", "access": "public", "store": "sql"}
    notes: int = 0

    @event
    def add(self, amount: int = 1):
        self.notes += amount
        return Toast(f"Added {amount}")

class Note(Entity):
    model_config = {"access": "public", "store": "sql"}
    text: str

async def wall(board: Board):
    heading = FT("h1", (), {"data-text": str(Board.notes_signal)})
    button = FT("button", ("Add one",), {"data-on:click": str(Board.add(1))})
    amount = FT("input", (), {"data-bind": "amount", "aria-label": "Amount"}, void_=True)
    submit = {"data-on:submit": str(Board.add())}
    more = FT("form", (amount, FT("button", ("Add more",), {})), submit)
    return board, heading, button, more
"""
FRAMEWORKS = {
    "fasthtml": 'app = create_app(web="fasthtml")\napp.get("/wall")(wall)\n',
    "starlette": "from starlette.routing import Route\n"
    "from starmodel.starlette import endpoint\n"
    'app = create_app(web="starlette", routes=[Route("/wall", endpoint(wall))])\n',
}

pytestmark = pytest.mark.parametrize("web", FRAMEWORKS)
Visit = Callable[..., Visitor]


def test_click_and_form_update_the_other_window_across_a_restart(
    serve: Callable[..., Server], visit: Visit, web: str
) -> None:
    server = serve(PROGRAM + FRAMEWORKS[web])
    ann, bob = visit(server), visit(server)
    for visitor in (ann, bob):
        visitor.expect_errors(*SERVER_AWAY)
    page, other = ann.open("/wall"), bob.open("/board")
    page.get_by_role("button", name="Add one").click()
    expect(page.get_by_role("heading")).to_have_text("1")
    expect(page.locator("[data-toast] p")).to_have_text(["Added 1"])
    expect(field(other, "Notes")).to_have_text("1")
    page.get_by_label("Amount").fill("5")
    page.get_by_role("button", name="Add more").click()
    expect(field(other, "Notes")).to_have_text("6")

    server.stop()
    expect(other.get_by_role("status")).to_contain_text("Connection lost")
    server.start()
    expect(other.locator("html")).to_have_attribute("data-live", "open")
    expect(field(other, "Notes")).to_have_text("6")
    form(other, "Add").get_by_label("Amount").fill("4")
    form(other, "Add").get_by_role("button").click()
    expect(page.get_by_role("heading")).to_have_text("10")


def test_generated_form_creates_a_record_and_shows_its_errors(
    serve: Callable[..., Server], visit: Visit, web: str
) -> None:
    server = serve(PROGRAM + FRAMEWORKS[web])
    page, table = visit(server).open("/notes/new", live=False), visit(server).open("/notes")
    page.get_by_label("Text").fill("Buy tea")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(lambda url: not url.endswith("/new"))
    expect(table.get_by_text("Buy tea")).to_be_visible()


def test_error_page_is_shown(serve: Callable[..., Server], visit: Visit, web: str) -> None:
    visitor = visit(serve(PROGRAM + FRAMEWORKS[web]))
    visitor.expect_errors("404")
    page = visitor.open("/nothing", live=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
