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
import asyncio
from typing import Annotated, Literal
from starmodel import Download, Entity, Progress, create_app, event, transitions
from starmodel.access import record

STEPS = transitions(placed=["packed", "cancelled"], packed=["shipped"])
REASON = "Only placed orders can be packed."


class Order(Entity):
    model_config = {"store": "sql", "access": "public", "search_fields": ["name"]}
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


    @event
    async def count(self):
        for n in range(200):
            yield Progress(n / 200, f"{n} counted")
            await asyncio.sleep(0.05)

    @event(icon="down")
    def export(self):
        return Download(f"{self.name};{self.status}", f"{self.name}.csv")


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
    pack, theirs = (p.get_by_role("button", name="Pack", exact=True) for p in (page, other))
    expect(step(other)).to_have_text("placed", ignore_case=True)
    expect(other.get_by_role("button", name="Ship", exact=True)).to_be_hidden()

    pack.click()
    expect(theirs).to_have_attribute("aria-disabled", "true")
    expect(theirs).to_have_accessible_description("Only placed orders can be packed.")
    expect(other.get_by_role("button", name="Ship", exact=True)).to_be_visible()
    expect(step(other)).to_have_text("packed", ignore_case=True)
    assert violations(other, "states") == []

    theirs.focus()
    expect(theirs).to_be_focused()
    other.keyboard.press("Enter")
    expect(other.locator("[data-toast=info]")).to_contain_text("Only placed orders can be packed.")

    page.get_by_role("list", name="Status").get_by_role("button", name="Shipped").click()
    expect(step(other)).to_have_text("shipped", ignore_case=True)
    expect(other.get_by_role("list", name="Status").get_by_role("button")).to_have_count(0)

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
    page.get_by_role("button", name="Pack", exact=True).click()
    expect(step(page)).to_have_text("packed", ignore_case=True)
    page = ann.open("/orders?name=A3")
    page.locator("tr", has_text="A3").locator("summary").click()
    item = page.locator(".sm-item", has_text="Pack")
    expect(item).to_have_attribute("aria-disabled", "true")
    item.click(force=True)  # Playwright would wait until it is enabled
    expect(page.locator("[data-toast=info]")).to_contain_text("Only placed orders can be packed.")
    expect(page.locator(".sm-item", has_text="Ship")).to_have_count(1)


def test_event_with_inputs_runs_in_a_dialog_of_its_row_and_for_chosen_rows(
    orders: Server, visit: Visit
) -> None:
    ann = visit(orders)
    for name in ("B1", "B2"):
        made(ann, name)
    page = ann.open("/orders?search=B")
    row = page.locator("tr", has_text="B1")
    row.locator("summary").click()
    page.locator(".sm-item", has_text="Annotate").click()
    dialog = page.get_by_role("dialog", name="Annotate: B1")
    dialog.get_by_label("Note").fill("glass")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Annotate: done for")).to_be_visible()
    expect(row.locator("summary")).to_be_focused()

    for name in ("B1", "B2"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    page.get_by_role("button", name="Annotate\u2026").click()
    dialog = page.get_by_role("dialog", name="Annotate: 2 orders")
    dialog.get_by_label("Note").fill("wood")
    assert violations(page, "bulk dialog") == []
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("There is a note already.")).to_be_visible()
    expect(page.locator("tr", has_text="B2")).to_contain_text("wood")


def test_long_event_is_cancelled_and_a_file_is_saved(orders: Server, visit: Visit) -> None:
    ann = visit(orders)
    page = ann.open(made(ann, "C1"))
    page.get_by_role("button", name="Count").click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("Cancelled. What was done before stays.")).to_be_visible()
    expect(page.locator("[data-toast=progress]")).to_have_count(0)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export").click()
    assert saved.value.suggested_filename == "C1.csv"
    assert saved.value.path().read_text() == "C1;placed"
    expect(page.locator("html")).to_have_attribute("data-live", "open")
