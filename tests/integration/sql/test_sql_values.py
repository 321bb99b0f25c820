"""Every value comes back from SQL as it was, or is refused."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import enum
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, field_validator

from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports import Batch, Change
from starmodel.app.query import OPERATORS, Filter, Query
from starmodel.core.entity import Entity, version_of
from starmodel.core.errors import ConstraintError, FrozenEntityError
from starmodel.core.fields import Field
from starmodel.core.patches import diff, same
from starmodel.core.registry import entity_type

Run = Callable[[Any], Any]


class Grade(enum.Enum):
    LOW = "l"
    HIGH = "h"


class Step(enum.IntEnum):
    FIRST = 1
    LAST = 10


class _Address(BaseModel):
    street: str = ""
    since: dt.date | None = None
    pin: str = Field(default="", exclude=True)


class _Everything(Entity):
    text: str = ""
    whole: int = 0
    real: float = 0.0
    truth: bool = False
    raw: bytes = b""
    money: decimal.Decimal = decimal.Decimal(0)
    key: uuid.UUID = uuid.UUID(int=0)
    moment: dt.datetime | None = None
    day: dt.date = dt.date(2000, 1, 1)
    hour: dt.time = dt.time(0)
    span: dt.timedelta = dt.timedelta(0)
    grade: Grade | None = None
    step: Step = Step.FIRST
    word: Literal["a", "b"] = "a"
    either: int | str | float = 0
    names: list[str] = Field(default_factory=list)
    group: set[int] = Field(default_factory=set)
    pair: tuple[int, str] = (0, "")
    by_day: dict[dt.date, decimal.Decimal] = Field(default_factory=dict)
    anything: Any = None
    home: _Address = _Address()
    homes: list[_Address] = Field(default_factory=list)
    pass_word: SecretStr = SecretStr("")
    folder: Path | None = None


TEXT = st.text(st.characters(exclude_categories=("Cs",)))
WHOLE = st.integers(-(2**63), 2**63 - 1)
MONEY = st.decimals(allow_nan=False, allow_infinity=False)
ZONED = st.datetimes(
    dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29),
    timezones=st.integers(-1439, 1439).map(lambda m: dt.timezone(dt.timedelta(minutes=m))),
)  # fmt: skip
SPAN = st.timedeltas(dt.timedelta(days=-100_000_000), dt.timedelta(days=100_000_000))
ATOM = st.one_of(
    TEXT, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(), st.binary(),
    MONEY, st.uuids(), ZONED, st.datetimes(), st.dates(), st.times(), SPAN,
)  # fmt: skip
ANYTHING = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(TEXT | st.sampled_from(["$set", "$dict"]), inner, max_size=3),
        st.dictionaries(st.integers() | st.dates(), inner, max_size=2),
        st.tuples(inner),
        st.sets(TEXT, max_size=3),
    ),
    max_leaves=8,
)
HOME = st.builds(_Address, street=TEXT, since=st.none() | st.dates(), pin=TEXT)
EVERYTHING = st.builds(
    _Everything,
    text=TEXT, whole=WHOLE, real=st.floats(allow_nan=True), truth=st.booleans(), raw=st.binary(),
    money=MONEY, key=st.uuids(), moment=st.none() | ZONED | st.datetimes(), day=st.dates(),
    hour=st.times(), span=SPAN, grade=st.none() | st.sampled_from(Grade),
    step=st.sampled_from(Step), word=st.sampled_from(["a", "b"]),
    either=st.integers() | TEXT | st.floats(allow_nan=False), names=st.lists(TEXT, max_size=3),
    group=st.sets(st.integers(), max_size=3), pair=st.tuples(st.integers(), TEXT),
    by_day=st.dictionaries(st.dates(), MONEY, max_size=2), anything=ANYTHING, home=HOME,
    homes=st.lists(HOME, max_size=2), pass_word=TEXT.map(SecretStr),
    folder=st.none() | st.just(Path("/tmp/x")),  # noqa: S108 - a value, never opened
)  # fmt: skip


async def _ignore(*_: Any) -> None:
    """Nobody listens to expiry here."""


def _opened(runner: asyncio.Runner, url: str, *classes: type[Entity]) -> SqlRepository:
    repository = SqlRepository(url)
    runner.run(repository.open([entity_type(cls, "sql") for cls in classes], _ignore))
    return repository


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


async def _stored(repository: SqlRepository, *entities: Entity) -> None:
    changes = [Change(type(e), e.id, "insert", 0, 1, e) for e in entities]
    await repository.commit(Batch(changes))


def test_any_value_round_trips_through_insert_and_update(runner: asyncio.Runner) -> None:
    repository = _opened(runner, "sqlite://", _Everything)

    async def check(entity: _Everything, later: _Everything) -> None:
        fresh = entity.evolve(id=_Everything().id)
        await _stored(repository, fresh)
        found = await repository.get(_Everything, fresh.id)
        assert found is not None
        assert diff(fresh, found).fields == frozenset()
        new = later.evolve(id=fresh.id)
        change = Change(_Everything, new.id, "update", 1, 2, new, diff(found, new))
        await repository.commit(Batch([change]))
        again = await repository.get(_Everything, fresh.id)
        assert again is not None
        assert (diff(new, again).fields, version_of(again)) == (frozenset(), 2)
        assert again.home.pin == new.home.pin
        assert again.pass_word.get_secret_value() == new.pass_word.get_secret_value()

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(EVERYTHING, EVERYTHING)
    def round_trip(entity: _Everything, later: _Everything) -> None:
        runner.run(check(entity, later))

    round_trip()
    runner.run(repository.close())


@pytest.mark.parametrize("op", ["lt", "lte", "eq", "ne", "gte", "gt", "in"])
def test_moments_compare_by_instant_whatever_their_offset(runner: asyncio.Runner, op: str) -> None:
    repository = _opened(runner, "sqlite://", _Everything)
    moments = [
        dt.datetime.fromisoformat(f"2024-06-01T{text}")
        for text in ("10:00+00:00", "12:00+02:00", "04:30-05:30", "10:00:00.000001+00:00", "09:59Z")
    ]
    entities = [_Everything(moment=moment) for moment in (*moments, None)]
    runner.run(_stored(repository, *entities))
    for moment in moments:
        query = Query(_Everything, (Filter("moment", op, [moment] if op == "in" else moment),))
        found = runner.run(repository.list(query))
        assert [e.moment for e in found] == [e.moment for e in query.arrange(entities)]
    runner.run(repository.close())


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("whole", 2**63, "64 bits"),
        ("whole", -(2**63) - 1, "64 bits"),
        ("text", "half \ud800", "surrogate"),
        ("names", ["half \ud800"], "surrogate"),
        ("span", dt.timedelta.max, "64 bits"),
        ("moment", dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=3))), "years"),
        ("anything", object(), "can't be stored"),
    ],
)
def test_value_that_sql_cannot_keep_is_refused_by_name(
    runner: asyncio.Runner, field: str, value: Any, said: str
) -> None:
    repository = _opened(runner, "sqlite://", _Everything)
    entity = _Everything.model_construct(**(_Everything().__dict__ | {field: value}))
    with pytest.raises(ConstraintError, match=said) as caught:
        runner.run(_stored(repository, entity))
    assert said in caught.value.fields[field]
    runner.run(repository.close())


SCALARS = ("text", "whole", "real", "truth", "raw", "money", "key", "day", "hour", "span", "step")


def test_queries_on_every_scalar_agree_with_python(runner: asyncio.Runner) -> None:
    """Whatever the type, SQL filters and orders as `Query.arrange` does."""
    few = {
        "text": TEXT | st.sampled_from(["ä", "Ä", "a%", "A_"]),
        "whole": st.integers(-3, 3) | WHOLE,
        "real": st.floats(allow_nan=False),
        "money": st.sampled_from([decimal.Decimal(t) for t in ("1.10", "1.1", "-3", "10", "9E+3")]),
        "day": st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 4)),
    }
    entity = st.builds(
        _Everything,
        text=few["text"], whole=few["whole"], real=few["real"], truth=st.booleans(),
        raw=st.binary(max_size=2), money=few["money"], key=st.uuids(), day=few["day"],
        hour=st.times(), span=SPAN, step=st.sampled_from(Step),
        grade=st.none() | st.sampled_from(Grade),
        moment=st.none() | ZONED,
    )  # fmt: skip
    orders = st.lists(
        st.tuples(st.sampled_from([*SCALARS, "moment"]), st.booleans()), max_size=3,
        unique_by=lambda pair: pair[0],
    )  # fmt: skip

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(entity, min_size=1, max_size=8, unique_by=lambda e: e.moment or e.id), st.data()
    )
    def agree(entities: list[_Everything], data: st.DataObject) -> None:
        repository = _opened(runner, "sqlite://", _Everything)
        try:
            runner.run(_stored(repository, *entities))
            name = data.draw(st.sampled_from([*SCALARS, "grade", "moment", "either"]))
            value = getattr(data.draw(st.sampled_from(entities)), name)
            allowed = [op for op in OPERATORS if op not in ("lt", "lte", "gt", "gte")]
            ops = allowed if name in ("grade", "either") else list(OPERATORS)
            op = data.draw(st.sampled_from(ops))
            filter = Filter(name, op, [value] if op == "in" else value)
            query = Query(
                _Everything,
                (filter,),
                order=tuple(data.draw(orders)),
                offset=data.draw(st.integers(0, 3)),
                limit=data.draw(st.none() | st.integers(0, 5)),
            )
            found = runner.run(repository.list(query))
            assert [e.id for e in found] == [e.id for e in query.arrange(entities)]
            assert runner.run(repository.count(query)) == sum(map(query.matches, entities))
        finally:
            runner.run(repository.close())

    agree()


def test_nan_is_kept_and_above_no_number(runner: asyncio.Runner) -> None:
    repository = _opened(runner, "sqlite://", _Everything)
    entity = _Everything(real=float("nan"))
    runner.run(_stored(repository, entity))
    found = runner.run(repository.get(_Everything, entity.id))
    assert same(found.real, entity.real)
    assert runner.run(repository.count(Query(_Everything, (Filter("real", "gt", 1.0),)))) == 0
    runner.run(repository.close())


class _Strict(Entity):
    name: str
    address: _Address = _Address()
    grade: Grade = Grade.LOW

    @field_validator("name")
    @classmethod
    def _short(cls, name: str) -> str:
        if len(name) > 3:
            raise ValueError("too long")
        return name


def test_row_that_no_longer_validates_is_loaded_with_raw_values(
    runner: asyncio.Runner, tmp_path: Path
) -> None:
    file = tmp_path / "old.db"
    repository = _opened(runner, f"sqlite:///{file}", _Strict)
    runner.run(_stored(repository, _Strict(id="1", name="abc")))
    with sqlite3.connect(file) as raw:
        raw.execute(
            "UPDATE _strict SET name = 'far too long', address = '{\"since\": \"never\"}',"
            " grade = 'GONE'"
        )
    raw.close()
    found = runner.run(repository.get(_Strict, "1"))
    assert (found.name, found.address, found.grade) == ("far too long", {"since": "never"}, "GONE")
    with pytest.raises(FrozenEntityError):
        found.name = "x"
    repaired = _Strict(id="1", name="ok")
    patch = diff(found, repaired)
    change = Change(_Strict, "1", "update", 1, 2, repaired, patch)
    runner.run(repository.commit(Batch([change])))
    assert runner.run(repository.get(_Strict, "1")) == repaired
    runner.run(repository.close())
