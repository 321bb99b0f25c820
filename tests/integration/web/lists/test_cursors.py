"""Pagination of JSON lists by cursors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from integration.web.entities import Product
from starmodel import Entity, EntityConfig, Field, create_app
from starmodel.app.ports.query import make_query
from starmodel.core.values.tagged_json import to_text
from starmodel.testing import Visitor, memory_stores


@pytest.fixture
async def shop(visit: Any) -> Any:
    browser = visit(Product)
    for n in range(12):
        await browser.call(
            "POST", "/products", {"name": f"Item {n:02}", "price": n // 4, "stock": n % 3}
        )
    return browser


async def window(browser: Any, question: str) -> dict[str, Any]:
    response = await browser.call("GET", question)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()
    return data


async def walk(browser: Any, question: str, meanwhile: Any = None) -> list[str]:
    """The names in all windows, one after another."""
    names, cursor = [], ""
    while True:
        data = await window(browser, f"{question}&cursor={cursor}")
        names += [item["name"] for item in data["items"]]
        if data["next"] is None:
            return names
        assert data["items"]
        cursor = data["next"]
        if meanwhile is not None:
            await meanwhile(data["items"])


@pytest.mark.parametrize("order", ["", "price", "-price", "stock,-price", "-name", "-stock,name"])
@pytest.mark.parametrize("size", [1, 4, 5, 12, 50])
async def test_cursors_paginate_the_whole_list(shop: Any, order: str, size: int) -> None:
    whole = await window(shop, f"/products?order={order}&per_page=50")

    found = await walk(shop, f"/products?order={order}&per_page={size}")

    assert found == [item["name"] for item in whole["items"]]


async def test_cursor_response_has_items_next_and_optional_total(shop: Any) -> None:
    first = await window(shop, "/products?cursor=&per_page=5")
    last = await window(shop, f"/products?cursor={first['next']}&per_page=7&total=1&stock__gte=0")

    assert first.keys() == {"items", "next"}
    assert (len(last["items"]), last["next"], last["total"]) == (7, None, 12)


async def test_cursor_stays_valid_for_other_filters_search_and_size(shop: Any) -> None:
    first = await window(shop, "/products?cursor=&per_page=2&order=name")

    later = await window(
        shop, f"/products?cursor={first['next']}&per_page=50&order=name&stock=1&search=item"
    )

    assert [item["name"] for item in later["items"]] == ["Item 04", "Item 07", "Item 10"]


async def test_concurrent_inserts_and_deletes_repeat_or_skip_no_record(shop: Any) -> None:
    before = await walk(shop, "/products?order=price&per_page=50")
    gone: list[str] = []

    async def meanwhile(shown: list[dict[str, Any]]) -> None:
        # Delete the last record, at the cursor, and add one before all others.
        assert (await shop.call("DELETE", f"/products/{shown[-1]['id']}")).status_code < 300
        gone.append(shown[-1]["name"])
        await shop.call("POST", "/products", {"name": "New", "price": -1})

    found = await walk(shop, "/products?order=price&per_page=5", meanwhile)

    assert found == before
    assert len(gone) == 2


class Note(Entity):
    model_config = EntityConfig(
        scope="record", path="/notes",
        access={"read": lambda actor, note: note.owner == actor.id, "write": "signed_in"},
    )  # fmt: skip
    owner: str
    name: str


async def test_window_has_readable_records_only_and_its_cursor_points_to_one(
    visit: Any, serve: Any
) -> None:
    app = serve(Note)
    ann, bob = visit(app), visit(app)
    await ann.page("/sign-in/ann")
    await bob.page("/sign-in/bob")
    for n in range(12):
        owner = "ann" if n in (0, 7, 8, 10) else "bob"
        await ann.call("POST", "/notes", {"owner": owner, "name": f"{owner} {n:02}"})

    first = await window(ann, "/notes?cursor=&per_page=2&order=name&total=1")
    second = await window(ann, f"/notes?cursor={first['next']}&per_page=2&order=name")

    assert [note["name"] for note in first["items"]] == ["ann 00", "ann 07"]
    assert [note["name"] for note in second["items"]] == ["ann 08", "ann 10"]
    assert (first["total"], second["next"]) == (4, None)
    # A cursor reveals nothing of an unreadable note, in the mixed order too.
    query = make_query(Note, {}, order="owner")
    mixed = await window(bob, "/notes?cursor=&per_page=3&order=owner")
    last = Note(**mixed["items"][-1])
    place = app.starmodel.cursors.position(query, mixed["next"], "bob")
    assert (last.owner, place) == ("bob", (last.owner, last.id))
    # Nor does another visitor's cursor reveal the position of a note.
    response = await ann.call("GET", f"/notes?order=owner&cursor={mixed['next']}")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("cursor={}&order=-price", "is none of Product in the order '-price'"),
        ("cursor={}", "is none of Product in the order 'id'. Ask with the same order as before"),
        ("cursor={}x&order=price", "start again with ?cursor=."),
        ("cursor=x{}&order=price", "is none of Product"),
        ("cursor=é&order=price", "is none of Product"),
        ("cursor={}&order=price&page=2", "by page or by cursor; leave one of them out"),
        ("cursor=&order=cost", "can't be filtered or ordered by 'cost'"),
    ],
)
async def test_cursor_of_another_query_is_rejected_with_the_remedy(
    shop: Any, question: str, message: str
) -> None:
    good = (await window(shop, "/products?cursor=&per_page=5&order=price"))["next"]

    response = await shop.call("GET", f"/products?{question.format(good)}")

    assert response.status_code == 400
    assert response.headers["content-type"].startswith("application/problem+json")
    assert message in response.json()["detail"]


async def test_cursor_of_another_class_is_rejected(visit: Any, serve: Any) -> None:
    class Tool(Product):
        pass

    browser = visit(serve(Product, Tool))
    for n in range(3):
        await browser.call("POST", "/products", {"name": f"Item {n}"})
    cursor = (await window(browser, "/products?cursor=&per_page=1"))["next"]

    assert (await browser.call("GET", f"/tools?cursor={cursor}")).status_code == 400


async def test_html_pages_have_page_numbers_and_no_cursor(shop: Any) -> None:
    response = await shop.page("/products?cursor=")

    assert response.status_code == 400
    assert "?page=" in response.text


async def test_order_by_too_long_values_is_rejected(
    visit: Any,
) -> None:
    browser = visit(Product)
    for n in range(2):
        await browser.call("POST", "/products", {"name": f"{n}" * 5000})

    response = await browser.call("GET", "/products?cursor=&per_page=1&order=name")

    assert response.status_code == 400
    assert "Order by something shorter, or use page" in response.json()["detail"]
    assert (await window(browser, "/products?cursor=&per_page=1&order=price"))["next"]


async def test_cursor_discloses_no_private_id(visit: Any) -> None:
    class Hidden(Entity):
        model_config = EntityConfig(scope="record", access="public")
        id: str = Field(default="x", private=True)

    response = await visit(Hidden).call("GET", "/hiddens?cursor=")

    assert response.status_code == 400
    assert "keeps its ids private" in response.json()["detail"]


class Parcel(Entity):
    model_config = EntityConfig(store="sql", access="public")
    name: str
    weight: float = 1.0
    pieces: int = 1
    sent: datetime | None = None


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    with memory_stores():
        visitor = Visitor(create_app([Parcel]))
        for name in ("Pen", "Çay", "100%_"):
            assert visitor.post("/parcels", {"name": name}).status == 201
        yield visitor


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([2**70, -(2**64)]), st.floats(),
    st.text(max_size=8), st.datetimes(), st.binary(max_size=4), st.decimals(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=1),
    st.sampled_from([{"$datetime": 5}, {"$timedelta": 1e30}, {"$set": [[1]]}, {"$uuid": 1}]),
)  # fmt: skip


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(["name", "-weight", "pieces", "-sent"]), max_size=2, unique=True),
    st.lists(VALUES, max_size=4),
)
@example(["pieces"], [2**70, "x"])
@example(["-sent"], [datetime.min, "x"])
def test_forged_cursor_is_no_5xx(visitor: Visitor, order: list[str], values: list[Any]) -> None:
    cursor = _forged(visitor.app, ",".join(order), to_text(values))

    reply = visitor.get(f"/parcels?order={','.join(order)}&cursor={cursor}")

    assert reply.status in (200, 400), (values, reply.text)
    if len(values) != len(order) + 1 or values[-1] is None:
        assert reply.status == 400


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text('[]{}"$,:0123456789eE+-.truefalsn\\udecimatpl ', max_size=40))
@example("[" * 2000)
@example('{"$dict":[1]}')
def test_any_cursor_text_is_no_5xx(visitor: Visitor, text: str) -> None:
    assert visitor.get(f"/parcels?cursor={_forged(visitor.app, '', text)}").status in (200, 400)


def _forged(app: Any, order: str, text: str) -> str:
    """A validly signed cursor of any text."""
    from base64 import urlsafe_b64encode

    from starmodel.app.queries.cursors import _context

    raw = text.encode("utf-8", "surrogatepass")
    context = _context(make_query(Parcel, {}, order=order), "")
    cipher = app.starmodel.cursors._cipher
    return urlsafe_b64encode(cipher.encrypt(raw, context)).decode().rstrip("=")
