"""Databases store, find and order values as `Query` does in Python, or refuse them."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.values import BY_VALUE, SORTED, Value, values
from repositories import delete, insert
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import NEGATED, OPERATORS, Filter, Query, make_query
from starmodel.app.ports.repository import Batch, Change, Repository
from starmodel.core.changes.patches import diff, same
from starmodel.core.entity import Entity
from starmodel.core.errors import ConstraintError
from starmodel.core.snapshot import version_of
from starmodel.core.values.instants import ShownMoment


def _name(repository: Repository) -> str:
    if isinstance(repository, SqlRepository):
        return repository._store().engine.sql_dialect.title
    return "Redis"


WIDE = ("SQLite", "Redis")
"""The stores of every value."""


def _values(repository: Repository) -> st.SearchStrategy[Value]:
    return values(wide=_name(repository) in WIDE)


async def _store(repository: Repository, *entities: Entity) -> None:
    await repository.commit(Batch([insert(entity) for entity in entities]))


def _differing(a: Value, b: Value) -> set[str]:
    return {
        name
        for name in Value.__pydantic_fields__
        if not (getattr(a, name) == getattr(b, name) if name in BY_VALUE else same(
            getattr(a, name), getattr(b, name)
        ))
    }  # fmt: skip


def test_any_value_round_trips(repository: Repository, runner: asyncio.Runner) -> None:
    async def check(made: Value, later: Value) -> None:
        fresh = made.evolve(id=Value().id)
        await _store(repository, fresh)
        found = await repository.get(Value, fresh.id)
        assert found is not None
        assert _differing(fresh, found) == set()
        new = later.evolve(id=fresh.id)
        change = Change(Value, new.id, "update", 1, 2, new, diff(found, new))
        await repository.commit(Batch([change]))
        again = await repository.get(Value, fresh.id)
        assert again is not None
        assert (_differing(new, again), version_of(again)) == (set(), 2)

    kept = _values(repository)

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(kept, kept)
    def round_trip(made: Value, later: Value) -> None:
        runner.run(check(made, later))

    round_trip()


# Types without a total order are only filtered for equality.
MIXED = ("grade", "either")
COMPARING = ("lt", "lte", "gt", "gte")


def test_any_query_returns_what_python_filtering_does(
    repository: Repository, runner: asyncio.Runner
) -> None:
    numbers = _values(repository).filter(lambda value: value.real == value.real)  # no NaN
    few = numbers.map(lambda value: value.evolve(id=Value().id))
    orders = st.lists(
        st.tuples(st.sampled_from(SORTED), st.booleans()),
        max_size=3, unique_by=lambda pair: pair[0],
    )  # fmt: skip

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(few, min_size=1, max_size=5, unique_by=lambda e: e.id), st.data())
    def agree(entities: list[Value], data: st.DataObject) -> None:
        name = data.draw(st.sampled_from((*SORTED, *MIXED)))
        ops = [op for op in OPERATORS if name not in MIXED or op not in COMPARING]
        op = data.draw(st.sampled_from(ops))
        value = getattr(data.draw(st.sampled_from(entities)), name)
        if NEGATED.get(op, op) in ("contains", "startswith") and isinstance(value, str):
            value = value[: data.draw(st.integers(0, 3))]
        if name == "whole" and data.draw(st.booleans()):
            value = data.draw(st.sampled_from([0.5, -1.5, 2**70, -(2**70), 1e300]))
        wanted = Filter(name, op, [value] if op in ("in", "not_in") else value)
        query = Query(
            Value, (wanted,), order=tuple(data.draw(orders)),
            offset=data.draw(st.integers(0, 2)), limit=data.draw(st.none() | st.integers(0, 4)),
        )  # fmt: skip
        # Draw everything first: an example that hypothesis rejects leaves no rows for the next one.
        runner.run(_store(repository, *entities))
        try:
            found = [runner.run(repository.get(Value, entity.id)) for entity in entities]
            listed = runner.run(repository.list(query))
            counted = runner.run(repository.count(query))
        finally:
            runner.run(repository.commit(Batch([delete(entity, 1) for entity in entities])))
        assert [e.id for e in listed] == [e.id for e in query.arrange(found)], query
        assert counted == sum(map(query.matches, found))

    agree()


FAR = [f"{sign}1E{n}" for sign in ("", "-") for n in (40, 20_000, 999_999, -31, -200_000)]
QUESTIONS: list[tuple[str, list[Any]]] = [
    ("moment", [dt.datetime(2000, 1, 1, 12), dt.datetime(2000, 1, 1, 13, tzinfo=dt.UTC)]),
    ("hour", [dt.time(9), dt.time(10)]),
    ("money", [Decimal(text) for text in [*FAR, "NaN", "Infinity", "1E+5", "1E-7"]]),
]


def test_filters_beyond_column_range_match_python_filtering(
    repository: Repository, runner: asyncio.Runner
) -> None:
    hour = dt.time(10, tzinfo=dt.UTC if _name(repository) in WIDE else None)
    entities = [
        Value(id="a", moment=dt.datetime(2000, 1, 1, 12), hour=hour, money=Decimal(100_000)),
        Value(id="b", moment=dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC), hour=dt.time(10)),
        Value(id="c", moment=dt.datetime(2000, 1, 1, 13, tzinfo=dt.UTC), money=Decimal("1E-7")),
    ]
    runner.run(_store(repository, *entities))
    for name, asked in QUESTIONS:
        for value in asked:
            for op in ("eq", "ne", "lt", "lte", "gt", "gte"):
                query = Query(Value, (Filter(name, op, value),))
                found = runner.run(repository.list(query))
                assert [e.id for e in found] == [e.id for e in query.arrange(entities)], query
            for descending in (False, True):
                query = Query(Value, order=((name, descending),), after=(value, "b"))
                found = runner.run(repository.list(query))
                assert [e.id for e in found] == [e.id for e in query.arrange(entities)], query


@pytest.mark.parametrize("op", ["lt", "lte", "eq", "ne", "gte", "gt", "in"])
def test_aware_datetimes_compare_by_instant(
    repository: Repository, runner: asyncio.Runner, op: str
) -> None:
    moments = [
        dt.datetime.fromisoformat(f"2024-06-01T{text}")
        for text in ("10:00+00:00", "12:00+02:00", "04:30-05:30", "10:00:00.000001+00:00", "09:59Z")
    ]
    entities = [Value(moment=moment) for moment in (*moments, None)]
    runner.run(_store(repository, *entities))
    for moment in moments:
        wanted = Filter("moment", op, [moment] if op == "in" else moment)
        query = Query(Value, (wanted,), order=(("moment", op < "m"),))
        found = runner.run(repository.list(query))
        assert [e.moment for e in found] == [e.moment for e in query.arrange(entities)]


HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize("name", ["moment", "zoned"])
@pytest.mark.parametrize("asked_in", [ZoneInfo("Europe/Berlin"), dt.UTC, dt.timezone(-HOUR)])
def test_datetimes_with_fold_are_distinct_instants(
    repository: Repository, runner: asyncio.Runner, name: str, asked_in: dt.tzinfo
) -> None:
    twice = dt.datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    moments = [twice, twice.replace(fold=1)]
    entities = [Value(id=f"{n}", **{name: moment}) for n, moment in enumerate(moments)]
    runner.run(_store(repository, *entities))
    first, second = (moment.astimezone(asked_in) for moment in moments)
    expected = [
        ("eq", first, "0"), ("eq", second, "1"), ("ne", first, "1"), ("gt", first, "1"),
        ("gte", first, "01"), ("lt", second, "0"), ("lte", first, "0"),
    ]  # fmt: skip
    filters = [(Filter(name, op, value), ids) for op, value, ids in expected]
    filters += [(Filter(name, "in", [first]), "0"), (Filter(name, "in", [second, first]), "01")]
    for wanted, ids in filters:
        query = Query(Value, (wanted,), order=((name, False),))
        found = runner.run(repository.list(query))
        assert "".join(e.id for e in found) == ids, wanted
        assert "".join(e.id for e in query.arrange(entities)) == ids, wanted
        assert [query.matches(e) for e in entities] == [e.id in ids for e in entities], wanted


def test_nan_matches_no_range_filter(repository: Repository, runner: asyncio.Runner) -> None:
    keeps = _name(repository) != "MySQL"
    with contextlib.nullcontext() if keeps else pytest.raises(ConstraintError):
        runner.run(_store(repository, Value(real=float("nan"))))
    above = Query(Value, (Filter("real", "gt", 1.0),))
    counted = [runner.run(repository.count(query)) for query in (Query(Value), above)]
    assert counted == [keeps, 0]


def test_search_ignores_case_of_european_letters(
    repository: Repository, runner: asyncio.Runner
) -> None:
    texts = ["Zoë", "ZOË", "Straße", "Ελλάδα", "ЖАР", "жар", "Ørsted", "naïve", "100%", "a_b"]
    entities = [Value(id=f"{n:02}", text=text) for n, text in enumerate(texts)]
    runner.run(_store(repository, *entities))
    for search in ("oë", "OË", "sse", "ß", "ελλ", "жА", "ØR", "ï", "%", "_", "zo", "nowhere"):
        query = make_query(Value, {}, search=search)
        found = runner.run(repository.list(query))
        assert [e.id for e in found] == [e.id for e in query.arrange(entities)], search


def test_texts_sort_by_code_point(repository: Repository, runner: asyncio.Runner) -> None:
    texts = [
        "b", "B", "a", "ä", "z", "Z", "a ", "", "é", "e", "😀", "\uffff", "\0", "a\0", "\1", "\2",
    ]  # fmt: skip
    entities = [Value(text=text, short=text) for text in sorted(texts, reverse=True)]
    runner.run(_store(repository, *entities))
    for order in ("text", "short"):
        found = runner.run(repository.list(make_query(Value, {}, order=order)))
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
        ("span", dt.timedelta.max, "64 bits"),
        ("money", Decimal("1E-31"), "more than 30 digits behind"),
        ("money", Decimal("1E+35"), "more than 35 digits before"),
        ("real", float("nan"), "can't keep"),
        ("real", float("inf"), "can't keep"),
        ("day", dt.date(999, 1, 1), "before the year 1000"),
        ("local", dt.datetime(999, 1, 1), "before the year 1000"),
    ],
    "SQLite": [("span", dt.timedelta.max, "64 bits")],
    "Redis": [],
}  # fmt: skip


def test_unstorable_value_is_a_field_error(repository: Repository, runner: asyncio.Runner) -> None:
    for field, value, said in [*NEVER, *SOMEWHERE[_name(repository)]]:
        entity = Value.model_construct(**(Value().__dict__ | {field: value}))
        with pytest.raises(ConstraintError, match=said) as caught:
            runner.run(_store(repository, entity))
        assert said in caught.value.fields[field]
        assert runner.run(repository.get(Value, entity.id)) is None


@pytest.mark.parametrize("op", ["lt", "lte", "eq", "ne", "gte", "gt", "in"])
@pytest.mark.parametrize("name", ["moment", "zoned", "local"])
def test_rendered_datetimes_compare_naive_and_aware(
    repository: Repository, runner: asyncio.Runner, op: str, name: str
) -> None:
    texts = ("10:00+00:00", "12:00+02:00", "10:00", "10:00:00.000001+00:00", "09:59Z", "09:59")
    moments = [dt.datetime.fromisoformat(f"2024-06-01T{text}") for text in texts]
    fits = {"moment": (True, False), "zoned": (True,), "local": (False,)}[name]
    moments = [moment for moment in moments if (moment.tzinfo is not None) in fits]
    clocks = [m.astimezone(dt.UTC).replace(tzinfo=None) if m.tzinfo else m for m in moments]
    made = [Value(id=f"{n}", **{name: moment}) for n, moment in enumerate(moments)]
    runner.run(_store(repository, *made))
    for text in ("09:59", "10:00", "10:00:00.000001", "10:01"):
        clock = dt.datetime.fromisoformat(f"2024-06-01T{text}")
        asked, plain = ([ShownMoment.of(clock)], [clock]) if op == "in" else (
            ShownMoment.of(clock), clock
        )  # fmt: skip
        query = Query(Value, (Filter(name, op, asked),))
        found = runner.run(repository.list(query))
        expected = [f"{n}" for n, shown in enumerate(clocks) if OPERATORS[op](shown, plain)]
        assert sorted(entity.id for entity in found) == expected
        assert [entity.id for entity in query.arrange(found)] == [entity.id for entity in found]
        assert runner.run(repository.count(query)) == len(expected)
