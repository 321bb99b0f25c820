"""Lists under a rule that reads the record depend on readable records only."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from integration.web.browser import unlisted
from integration.web.streams.test_stream_lists import keys, state_of, watch
from starmodel import Actor, Entity, EntityConfig, Field
from starmodel.access import owner


def mine(actor: Actor | None, order: Any) -> bool:
    return actor is not None and order.owner == actor.id


RULES = {"function": mine, "expression": owner("owner"), "mixed": owner("owner") & mine}


@unlisted
class Order(Entity):
    model_config = EntityConfig(scope="record", access={"read": mine, "write": "public"})
    id: str
    owner: str = "bob"
    code: str = ""
    hidden: str = Field(default="", private=True)


@unlisted
class SqlOrder(Entity):
    model_config = EntityConfig(
        store="sql", path="/orders", access={"read": mine, "write": "public"}
    )
    id: str
    owner: str = "bob"
    code: str = ""
    hidden: str = Field(default="", private=True)


@pytest.fixture(params=RULES)
def rule(request: Any, monkeypatch: Any) -> str:
    """The kind of the rule that orders are read by."""
    for cls in (Order, SqlOrder):
        access = {"read": RULES[request.param], "write": "public"}
        monkeypatch.setitem(cls.model_config, "access", access)
    return str(request.param)


@pytest.fixture(params=[Order, SqlOrder], ids=["memory", "sql"])
def make(request: Any, visit: Any, serve: Any, rule: str) -> Any:
    """`make(n, own, limit)`: Ann's browser on n orders, of which those numbers are hers."""

    numbers = itertools.count()

    async def made(count: int, own: Any = (), **options: Any) -> Any:
        app = serve(request.param, database_url=f"sqlite:///{next(numbers)}.db", **options)
        for number in range(count):
            owner = "ann" if number in own else "bob"
            values = {"id": f"{number:05}", "owner": owner, "code": f"c{number:05}"}
            await app.starmodel.objects(request.param).create(**values)
        browser = visit(app)
        await browser.page("/sign-in/ann")
        return browser

    return made


async def listed(browser: Any, question: str = "") -> dict[str, Any]:
    response = await browser.call("GET", f"/orders?{question}")
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()
    return data


def ids(data: dict[str, Any]) -> list[int]:
    return [int(item["id"]) for item in data["items"]]


async def test_readable_records_fill_one_page_and_count_exactly(make: Any) -> None:
    own = range(7, 700, 70)
    browser = await make(700, own)

    data = await listed(browser, "total=1&order=id")
    page = await browser.page("/orders")

    assert ids(data) == list(own)
    assert (data["page"], data["next"], data["total"]) == (1, None, 10)
    assert "Next" not in page.text
    assert "of 10" in page.text
    assert len(keys(page.text)) == 10


@pytest.mark.parametrize("order", ["", "id", "-id", "owner,-code"])
async def test_pages_contain_readable_records_only(make: Any, order: str) -> None:
    browser = await make(60, range(0, 60, 5))

    whole = ids(await listed(browser, f"order={order}&per_page=200"))
    pages, page, cursor, walked = [], 1, "", []
    while page:
        data = await listed(browser, f"order={order}&per_page=5&page={page}")
        pages.append(ids(data))
        page = data["next"]
    while cursor is not None:
        data = await listed(browser, f"order={order}&per_page=5&cursor={cursor}")
        walked.append(ids(data))
        cursor = data["next"]

    assert [len(part) for part in pages] == [5, 5, 2]
    assert list(itertools.chain(*pages)) == whole
    assert walked == pages
    beyond = await listed(browser, "page=4&per_page=5")
    assert (ids(beyond), beyond["next"]) == ([], None)


@pytest.mark.parametrize("own", [(), (0, 3, 4)])
async def test_responses_do_not_depend_on_unreadable_records(make: Any, own: Any) -> None:
    """Every response of a list, which must not depend on unreadable records."""
    questions = [
        "", "total=1", "cursor=", "per_page=1", "per_page=2&page=2", "per_page=1&cursor=",
        "code__startswith=c0000", "code__startswith=c0003", "search=c0003", "search=c9",
        "code__gt=c00001&order=-code&per_page=1", "order=owner&per_page=2", "owner=bob&total=1",
        "page=3&per_page=1",
    ]  # fmt: skip
    alone, among = await make(5, own), await make(40, own)
    for number in set(range(5)) - set(own):
        entity_type = alone.app.starmodel.registry.named(
            next(iter(alone.app.starmodel.registry)).name
        )
        record = await alone.app.starmodel.objects(entity_type.cls).get(f"{number:05}")
        await alone.app.starmodel.dispatch(record.do.delete())

    for question in questions:
        one, other = await listed(alone, question), await listed(among, question)
        if "cursor" in question:  # encrypted with a nonce
            assert bool(one.pop("next")) == bool(other.pop("next")), question
        assert one == other, question
        if "cursor" not in question:
            pages = [await browser.page(f"/orders?{question}") for browser in (alone, among)]
            states = [state_of(page) for page in pages]
            assert states[0][0] == states[1][0]
            assert keys(pages[0].text) == keys(pages[1].text)
            assert ("Next" in pages[0].text) == ("Next" in pages[1].text)


async def test_list_denied_to_guests_discloses_nothing(make: Any, visit: Any, rule: str) -> None:
    guest = visit((await make(30)).app)

    for question in ("", "total=1", "per_page=1", "code=c00003", "page=2&per_page=5", "cursor="):
        if rule != "function":  # no record can be a guest's
            assert (await guest.call("GET", f"/orders?{question}")).status_code == 401
            continue
        data = await listed(guest, question)
        assert (data["items"], data["next"], data.get("total", 0)) == ([], None, 0)


@pytest.mark.parametrize("rule", ["function"], indirect=True)
async def test_scan_beyond_the_limit_is_rejected_naming_rule_and_remedy(make: Any) -> None:
    browser = await make(40, [0, 1, 39], access_scan_limit=30)

    assert ids(await listed(browser, "per_page=2&page=1&order=-id&id__gte=00030")) == [39]
    assert ids(await listed(browser, "per_page=1&order=id")) == [0]
    for question in ("", "total=1&per_page=1&order=id", "cursor=", "page=2", "search=c"):
        response = await browser.call("GET", f"/orders?{question}")
        assert response.status_code == 422, question
        detail = response.json()["detail"]
        for word in ("'mine'", "30", "access_scan_limit", "filter"):
            assert word in detail
    assert (await browser.page("/orders")).status_code == 422


@pytest.mark.parametrize("rule", ["expression", "mixed"], indirect=True)
async def test_scan_limit_does_not_apply_to_what_the_store_decides(make: Any) -> None:
    browser = await make(40, [0, 1, 39], access_scan_limit=3)

    for question in ("", "total=1&per_page=1&order=id", "cursor=", "page=2", "search=c"):
        assert (await browser.call("GET", f"/orders?{question}")).status_code == 200, question


async def test_rule_is_evaluated_for_no_more_records_than_the_limit(visit: Any, serve: Any) -> None:
    queries = []

    class Paper(Entity):
        model_config = EntityConfig(
            store="sql",
            access={"read": lambda actor, paper: queries.append(paper.id), "write": "public"},
        )
        name: str = ""

    app = serve(Paper, access_scan_limit=700)
    await Paper.objects.create()
    browser = visit(app)
    assert (await browser.call("GET", "/papers?total=1")).json()["total"] == 0
    for _ in range(701):
        await Paper.objects.create()
    for question in ("", "total=1", "cursor=", "page=40"):
        queries.clear()
        response = await browser.call("GET", f"/papers?{question}")
        assert response.status_code == 422
        assert "the read rule of papers" in response.json()["detail"]
        assert 0 < len(queries) <= 700


async def test_scan_limit_does_not_apply_under_a_class_rule(visit: Any, serve: Any) -> None:
    class Desk(Entity):
        model_config = EntityConfig(store="sql", access={"read": "role:staff", "write": "public"})
        name: str = ""

    browser = visit(serve(Desk, access_scan_limit=5))
    await browser.page("/sign-in/ann?roles=staff")
    for _ in range(12):
        await Desk.objects.create()

    data = (await browser.call("GET", "/desks?total=1&per_page=10")).json()

    assert (len(data["items"]), data["next"], data["total"]) == (10, 2, 12)


async def test_live_list_sends_nothing_for_events_on_unreadable_records(make: Any) -> None:
    browser = await make(20, [3, 15])

    async with (
        watch(browser, await browser.page("/orders?order=id")) as first,
        watch(browser, await browser.page("/orders?order=id&per_page=1&page=2")) as second,
    ):
        await first.event()
        await second.event()
        await browser.call("PATCH", "/orders/00000", {"code": "changed"})
        await browser.call("DELETE", "/orders/00001")
        await browser.call("POST", "/orders", {"id": "0000", "owner": "bob"})
        assert await first.silent(0.3)
        assert await second.silent(0.05)
        await browser.call("PATCH", "/orders/00003", {"code": "changed"})
        rows = await first.event()
        assert keys(rows.data["rows"]) == ["00003"]
        assert rows.data["version"].endswith(" 2")
        assert await second.silent(0.15)
        await browser.call("POST", "/orders", {"id": "00001", "owner": "ann"})
        assert keys((await first.event()).data["rows"]) == ["00001"]
        assert (await second.event()).data["order"] == "00003"


async def test_page_of_a_denied_record_receives_no_more_changes(make: Any) -> None:
    browser = await make(2, [0])

    async with browser.watch(await browser.page("/orders/00000")) as stream:
        for _ in range(4):  # the stream's opening, the signals, the details and the heading
            await stream.event()
        await browser.call("PATCH", "/orders/00000", {"owner": "bob"})
        assert "no longer have access" in (await stream.event()).elements
        await browser.call("PATCH", "/orders/00000", {"code": "changed"})
        await browser.call("PATCH", "/orders/00000", {"code": "again"})
        assert await stream.silent()
        await browser.call("DELETE", "/orders/00000")
        assert await stream.silent()


async def test_no_query_reaches_a_private_field(make: Any) -> None:
    browser = await make(3, [0, 1, 2])
    for question in (
        "hidden=x", "hidden__startswith=x", "hidden__in=x", "hidden__ne=x", "order=hidden",
        "order=-hidden,id", "order=id,hidden&cursor=", "hidden__eq=x&total=1",
    ):  # fmt: skip
        for accept in ("application/json", "text/html"):
            if question == "hidden=x" and accept == "text/html":
                continue  # a page ignores every parameter that names no public field
            response = await browser.get(f"/orders?{question}", headers={"accept": accept})
            assert response.status_code == 400, question
            assert "fields are id, owner, code." in response.text or accept == "text/html"
    assert ids(await listed(browser, "search=x")) == []


async def test_fields_of_an_unreadable_class_are_not_named(visit: Any, serve: Any) -> None:
    class Desk(Entity):
        model_config = EntityConfig(scope="record", access="role:staff")
        place: str = ""

    guest = visit(serve(Desk))

    for question in ("", "place=x", "other=x", "order=other", "page=0", "cursor=x"):
        response = await guest.call("GET", f"/desks?{question}")
        assert response.status_code == 401
        assert "place" not in response.text


async def test_total_and_page_need_one_scan(visit: Any, serve: Any) -> None:
    queries = []

    class Paper(Entity):
        model_config = EntityConfig(
            store="sql",
            access={"read": lambda actor, paper: not queries.append(paper.name), "write": "public"},
        )
        name: str = ""

    browser = visit(serve(Paper, access_scan_limit=60))
    for number in range(60):
        await Paper.objects.create(name=f"{number:02}")
    cursor = (await browser.call("GET", "/papers?cursor=&per_page=20&order=name")).json()["next"]

    for question in ("page=2&per_page=20", f"per_page=20&cursor={cursor}"):
        queries.clear()
        response = await browser.call("GET", f"/papers?total=1&order=name&{question}")
        assert response.status_code == 200, response.text
        assert [item["name"] for item in response.json()["items"]] == [
            f"{n}" for n in range(20, 40)
        ]
        assert response.json()["total"] == len(queries) == 60
