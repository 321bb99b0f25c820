"""Ids that equal route segments, datetimes with a time zone, and lists under a rule function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from e2e.browsing import Visitor, answer, field, form
from e2e.serving import Server

Visit = Callable[..., Visitor]
PROGRAM = """
from datetime import datetime

from pydantic import AwareDatetime
from starmodel import Actor, Entity, Session, create_app, event


class Brand(Entity):
    model_config = {"scope": "record", "access": "public"}
    id: str
    name: str = "x"
    hits: int = 0

    @event
    def hit(self):
        self.hits += 1


class Shelf(Entity):
    model_config = {"scope": "app", "access": "public"}
    shown: str = ""

    @event
    def put(self, brand: Brand):
        self.shown = brand.name


class Ring(Entity):
    model_config = {"scope": "record", "access": "public", "list_filter": ["at", "back"]}
    who: str
    at: datetime | None = None
    back: AwareDatetime | None = None


class Order(Entity):
    model_config = {
        "scope": "record",
        "access": {
            "read": lambda actor, order: actor is not None and order.owner == actor.id,
            "write": "public",
        },
    }
    owner: str
    name: str


app = create_app(title="Words")


@app.get("/in/{name}")
def enter(session: Session, name: str):
    session.sign_in(Actor(name))
    return "in"
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("words"), PROGRAM) as server:
        yield server


def post(visitor: Visitor, path: str, **data: Any) -> Any:
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
    answer = visitor.context.request.post(path, data=data, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()["entity"]


@pytest.mark.parametrize("id", ["plain", "new", "..", "_bulk", "a/b", "~new"])
def test_record_of_any_id_is_usable(words: Server, visit: Visit, id: str) -> None:
    ann = visit(words)
    post(ann, "/brands", id=id, name=f"Brand {id}")

    page = ann.open("/brands")
    page.get_by_role("link", name=f"Brand {id}", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Brand {id}")
    form(page, "Hit").get_by_role("button").click()
    expect(field(page, "Hits")).to_have_text("1")
    shelf = ann.open("/shelf")
    put = form(shelf, "Put")
    put.get_by_role("combobox", name="Brand").press_sequentially(f"Brand {id}")
    shelf.get_by_role("option", name=f"Brand {id}", exact=True).click()
    put.get_by_role("button", name="Put", exact=True).click()
    expect(field(shelf, "Shown")).to_have_text(f"Brand {id}")
    listed = ann.open("/brands")
    row = listed.locator("tbody tr").filter(has_text=f"Brand {id}")
    row.locator("summary").click()
    row.get_by_role("button", name="Delete").click()
    answer(listed, "Delete")
    expect(row).to_have_count(0)


def test_aware_datetimes_are_entered_and_filtered_as_rendered(words: Server, visit: Visit) -> None:
    ann = visit(words, timezone_id="Asia/Tokyo")
    post(ann, "/rings", who="Zoned", at="2024-06-01T12:00:30+02:00")
    page = ann.open("/rings/new", live=False)
    page.get_by_label("Who").fill("Typed")
    page.get_by_label(re.compile("^Back")).fill("2024-06-01T10:00")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(field(page, "Back")).to_have_text("Jun 1, 2024, 10:00 AM GMT+9")  # of the visitor

    page.goto("/rings?utm_source=news&fbclid=1")
    page.get_by_text("Filters", exact=True).click()
    page.locator("[name=at__lte]").fill("2024-06-01T19:00")
    expect(page.locator("tbody tr")).to_have_text([re.compile("Zoned")])
    expect(page.locator("[name=at__lte]")).to_have_value("2024-06-01T19:00")
    page.goto("/rings?back__gte=2024-06-01T01:00&back__lte=2024-06-01T01:00")
    expect(page.locator("tbody tr")).to_have_text([re.compile("Typed")])


def test_live_list_under_a_rule_function_has_readable_records_only(
    words: Server, visit: Visit
) -> None:
    ann = visit(words)
    ann.context.request.get("/in/ann")
    for number in range(40):
        post(ann, "/orders", owner="bob", name=f"Bob {number:02}")
    own = post(ann, "/orders", owner="ann", name="Mine")

    page = ann.open("/orders")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    expect(page.get_by_text("of 1", exact=False).first).to_be_visible()
    post(ann, "/orders", owner="bob", name="Another of Bob's")
    post(ann, "/orders", owner="ann", name="Mine too")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody")).not_to_contain_text("Bob")
    assert own["name"] == "Mine"
