"""Cells of lists that are edited in place: their form, what may not be edited, and conflicts."""

from __future__ import annotations

import re
from html import unescape
from typing import Annotated, Any, Literal

import pytest

from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig, Field, Private, transitions
from starmodel.access import role
from starmodel.core.errors import ConfigurationError

HOSTILE = [
    "<script>alert(1)</script>", '" onmouseover="a()', "${alert(1)}", "$signal", "@post('/x')",
    "\u202etxt.exe", "word" * 2500, "👩‍👩‍👧",
]  # fmt: skip


@unlisted
class Ware(Entity):
    model_config = EntityConfig(
        store="sql",
        access="public",
        list_display=["name", "price", "pay", "note"],
        list_editable=["price", "pay", "note"],
    )
    name: str
    price: int = Field(default=1, ge=0)
    note: str = ""
    pay: int = Field(default=3, access={"write": role("boss")})


@pytest.fixture
async def browser(visit: Any, serve: Any) -> Any:
    return visit(serve(Ware))


async def test_rows_name_their_editable_cells_and_have_no_inputs(browser: Any) -> None:
    await Ware.objects.create(name="Pen")
    page = (await browser.page("/wares")).text

    assert re.findall(r'data-edit="(\w+)"', page) == ["price", "pay", "note"]
    assert 'data-cell-url="/wares/%7Bid%7D/_cell"' in page
    assert 'name="price"' not in page.partition("<tbody")[2].partition("</tbody>")[0]


async def test_form_of_a_cell_has_its_field_alone_and_merges_with_other_edits(browser: Any) -> None:
    ware = await Ware.objects.create(name="Pen")
    form = (await browser.page(f"/wares/{ware.id}/_cell?field=price")).text
    assert re.findall(r'name="(\w+)"', form) == ["", "_originals", "price"][1:]
    originals = unescape(re.search(r'name="_originals" value="([^"]*)"', form)[1])  # type: ignore[index]

    other = await browser.call("POST", f"/wares/{ware.id}/update", {"note": "Blue"})
    mine = {"price": "5", "_originals": originals}
    first = await browser.submit(f"/wares/{ware.id}/update", mine)
    again = await browser.submit(f"/wares/{ware.id}/update", mine | {"price": "7"})

    assert (other.status_code, first.status_code, again.status_code) == (200, 303, 409)
    stored = await Ware.objects.get(ware.id)
    assert (stored.price, stored.note) == (5, "Blue")


@pytest.mark.parametrize(
    ("query", "status"),
    [("field=pay", 403), ("field=name", 404), ("field=id", 404), ("", 404), ("field=x.y", 404)],
)
async def test_field_that_may_not_be_edited_has_no_form(
    browser: Any, query: str, status: int
) -> None:
    ware = await Ware.objects.create(name="Pen")

    assert (await browser.page(f"/wares/{ware.id}/_cell?{query}")).status_code == status


async def test_hostile_text_stays_text_in_the_input_of_a_cell(browser: Any) -> None:
    for text in HOSTILE:
        ware = await Ware.objects.create(name="Pen", note=text)
        form = (await browser.page(f"/wares/{ware.id}/_cell?field=note")).text

        assert text in unescape(form)
        assert "<script" not in form
        assert '" onmouseover' not in form


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "is no field"), ("state", "has transitions"), ("secret", "is private"),
        ("fixed", "is not editable"), ("id", "is not editable"), ("tags", "more than one input"),
        ("owner_id", "chooses a record"),
    ],
)  # fmt: skip
def test_field_that_has_no_cell_to_edit_stops_the_start(name: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=f"list_editable.*{name}.*{reason}"):

        @unlisted
        class Wrong(Entity):
            model_config = EntityConfig(list_editable=[name])
            state: Annotated[Literal["a", "b"], transitions(a=["b"])] = "a"
            secret: Private[str] = ""
            fixed: str = Field(default="", editable=False)
            tags: list[str] = []
            owner_id: str = Field(default="", foreign_key="wares.id")
