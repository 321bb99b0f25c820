"""Two visitors edit one record: changes merge, and conflicting fields are reported."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from integration.web.browser import DATASTAR, sse_events, unlisted
from starmodel import Entity, EntityConfig, Field


@unlisted
class Card(Entity):
    model_config = EntityConfig(access="public")
    title: str
    notes: str = ""
    tags: list[str] = []
    done: bool = False


def fields(page: str, form_id: str = "Card-update") -> dict[str, str]:
    """The payload of the unchanged edit form."""
    form = page.partition(f'id="{form_id}')[2].partition("</form>")[0]
    found = {}
    while "<template>" in form:  # the innermost first
        form = re.sub("<template>((?!<template>).)*?</template>", "", form, flags=re.DOTALL)
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf' {key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and not ('type="checkbox"' in tag and " checked" not in tag):
            found[unescape(name[1])] = unescape(value[1] if value else "")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?([^<]*)<', form):
        found[unescape(name)] = unescape(text)
    return found


@pytest.fixture
async def editing(visit: Any) -> Any:
    """A record, and the forms of two people who opened it at the same time."""
    ann = visit(Card)
    data = {"title": "Plan", "notes": "old", "tags": ["a"]}
    made = await ann.call("POST", "/cards", data)
    url = f"/cards/{made.json()['entity']['id']}"
    form = fields((await ann.page(f"{url}/edit")).text)
    return ann, url, form


async def test_untouched_fields_keep_concurrent_changes(editing: Any) -> None:
    ann, url, form = editing
    await ann.submit(f"{url}/update", {**form, "notes": "of the first", "done": "true"})
    response = await ann.submit(f"{url}/update", {**form, "title": "Of the second"})

    assert response.status_code == 303
    state = (await ann.call("GET", url)).json()
    assert (state["title"], state["notes"]) == ("Of the second", "of the first")
    assert (state["tags"], state["done"]) == (["a"], True)


async def test_conflicting_field_is_reported_and_saved_on_resubmit(editing: Any) -> None:
    ann, url, form = editing
    await ann.submit(f"{url}/update", {**form, "notes": "of the first"})
    refused = await ann.submit(f"{url}/update", {**form, "notes": "of the second"})

    assert refused.status_code == 409
    assert "Somebody has changed this to “of the first” in the meantime" in refused.text
    assert (await ann.call("GET", url)).json()["notes"] == "of the first"

    again = fields(refused.text)
    assert again["notes"] == "of the second"
    assert (await ann.submit(f"{url}/update", again)).status_code == 303
    assert (await ann.call("GET", url)).json()["notes"] == "of the second"


async def test_live_form_shows_conflict_beside_the_input_and_saves_on_resubmit(
    editing: Any,
) -> None:
    ann, url, form = editing
    await ann.submit(f"{url}/update", {**form, "title": "First"})
    click = {**DATASTAR, "content-type": "application/x-www-form-urlencoded"}
    refused = await ann.post(f"{url}/update", data={**form, "title": "Second"}, headers=click)

    assert refused.headers["starmodel-status"] == "409"
    text = "".join(e.elements for e in sse_events(refused.text) if "elements" in e.data)
    assert "Somebody has changed this to “First” in the meantime" in text
    was = re.search(r"""name="_originals" value='([^']*)'""", text)
    assert was
    again = {**form, "title": "Second", "_originals": unescape(was[1])}
    assert (await ann.submit(f"{url}/update", again)).status_code == 303
    assert (await ann.call("GET", url)).json()["title"] == "Second"


async def test_equal_concurrent_changes_are_no_conflict(editing: Any) -> None:
    ann, url, form = editing
    await ann.submit(f"{url}/update", {**form, "title": "Same"})

    assert (await ann.submit(f"{url}/update", {**form, "title": "Same"})).status_code == 303


@pytest.mark.parametrize("was", ["", "{", "[]", '{"title": 3}', '{"nothing": "x"}'])
async def test_tampered_original_values_are_rejected_or_ignored(editing: Any, was: str) -> None:
    ann, url, form = editing

    response = await ann.submit(f"{url}/update", {**form, "title": "New", "_originals": was})

    assert response.status_code in (303, 400)


class Place(BaseModel):
    street: str = ""
    floor: int | None = None
    code: str = Field(default="", private=True)
    pin: SecretStr = SecretStr("")


@unlisted
class House(Entity):
    model_config = EntityConfig(access="public")
    name: str
    place: Place = Place()


@pytest.mark.parametrize("street", ["Old", "New"])
async def test_private_fields_of_a_nested_model_survive_its_edit(
    visit: Any, serve: Any, street: str
) -> None:
    browser = visit(serve(House))
    await browser.page("/")
    place = Place(street="Old", floor=3, code="c", pin=SecretStr("p"))
    house = await browser.app.starmodel.objects(House).create(name="A", place=place)
    url = f"/houses/{house.id}"
    form = fields((await browser.page(f"{url}/edit")).text, "House-update")

    sent = {**form, "place.street": street, "place.floor": ""}
    assert (await browser.submit(f"{url}/update", sent)).status_code == 303

    stored = (await browser.app.starmodel.objects(House).get(house.id)).place
    assert (stored.street, stored.floor) == (street, None)
    assert (stored.code, stored.pin.get_secret_value()) == ("c", "p")
