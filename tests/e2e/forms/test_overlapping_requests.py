"""One request for a form at a time, and responses applied in request order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]


def read(visitor: Visitor, path: str) -> Any:
    answer = visitor.context.request.get(path, headers={"accept": "application/json"})
    return answer.json()


def test_enter_pressed_twice_creates_one_record(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state)
    page = ann.open("/tickets/new", live=False)
    page.fill("[name=title]", "Twice")
    page.focus("[name=title]")
    for _ in range(3):
        page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/*-*")
    assert len(read(ann, "/tickets?title=Twice")["items"]) == 1


def test_own_form_sends_the_same_text_once_and_other_text_in_turn(
    page_state: Server, visit: Visit
) -> None:
    ann = visit(page_state)
    page = ann.open("/room")
    page.fill("#text", "hi")
    page.dblclick("#say")
    expect(page.locator("#text")).to_have_value("")
    page.focus("#text")
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value("")
    page.wait_for_timeout(300)
    assert read(ann, "/chat")["lines"] == ["hi", "one", "two"]


def test_older_response_does_not_replace_a_newer_one(page_state: Server, visit: Visit) -> None:
    page = visit(page_state).open("/find")
    page.focus("#q")
    page.keyboard.type("a")
    page.wait_for_timeout(100)
    page.keyboard.type("b")
    expect(page.locator("#results")).to_have_text("found for ab")
    page.wait_for_timeout(1000)
    assert page.inner_text("#results") == "found for ab"
    assert page.input_value("#q") == "ab"
