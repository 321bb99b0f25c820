"""Operators, groups, tab stops and events on all matches of a list, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from e2e.accessibility.axe import violations
from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]
ROWS = "tbody tr[data-key]"
IN_ROW = "document.activeElement.closest('tbody') !== null"


def test_operators_of_filters_make_the_address(gallery: Server, visit: Visit) -> None:
    page = visit(gallery).open("/books?order=title")
    page.locator("[data-tool=filters] summary").click()
    expect(page.locator("#filter-size option").nth(1)).to_have_text(re.compile(r"\(\d+\)"))

    page.locator("[name='_op.size']").select_option("is any of")
    page.locator("[name='_any.size'][value=l]").check()
    page.locator("[name='_any.size'][value=s]").check()
    expect(page).to_have_url(re.compile(r"size__in=s%2Cl|size__in=l%2Cs"))
    page.locator("[name='_op.price']").select_option("less than")
    page.get_by_label("Price from").fill("9")
    expect(page).to_have_url(re.compile(r"price__lt=9"))
    expect(page.locator(".sm-filter-chip").first).to_contain_text("Price less than 9")
    assert violations(page, "the list") == []
    page.keyboard.press("Escape")
    page.locator(".sm-chip-tool").first.locator("summary").click()
    page.get_by_role("link", name="at most", exact=True).click()
    expect(page).to_have_url(re.compile(r"price__lte=9"))


def test_headings_follow_rows_that_change_their_group(gallery: Server, visit: Visit) -> None:
    visitor = visit(gallery)
    page = visitor.open("/books?group=size&per_page=100")
    heads = page.locator("tr.sm-group")
    expect(heads.first.locator("[data-group-count]")).to_have_text(re.compile(r"\(\d+\)"))
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    assert violations(page, "the list") == []

    row = page.locator(ROWS).first
    key, group = row.get_attribute("data-key"), row.get_attribute("data-group")
    other = next(size for size in "sl" if size != group)
    headers = {"accept": "application/json", "origin": gallery.url}
    changed = visitor.context.request.patch(f"/books/{key}", data={"size": other}, headers=headers)
    assert changed.status == 200
    moved = page.locator(f"{ROWS}[data-key='{key}']")
    expect(moved).to_have_attribute("data-group", other)
    expect(
        page.locator(f"tr.sm-group[data-heading='{other}'] ~ [data-key='{key}']")
    ).to_be_visible()
    order = page.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => row.dataset.key ? row.dataset.group : '#' + row.dataset.heading)"
    )
    last = ""
    for each in order:
        assert each.startswith("#") or each == last
        last = each.removeprefix("#")
    visitor.context.request.patch(f"/books/{key}", data={"size": group}, headers=headers)


def test_rows_are_few_tab_stops_away_and_arrow_keys_reach_the_rest(
    gallery: Server, visit: Visit
) -> None:
    page = visit(gallery).open("/books?order=title")
    page.get_by_role("searchbox", name="Search books").focus()
    stops = 0
    while not page.evaluate(IN_ROW):
        page.keyboard.press("Tab")
        stops += 1
        assert stops < 9
    assert stops <= 5
    page.locator("[data-tool=filters] summary").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-tool=columns] summary")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator("[data-tool=export] summary")).to_be_focused()
    page.locator("thead a.sm-sort").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("thead a.sm-sort").nth(1)).to_be_focused()


def test_event_with_inputs_runs_on_all_matches(gallery: Server, visit: Visit) -> None:
    page = visit(gallery).open("/books?per_page=5&search=book+1")
    page.get_by_label("Select all books of this page").check()
    page.get_by_role("button", name="Select all 10").click()
    page.locator(".sm-bulk button[value=note]").click()
    dialog = page.locator("dialog[data-event-dialog]")
    expect(dialog.get_by_role("status").first).to_have_text("Note: 10 books?")
    dialog.get_by_label("Text").fill("bad")
    dialog.get_by_role("button", name="Note").click()

    refused = page.locator("dialog.sm-ask")
    expect(refused.locator("p")).to_have_text("Note: 0 done, 10 refused.")
    expect(refused.locator("li").first).to_contain_text("That is not nice")
    refused.get_by_role("button", name="Close").click()
    expect(page.locator(".sm-bulk")).not_to_be_visible()
