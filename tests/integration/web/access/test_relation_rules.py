"""Rules that follow a relation, on every path: addresses, lists, pages, events, streams."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from integration.web.browser import unlisted
from integration.web.streams.test_stream_lists import keys, watch
from starmodel import Entity, Field, RulePolicy, event
from starmodel.access import actor, record, role
from starmodel.app.live.related_access import PAUSE_S
from starmodel.app.ports.query import Query
from starmodel.core.current_app import host_of
from starmodel.core.errors import StoreUnavailableError

MINE = record.customer.user_id == actor.id


@unlisted
class Customer(Entity):
    model_config = {"scope": "record", "access": {"read": "role:staff", "write": "role:staff"}}
    id: str
    user_id: str = ""
    note: str = ""


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
        assert "no longer have access" in (await stream.event()).elements


async def change(cls: type[Entity], id: str, **values: Any) -> None:
    """Update a record as trusted code, and wait for the lists and pages that it affects."""
    app = host_of(cls)
    await app.dispatch((await cls.objects.get(id)).do.update(**values))
    while not (app.lists.settled and app._related_access.settled):  # noqa: ASYNC110 - no event
        await asyncio.sleep(0)


async def rows(stream: Any) -> Any:
    """The next change of the rows of a list."""
    while (event := await stream.event()).type != "starmodel-rows":
        pass
    return event.data


def orders_of(browser: Any) -> type[Entity]:
    registry = browser.app.starmodel.registry
    return next(each.cls for each in registry if each.cls is not Customer)


def counted_queries(browser: Any, monkeypatch: Any, *others: type[Entity]) -> list[Query]:
    """The queries for orders, and for others in their store, from now on."""
    repository = browser.app.starmodel.persistence.for_class(orders_of(browser))
    asked, read = list[Query](), repository.list

    async def counting(query: Query) -> Any:
        if query.entity in (orders_of(browser), *others):
            asked.append(query)
        return await read(query)

    monkeypatch.setattr(repository, "list", counting)
    return asked


async def test_open_list_follows_the_record_that_its_rule_reads(ann: Any, visit: Any) -> None:
    bob = visit(ann.app)
    await bob.page("/sign-in/bob")
    his_page = await bob.page("/orders")

    async with watch(ann, await ann.page("/orders")) as hers, watch(bob, his_page) as his:
        await hers.event()
        await his.event()
        await change(Customer, "of-ann", user_id="bob")
        lost, gained = await rows(hers), await rows(his)
        assert "a" not in lost["order"].split()
        assert keys(gained["rows"]) == ["a"]

        await change(Customer, "of-ann", user_id="ann")
        assert keys((await rows(hers))["rows"]) == ["a"]
        assert "a" not in (await rows(his))["order"].split()


async def test_change_of_the_related_record_costs_one_query_if_the_rule_reads_the_field(
    ann: Any, monkeypatch: Any
) -> None:
    page = await ann.page("/orders")
    async with watch(ann, page) as one, watch(ann, page) as other:
        await one.event()
        await other.event()
        queries = counted_queries(ann, monkeypatch)
        await change(Customer, "of-ann", note="busy")
        assert queries == []
        await change(Customer, "of-ann", user_id="bob")
        assert len(queries) == 1
        for stream in (one, other):
            assert "a" not in (await rows(stream))["order"].split()


async def test_open_page_follows_the_record_that_its_rule_reads(ann: Any) -> None:
    async with ann.watch(await ann.page("/orders/a")) as stream:
        for _ in range(4):
            await stream.event()
        await change(Customer, "of-ann", user_id="bob")
        assert "no longer have access" in (await stream.event()).elements
        await change(orders_of(ann), "a", text="of bob")
        await change(Customer, "of-ann", user_id="ann")
        seen = [(await stream.event()).data for _ in range(2)]
        assert "of bob" in str(seen)


@pytest.mark.parametrize("ann", [MemoryOrder], indirect=True, ids=["memory"])
async def test_deleted_related_record_closes_the_page(ann: Any) -> None:
    app = ann.app.starmodel
    async with ann.watch(await ann.page("/orders/a")) as stream:
        for _ in range(4):
            await stream.event()
        await app.dispatch((await Customer.objects.get("of-ann")).do.delete())
        assert "no longer have access" in (await stream.event()).elements


async def test_open_pages_of_one_actor_cost_one_query(ann: Any, monkeypatch: Any) -> None:
    for number in range(3):
        await orders_of(ann).objects.create(id=f"m{number}", customer_id="of-ann")
    async with contextlib.AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(ann.watch(await ann.page(f"/orders/m{number}")))
            for number in range(3)
        ]
        for stream in streams:
            for _ in range(4):
                await stream.event()
        queries = counted_queries(ann, monkeypatch)
        await change(Customer, "of-ann", user_id="bob")
        for stream in streams:
            assert "no longer have access" in (await stream.event()).elements
    assert len(queries) == 1


async def test_later_page_of_an_open_list_follows_records_that_leave_an_earlier_one(
    ann: Any,
) -> None:
    for number in range(4):
        await orders_of(ann).objects.create(id=f"m{number}", customer_id="of-ann")
    page = await ann.page("/orders?order=id&per_page=2&page=2")
    assert keys(page.text) == ["m1", "m2"]
    async with watch(ann, page) as stream:
        await stream.event()
        await change(orders_of(ann), "a", customer_id="of-bob")
        assert keys((await rows(stream))["rows"]) == ["m3"]


@pytest.mark.parametrize("ann", [SqlOrder], indirect=True, ids=["sql"])
async def test_menus_of_all_rows_cost_one_query_for_each_rule(ann: Any, monkeypatch: Any) -> None:
    for number in range(10):
        await SqlOrder.objects.create(id=f"m{number}", customer_id="of-ann")
    queries = counted_queries(ann, monkeypatch, Customer)
    page = await ann.page("/orders")
    assert page.text.count('data-may="update sign close delete"') == 11
    # The window, the rule of close, and the rule of the other events.
    assert [query.entity for query in queries] == [SqlOrder, Customer, Customer]


async def test_access_is_decided_again_when_the_store_is_available(
    ann: Any, monkeypatch: Any, caplog: Any
) -> None:
    related, pauses = ann.app.starmodel._related_access, list[float]()
    decide, failures = related._readable, iter([True, True])

    async def failing(*about: Any) -> Any:
        if next(failures, False):
            raise StoreUnavailableError("The store is away.")
        return await decide(*about)

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(related, "_readable", failing)
    monkeypatch.setattr(related, "_pause", pause)
    async with ann.watch(await ann.page("/orders/a")) as stream:
        for _ in range(4):
            await stream.event()
        await change(Customer, "of-ann", user_id="bob")
        assert "no longer have access" in (await stream.event()).elements
    assert pauses == [PAUSE_S * 2, PAUSE_S * 4, PAUSE_S]
    assert caplog.text.count("could not be decided; trying again") == 2


class _Shared(RulePolicy):
    """Reading needs a customer of the actor, which is a record of another class."""

    def reads_fields(self, entity_type: Any) -> bool:
        return True

    async def check(self, entity_type: Any, need: Any, actor: Any, **about: Any) -> bool:
        mine = await Customer.objects.list(user_id=actor.id)
        return bool(mine)

    def related_fields(self, entity_type: Any) -> Any:
        return {Customer: {"user_id"}}


async def test_policy_names_the_fields_that_open_lists_and_pages_follow(
    visit: Any, serve: Any
) -> None:
    app = serve(Customer, MemoryOrder, policy=_Shared())
    await Customer.objects.create(id="of-ann", user_id="ann")
    await MemoryOrder.objects.create(id="a")
    browser = visit(app)
    await browser.page("/sign-in/ann")
    listed, page = await browser.page("/orders"), await browser.page("/orders/a")

    async with watch(browser, listed) as stream, browser.watch(page) as record_stream:
        await stream.event()
        for _ in range(4):
            await record_stream.event()
        await change(Customer, "of-ann", user_id="bob")
        assert (await rows(stream))["order"] == ""
        assert "no longer have access" in (await record_stream.event()).elements


async def test_open_list_and_page_follow_related_records_of_the_same_class(
    visit: Any, serve: Any
) -> None:
    class Folder(Entity):
        model_config = {"scope": "record", "access": record.parent.lead == actor.id}
        id: str
        lead: str = ""
        parent_id: str | None = Field(default=None, foreign_key="folder.id")

    app = serve(Folder)
    await Folder.objects.create(id="top", lead="ann")
    await Folder.objects.create(id="a", parent_id="top")
    browser = visit(app)
    await browser.page("/sign-in/ann")
    listed, page = await browser.page("/folders"), await browser.page("/folders/a")
    assert keys(listed.text) == ["a"]

    async with watch(browser, listed) as stream, browser.watch(page) as record_stream:
        await stream.event()
        for _ in range(4):
            await record_stream.event()
        await change(Folder, "top", lead="bob")
        assert "a" not in (await rows(stream))["order"].split()
        assert "no longer have access" in (await record_stream.event()).elements
