"""Events for all records of a list, and their number."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig, Toast, event
from starmodel.access import actor, record, role
from starmodel.app.queries.counting import count_of as counted
from starmodel.plugins.built_in.crud import matching


@unlisted
class Parcel(Entity):
    model_config = EntityConfig(
        store="sql",
        access={"read": "public", "write": role("staff") | (record.owner == actor.id)},
        list_order="-number",
    )
    number: int
    owner: str = ""
    sent: bool = False

    @event
    def send(self) -> Any:
        if self.number == 13:
            raise ValueError("13 stays here")
        if self.sent:
            return Toast("Is sent already", "error")
        self.sent = True
        return None

    grams: int = 0
    stamps: int = 0

    @event
    def weigh(self, grams: int) -> None:
        if self.number == 0:
            raise ValueError("Is too light")
        self.grams = grams

    @event(when=record.number < 6, when_text="Only small numbers")
    def seal(self) -> None:
        self.sent = True

    @event
    def stamp(self) -> None:
        self.stamps += 1


@pytest.fixture
async def app(serve: Any) -> Any:
    app = serve(Parcel)
    for n in range(60):
        await Parcel.objects.create(number=n, owner="ann" if n % 2 else "bob", sent=n == 59)
    return app


async def run(browser: Any, words: str, name: str = "send") -> Any:
    response = await browser.call("POST", "/parcels/_matching", {"event": name, "matching": words})
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


async def test_event_runs_on_all_matches_and_names_those_that_refuse(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get("/sign-in/root?roles=staff")

    *progress, last = await run(root, "number__gte=10&order=number&page=2&per_page=5")

    assert [line["done"] + line["refused"] for line in progress] == [25]
    assert (last["total"], last["done"], last["refused"]) == (50, 48, 2)
    assert last["text"] == "Send: 48 done, 2 refused."
    assert [each["reason"] for each in last["reasons"]] == ["13 stays here", "Is sent already"]
    assert await Parcel.objects.count(sent=True) == 49


async def test_access_is_asked_for_each_record(visit: Any, app: Any) -> None:
    ann = visit(app)
    await ann.get("/sign-in/ann")

    last = (await run(ann, "number__lt=6"))[-1]

    assert (last["done"], last["refused"]) == (3, 3)
    assert {p.number for p in await Parcel.objects.list(sent=True)} == {1, 3, 5, 59}


async def test_event_with_arguments_runs_on_all_matches(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get("/sign-in/root?roles=staff")
    body = {"event": "weigh", "matching": "number__lt=20", "grams": "70"}

    response = await root.call("POST", "/parcels/_matching", body)
    wrong = await root.call("POST", "/parcels/_matching", body | {"grams": "heavy"})

    last = json.loads(response.text.splitlines()[-1])
    assert (last["done"], last["refused"]) == (19, 1)
    assert last["reasons"][0]["reason"] == "Is too light"
    assert await Parcel.objects.count(grams=70) == 19
    assert wrong.status_code == 422
    assert wrong.json()["errors"].keys() == {"grams"}


async def test_dry_run_says_how_many_records_permit_the_event(visit: Any, app: Any) -> None:
    ann = visit(app)
    await ann.get("/sign-in/ann")

    found = await ann.call(
        "POST", "/parcels/_matching", {"event": "seal", "matching": "number__lt=10", "ask": True}
    )

    # Five are hers, and three of these have a number below 6.
    assert found.json() == {"total": 10, "permitted": 3, "refused": 7}
    assert await Parcel.objects.count(sent=True) == 1


async def test_repeated_request_runs_each_command_once(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get("/sign-in/root?roles=staff")
    body = {"event": "stamp", "matching": "number__lt=3"}
    for _ in range(2):
        key = {"idempotency-key": "same"}
        response = await root.call("POST", "/parcels/_matching", body, headers=key)
        assert json.loads(response.text.splitlines()[-1])["done"] == 3
    assert {each.stamps for each in await Parcel.objects.list(number__lt=3)} == {1}


async def test_page_of_another_session_runs_nothing(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get("/sign-in/root?roles=staff")
    body = {"event": "send", "matching": ""}
    stale = {"starmodel-session": "another"}

    response = await root.call("POST", "/parcels/_matching", body, headers=stale)

    assert response.status_code == 403
    assert "Your session has ended" in response.json()["detail"]
    assert await Parcel.objects.count(sent=True) == 1


async def test_request_is_refused_before_anything_runs(
    visit: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = visit(app)
    await root.get("/sign-in/root?roles=staff")
    for body, status in (
        ({"event": "send"}, 400),
        ({"event": "send", "matching": "colour=red"}, 400),
        ({"event": "send", "matching": "sent=true&sent=false"}, 400),
        ({"event": "send", "matching": "&".join(f"a{n}=1" for n in range(101))}, 400),
        ({"event": "send", "matching": "search=" + "x" * 9000}, 400),
        ({"event": "weigh", "matching": ""}, 422),
        ({"event": "send", "matching": "", "grams": 1}, 400),
        ({"event": "vanish", "matching": ""}, 400),
        ({"event": "send", "matching": "", "id": ["1"]}, 400),
    ):
        assert (await root.call("POST", "/parcels/_matching", body)).status_code == status, body
    guest = await visit(app).call("POST", "/parcels/_matching", {"event": "send", "matching": ""})
    assert guest.status_code == 401
    monkeypatch.setattr(matching, "MAX_MATCHING", 59)
    too_many = await root.call("POST", "/parcels/_matching", {"event": "send", "matching": ""})
    assert too_many.status_code == 422
    assert "More than 59 parcels match" in too_many.json()["detail"]
    assert await Parcel.objects.count(sent=True) == 1


async def test_matches_are_counted_up_to_a_bound(
    visit: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = visit(app)

    assert (await guest.get("/parcels/_count?sent=false&utm_source=x")).json() == {
        "total": 59, "more": False,
    }  # fmt: skip
    defaults: Any = counted.__kwdefaults__
    monkeypatch.setitem(defaults, "at_most", 10)
    assert (await guest.get("/parcels/_count")).json() == {"total": 10, "more": True}


async def test_list_has_the_order_of_its_class(visit: Any, app: Any) -> None:
    guest = visit(app)

    first = (await guest.call("GET", "/parcels?per_page=2")).json()
    chosen = (await guest.call("GET", "/parcels?per_page=2&order=number")).json()

    assert [each["number"] for each in first["items"]] == [59, 58]
    assert [each["number"] for each in chosen["items"]] == [0, 1]
