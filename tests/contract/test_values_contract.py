"""Every database keeps the same values, finds them as `Query` does, and says what it can't."""

from __future__ import annotations

import asyncio
import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, NaiveDatetime

from databases import DATABASES, emptied
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports import Batch, Change
from starmodel.app.query import OPERATORS, Filter, Query, make_query
from starmodel.core.entity import Entity, version_of
from starmodel.core.errors import ConstraintError
from starmodel.core.fields import Field
from starmodel.core.patches import diff, same
from starmodel.core.registry import entity_type


class Grade(enum.Enum):
    LOW = "l"
    HIGH = "h"


class Step(enum.IntEnum):
    FIRST = 1
    LAST = 10


class Address(BaseModel):
    street: str = ""
    since: dt.date | None = None


class _Value(Entity):
    text: str = ""
    short: str = Field(default="", max_length=12)
    whole: int = 0
    maybe: int | None = None
    real: float = 0.0
    truth: bool = False
    raw: bytes = b""
    money: Decimal = Decimal(0)
    price: Decimal = Field(default=Decimal(0), max_digits=12, decimal_places=3)
    key: uuid.UUID = uuid.UUID(int=0)
    moment: dt.datetime | None = None
    zoned: AwareDatetime = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    local: NaiveDatetime = dt.datetime(2000, 1, 1)
    day: dt.date = dt.date(2000, 1, 1)
    hour: dt.time = dt.time(0)
    span: dt.timedelta = dt.timedelta(0)
    grade: Grade | None = None
    step: Step = Step.FIRST
    word: Literal["a", "b"] = "a"
    either: int | str = 0
    names: list[str] = Field(default_factory=list)
    group: set[int] = Field(default_factory=set)
    by_day: dict[dt.date, Decimal] = Field(default_factory=dict)
    anything: Any = None
    home: Address = Address()
    homes: list[Address] = Field(default_factory=list)


SPECIAL = ["\0", "\1", "\1\2", "a\0\1b", "😀🖊", "'; --", "\\", "%s", "a ", " a", "e\u0301", "\x1a"]
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.sampled_from(SPECIAL)
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
MONEY = st.decimals(-(10**20), 10**20, places=4) | st.decimals(-(10**9), 10**9, places=0)
PRICE = st.decimals(-(10**8), 10**8, places=3)
ZONE = st.integers(-1439, 1439).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
ZONED = st.datetimes(dt.datetime(1000, 1, 3), dt.datetime(9999, 12, 29), timezones=ZONE)
LOCAL = st.datetimes(dt.datetime(1000, 1, 1))
DAY = st.dates(dt.date(1000, 1, 1))
SPAN = st.timedeltas(dt.timedelta(days=-100_000_000), dt.timedelta(days=100_000_000))
REAL = st.floats(allow_nan=False, allow_infinity=False)
HOME = st.builds(Address, street=TEXT, since=st.none() | st.dates())
ANY = st.none() | TEXT | st.integers() | st.lists(TEXT, max_size=2) | ZONED | MONEY
VALUES = st.builds(
    _Value,
    text=TEXT, short=TEXT.map(lambda t: t[:6]), whole=WHOLE, maybe=st.none() | WHOLE, real=REAL,
    truth=st.booleans(), raw=st.binary(max_size=20), money=MONEY, price=PRICE, key=st.uuids(),
    moment=st.none() | ZONED | LOCAL, zoned=ZONED, local=LOCAL, day=DAY, hour=st.times(),
    span=SPAN, grade=st.none() | st.sampled_from(Grade), step=st.sampled_from(Step),
    word=st.sampled_from(["a", "b"]), either=st.integers() | TEXT,
    names=st.lists(TEXT, max_size=3), group=st.sets(st.integers(), max_size=3),
    by_day=st.dictionaries(st.dates(), MONEY, max_size=2), anything=ANY, home=HOME,
    homes=st.lists(HOME, max_size=2),
)  # fmt: skip
# What a column with a type of its own keeps is the value, not how it was written.
BY_VALUE = {"money", "price", "zoned"}


async def _ignore(*_: Any) -> None:
    """Nobody listens to expiry here."""


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=DATABASES)
def repository(
    request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path: Path
) -> Iterator[SqlRepository]:
    url = f"sqlite:///{tmp_path / 'values.db'}"
    if request.param != "sqlite":
        url = emptied(request.getfixturevalue(f"{request.param}_url"))
    repository = SqlRepository(url)
    runner.run(repository.open([entity_type(_Value, "sql")], _ignore))
    yield repository
    runner.run(repository.close())


def _name(repository: SqlRepository) -> str:
    return repository._serving().engine.flavour.title


def _insert(entity: Entity) -> Change:
    return Change(type(entity), entity.id, "insert", 0, 1, entity)


def _delete(entity: Entity) -> Change:
    return Change(type(entity), entity.id, "delete", 1, 2)


def _differing(a: _Value, b: _Value) -> set[str]:
    return {
        name
        for name in _Value.__pydantic_fields__
        if not (getattr(a, name) == getattr(b, name) if name in BY_VALUE else same(
            getattr(a, name), getattr(b, name)
        ))
    }  # fmt: skip


def test_any_value_comes_back_as_it_was(repository: SqlRepository, runner: asyncio.Runner) -> None:
    async def check(made: _Value, later: _Value) -> None:
        fresh = made.evolve(id=_Value().id)
        await repository.commit(Batch([_insert(fresh)]))
        found = await repository.get(_Value, fresh.id)
        assert found is not None
        assert _differing(fresh, found) == set()
        new = later.evolve(id=fresh.id)
        change = Change(_Value, new.id, "update", 1, 2, new, diff(found, new))
        await repository.commit(Batch([change]))
        again = await repository.get(_Value, fresh.id)
        assert again is not None
        assert (_differing(new, again), version_of(again)) == (set(), 2)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(VALUES, VALUES)
    def round_trip(made: _Value, later: _Value) -> None:
        runner.run(check(made, later))

    round_trip()


ASKED = (
    "text", "short", "whole", "maybe", "real", "truth", "raw", "money", "price", "key", "moment",
    "zoned", "local", "day", "hour", "span", "step", "word",
)  # fmt: skip


def test_any_question_is_answered_as_by_the_query(
    repository: SqlRepository, runner: asyncio.Runner
) -> None:
    few = VALUES.map(lambda value: value.evolve(id=_Value().id))
    orders = st.lists(
        st.tuples(st.sampled_from(ASKED).filter(lambda n: n != "moment"), st.booleans()),
        max_size=3, unique_by=lambda pair: pair[0],
    )  # fmt: skip

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(few, min_size=1, max_size=5, unique_by=lambda e: e.id), st.data())
    def agree(entities: list[_Value], data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(ASKED))
        op = data.draw(st.sampled_from(list(OPERATORS)))
        value = getattr(data.draw(st.sampled_from(entities)), name)
        if op in ("contains", "startswith") and isinstance(value, str):
            value = value[: data.draw(st.integers(0, 3))]
        if name == "whole" and data.draw(st.booleans()):
            value = data.draw(st.sampled_from([0.5, -1.5, 2**70, -(2**70), 1e300]))
        filter = Filter(name, op, [value] if op == "in" else value)
        query = Query(
            _Value, (filter,), order=tuple(data.draw(orders)),
            offset=data.draw(st.integers(0, 2)), limit=data.draw(st.none() | st.integers(0, 4)),
        )  # fmt: skip
        # All is drawn: where a draw ends the example, nothing of it is left to the next.
        runner.run(repository.commit(Batch([_insert(entity) for entity in entities])))
        try:
            found = [runner.run(repository.get(_Value, entity.id)) for entity in entities]
            listed = runner.run(repository.list(query))
            counted = runner.run(repository.count(query))
        finally:
            runner.run(repository.commit(Batch([_delete(entity) for entity in entities])))
        assert [e.id for e in listed] == [e.id for e in query.arrange(found)], query
        assert counted == sum(map(query.matches, found))

    agree()


WORDS = st.text("aAäÄßéÉøØñżŻжЖωΩ% _\\'", max_size=6)


def test_search_in_the_letters_of_europe_ignores_case_alike(
    repository: SqlRepository, runner: asyncio.Runner
) -> None:
    texts = ["Zoë", "ZOË", "Straße", "Ελλάδα", "ЖАР", "жар", "Ørsted", "naïve", "100%", "a_b"]
    entities = [_Value(id=f"{n:02}", text=text) for n, text in enumerate(texts)]
    runner.run(repository.commit(Batch([_insert(entity) for entity in entities])))
    for search in ("oë", "OË", "sse", "ß", "ελλ", "жА", "ØR", "ï", "%", "_", "zo", "nowhere"):
        query = make_query(_Value, {}, search=search)
        found = runner.run(repository.list(query))
        assert [e.id for e in found] == [e.id for e in query.arrange(entities)], search


def test_texts_stand_in_the_order_of_code_points(
    repository: SqlRepository, runner: asyncio.Runner
) -> None:
    texts = [
        "b",
        "B",
        "a",
        "ä",
        "z",
        "Z",
        "a ",
        "",
        "é",
        "e",
        "😀",
        "\uffff",
        "\0",
        "a\0",
        "\1",
        "\2",
    ]
    entities = [_Value(text=text, short=text) for text in sorted(texts, reverse=True)]
    runner.run(repository.commit(Batch([_insert(entity) for entity in entities])))
    for order in ("text", "short"):
        found = runner.run(repository.list(make_query(_Value, {}, order=order)))
        assert [entity.text for entity in found] == sorted(texts)


NEVER = [
    ("whole", 2**63, "64 bits"),
    ("whole", -(2**63) - 1, "64 bits"),
    ("text", "half \ud800", "surrogate"),
    ("names", ["half \ud800"], "surrogate"),
    ("short", "thirteen char", "longer than 12"),
    ("anything", object(), "can't be stored"),
    ("moment", dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=3))), "years"),
]
SOMEWHERE = {
    "PostgreSQL": [
        ("price", Decimal("1.2345"), "more than 3 digits behind"),
        ("price", Decimal("1234567890"), "more than 9 digits before"),
        ("money", Decimal("NaN"), "can't keep"),
        ("zoned", dt.datetime(2000, 1, 1), "no time zone"),
        ("local", dt.datetime(2000, 1, 1, tzinfo=dt.UTC), "has a time zone"),
        ("hour", dt.time(1, tzinfo=dt.UTC), "has a time zone"),
    ],
    "MySQL": [
        ("price", Decimal("1.2345"), "more than 3 digits behind"),
        ("money", Decimal("1E-31"), "more than 30 digits behind"),
        ("money", Decimal("1E+35"), "more than 35 digits before"),
        ("real", float("nan"), "can't keep"),
        ("real", float("inf"), "can't keep"),
        ("day", dt.date(999, 1, 1), "before the year 1000"),
        ("local", dt.datetime(999, 1, 1), "before the year 1000"),
    ],
    "SQLite": [],
}  # fmt: skip


def test_what_a_database_cannot_keep_is_an_error_of_the_field(
    repository: SqlRepository, runner: asyncio.Runner
) -> None:
    for field, value, said in [*NEVER, *SOMEWHERE[_name(repository)]]:
        entity = _Value.model_construct(**(_Value().__dict__ | {field: value}))
        with pytest.raises(ConstraintError, match=said) as caught:
            runner.run(repository.commit(Batch([_insert(entity)])))
        assert said in caught.value.fields[field]
        assert runner.run(repository.get(_Value, entity.id)) is None
