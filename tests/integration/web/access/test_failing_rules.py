"""A function that raises denies: a record is answered like a missing one, and no error is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.web.access.fields.employees import signed_in
from integration.web.browser import HTML, Browser, unlisted
from integration.web.streams.json_client import JsonStream
from starmodel import Actor, Entity, Field
from starmodel.access import record, role


def is_own(actor: Actor, note: Any) -> bool:
    """Raises for guests, and for actors without the claim of a note that needs one."""
    return bool(actor.id == note.user_id and (not note.needs or actor.claims[note.needs]))


RULES = {
    "function": is_own,
    "expression": role("boss") | is_own,
    "inverse": "signed_in" & ~("signed_in" & ~(role("boss") | is_own)),
    "relation": (record.parent.user_id == "nobody") | is_own,
}


class _Note(Entity):
    id: str
    user_id: str = Field(default="", editable=True)
    needs: str = ""
    parent_id: str | None = None


@unlisted
class MemoryNote(_Note):
    model_config = {"scope": "record", "store": "memory", "path": "/notes"}
    parent_id: str | None = Field(default=None, foreign_key="memory_note.id")


@unlisted
class SqlNote(_Note):
    model_config = {"scope": "record", "store": "sql", "path": "/notes"}
    parent_id: str | None = Field(default=None, foreign_key="sql_note.id")


@pytest.fixture(params=[MemoryNote, SqlNote], ids=["memory", "sql"])
def cls(request: Any) -> Any:
    return request.param


@pytest.fixture(params=RULES)
async def app(request: Any, cls: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(cls.model_config, "access", RULES[request.param])
    made = serve(cls)
    objects = made.starmodel.objects(cls)
    await objects.create(id="a", user_id="ann")
    await objects.create(id="b", user_id="ann", needs="key", parent_id="a")
    return made


async def answers(browser: Browser, id: str) -> list[str]:
    """Everything that is said of one id, without the id."""
    found = []
    for method, data in (("GET", None), ("PATCH", {"needs": "x"}), ("DELETE", None)):
        answer = await browser.call(method, f"/notes/{id}", data)
        found.append(f"{answer.status_code} {answer.text}")
    page = await browser.get(f"/notes/{id}", headers=HTML)
    bulk = await browser.call("POST", "/notes/_bulk", {"event": "delete", "id": [id]})
    refused = bulk.json().get("refused", {}).get(id)
    found += [f"{page.status_code}", f"{bulk.status_code} {refused}"]
    return [text.replace(f"'{id}'", "ID") for text in found]


@pytest.mark.parametrize("visitor", ["guest", "ann"])
async def test_record_is_answered_like_a_missing_one(app: Any, visit: Any, visitor: str) -> None:
    browser = visit(app) if visitor == "guest" else await signed_in(visit, app, "ann")
    hidden, missing = await answers(browser, "b"), await answers(browser, "none")
    assert hidden == missing
    assert "500" not in str(hidden)


async def test_lists_and_streams_have_the_other_records(app: Any, cls: Any, visit: Any) -> None:
    ann = await signed_in(visit, app, "ann")
    assert [item["id"] for item in (await ann.call("GET", "/notes")).json()["items"]] == ["a"]
    assert (await ann.page("/notes")).status_code == 200
    async with JsonStream(ann, "/notes/a") as one, JsonStream(ann, "/notes?order=id") as every:
        await one.patch(), await every.patch()
        note = await app.starmodel.objects(cls).get("a")
        await app.starmodel.dispatch(note.do.update(needs="other key"))
        assert (await one.patch())["type"] == "closed"
        assert (await every.patch())["removed"] == ["a"]
    assert "other key" not in json.dumps((await ann.call("GET", "/notes")).json())


async def test_new_record_is_refused(app: Any, visit: Any) -> None:
    ann, guest = await signed_in(visit, app, "ann"), visit(app)
    sent = {"id": "c", "user_id": "ann", "needs": "key"}
    assert (await guest.call("POST", "/notes", sent)).status_code == 401
    assert (await ann.call("POST", "/notes", sent)).status_code == 403
    assert (await ann.call("POST", "/notes", {**sent, "needs": ""})).status_code == 201
