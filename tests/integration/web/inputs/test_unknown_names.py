"""An unknown parameter name is an error; only reserved form names pass."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig, event


@unlisted
class Tally(Entity):
    count: int = 0

    @event
    def add(self, amount: int = 1) -> None:
        self.count += amount


class Place(BaseModel):
    street: str = ""


@unlisted
class Shed(Entity):
    model_config = EntityConfig(scope="record", access="public")
    name: str
    place: Place = Place()

    @event
    def paint(self) -> None: ...


UNKNOWN = [
    "_amount", "__class__", "_", "__proto__", "_originals", "_browse", "_method", "_csrf", "_rest",
    "_exact.", "_exact.other", "_rest.other", "_several.other", "_rest.amount.x", "_sm_mode",
]  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
async def test_unknown_name_is_422_in_every_kind_of_body(visit: Any, name: str) -> None:
    browser = visit(Tally)

    results = [
        await browser.call("POST", "/tally/add", {name: "5"}),
        await browser.call("POST", "/tally/add", {"amount": 2, name: "5"}),
        await browser.submit("/tally/add", {name: "5"}),
        await browser.submit("/tally/add", {"amount": "2", name: "5"}),
        await browser.call("POST", f"/tally/add?{name}=5"),
    ]

    assert [result.status_code for result in results] == [422] * 5
    assert (await browser.call("GET", "/tally")).json()["count"] == 0


@pytest.mark.parametrize("name", [*UNKNOWN, "nothing"])
@pytest.mark.parametrize("verb", ["PATCH", "PUT", "POST", "DELETE"])
async def test_unknown_name_is_422_on_records(visit: Any, verb: str, name: str) -> None:
    browser = visit(Shed)
    shed = (await browser.call("POST", "/sheds", {"name": "A"})).json()["entity"]
    url = f"/sheds/{shed['id']}" + ("/paint" if verb == "POST" else "")

    response = await browser.call(verb, url, {name: {}} if name == "_originals" else {name: "5"})

    expected = 400 if name == "_originals" and verb in ("PATCH", "PUT") else 422
    assert response.status_code == expected
    assert (await browser.call("GET", f"/sheds/{shed['id']}")).json() == shed


async def test_unknown_name_is_rejected_in_bulk(visit: Any) -> None:
    browser = visit(Shed)
    shed = (await browser.call("POST", "/sheds", {"name": "A"})).json()["entity"]

    response = await browser.call(
        "POST", "/sheds/_bulk", {"event": "paint", "id": [shed["id"]], "_x": 1}
    )

    assert response.status_code == 400


async def test_signals_of_the_page_that_are_no_parameters_are_not_read(visit: Any) -> None:
    browser = visit(Tally)

    response = await browser.click("/tally/add", {"amount": 2, "_amount": 9, "other": 1})

    assert response.headers["starmodel-status"] == "200"
    assert (await browser.call("GET", "/tally")).json()["count"] == 2


async def test_reserved_form_names_pass_with_their_fields(visit: Any) -> None:
    browser = visit(Shed)
    shed = (await browser.call("POST", "/sheds", {"name": "A"})).json()["entity"]

    response = await browser.submit(
        f"/sheds/{shed['id']}/update",
        {"name": "B", "_exact.name": '["x"]', "place.street": "S", "_originals": "{}"},
    )

    assert response.status_code == 303
    assert (await browser.call("GET", f"/sheds/{shed['id']}")).json()["name"] == "B"
