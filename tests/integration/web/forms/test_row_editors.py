"""Editors of lists and mappings: rows without JavaScript, their errors, limits and hostile text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import BaseModel

from integration.web.browser import JSON, ORIGIN, unlisted
from integration.web.html_forms import HtmlForm, forms_of
from starmodel import Entity, EntityConfig, Field, event

CHECK = JSON | {"origin": ORIGIN, "starmodel-check": "1"}


class Line(BaseModel):
    item: str = Field(min_length=2)
    quantity: int = Field(default=1, ge=1)
    marks: list[int] = []


@unlisted
class Parcel(Entity):
    model_config = EntityConfig(access="public", scope="record", path="/parcels")
    name: str = "n"
    tags: list[str] = []
    days: list[date] = []
    lines: list[Line] = Field(default=[], max_length=3)
    prices: dict[str, Decimal] = {}
    gift: Line | None = None
    data: dict[str, Any] = {}

    @event
    def weigh(self, weights: list[int]) -> None:
        self.name = str(sum(weights))


@pytest.fixture
def browser(visit: Any) -> Any:
    return visit(Parcel)


async def sent(browser: Any, path: str, *pairs: tuple[str, str]) -> Any:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await browser.submit(path, content=urlencode(pairs), headers=headers)


async def created(browser: Any, *pairs: tuple[str, str]) -> Parcel:
    response = await sent(browser, "/parcels", *pairs)
    assert response.status_code == 303, response.text
    return await Parcel.objects.get(response.headers["location"].rpartition("/")[2])


def form(response: Any) -> HtmlForm:
    return next(f for f in forms_of(response.text) if f.attributes["action"] == "/parcels")


def problem(response: Any, name: str) -> str:
    _, found, rest = response.text.partition(f'id="Parcel-create-{name}-problem"')
    assert found, name
    return str(rest.partition(">")[2].partition("<")[0])


async def test_rows_are_values_in_the_order_of_the_form(browser: Any) -> None:
    made = await created(
        browser,
        ("_rows.tags", ""), ("tags.7", "b"), ("tags.2", "a"), ("tags.3", ""),
        ("_rows.days", ""), ("days.0", "2026-11-24"),
        ("_rows.lines", ""), ("lines.4.item", "pen"), ("lines.4.quantity", "3"),
        ("_rows.lines.4.marks", ""), ("lines.4.marks.1", "5"),
        ("_rows.prices", ""), ("prices.0.key", "small"), ("prices.0.value", "1.50"),
        ("prices.1.key", ""), ("prices.1.value", ""),
    )  # fmt: skip

    assert made.tags == ["b", "a"]  # an empty row is no value
    assert made.days == [date(2026, 11, 24)]
    assert made.lines == [Line(item="pen", quantity=3, marks=[5])]
    assert made.prices == {"small": Decimal("1.50")}


async def test_errors_stand_beside_the_input_of_their_row(browser: Any) -> None:
    refused = await sent(
        browser, "/parcels",
        ("_rows.days", ""), ("days.0", ""), ("days.5", "soon"),
        ("_rows.lines", ""), ("lines.0.item", "pen"), ("lines.0.quantity", "1"),
        ("lines.3.item", "x"), ("lines.3.quantity", "0"),
        ("_rows.lines.3.marks", ""), ("lines.3.marks.2", "many"),
        ("_rows.prices", ""), ("prices.8.key", "small"), ("prices.8.value", "cheap"),
    )  # fmt: skip

    assert refused.status_code == 422
    assert problem(refused, "days.5") == "Enter a date, such as 2026-11-24."
    assert problem(refused, "lines.3.item") == "At least 2 characters."
    assert problem(refused, "lines.3.quantity") == "Must be at least 1."
    assert problem(refused, "lines.3.marks.2") == "Enter a whole number."
    assert problem(refused, "prices.8.value") == "Enter a number."
    assert problem(refused, "lines.0.item") == problem(refused, "lines") == ""
    assert ("lines.3.item", "x") in form(refused).sent  # nothing typed is lost


@pytest.mark.parametrize(
    ("pairs", "name", "sentence"),
    [
        ([("prices.0.key", "a"), ("prices.0.value", "1"), ("prices.1.key", "a"),
          ("prices.1.value", "2")], "prices.1.key", "This name is used twice."),
        ([("prices.0.key", ""), ("prices.0.value", "1")], "prices.0.key", "Please fill this in."),
    ],
)  # fmt: skip
async def test_names_of_a_mapping_are_present_and_distinct(
    browser: Any, pairs: list[tuple[str, str]], name: str, sentence: str
) -> None:
    refused = await sent(browser, "/parcels", ("_rows.prices", ""), *pairs)

    assert refused.status_code == 422
    assert problem(refused, name) == sentence
    assert set(pairs) <= set(form(refused).sent)


async def test_limit_of_a_list_is_reported_beside_its_editor(browser: Any) -> None:
    pairs = [(f"lines.{n}.item", "pen") for n in range(4)]

    refused = await sent(browser, "/parcels", ("_rows.lines", ""), *pairs)

    assert problem(refused, "lines") == "At most 3 entries are possible."


async def test_more_rows_than_an_editor_takes_are_refused(browser: Any) -> None:
    pairs = [(f"tags.{n}", "x") for n in range(201)]

    refused = await sent(browser, "/parcels", ("_rows.tags", ""), *pairs)

    assert refused.status_code == 422
    assert "more than 200 rows" in refused.text
    assert not await Parcel.objects.count()


@pytest.mark.parametrize("key", ["x", "-1", "1e3", "9999999", "٣", "__proto__"])
async def test_key_of_a_row_is_a_short_number(browser: Any, key: str) -> None:
    refused = await sent(browser, "/parcels", ("_rows.tags", ""), (f"tags.{key}", "x"))

    assert refused.status_code == 400
    assert not await Parcel.objects.count()


async def test_buttons_change_rows_without_javascript_and_keep_what_was_typed(browser: Any) -> None:
    typed = [("name", "<b>"), ("_rows.tags", ""), ("tags.0", "a"), ("tags.1", '"><script>')]

    async def pressed(change: str) -> list[tuple[str, str]]:
        response = await sent(browser, "/parcels", *typed, ("_change", change))
        assert response.status_code == 200
        assert "<script>" not in response.text.partition('id="Parcel-create"')[2]
        assert ("name", "<b>") in form(response).sent
        return [pair for pair in form(response).sent if pair[0].startswith("tags.")]

    assert await pressed("add tags") == [*typed[2:], ("tags.2", "")]
    assert await pressed("remove tags.0") == typed[3:]
    assert await pressed("up tags.1") == [typed[3], typed[2]]
    assert await pressed("down tags.0") == [typed[3], typed[2]]
    for nothing in ("up tags.0", "remove tags.9", "add nothing", "remove x", "add", "", "\0"):
        assert await pressed(nothing) == typed[2:]
    assert not await Parcel.objects.count()


async def test_rows_inside_rows_are_changed_by_their_path(browser: Any) -> None:
    pairs = [
        ("_rows.lines", ""), ("lines.5.item", "pen"), ("_rows.lines.5.marks", ""),
        ("lines.5.marks.0", "1"), ("_change", "add lines.5.marks"),
    ]  # fmt: skip

    response = await sent(browser, "/parcels", *pairs)

    names = [name for name in form(response).names if name.startswith("lines.5.marks")]
    assert names == ["lines.5.marks.0", "lines.5.marks.1"]


async def test_optional_model_is_given_by_its_switch(browser: Any) -> None:
    none = await created(browser, ("_given.gift", "false"), ("gift.item", "x"))
    some = await created(
        browser, ("_given.gift", "false"), ("_given.gift", "true"), ("gift.item", "book")
    )

    assert none.gift is None
    assert some.gift == Line(item="book")


async def test_json_error_names_line_and_column(browser: Any) -> None:
    refused = await sent(browser, "/parcels", ("data", '{"a": 1,\r\n x}'))

    assert problem(refused, "data") == "Enter JSON: line 2, column 2 can&#x27;t be read."


async def test_check_while_typing_answers_by_row(browser: Any) -> None:
    data = [("_rows.tags", ""), ("_rows.lines", ""), ("lines.2.item", "x")]

    form_type = {"content-type": "application/x-www-form-urlencoded"}
    response = await browser.post("/parcels", content=urlencode(data), headers=CHECK | form_type)

    assert response.json()["errors"] == {"lines.2.item": "At least 2 characters."}


async def test_event_with_a_list_parameter_takes_rows(browser: Any) -> None:
    parcel = await Parcel.objects.create()
    path = f"/parcels/{parcel.id}/weigh"

    await sent(browser, path, ("_rows.weights", ""), ("weights.0", "3"), ("weights.1", "4"))

    assert (await Parcel.objects.get(parcel.id)).name == "7"
