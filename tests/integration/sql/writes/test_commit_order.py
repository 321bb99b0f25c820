"""Statements of one commit respect foreign key and unique dependencies between rows."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKeyConstraint, SmallInteger, UniqueConstraint

from external_writers import ExternalWriter
from integration.web.browser import unlisted
from starmodel import ConstraintError, Entity, Field
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.uow import UnitOfWork
from starmodel.testing.fakes import fake_application


@unlisted
class Node(Entity):
    id: str
    parent_id: str | None = Field(default=None, foreign_key="node.id")


@unlisted
class Ring(Entity):
    id: str
    next_id: str = Field(foreign_key="ring.id", ondelete="CASCADE")


@unlisted
class Slot(Entity):
    id: str
    place: int = Field(unique=True)
    small: int | None = Field(default=None, unique=True, sa_type=SmallInteger)
    name: str | None = Field(default=None, unique=True, max_length=12)
    code: uuid.UUID | None = Field(default=None, unique=True)


@unlisted
class Seat(Entity):
    __table_args__ = (UniqueConstraint("row", "number"),)
    id: str
    row: str
    number: int
    day: datetime.date = Field(default=datetime.date(2024, 1, 1))


@unlisted
class Person(Entity):
    id: str
    desk_id: str | None = Field(default=None, foreign_key="desk.id", unique=True)


@unlisted
class Desk(Entity):
    id: str
    person_id: str | None = Field(default=None, foreign_key="person.id", ondelete="SET NULL")


@unlisted
class Floor(Entity):
    __table_args__ = (UniqueConstraint("house", "level"),)
    id: str
    house: str = ""
    level: int = 0


@unlisted
class Flat(Entity):
    __table_args__ = (ForeignKeyConstraint(["house", "level"], ["floor.house", "floor.level"]),)
    id: str
    house: str | None = None
    level: int | None = None


ALL = [Node, Ring, Slot, Seat, Person, Desk, Floor, Flat]


class Shop:
    """Applies units of work to one store."""

    def __init__(self, url: str) -> None:
        classes = [unlisted(_sql(cls)) for cls in ALL]
        self.app = fake_application(*classes, stores={"sql": SqlRepository(url)})

    async def commit(
        self, add: Sequence[Entity] = (), delete: Sequence[Any] = (), **moves: Any
    ) -> None:
        """Shapes: delete are (class, id); moves maps an id to (class, values)."""
        unit: UnitOfWork = self.app.unit()
        for entity in add:
            unit.add(entity)
        for id, (cls, values) in moves.items():
            draft = await unit.get(cls, id)
            for name, value in values.items():
                setattr(draft, name, value)
        for cls, id in delete:
            unit.delete(await unit.get(cls, id))
        await unit.commit()

    async def all(self, cls: type[Entity]) -> dict[str, Entity]:
        return {found.id: found for found in await cls.objects.list()}


def _sql(cls: type[Entity]) -> type[Entity]:
    cls.model_config["store"] = "sql"
    cls.model_config["scope"] = "record"
    return cls


@pytest.fixture
async def shop(any_url: str) -> Any:
    shop = Shop(any_url)
    await shop.app.ready()
    yield shop
    await shop.app.close()


async def test_rows_are_inserted_and_deleted_in_foreign_key_order(shop: Shop) -> None:
    chain = [Node(id="x", parent_id="y"), Node(id="y", parent_id="z"), Node(id="z")]
    await shop.commit(add=chain)
    await shop.commit(delete=[(Node, "z"), (Node, "y"), (Node, "x")])
    assert await shop.all(Node) == {}


async def test_mutually_referencing_rows_are_inserted_updated_and_deleted(shop: Shop) -> None:
    await shop.commit(add=[Node(id="a", parent_id="b"), Node(id="b", parent_id="a")])
    await shop.commit(add=[Node(id="self", parent_id="self")])
    assert (await shop.all(Node))["a"].parent_id == "b"
    await shop.commit(delete=[(Node, "a"), (Node, "b"), (Node, "self")])
    assert await shop.all(Node) == {}


async def test_reference_cycle_of_not_null_keys(shop: Shop) -> None:
    ring = [Ring(id="a", next_id="b"), Ring(id="b", next_id="c"), Ring(id="c", next_id="a")]
    await shop.commit(add=ring)
    assert {k: v.next_id for k, v in (await shop.all(Ring)).items()} == {
        "a": "b",
        "b": "c",
        "c": "a",
    }
    await shop.commit(delete=[(Ring, "b")])  # the others follow
    assert await shop.all(Ring) == {}


async def test_mutually_referencing_tables(shop: Shop) -> None:
    await shop.commit(add=[Person(id="p", desk_id="d"), Desk(id="d", person_id="p")])
    await shop.commit(add=[Person(id="q", desk_id="e"), Desk(id="e", person_id="q")])
    await shop.commit(p=(Person, {"desk_id": "e"}), q=(Person, {"desk_id": "d"}))
    assert (await shop.all(Person))["p"].desk_id == "e"
    await shop.commit(delete=[(Person, "p"), (Desk, "e")], q=(Person, {"desk_id": "d"}))
    assert (await shop.all(Desk))["d"].person_id is None  # by its foreign key's own rule
    assert set(await shop.all(Person)) == {"q"}


async def test_reference_moves_to_a_new_row_before_the_old_one_is_deleted(shop: Shop) -> None:
    await shop.commit(add=[Node(id="old"), Node(id="child", parent_id="old")])
    await shop.commit(
        add=[Node(id="new")], delete=[(Node, "old")], child=(Node, {"parent_id": "new"})
    )
    assert {k: v.parent_id for k, v in (await shop.all(Node)).items()} == {
        "child": "new",
        "new": None,
    }


@pytest.mark.parametrize("new", ["a", "z"])
async def test_unique_value_moves_from_a_deleted_row_to_a_new_one(shop: Shop, new: str) -> None:
    await shop.commit(add=[Slot(id="m", place=1, name="one")])
    await shop.commit(add=[Slot(id=new, place=1, name="one")], delete=[(Slot, "m")])
    await shop.commit(add=[Slot(id="n", place=1)], **{new: (Slot, {"place": 2})})
    assert {k: v.place for k, v in (await shop.all(Slot)).items()} == {new: 2, "n": 1}


async def test_unique_values_are_swapped_and_rotated(shop: Shop) -> None:
    codes = [uuid.UUID(int=n) for n in range(3)]
    await shop.commit(
        add=[
            Slot(id=id, place=n, small=n, name=f"name {n}", code=codes[n])
            for n, id in enumerate("abc")
        ]
    )
    await shop.commit(a=(Slot, {"place": 1}), b=(Slot, {"place": 0}))
    moved = {
        id: (Slot, {"place": 10 - n, "small": (n + 1) % 3, "name": f"name {(n + 2) % 3}",
                    "code": codes[(n + 1) % 3]})
        for n, id in enumerate("abc")
    }  # fmt: skip
    await shop.commit(**moved)
    await shop.commit(a=(Slot, {"place": 9}), b=(Slot, {"place": 8}), c=(Slot, {"place": 10}))
    found = await shop.all(Slot)
    assert [(found[id].place, found[id].small, found[id].name) for id in "abc"] == [
        (9, 1, "name 2"), (8, 2, "name 0"), (10, 0, "name 1"),
    ]  # fmt: skip


async def test_composite_unique_values_are_swapped(shop: Shop) -> None:
    await shop.commit(add=[Seat(id="a", row="A", number=1), Seat(id="b", row="B", number=2)])
    await shop.commit(a=(Seat, {"row": "B", "number": 2}), b=(Seat, {"row": "A", "number": 1}))
    found = await shop.all(Seat)
    assert [(s.row, s.number) for s in (found["a"], found["b"])] == [("B", 2), ("A", 1)]


async def test_composite_foreign_key(shop: Shop) -> None:
    await shop.commit(
        add=[Flat(id="a", house="h", level=1), Floor(id="z", house="h", level=1), Flat(id="b")]
    )
    await shop.commit(delete=[(Floor, "z"), (Flat, "a")])
    assert set(await shop.all(Flat)) == {"b"}


async def test_value_that_stays_taken_is_rejected_and_nothing_is_stored(shop: Shop) -> None:
    await shop.commit(add=[Slot(id="a", place=1), Slot(id="b", place=2), Slot(id="c", place=3)])
    with pytest.raises(ConstraintError, match="taken"):
        await shop.commit(a=(Slot, {"place": 2}), b=(Slot, {"place": 3}))
    assert [s.place for s in (await shop.all(Slot)).values()] == [1, 2, 3]
    with pytest.raises(ConstraintError, match="doesn't exist"):
        await shop.commit(add=[Node(id="x", parent_id="y"), Node(id="y", parent_id="nobody")])
    assert await shop.all(Node) == {}


async def test_many_records_that_cascade_are_followed_by_sets(shop: Shop, monkeypatch: Any) -> None:
    await shop.commit(add=[Node(id="top")])
    await shop.commit(add=[Ring(id="top", next_id="top")])
    await shop.commit(add=[Ring(id=f"r{n}", next_id="top") for n in range(40)])
    await shop.commit(add=[Ring(id=f"s{n}", next_id=f"r{n}") for n in range(40)])
    repository = shop.app.persistence.for_class(Ring)
    queries = []
    real = repository.list

    async def counted(query: Any) -> Any:
        queries.append(query)
        return await real(query)

    monkeypatch.setattr(repository, "list", counted)
    await shop.commit(delete=[(Ring, "top")])
    assert len(queries) <= 4  # once for each level
    monkeypatch.undo()
    assert await shop.all(Ring) == {}


async def test_rows_of_a_table_without_versions(any_url: str) -> None:
    external = await ExternalWriter.at(any_url)
    await external.run(
        "CREATE TABLE slot (id VARCHAR(40) PRIMARY KEY, place INTEGER NOT NULL UNIQUE, "
        "small SMALLINT, name VARCHAR(12), code VARCHAR(40))"
    )
    await external.run(
        "CREATE TABLE node (id VARCHAR(40) PRIMARY KEY, parent_id VARCHAR(40) REFERENCES node(id))"
        if external.kind != "mariadb"
        else "CREATE TABLE node (id VARCHAR(40) PRIMARY KEY, parent_id VARCHAR(40), "
        "FOREIGN KEY (parent_id) REFERENCES node(id))"
    )
    await external.close()
    shop = Shop(any_url)
    await shop.app.ready()
    try:
        await shop.commit(add=[Slot(id="a", place=1), Slot(id="b", place=2)])
        await shop.commit(a=(Slot, {"place": 2}), b=(Slot, {"place": 1}))
        await shop.commit(a=(Slot, {"place": 1}), b=(Slot, {"place": 2}))
        assert [s.place for s in (await shop.all(Slot)).values()] == [1, 2]
        await shop.commit(add=[Node(id="a", parent_id="b"), Node(id="b", parent_id="a")])
        await shop.commit(a=(Node, {"parent_id": "a"}))
        await shop.commit(a=(Node, {"parent_id": "b"}))
        await shop.commit(delete=[(Node, "a"), (Node, "b")])
        assert await shop.all(Node) == {}
    finally:
        await shop.app.close()


ids = st.sampled_from("abcde")
states = st.dictionaries(
    ids,
    st.tuples(st.none() | ids, st.integers(0, 6), st.none() | st.integers(0, 5)),
    max_size=5,
).map(
    lambda found: {
        id: (parent if parent in found else None, place, small)
        for id, (parent, place, small) in found.items()
    }
)


@unlisted
class Piece(Entity):
    id: str
    parent_id: str | None = Field(default=None, foreign_key="piece.id")
    place: int = Field(unique=True)
    small: int | None = Field(default=None, unique=True)


def _valid(state: dict[str, Any]) -> bool:
    places = [place for _, place, _ in state.values()]
    smalls = [small for _, _, small in state.values() if small is not None]
    return len(set(places)) == len(places) and len(set(smalls)) == len(smalls)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.lists(states.filter(_valid), min_size=2, max_size=4))
def test_any_state_commits_after_any_other(
    tmp_path_factory: Any, wanted: list[dict[str, Any]]
) -> None:
    import asyncio

    folder: Path = tmp_path_factory.mktemp("order")
    app = fake_application(_sql(Piece), stores={"sql": SqlRepository(f"sqlite:///{folder}/a.db")})

    async def run() -> None:
        await app.ready()
        try:
            for state in wanted:
                now = {found.id: found for found in await Piece.objects.list()}
                unit = app.unit()
                for id, (parent, place, small) in state.items():
                    if id not in now:
                        unit.add(Piece(id=id, parent_id=parent, place=place, small=small))
                        continue
                    draft = await unit.get(Piece, id)
                    draft.parent_id, draft.place, draft.small = parent, place, small
                for id in now.keys() - state.keys():
                    unit.delete(await unit.get(Piece, id))
                await unit.commit()
                stored = {p.id: (p.parent_id, p.place, p.small) for p in await Piece.objects.list()}
                assert stored == state
        finally:
            await app.close()

    asyncio.run(run())
