"""The page of a record: facts first, no repeated heading, events by their weight."""

from __future__ import annotations

import re
from typing import Any

import pytest

from integration.web.records.desk import Desk
from starmodel import UI, ConfigurationError, event


async def _page(app: Any, desk: Desk, visit: Any, number: str = "1042") -> str:
    order = await app.starmodel.objects(desk.order).create(number=number)
    return str((await visit(app).page(f"/orders/{order.id}")).text)


async def test_heading_and_id_are_no_fields(desk: Desk, app: Any, visit: Any) -> None:
    page = await _page(app, desk, visit)
    labels = re.findall(r"<dt>([^<]*)</dt>", page)
    assert "Number" not in labels
    assert "Id" not in labels
    assert 'data-copy="' in page


async def test_status_is_a_fact_in_its_colour(desk: Desk, app: Any, visit: Any) -> None:
    order = await app.starmodel.objects(desk.order).create(number="1")
    browser = visit(app)
    await browser.click(f"/orders/{order.id}/ship")
    page = (await browser.page(f"/orders/{order.id}")).text
    facts = page.partition('class="sm-facts"')[2].partition("</dl>")[0]
    assert "sm-tint-green" in facts
    assert "Shipped" in facts


async def test_main_event_is_first_and_the_one_that_asks_is_last(
    desk: Desk, app: Any, visit: Any
) -> None:
    page = await _page(app, desk, visit)
    bar = page.partition('class="sm-events"')[2].partition("<dialog")[0]
    assert re.findall(r">([A-Z]\w+\u2026?)</button>", bar) == [
        "Discount\u2026",
        "Ship",
        "Tell",
        "Close",
    ]
    assert bar.count("uk-btn-primary") == 1


async def test_form_of_an_event_is_in_a_dialog_with_a_name(
    desk: Desk, app: Any, visit: Any
) -> None:
    page = await _page(app, desk, visit)
    (opener,) = re.findall(r'data-dialog="([^"]+)"', page)
    dialog = page.partition(f'id="{opener}"')[2].partition("</dialog>")[0]
    assert f'aria-labelledby="{opener}-title"' in page
    assert f'id="{opener}-title">Discount<' in dialog
    assert "Lower the total." in dialog
    assert 'name="percent"' in dialog


async def test_blank_title_leaves_its_field_on_the_page(desk: Desk, app: Any, visit: Any) -> None:
    page = await _page(app, desk, visit, number=" ")
    assert "Number" in re.findall(r"<dt>([^<]*)</dt>", page)


def test_unknown_colour_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="'mauve' for 'open'; there are gray, red"):
        UI(colors={"open": "mauve"})


def test_icon_that_is_no_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected the name of an icon"):

        @event(icon='"><script>')
        def run(self: Any) -> None: ...


async def test_start_page_has_the_number_and_the_newest(desk: Desk, app: Any, visit: Any) -> None:
    for number in range(5):
        await app.starmodel.objects(desk.order).create(number=f"N{number}")
    page = (await visit(app).page("/")).text
    newest = page.partition('aria-label="Newest orders"')[2].partition("</ul>")[0]
    assert re.findall(r">(N\d)<", newest) == ["N4", "N3", "N2"]
    assert "5 orders" in page
    assert "Audits" not in page
    assert 'href="/orders/new"' in page
