"""Rules that follow a relation, on every path: addresses, lists, pages, events, streams."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import unlisted
from integration.web.streams.test_stream_lists import keys, watch
from starmodel import Entity, Field, event
from starmodel.access import actor, record, role

MINE = record.customer.user_id == actor.id


@unlisted
class Customer(Entity):
    model_config = {"scope": "record", "access": {"read": "role:staff", "write": "role:staff"}}
    id: str
    user_id: str = ""


class _Order(Entity):
    id: str
    text: str = ""
    customer_id: str | None = Field(default=None, foreign_key="customer.id")

    @event
    def sign(self) -> None:
        self.text = "signed"

    @event(access=role("staff") | (record.customer.user_id == actor.id) & (record.text == ""))
    def close(self) -> None:
        self.text = "closed"


ACCESS = {"read": role("staff") | MINE, "write": MINE, "create": role("staff") | MINE}


@unlisted
class MemoryOrder(_Order):
    model_config = {"scope": "record", "path": "/orders", "access": ACCESS}


@unlisted
class SqlOrder(_Order):
    model_config = {"store": "sql", "path": "/orders", "access": ACCESS}


@pytest.fixture(params=[MemoryOrder, SqlOrder], ids=["memory", "sql"])
async def ann(request: Any, visit: Any, serve: Any) -> Any:
    """Ann's browser; order a is hers, b is Bob's, c is nobody's."""
    cls = request.param
    app = serve(Customer, cls, default_store=cls.model_config.get("store", "memory"))
    for name in ("ann", "bob"):
        await Customer.objects.create(id=f"of-{name}", user_id=name)
    objects = app.starmodel.objects(cls)
    for id, customer in (("a", "of-ann"), ("b", "of-bob"), ("c", None)):
        await objects.create(id=id, customer_id=customer)
    browser = visit(app)
    await browser.page("/sign-in/ann")
    return browser


async def test_addresses_and_lists_have_ones_own_records(ann: Any, visit: Any) -> None:
    data = (await ann.call("GET", "/orders?total=1")).json()
    assert ([item["id"] for item in data["items"]], data["total"]) == (["a"], 1)
    assert (await ann.call("GET", "/orders/a")).status_code == 200
    for id in ("b", "c", "d"):
        assert (await ann.call("GET", f"/orders/{id}")).status_code == 404
        assert (await ann.call("POST", f"/orders/{id}/sign")).status_code == 404
    assert (await visit(ann.app).call("GET", "/orders/a")).status_code == 401


async def test_events_are_permitted_by_the_related_record(ann: Any, visit: Any) -> None:
    staff = visit(ann.app)
    await staff.page("/sign-in/eve?roles=staff")

    assert (await staff.call("POST", "/orders/a/sign")).status_code == 403
    assert (await ann.call("POST", "/orders/a/close")).status_code == 200
    assert (await ann.call("POST", "/orders/a/close")).status_code == 403
    assert (await ann.call("POST", "/orders/a/sign")).json()["entity"]["text"] == "signed"
    assert (await staff.call("POST", "/orders/b/close")).status_code == 200
    made = await staff.call("POST", "/orders", {"id": "e", "customer_id": "of-ann"})
    assert made.status_code == 201
    refused = await ann.call("POST", "/orders", {"id": "f", "customer_id": "of-bob"})
    assert refused.status_code in (403, 409, 422), refused.text
    assert (await staff.call("GET", "/orders/f")).status_code == 404


async def test_pages_offer_what_is_permitted(ann: Any, visit: Any) -> None:
    staff = visit(ann.app)
    await staff.page("/sign-in/eve?roles=staff")

    listed, page = await ann.page("/orders"), await ann.page("/orders/a")
    seen = await staff.page("/orders/a")

    assert keys(listed.text) == ["a"]
    assert "/orders/a/sign" in page.text
    assert "/orders/a/close" in page.text
    assert "/orders/a/sign" not in seen.text
    assert "/orders/a/close" in seen.text


async def test_open_list_follows_changes_of_ones_own_records(ann: Any, visit: Any) -> None:
    staff = visit(ann.app)
    await staff.page("/sign-in/eve?roles=staff")

    async with watch(ann, await ann.page("/orders?order=id")) as stream:
        await stream.event()
        await staff.call("POST", "/orders/b/close")
        assert await stream.silent(0.3)
        await staff.call("POST", "/orders", {"id": "e", "customer_id": "of-ann"})
        rows = await stream.event()
        assert keys(rows.data["rows"]) == ["e"]
        assert "sign" in rows.data["rows"]


async def test_open_page_closes_when_the_record_goes_to_another(ann: Any) -> None:
    async with ann.watch(await ann.page("/orders/a")) as stream:
        for _ in range(4):
            await stream.event()
        order = next(t for t in ann.app.starmodel.registry if t.cls is not Customer)
        record_a = await ann.app.starmodel.objects(order.cls).get("a")
        await ann.app.starmodel.dispatch(record_a.do.update(customer_id="of-bob"))
        assert "no longer open to you" in (await stream.event()).elements
