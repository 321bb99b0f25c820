"""Event responses include state only for actors who may read it after the change."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from integration.web.browser import DATASTAR, HTML, JSON, ORIGIN, moved_to, toasts, unlisted
from starmodel import Entity, EntityConfig, Field, Toast, event

SECRET = "s3cr3t"
WRITE_ONLY: dict[str, Any] = {"read": "role:staff", "write": "public"}
gate = asyncio.Event()


class Part(BaseModel):
    label: str = "part"
    pin: str = Field(default=SECRET, private=True)


class Report(BaseModel):
    title: str = "all"
    boxes: list[Any] = []


@dataclass
class Pair:
    left: Any
    right: Any


@unlisted
class Box(Entity):
    """Writable by any actor, readable by staff only."""

    model_config = EntityConfig(scope="record", access=WRITE_ONLY)
    text: str = SECRET
    count: int = 0

    @event
    def drop(self) -> None:
        self.count += 1

    @event
    async def drop_slowly(self) -> None:
        self.count += 1

    @event
    async def drop_twice(self) -> Any:
        self.count += 1
        yield Toast("once")
        self.count += 1

    @event
    def fetch(self) -> Any:
        return self.evolve(count=5)

    @event
    def hand_over(self) -> Any:
        return 7


@unlisted
class Tally(Entity):
    model_config = EntityConfig(scope="app", access=WRITE_ONLY)
    votes: int = 41
    note: str = SECRET

    @event
    def vote(self) -> None:
        self.votes += 1

    @event
    async def vote_slowly(self) -> None:
        self.votes += 1

    @event
    def vote_twice(self) -> Any:
        self.votes += 1
        yield Toast("once")
        self.votes += 1


@unlisted
class Desk(Entity):
    """Public; its events return states of other records in every shape."""

    model_config = EntityConfig(scope="app", access="public")

    @event
    async def look(self, shape: str, uow: Any) -> Any:
        boxes = [await uow.get(Box, box.id) for box in await Box.objects.list()]
        box = boxes[0]
        return {
            "one": box,
            "list": boxes,
            "tuple": tuple(boxes),
            "dict": {"box": box, "n": 1},
            "deep": {"a": [{"b": (box,)}]},
            "model": Report(boxes=boxes),
            "dataclass": Pair(box, [box]),
            "values": {"x": box}.values(),
            "mixed": [Toast("hi"), box],
        }[shape]

    @event
    def parts(self, shape: str) -> Any:
        part = Part()
        return {"one": part, "list": [part], "dict": {"part": part}, "model": Report(boxes=[part])}[
            shape
        ]


@pytest.fixture
async def box(visit: Any) -> Any:
    browser = visit(Box, Tally, Desk)
    made = await Box.objects.create()
    browser.box = f"/boxes/{made.id}"
    browser.staff = visit(browser.app)
    await browser.staff.page("/sign-in/eve?roles=staff")
    return browser


def nothing_of_it(answer: Any) -> None:
    whole = answer.text + json.dumps(dict(answer.headers))
    assert SECRET not in whole
    assert "boxes/0" not in whole.replace(answer.request.url.path, "")


@pytest.mark.parametrize("name", ["drop", "drop_slowly", "drop_twice", "fetch", "hand_over"])
async def test_json_response_has_no_unreadable_state(box: Any, name: str) -> None:
    response = await box.call("POST", f"{box.box}/{name}")
    data = response.json()

    assert response.status_code == 200
    nothing_of_it(response)
    assert (data["entity"], data["version"]) == (None, None)
    assert data["result"] == {"hand_over": 7, "drop_twice": []}.get(name)
    seen = (await box.staff.call("POST", f"{box.box}/{name}")).json()
    assert seen["entity"]["text"] == SECRET
    assert seen["version"] > 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_built_in_event_responses_have_no_unreadable_state(box: Any, method: str) -> None:
    response = await box.call(method, box.box, {} if method == "DELETE" else {"count": 3})

    assert response.status_code == 200
    nothing_of_it(response)
    assert response.json()["entity"] is None


async def test_create_response_confirms_without_unreadable_state(box: Any) -> None:
    response = await box.call("POST", "/boxes", {"count": 9})

    assert response.status_code == 201
    assert response.json() == {"result": None, "entity": None, "version": None}
    assert "location" not in response.headers
    assert await Box.objects.count(count=9) == 1
    assert "location" in (await box.staff.call("POST", "/boxes", {"count": 8})).headers


@pytest.mark.parametrize("name", ["vote", "vote_slowly", "vote_twice"])
@pytest.mark.parametrize("page", [{}, {"starmodel_page": "1"}])
async def test_datastar_response_patches_no_unreadable_signal(
    box: Any, name: str, page: Any
) -> None:
    response = await box.click(f"/tally/{name}", **page)

    assert response.headers.get("starmodel-status", "200") == "200"
    assert "votes" not in response.text
    nothing_of_it(response)
    assert toasts(response.text)  # the response still confirms the commit
    assert '"votes"' in (await box.staff.click(f"/tally/{name}")).text


async def test_forms_redirect_to_readable_pages_only(box: Any) -> None:
    plain = await box.submit("/boxes", {"count": "1"}, headers={"referer": f"{ORIGIN}/boxes/new"})
    click = await box.post(
        "/boxes", data={"count": "1"}, headers=DATASTAR | {"referer": f"{ORIGIN}/boxes/new"}
    )
    removed = await box.submit(f"{box.box}/delete")

    assert (plain.status_code, plain.headers["location"]) == (303, "/boxes/new")
    assert moved_to(click.text) is None
    assert toasts(click.text) == [("success", "Create: done.")]
    assert removed.headers["location"] == "/"


@pytest.mark.parametrize(
    ("shape", "left"),
    [
        ("one", None), ("list", []), ("tuple", []), ("dict", {"box": None, "n": 1}),
        ("deep", {"a": [{"b": []}]}), ("model", {"title": "all", "boxes": []}),
        ("dataclass", {"left": None, "right": []}), ("values", []), ("mixed", None),
    ],
)  # fmt: skip
async def test_result_omits_unreadable_entities(box: Any, shape: str, left: Any) -> None:
    response = await box.call("POST", "/desk/look", {"shape": shape})

    assert response.json()["result"] == left
    nothing_of_it(response)
    assert SECRET not in (await box.click(f"/desk/look?shape={shape}")).text
    assert SECRET in (await box.staff.call("POST", "/desk/look", {"shape": shape})).text


@pytest.mark.parametrize("shape", ["one", "list", "dict", "model"])
async def test_result_has_no_private_field_of_a_model(box: Any, shape: str) -> None:
    response = await box.staff.call("POST", "/desk/parts", {"shape": shape})

    assert "part" in response.text
    assert SECRET not in response.text


async def test_edit_conflict_discloses_stored_value_to_readers_only(box: Any) -> None:
    wrong = json.dumps({"text": "0" * 12, "count": "0" * 12})
    form = {"text": "mine", "_originals": wrong}

    seen = await box.staff.post(f"{box.box}/update", data=form, headers=JSON | {"origin": ORIGIN})
    blind = await box.post(f"{box.box}/update", data=form, headers=JSON | {"origin": ORIGIN})

    assert (seen.status_code, SECRET in seen.text) == (409, True)
    assert blind.status_code == 200  # no response depends on stored values
    nothing_of_it(blind)


@pytest.mark.parametrize("headers", [JSON, HTML, DATASTAR])
async def test_form_check_discloses_no_stored_value(box: Any, headers: Any) -> None:
    for was in ("0" * 12, "1" * 12):
        response = await box.post(
            f"{box.box}/update",
            data={"text": "mine", "_originals": json.dumps({"text": was})},
            headers=headers | {"origin": ORIGIN, "starmodel-check": "1"},
        )
        assert response.json() == {"errors": {}}


async def test_state_unreadable_after_the_change_is_omitted(visit: Any) -> None:
    class Letter(Entity):
        model_config = EntityConfig(access=lambda actor, letter: actor.id == letter.owner)
        owner: str
        text: str = SECRET

        @event
        def hand_to(self, owner: str) -> None:
            self.owner, self.text = owner, "changed"

    browser = visit(Letter)
    await browser.page("/sign-in/ann")
    url = (await browser.call("POST", "/letters", {"owner": "ann"})).headers["location"]

    response = await browser.call("POST", f"{url}/hand_to", {"owner": "bob"})

    assert response.json() == {"result": None, "entity": None, "version": None}


async def test_response_after_sign_out_by_an_event_is_that_of_a_guest(visit: Any) -> None:
    class Office(Entity):
        model_config = EntityConfig(scope="app", access="signed_in")
        text: str = SECRET
        seen: int = Field(default=0)

        @event
        def leave(self, session: Any) -> None:
            self.seen += 1
            session.sign_out()

    browser = visit(Office)
    await browser.page("/sign-in/ann")

    assert (await browser.call("POST", "/office/leave")).json()["entity"] is None


async def test_repeated_key_runs_again_for_the_next_actor_of_the_browser(box: Any) -> None:
    key = {"idempotency-key": "order-17"}
    for person in ("ann", "bob?roles=staff"):
        await box.page(f"/sign-in/{person}")
        responses = [await box.call("POST", f"{box.box}/drop", headers=key) for _ in range(2)]
        assert responses[0].json() == responses[1].json()
    assert responses[1].json()["entity"]["count"] == 2
    await box.page("/sign-in/ann")
    nothing_of_it(await box.call("POST", f"{box.box}/drop", headers=key))
