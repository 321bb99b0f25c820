"""Constraint validation of the browser appears beside its input, for any field name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]


def read(visitor: Visitor, path: str) -> Any:
    return visitor.context.request.get(path, headers={"accept": "application/json"}).json()


def made(visitor: Visitor, path: str, **data: object) -> Any:
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}
    answer = visitor.context.request.post(path, data=data, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()["entity"]


def problem(page: Page, name: str) -> Any:
    return page.locator(f"small[id$='-{name}-problem']")


def test_required_text_and_email_errors_are_beside_their_inputs(
    page_state: Server, visit: Visit
) -> None:
    ann = visit(page_state)
    page = ann.open("/tickets/new", live=False)
    create = page.get_by_role("button", name="Create")
    page.fill("[name=mail]", "not a mail")
    create.click()
    expect(problem(page, "title")).to_have_text("Please fill this in.")
    expect(problem(page, "mail")).to_contain_text("Enter an e-mail address")
    expect(page.locator("[name=title]")).to_be_focused()
    page.fill("[name=title]", "Mailed")
    page.fill("[name=mail]", "ann@example.org")
    create.click()
    page.wait_for_url("**/tickets/*-*")
    assert read(ann, "/tickets?title=Mailed")["items"][0]["mail"] == "ann@example.org"
    assert not read(ann, "/tickets?mail=not a mail")["items"]


def test_invalid_number_is_reported_before_the_request(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state)
    page = ann.open("/tickets/new", live=False)
    page.fill("[name=title]", "Half typed")
    page.locator("[name=stock]").press_sequentially("e-")
    page.press("[name=stock]", "Tab")
    expect(problem(page, "stock")).to_have_text("Enter a number.")
    page.get_by_role("button", name="Create").click()
    page.wait_for_timeout(300)
    assert page.url.endswith("/tickets/new")


def test_cleared_number_is_rejected_or_none_but_never_the_old_value(
    page_state: Server, visit: Visit
) -> None:
    ann = visit(page_state)
    ticket = made(ann, "/tickets", title="Emptied", stock=7, limit=3)
    page = ann.open(f"/tickets/{ticket['id']}/edit", live=False)
    save = page.get_by_role("button", name="Save", exact=True)
    page.fill("[name=stock]", "")
    page.press("[name=stock]", "Tab")
    expect(problem(page, "stock")).to_have_text("Please fill this in.")
    save.click()
    page.wait_for_timeout(300)
    assert page.url.endswith("/edit")
    page.fill("[name=stock]", "8")
    page.fill("[name=limit]", "")
    save.click()
    page.wait_for_url(f"**/tickets/{ticket['id']}")
    now = read(ann, f"/tickets/{ticket['id']}")
    assert (now["stock"], now["limit"]) == (8, None)


def test_fields_may_have_the_names_of_a_forms_properties(page_state: Server, visit: Visit) -> None:
    ann = visit(page_state)
    page = ann.open("/rules/new", live=False)
    texts = {
        "Id": "r1", "Action": "allow", "Attributes": "a", "Children": "b", "Closest": "c",
        "Dataset": "d", "Elements": "e", "Length": "4", "Matches": "f", "Method": "g",
        "Submit": "h", "Target": "i",
    }  # fmt: skip
    name = page.get_by_label("Name")
    name.fill("x")
    name.press("Tab")
    expect(problem(page, "name")).to_have_text("At least 2 characters.")
    for label, text in texts.items():
        page.get_by_label(label, exact=label != "Id").first.fill(text)
    page.get_by_label("Reset").check()
    name.fill("Front door")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/rules/r1")
    stored = read(ann, "/rules/r1")
    assert stored == {
        "name": "Front door", "reset": True,
        **{label.lower(): 4 if label == "Length" else text for label, text in texts.items()},
    }  # fmt: skip
    page.goto("/rules/r1/edit")
    page.get_by_label("Dataset").fill("changed")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/rules/r1")
    assert read(ann, "/rules/r1")["dataset"] == "changed"


@pytest.mark.parametrize(
    ("typed", "sent"), [("9007199254740993", "9007199254740993"), ("", "nothing"), ("12", "12")]
)
def test_bound_number_is_sent_verbatim(
    page_state: Server, visit: Visit, typed: str, sent: str
) -> None:
    page = visit(page_state).open("/account-page")
    page.fill("#amount", "5")
    page.fill("#amount", typed)
    expect(page.locator("#amount")).to_have_value(typed)
    page.click("#book")
    expect(page.locator("#booked")).to_have_text(sent)
