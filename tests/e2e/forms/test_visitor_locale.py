"""Numbers, dates and times in the language and the time zone of the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.apps.orders import ORDERS
from e2e.browsing import Visitor
from e2e.forms.test_row_editors import made, read, saved
from e2e.serving import Server

Visit = Callable[..., Visitor]
BERLIN = {"locale": "de-DE", "timezone_id": "Europe/Berlin"}
TOKYO = {"locale": "ja-JP", "timezone_id": "Asia/Tokyo"}


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("orders"), ORDERS) as server:
        yield server


def shown(page: Page, title: str) -> str:
    field = page.locator(".sm-fields > div").filter(has=page.locator(f"dt:text-is('{title}')"))
    return field.locator("dd").inner_text().replace("\u00a0", " ").replace("\u202f", " ")


def test_values_are_shown_in_the_language_and_zone_of_each_reader(
    orders: Server, visit: Visit
) -> None:
    berlin, tokyo = visit(orders, **BERLIN), visit(orders, **TOKYO)
    plain = visit(orders, java_script_enabled=False)
    path = f"/orders/{made(berlin)['id']}"
    pages = [berlin.open(path), tokyo.open(path), plain.open(path, live=False)]
    titles = ("Total", "Share", "Due", "Met", "Day")

    found = [[shown(page, title) for title in titles] for page in pages]

    assert found[0] == [
        "6.125,60 €", "12,5 %", "2. Juli 2026, 00:30 MESZ", "24. Nov. 2026, 16:30",
        "29. März 2026",
    ]  # fmt: skip
    assert found[1][2:] == ["2026年7月2日 07:30 JST", "2026年11月24日 16:30", "2026年3月29日"]
    assert found[2] == [
        "EUR 6,125.60", "12.5%", "1 Jul 2026, 22:30 UTC", "24 Nov 2026, 16:30", "29 Mar 2026",
    ]  # fmt: skip


def test_live_patches_are_shown_in_the_language_of_each_reader(
    orders: Server, visit: Visit
) -> None:
    berlin, tokyo = visit(orders, **BERLIN), visit(orders, **TOKYO)
    order = made(berlin)
    record, listed = berlin.open(f"/orders/{order['id']}"), tokyo.open("/orders")
    headers = {"accept": "application/json", "sec-fetch-site": "same-origin"}

    berlin.context.request.post(
        f"/orders/{order['id']}/update", data={"total": "1234567.5"}, headers=headers
    )

    expect(record.locator(".sm-fields data").first).to_have_text("1.234.567,50\u00a0€")
    row = listed.locator(f"[data-key='{order['id']}'] data").first
    expect(row).to_have_text("€1,234,567.50")


@pytest.mark.parametrize(
    ("typed", "shown", "stored"),
    [
        ("1.234,5", "1.234,50", "1234.5"),
        ("1.234", "1.234,00", "1234"),
        ("1,5", "1,50", "1.5"),
        ("12.5", "12,50", "12.5"),
        ("€ 7", "7,00", "7"),
    ],
)
def test_number_is_read_in_the_language_of_the_visitor(
    orders: Server, visit: Visit, typed: str, shown: str, stored: str
) -> None:
    ann = visit(orders, **BERLIN)
    order = made(ann)
    page = ann.open(f"/orders/{order['id']}/edit", live=False)
    assert page.input_value("[name=total]") == "6.125,60"

    page.fill("[name=total]", typed)
    page.press("[name=total]", "Tab")
    assert page.input_value("[name=total]") == shown
    saved(page)

    assert read(ann, order["id"])["total"] == stored


def test_text_that_is_no_number_stays_and_is_reported(orders: Server, visit: Visit) -> None:
    page = visit(orders, **BERLIN).open("/orders/new", live=False)

    page.fill("[name=total]", "viel")
    page.press("[name=total]", "Tab")

    expect(page.locator("small[id$='-total-problem']")).to_have_text("Enter a number.")
    assert page.input_value("[name=total]") == "viel"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2026-12-24T18:00", "2026-12-24T17:00:00Z"),
        ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),  # skipped by the clock: 03:30
        ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),  # twice on the clock: the first
    ],
)
def test_moment_is_entered_in_the_zone_of_the_visitor(
    orders: Server, visit: Visit, typed: str, stored: str
) -> None:
    ann = visit(orders, **BERLIN)
    order = made(ann)
    page = ann.open(f"/orders/{order['id']}/edit", live=False)
    due = page.get_by_label("Due (Europe/Berlin)")
    assert due.input_value() == "2026-07-02T00:30"

    due.fill(typed)
    saved(page)

    assert read(ann, order["id"])["due"] == stored


def test_unchanged_form_changes_nothing(orders: Server, visit: Visit) -> None:
    ann = visit(orders, **BERLIN)
    order = made(ann, due="2026-10-25T01:30:15.123456Z", share="0.0725", total="7")
    page = ann.open(f"/orders/{order['id']}/edit", live=False)

    page.fill("[name=name]", "Second")
    saved(page)

    assert read(ann, order["id"]) == {**order, "name": "Second"}


def test_ambiguous_number_without_javascript_is_asked_for_in_words(
    orders: Server, visit: Visit
) -> None:
    ann = visit(orders, java_script_enabled=False)
    ann.expect_errors("status of 422")
    page = ann.open("/orders/new", live=False)

    page.fill("[name=total]", "1,234")
    page.get_by_role("button", name="Create", exact=True).click()

    expect(page.locator("small[id$='-total-problem']")).to_have_text("Write 1234 or 1.234.")


def test_form_in_another_language_has_no_unsaved_changes(orders: Server, visit: Visit) -> None:
    ann = visit(orders, **BERLIN)
    page = ann.open(f"/orders/{made(ann)['id']}/edit", live=False)
    assert page.input_value("[name=total]") == "6.125,60"

    page.reload()

    assert page.input_value("[name=total]") == "6.125,60"
    expect(page.locator(".sm-draft")).to_have_count(0)
