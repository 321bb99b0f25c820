"""Related records that a reader may not read count as absent in filters, orders and searches."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from databases import DATABASES, empty_database
from starmodel import Actor, Entity, Field
from starmodel.access import actor, owner, record, role
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.application import Application
from starmodel.app.ports.repository import Repository
from starmodel.app.queries.listing import Window, listing_of
from starmodel.core.errors import ListQueryError
from starmodel.testing.fakes import fake_application

ANN, BOB, STAFF = Actor("ann"), Actor("bob", claims={"team": "red"}), Actor("eve", "", {"staff"})
READERS = [None, ANN, BOB, STAFF]
NAMES = ["Ann", "bea", "Ångström", "", "ANN", "Zoë"]


class _Team(Entity):
    model_config = {"store": "sql", "scope": "record", "access": "public"}
    id: str = Field(max_length=40)
    color: str = Field(default="", max_length=20)


class _Client(Entity):
    model_config = {
        "store": "sql", "scope": "record",
        "access": {"read": role("staff") | owner("user_id") | (record.team.color == actor.team)},
    }  # fmt: skip
    id: str = Field(max_length=40)
    name: str = Field(max_length=40)
    size: int = 0
    user_id: str = Field(default="", max_length=40)
    team: _Team | None


class _Deal(Entity):
    model_config = {
        "store": "sql", "scope": "record", "search_fields": ("number", "client.name"),
        "access": "public",
    }  # fmt: skip
    id: str = Field(max_length=40)
    number: str = Field(max_length=40)
    client: _Client | None


class _Offer(Entity):
    """With a rule that no store decides, so that the list is filtered while it is read."""

    model_config = {
        "store": "sql", "scope": "record",
        "access": lambda actor, offer: offer.number != "O-2",
    }  # fmt: skip
    id: str = Field(max_length=40)
    number: str = Field(max_length=40)
    client: _Client | None


CLASSES = [_Team, _Client, _Deal, _Offer]
TEAMS = [_Team(id="t1", color="red"), _Team(id="t2", color="blue")]
CLIENTS = [
    _Client(
        id=f"c{n}", name=name, size=n % 3, user_id=["ann", "bob", ""][n % 3],
        team_id=["t1", "t2", None, "t1"][n % 4],
    )
    for n, name in enumerate(NAMES * 2)
]  # fmt: skip
KEYS = [None, *(client.id for client in CLIENTS), "c3", "c5", "c7"]
DEALS = [_Deal(id=f"{n:02}", number=f"D-{n}", client_id=key) for n, key in enumerate(KEYS)]
OFFERS = [_Offer(id=f"{n:02}", number=f"O-{n}", client_id=key) for n, key in enumerate(KEYS)]

Start = Callable[..., Awaitable[Application]]


@pytest.fixture(params=["memory", *DATABASES])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    """The memory store, and one in each database."""
    if request.param == "memory":
        return MemoryRepository()
    return SqlRepository(empty_database(request, tmp_path))


@pytest.fixture
async def app(repository: Repository) -> AsyncIterator[Application]:
    made = fake_application(*CLASSES, stores={"sql": repository})
    await made.ready()
    for each in (*TEAMS, *CLIENTS, *DEALS, *OFFERS):
        await made.objects(type(each)).create(**each.model_dump())
    yield made
    await made.close()


async def _window(app: Application, cls: Any, reader: Actor | None, **words: str) -> Window:
    options: Any = {"cursors": app.cursors} if "cursor" in words else {}
    listing = listing_of(app.registry[cls], words, **options)
    return await app.window(listing, reader, total=True)


def _may_read(client: _Client, reader: Actor | None) -> bool:
    """The rule of `_Client` in Python."""
    colors = {team.id: team.color for team in TEAMS}
    if reader is None:
        return False
    return (
        "staff" in reader.roles
        or client.user_id == reader.id
        or (client.team_id is not None and colors[client.team_id] == reader.claims.get("team"))
    )


def _expected(reader: Actor | None, op: str, value: Any, order: str) -> Sequence[str]:
    """The ids of the deals, where the client of another counts as absent."""
    visible = {client.id: client for client in CLIENTS if _may_read(client, reader)}
    found = []
    for deal in DEALS:
        client = visible.get(deal.client_id or "")
        name = None if client is None else client.name
        keeps = {
            "": True,
            "eq": name == value,
            "ne": name != value,
            "contains": name is not None and value.lower() in name.lower(),
            "not_contains": name is None or value.lower() not in name.lower(),
            "isnull": (name is None) == (value == "true"),
            "gt": name is not None and name > value,
        }[op]
        if keeps:
            found.append((name, deal.id))
    descending = order.startswith("-")
    if not order:
        return [id for _, id in sorted(found, key=lambda each: each[1])]
    absent = sorted([id for name, id in found if name is None], reverse=descending)
    named = sorted([each for each in found if each[0] is not None], reverse=descending)
    return [*(id for _, id in named), *absent]


async def test_answers_are_those_without_the_unreadable_records(app: Application) -> None:
    chance = random.Random(7)
    for _ in range(60):
        reader, order = chance.choice(READERS), chance.choice(["", "client.name", "-client.name"])
        op = chance.choice(["", "eq", "ne", "contains", "not_contains", "isnull", "gt"])
        value = chance.choice(["true", "false"] if op == "isnull" else ["Ann", "an", "å", "Z"])
        words = {f"client.name__{op}": value} if op else {}

        window = await _window(app, _Deal, reader, order=order, per_page="50", **words)

        about = (reader, order, op, value)
        assert [e.id for e in window.entities] == _expected(reader, op, value, order), about
        assert window.total == len(window.entities), about


async def test_unreadable_names_change_no_answer(app: Application) -> None:
    questions = [
        {"order": "client.name"},
        {"order": "-client.size,client.name"},
        {"client.name__contains": "secret"},
        {"client.name__gt": "M", "order": "client.name"},
        {"client.size__range": "0,99"},
        {"search": "secret"},
        {"client.name__in": "Ann,secret", "order": "-number"},
    ]

    async def answers(cls: Any) -> list[Any]:
        windows = [await _window(app, cls, ANN, per_page="50", **words) for words in questions]
        return [([e.id for e in window.entities], window.total) for window in windows]

    before = [await answers(_Deal), await answers(_Offer)]
    for client in CLIENTS:
        if not _may_read(client, ANN):
            stored = await app.objects(_Client).get(client.id)
            await app.dispatch(stored.do.update(name=f"secret {client.id}", size=9))

    assert [await answers(_Deal), await answers(_Offer)] == before


@pytest.mark.parametrize("cls", [_Deal, _Offer])
@pytest.mark.parametrize("order", ["client.name", "-client.size,client.name"])
async def test_cursors_follow_related_records(app: Application, cls: Any, order: str) -> None:
    whole = await _window(app, cls, BOB, order=order, per_page="50")
    found: list[str] = []
    cursor = ""
    for _ in range(10):
        words = {"order": order, "per_page": "3", "cursor": cursor}
        window = await _window(app, cls, BOB, **words)
        found += [each.id for each in window.entities]
        if not window.more:
            break
        query = listing_of(app.registry[cls], {"order": order}).query
        cursor = app.cursors.behind(query, window.entities[-1])

    assert found == [each.id for each in whole.entities]
    assert len(found) == len(KEYS) - (cls is _Offer)


async def test_rule_is_a_part_of_the_one_join(app: Application) -> None:
    store: Any = app.persistence.for_class(_Deal)
    if isinstance(store, MemoryRepository):
        return
    asked: list[str] = []
    rows = store._store().rows.rows

    async def noted(statement: str, params: Any) -> Any:
        asked.append(statement)
        return await rows(statement, params)

    store._store().rows.rows = noted
    await app.window(listing_of(app.registry[_Deal], {"order": "client.name"}), BOB)
    store._store().rows.rows = rows

    assert len(asked) == 1
    assert asked[0].upper().count("OUTER JOIN") == 1


async def test_stream_is_ordered_and_filtered_by_related_fields(app: Application) -> None:
    deals = app.objects(_Deal)
    for order in ("client.name", "-client.size,client.name"):
        listed = [e.id for e in await deals.list(order=order, **{"client.name__ne": "Ann"})]
        streamed = deals.stream(order=order, batch=4, **{"client.name__ne": "Ann"})
        assert [each.id async for each in streamed] == listed


class _Guarded(Entity):
    """With a read rule that no store decides."""

    model_config = {"store": "sql", "scope": "record", "access": lambda actor, record: True}
    id: str = Field(max_length=40)
    name: str = Field(max_length=40)


class _Visit(Entity):
    model_config = {"store": "sql", "scope": "record", "access": "public"}
    id: str = Field(max_length=40)
    guarded: _Guarded | None


async def test_rules_that_no_store_decides_refuse_the_path(start: Start) -> None:
    app = await start(_Guarded, _Visit)
    with pytest.raises(ListQueryError):
        await _window(app, _Visit, ANN, order="guarded.name")
