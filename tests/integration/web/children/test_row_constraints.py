"""A constraint that refuses the row of a form is explained beside the inputs of that row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from external_writers import ExternalWriter
from integration.web.browser import Browser, unlisted
from starmodel import Entity, Field, Relationship

TAKEN = "Code is already taken."


@unlisted
class Rack(Entity):
    model_config = {"store": "sql", "access": "public", "inlines": ("slots",)}
    name: str
    code: str = ""
    slots: list[Slot] = Relationship(order="code")


@unlisted
class Slot(Entity):
    model_config = {"store": "sql", "access": "public"}
    rack: Rack
    code: str = Field(max_length=20, unique=True)
    note: str = ""
    count: int = 0
    tags: list[str] | None = Field(None, unique=True)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
async def browser(request: Any, serve: Any, visit: Any, tmp_path: Any) -> AsyncIterator[Browser]:
    if request.param == "sqlite":
        yield visit(serve(Rack, Slot, database_url=f"sqlite:///{tmp_path}/racks.db"))
        return
    url = request.getfixturevalue(f"{request.param}_url")
    await _empty(url)
    app = serve(Rack, Slot, database_url=url)
    yield visit(app)
    await app.starmodel.close()
    await _empty(url)


async def _empty(url: str) -> None:
    """Drop every table of a server's database, which other tests use with other classes."""
    writer = await ExternalWriter.at(url)
    if writer.kind == "postgresql":
        await writer.run("DROP SCHEMA public CASCADE")
        await writer.run("CREATE SCHEMA public")
    else:
        name = url.rpartition("/")[2]
        await writer.run(f"DROP DATABASE {name}")
        await writer.run(f"CREATE DATABASE {name}")
    await writer.close()


@pytest.mark.parametrize(
    ("codes", "refused"),
    [
        (["A"], "slots.0.code"),
        (["N", "A", "M"], "slots.1.code"),
        (["N", "M", "N"], "slots.2.code"),
    ],
)
async def test_refused_row_is_named(browser: Browser, codes: list[str], refused: str) -> None:
    await browser.app.starmodel.ready()
    other = await Rack.objects.create(name="Other")
    await Slot.objects.create(rack_id=other.id, code="A")
    rows = [{"code": code} for code in codes]
    reply = await browser.call("POST", "/racks", {"name": "Rack", "slots": rows})
    assert reply.status_code == 409
    assert reply.json()["errors"] == {refused: TAKEN}
    sent = {f"slots.{at}.code": code for at, code in enumerate(codes)}
    page = await browser.submit("/racks", {"name": "Rack", **sent})
    assert page.status_code == 409
    assert f'{refused}-problem" class="sm-problem">{TAKEN}<' in page.text
    assert page.text.count(TAKEN) == 1  # no toast repeats it
    assert await Rack.objects.count() == 1


async def test_own_code_of_a_changed_row_is_not_taken(browser: Browser) -> None:
    await browser.app.starmodel.ready()
    rack = await Rack.objects.create(name="Rack")
    first = await Slot.objects.create(rack_id=rack.id, code="A")
    second = await Slot.objects.create(rack_id=rack.id, code="B")
    rows = [{"_id": first.id, "note": "x"}, {"_id": second.id, "note": "y"}, {"code": "B"}]
    reply = await browser.call("POST", f"/racks/{rack.id}/update", {"slots": rows})
    assert reply.json()["errors"] == {"slots.2.code": TAKEN}


async def test_value_that_no_column_takes_is_refused_in_any_of_several_rows(
    browser: Browser,
) -> None:
    await browser.app.starmodel.ready()
    rows = [{"code": "A", "tags": ["a"]}, {"code": "B", "tags": ["b"], "count": 2**70}]
    reply = await browser.call("POST", "/racks", {"name": "Rack", "slots": rows})
    assert reply.status_code in (409, 422), reply.text
    assert all(name.startswith("slots") for name in reply.json()["errors"])


async def test_lists_of_two_rows_are_refused_together(browser: Browser) -> None:
    await browser.app.starmodel.ready()
    rows = [{"code": "A", "tags": ["a"]}, {"code": "B", "tags": ["a"]}]
    reply = await browser.call("POST", "/racks", {"name": "Rack", "slots": rows})
    assert reply.status_code == 409, reply.text
    assert all(name.startswith("slots") for name in reply.json()["errors"])
