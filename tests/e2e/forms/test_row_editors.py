"""Rows of lists and mappings: by mouse, by keyboard, without JavaScript, and with hostile text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from e2e.accessibility.axe import violations
from e2e.apps.orders import ORDERS
from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]
HOSTILE = "\"><script>alert(1)</script> \u202e{{x}} ' & \u2066"


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("orders"), ORDERS) as server:
        yield server


def made(visitor: Visitor, **data: object) -> Any:
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
    answer = visitor.context.request.post("/orders", data=data, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()["entity"]


def read(visitor: Visitor, id: str) -> Any:
    headers = {"accept": "application/json"}
    return visitor.context.request.get(f"/orders/{id}", headers=headers).json()


def editor(page: Page, name: str) -> Locator:
    return page.locator(f"fieldset[data-rows={name}]")


def texts(page: Page, name: str = "tags") -> list[str]:
    return [box.input_value() for box in editor(page, name).locator("input[type=text]").all()]


def saved(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(lambda url: not url.endswith("/edit"))


def test_rows_are_added_moved_and_removed_by_keyboard(orders: Server, visit: Visit) -> None:
    ann = visit(orders)
    order = made(ann)
    page = ann.open(f"/orders/{order['id']}/edit", live=False)
    tags = editor(page, "tags")

    page.locator("[name='tags.2']").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("[name='tags.2']")).to_be_focused()
    assert texts(page) == ["red", "blue", "green"]
    expect(tags.get_by_role("status")).to_have_text("Moved to 2 of 3.")
    tags.get_by_role("button", name="Add tag").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("yellow")
    assert texts(page) == ["red", "blue", "green", "yellow"]
    tags.get_by_role("button", name="Remove").first.focus()
    page.keyboard.press("Space")
    expect(tags.get_by_role("button", name="Remove").first).to_be_focused()
    tags.get_by_role("button", name="Add tag").click()  # left empty, so it is no value
    saved(page)

    assert read(ann, order["id"])["tags"] == ["blue", "green", "yellow"]


def test_enter_in_a_row_saves_the_form(orders: Server, visit: Visit) -> None:
    ann = visit(orders)
    order = made(ann)
    page = ann.open(f"/orders/{order['id']}/edit", live=False)

    page.fill("[name='tags.0']", "black")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/orders/{order['id']}")

    assert read(ann, order["id"])["tags"] == ["black", "green", "blue"]


def test_row_is_dragged_to_another_place(orders: Server, visit: Visit) -> None:
    ann = visit(orders)
    page = ann.open("/orders/new", live=False)
    handles = editor(page, "tags").locator("[data-row-handle]")
    handles.last.scroll_into_view_if_needed()
    start, end = handles.first.bounding_box(), handles.last.bounding_box()
    assert start is not None
    assert end is not None

    page.mouse.move(start["x"] + 5, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(end["x"] + 5, end["y"] + end["height"], steps=12)
    page.mouse.up()

    assert texts(page) == ["green", "blue", "red"]


def test_error_stands_beside_its_row_and_goes_when_it_is_mended(
    orders: Server, visit: Visit
) -> None:
    ann = visit(orders)
    page = ann.open("/orders/new", live=False)
    lines = editor(page, "lines")
    for item in ("pen", "x", "cup"):
        lines.get_by_role("button", name="Add line").click()
        page.keyboard.type(item)
    problem = page.locator("small[id$='-lines.1.item-problem']")

    page.get_by_role("button", name="Create", exact=True).click()
    expect(problem).to_have_text("At least 2 characters.")
    expect(page.locator("[name='lines.1.item']")).to_be_focused()
    page.keyboard.type("y")
    page.keyboard.press("Tab")
    expect(problem).to_be_empty()
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/orders/*-*")

    lines_now = read(ann, page.url.rpartition("/")[2])["lines"]
    assert [line["item"] for line in lines_now] == ["pen", "xy", "cup"]


def test_hostile_text_in_rows_is_text(orders: Server, visit: Visit) -> None:
    ann = visit(orders)
    page = ann.open("/orders/new", live=False)
    prices = editor(page, "prices")
    prices.get_by_role("button", name="Add price").click()
    page.fill("[name='prices.0.key']", HOSTILE)
    page.fill("[name='prices.0.value']", "1.5")
    page.fill("[name='tags.0']", HOSTILE)
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/orders/*-*")
    id = page.url.rpartition("/")[2]
    page.goto(f"{page.url}/edit")

    assert texts(page)[0] == HOSTILE
    assert page.input_value("[name='prices.0.key']") == HOSTILE
    saved(page)
    now = read(ann, id)
    assert (now["tags"][0], now["prices"]) == (HOSTILE, {HOSTILE: "1.5"})


def test_optional_model_opens_by_its_switch(orders: Server, visit: Visit) -> None:
    ann = visit(orders)
    page = ann.open("/orders/new", live=False)
    expect(page.locator("[name='home.street']")).to_be_hidden()

    page.get_by_role("switch", name="Has home").check()
    page.fill("[name='home.street']", "Main")
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/orders/*-*")

    assert read(ann, page.url.rpartition("/")[2])["home"] == {"street": "Main", "city": ""}


def test_rows_change_without_javascript(orders: Server, visit: Visit) -> None:
    ann = visit(orders, java_script_enabled=False)
    page = ann.open("/orders/new", live=False)
    page.fill("[name=name]", "Kept")

    editor(page, "tags").get_by_role("button", name="Remove").first.click()
    editor(page, "tags").get_by_role("button", name="Add tag").click()
    assert texts(page) == ["green", "blue", ""]
    editor(page, "tags").locator("input[type=text]").last.fill("new")
    editor(page, "tags").get_by_role("button", name="Move up").last.click()
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/orders/*-*")

    now = read(ann, page.url.rpartition("/")[2])
    assert (now["name"], now["tags"]) == ("Kept", ["green", "new", "blue"])


@pytest.mark.parametrize(
    "look",
    [{"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
     {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}],
    ids=["wide", "narrow"],
)  # fmt: skip
def test_editors_have_no_violations(orders: Server, visit: Visit, look: dict[str, Any]) -> None:
    ann = visit(orders, **look)
    page = ann.open("/orders/new", live=False)
    for name in ("lines", "prices"):
        editor(page, name).get_by_role("button", name=f"Add {name[:-1]}").click()
    page.get_by_role("switch", name="Has home").check()

    assert violations(page, "editors") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_presses_before_the_module_of_forms_has_loaded_are_repeated(
    orders: Server, visit: Visit
) -> None:
    ann = visit(orders)
    order = made(ann, name="Late module", tags=["a"])
    page = ann.context.new_page()
    waiting = list[Route]()

    def wait(route: Route) -> None:
        waiting.append(route)

    page.route("**/editing-*.js", wait)
    page.goto(f"/orders/{order['id']}/edit", wait_until="domcontentloaded")
    page.get_by_label("Name", exact=True).fill("Typed early")
    add = editor(page, "tags").get_by_role("button", name="Add tag", exact=True)
    add.click()
    expect(editor(page, "tags").locator("input[type=text]")).to_have_count(1)
    for route in waiting:
        route.continue_()
    expect(editor(page, "tags").locator("input[type=text]")).to_have_count(2)
    editor(page, "tags").locator("input[type=text]").last.fill("b")
    saved(page)
    assert (read(ann, order["id"])["name"], read(ann, order["id"])["tags"]) == (
        "Typed early", ["a", "b"],
    )  # fmt: skip


def test_form_is_sent_when_its_module_does_not_load(orders: Server, visit: Visit) -> None:
    ann = visit(orders)
    ann.expect_errors("ERR_FAILED", "Failed to fetch dynamically")
    order = made(ann, name="No module", tags=["a"])
    page = ann.context.new_page()
    page.route("**/editing-*.js", lambda route: route.abort())
    page.goto(f"/orders/{order['id']}/edit")
    page.get_by_label("Name", exact=True).fill("Saved without")
    saved(page)
    assert read(ann, order["id"])["name"] == "Saved without"
