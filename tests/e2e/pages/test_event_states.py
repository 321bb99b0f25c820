"""The state of a record in two browsers: possible events, reasons, keys and the status bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from e2e.accessibility.axe import violations
from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]
ORDERS = """
from typing import Annotated, Literal
from starmodel import Entity, create_app, event, transitions
from starmodel.access import record

STEPS = transitions(placed=["packed", "cancelled"], packed=["shipped"])
REASON = "Only placed orders can be packed."


class Order(Entity):
    model_config = {"access": "public", "scope": "record"}
    name: str
    status: Annotated[Literal["placed", "packed", "shipped", "cancelled"], STEPS] = "placed"
    note: str = ""

    @event(when=record.status == "placed", when_text=REASON, shortcut="p", icon="box")
    def pack(self):
        self.status = "packed"

    @event(visible=record.status == "packed")
    def ship(self):
        self.status = "shipped"

    @event(when=lambda order, actor: order.note == "", when_text="There is a note already.")
    def annotate(self, note: str):
        self.note = note


app = create_app()


@app.get("/new/{name}")
async def new(name: str):
    return f"/orders/{(await Order.objects.create(name=name)).id}"
"""


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("orders"), ORDERS) as server:
        yield server


def made(visitor: Visitor, name: str) -> str:
    return visitor.context.request.get(f"{visitor.url}/new/{name}").text()


def step(page: Any) -> Any:
    return page.get_by_role("list", name="Status").locator("[aria-current=step]")


def test_buttons_and_status_bar_follow_the_record_in_every_window(
    orders: Server, visit: Visit
) -> None:
    ann, bob = visit(orders), visit(orders)
    url = made(ann, "A1")
    page, other = ann.open(url), bob.open(url)
    pack, theirs = (p.get_by_role("button", name="Pack") for p in (page, other))
    expect(step(other)).to_have_text("placed", ignore_case=True)
    expect(other.get_by_role("button", name="Ship")).to_be_hidden()

    pack.click()
    expect(theirs).to_have_attribute("aria-disabled", "true")
    expect(theirs).to_have_accessible_description("Only placed orders can be packed.")
    expect(other.get_by_role("button", name="Ship")).to_be_visible()
    expect(step(other)).to_have_text("packed", ignore_case=True)
    assert violations(other, "states") == []

    theirs.focus()
    expect(theirs).to_be_focused()
    other.keyboard.press("Enter")
    expect(other.locator("[data-toast=info]")).to_contain_text("Only placed orders can be packed.")

    other.get_by_role("button", name="Annotate\u2026").click()
    other.get_by_role("dialog").get_by_label("Note").fill("fragile")
    other.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Annotate\u2026")).to_have_accessible_description(
        "There is a note already."
    )


def test_key_acts_while_the_record_has_the_focus_and_nobody_types(
    orders: Server, visit: Visit
) -> None:
    ann = visit(orders)
    page = ann.open(made(ann, "A2"))
    page.keyboard.press("p")
    expect(step(page)).to_have_text("placed", ignore_case=True)
    page.get_by_role("button", name="Annotate\u2026").click()
    page.get_by_role("dialog").get_by_label("Note").press_sequentially("pp")
    page.keyboard.press("Escape")
    expect(step(page)).to_have_text("placed", ignore_case=True)
    page.locator("main h1").click()
    page.keyboard.press("p")
    expect(step(page)).to_have_text("packed", ignore_case=True)


def test_row_menu_says_why_an_event_is_not_possible(orders: Server, visit: Visit) -> None:
    ann = visit(orders)
    page = ann.open(made(ann, "A3"))
    page.get_by_role("button", name="Pack").click()
    expect(step(page)).to_have_text("packed", ignore_case=True)
    page = ann.open("/orders?name=A3")
    page.locator("tr", has_text="A3").locator("summary").click()
    item = page.locator(".sm-item", has_text="Pack")
    expect(item).to_have_attribute("aria-disabled", "true")
    item.click(force=True)  # Playwright would wait until it is enabled
    expect(page.locator("[data-toast=info]")).to_contain_text("Only placed orders can be packed.")
    expect(page.locator(".sm-item", has_text="Ship")).to_have_count(1)
