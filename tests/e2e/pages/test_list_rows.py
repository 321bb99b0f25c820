"""Rows of lists: a click anywhere opens the record, and their size on desktop, tablet and phone."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]


def test_click_in_a_row_opens_the_record_and_other_gestures_do_not(
    gallery: Server, visit: Visit
) -> None:
    ann = visit(gallery, viewport={"width": 1440, "height": 900})
    page = ann.open("/books", live=False)
    first = page.locator("tbody tr").nth(1)
    link, day = first.locator(".sm-open"), first.locator("[data-label=Price]")
    record = re.compile(re.escape(link.get_attribute("href") or "-"))
    assert 38 <= first.evaluate("row => row.getBoundingClientRect().height") <= 40

    at = day.bounding_box()
    assert at is not None
    page.mouse.move(at["x"] + at["width"] - 2, at["y"] + 18)  # a selection of its text
    page.mouse.down()
    page.mouse.move(at["x"] + 2, at["y"] + 18, steps=4)
    page.mouse.up()
    assert page.evaluate("String(getSelection())").strip()
    expect(page).to_have_url(f"{gallery.url}/books")

    page.evaluate("getSelection().empty()")
    page.get_by_label("Actions for Book 02", exact=True).click()
    day.click()  # closes the menu
    expect(page.locator("details[open]")).to_have_count(0)
    expect(page).to_have_url(f"{gallery.url}/books")

    with ann.context.expect_page() as opened:
        day.click(button="middle")
    expect(opened.value).to_have_url(record)
    opened.value.close()
    with ann.context.expect_page() as opened:
        day.click(modifiers=["Control"])
    opened.value.close()

    day.click()
    expect(page).to_have_url(record)


def test_every_column_is_visible_on_a_tablet(gallery: Server, visit: Visit) -> None:
    page = visit(gallery, viewport={"width": 820, "height": 900}).open("/books", live=False)
    for cell in page.locator("tbody tr").first.locator("td").all():
        expect(cell).to_be_in_viewport(ratio=1)


def test_row_is_a_card_of_two_lines_on_a_phone(gallery: Server, visit: Visit) -> None:
    page = visit(gallery, viewport={"width": 390, "height": 844}).open("/books", live=False)
    first = page.locator("tbody tr").nth(1)
    assert first.evaluate("row => row.getBoundingClientRect().height") <= 70
    name, figure = first.locator(".sm-first"), first.locator("[data-label=Sold]")
    assert abs(centre(name) - centre(figure)) < 4
    assert first.locator("[data-label=Size]").evaluate(LABEL) == "none"
    assert "Sold" in figure.evaluate(LABEL)  # a number says little without its name


LABEL = "cell => getComputedStyle(cell, '::before').content"


def centre(cell: Locator) -> float:
    box = cell.bounding_box()
    assert box is not None
    return float(box["y"] + box["height"] / 2)
