"""JSON streams of one entity: a snapshot, then patches with versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pydantic import computed_field

from integration.web.browser import Browser, unlisted
from integration.web.streams.counters import Counter
from integration.web.streams.json_client import JsonStream
from starmodel import Entity, EntityConfig, Field, event
from starmodel.testing.fakes import FakeClock

Visit = Callable[..., Browser]


@unlisted
class Parcel(Entity):
    model_config = EntityConfig(scope="record", access="public")
    weight: int = 0
    price: Decimal = Decimal("1.10")
    note: str | None = None
    code: str = Field(default="PRIVATE", private=True)

    @event
    def weigh(self, weight: int) -> None:
        self.weight = weight

    @event
    def write(self, note: str, code: str = "") -> None:
        self.note, self.code = note, f"PRIVATE {code}"


@unlisted
class Room(Entity):
    model_config = EntityConfig(scope="record", access="public")
    width: int = 2
    height: int = 3
    name: str = ""

    @computed_field
    @property
    def area(self) -> int:
        return self.width * self.height

    @computed_field
    @property
    def sides(self) -> list[int]:
        return sorted([self.width, self.height])

    @computed_field
    @property
    def ratio(self) -> float:
        return self.width / self.height  # fails for a height of 0


@unlisted
class Tagged(Entity):
    model_config = EntityConfig(scope="record", access="public", extra="allow")
    title: str = ""

    @event
    def tag(self, name: str) -> None:
        setattr(self, name, "yes")

    @event
    def untag(self, name: str) -> None:
        delattr(self, name)


@unlisted
class Brief(Entity):
    model_config = EntityConfig(scope="app", access="public", ttl=60)
    text: str = "start"

    @event
    def write(self, text: str) -> None:
        self.text = text


async def created(browser: Browser, path: str, **values: Any) -> str:
    reply = await browser.call("POST", path, values)
    assert reply.status_code == 201, reply.text
    return f"{path}/{reply.json()['entity']['id']}"


async def test_scoped_entity_streams_a_snapshot_then_patches(visit: Visit) -> None:
    browser = visit(Counter)
    await browser.call("POST", "/counter/increment")

    async with JsonStream(browser, "/counter") as stream:
        snapshot = await stream.patch()
        await browser.call("POST", "/counter/set_step", {"step": 4})
        patch = await stream.patch()

    assert stream.status == 200
    assert stream.headers["content-type"] == "application/x-ndjson"
    assert stream.headers["cache-control"] == "no-store"
    assert "accept" in stream.headers["vary"]
    assert "etag" not in stream.headers
    assert snapshot["type"] == "snapshot"
    assert snapshot["topic"] == f"Counter:{snapshot['state']['id']}"
    assert snapshot["state"]["count"] == 1
    expected = {"base": snapshot["version"], "set": {"step": 4}, "unset": []}
    assert patch == {"type": "patch", "version": stream.version, **expected}


async def test_state_of_a_stream_equals_the_json_api(visit: Visit) -> None:
    browser = visit(Parcel)
    url = await created(browser, "/parcels", weight=2**60, price="12345678901234567890.10")

    async with JsonStream(browser, url) as stream:
        await stream.patch()
        assert stream.state == (await browser.call("GET", url)).json()
        await browser.call("POST", f"{url}/write", {"note": "a\u2028b\x85c\n", "code": "x"})
        patch = await stream.patch()
        assert stream.state == (await browser.call("GET", url)).json()

    assert patch["set"] == {"note": "a\u2028b\x85c\n"}
    assert "PRIVATE" not in json.dumps(stream.state)


async def test_lines_have_no_unicode_line_breaks(visit: Visit) -> None:
    browser = visit(Parcel)
    url = await created(browser, "/parcels", note="a\u2028b\u2029c\x85d")

    async with JsonStream(browser, url) as stream:
        line = await stream.block()

    assert len(line.splitlines()) == 1
    assert json.loads(line)["state"]["note"] == "a\u2028b\u2029c\x85d"


async def test_removed_extra_field_is_unset(visit: Visit) -> None:
    browser = visit(Tagged)
    url = await created(browser, "/taggeds", title="t")

    async with JsonStream(browser, url) as stream:
        await stream.patch()
        await browser.call("POST", f"{url}/tag", {"name": "new"})
        assert (await stream.patch())["set"] == {"new": "yes"}
        await browser.call("POST", f"{url}/untag", {"name": "new"})
        patch = await stream.patch()

    assert (patch["set"], patch["unset"]) == ({}, ["new"])
    assert "new" not in stream.state


async def test_deleted_record_is_reported_once(visit: Visit) -> None:
    browser = visit(Parcel)
    url = await created(browser, "/parcels")

    async with JsonStream(browser, url) as stream:
        await stream.patch()
        await browser.call("DELETE", url)
        removed = await stream.patch()
        assert (removed["type"], stream.state) == ("deleted", None)
        assert await stream.silent()

    assert (await browser.call("GET", url)).status_code == 404


async def test_expired_instance_streams_its_defaults(
    visit: Visit, serve: Callable[..., Any]
) -> None:
    clock = FakeClock()
    app = serve(Brief, clock=clock)
    browser = visit(app)
    await browser.call("POST", "/brief/write", {"text": "changed"})

    async with JsonStream(browser, "/brief") as stream:
        await stream.patch()
        clock.advance(61)
        await app.starmodel.persistence.for_class(Brief).sweep()
        expired = await stream.patch()

    assert (expired["type"], stream.state["text"]) == ("snapshot", "start")


async def test_slow_client_gets_a_snapshot_after_a_gap(visit: Visit) -> None:
    browser = visit(Counter)
    await browser.call("POST", "/counter/set_step", {"step": 1})

    async with JsonStream(browser, "/counter") as stream:
        await stream.patch()
        (subscription,) = browser.app.starmodel.hub
        take, subscription.take = subscription.take, list
        for _ in range(3):
            await browser.call("POST", "/counter/increment")
        subscription.take = take
        subscription.send_heartbeat()
        skipped = await stream.patch()

    assert (skipped["type"], skipped["state"]["count"]) == ("snapshot", 3)


async def test_heartbeat_is_a_line(visit: Visit) -> None:
    browser = visit(Counter)

    async with JsonStream(browser, "/counter") as stream:
        await stream.patch()
        (subscription,) = browser.app.starmodel.hub
        subscription.send_heartbeat()
        assert await stream.block() == '{"type":"heartbeat"}'


async def test_two_clients_share_one_encoding(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from starmodel.adapters.frontends.json.views import EntityView

    browser, encoded = visit(Counter), []
    await browser.call("POST", "/counter/increment")
    encode = EntityView.encode

    def counted(self: Any, message: Any, *, full: bool) -> Any:
        encoded.append(message.version)
        return encode(self, message, full=full)

    async with JsonStream(browser, "/counter") as one, JsonStream(browser, "/counter") as two:
        await one.patch()
        await two.patch()
        monkeypatch.setattr(EntityView, "encode", counted)
        await browser.call("POST", "/counter/increment")
        assert await one.patch() == await two.patch()

    assert len(encoded) == 1


async def test_patch_has_the_computed_fields_that_changed(visit: Visit) -> None:
    browser = visit(Room)
    url = await created(browser, "/rooms")

    async with JsonStream(browser, url) as stream:
        assert (await stream.patch())["state"]["area"] == 6
        for values, computed in (
            ({"name": "Hall"}, {}),
            ({"width": 3, "height": 2}, {"ratio"}),  # the area and the sorted sides are the same
            ({"width": 4}, {"area", "sides", "ratio"}),
        ):
            await browser.call("PATCH", url, values)
            patch = await stream.patch()
            assert patch["set"].keys() == values.keys() | computed
        assert stream.state == (await browser.call("GET", url)).json()
