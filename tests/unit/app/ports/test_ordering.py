"""Ordering is total: any two values of a field type compare."""

import enum
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel import Entity, EntityConfig
from starmodel.app.ports.ordering import position_of, sort_key
from starmodel.app.ports.query import Query

ZONE = timezone(timedelta(hours=2))


class Level(enum.Enum):
    LOW = "z"
    HIGH = "a"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


def places(values, *, descending=False):
    """The values in order."""
    order = (("field", descending),)
    return sorted(values, key=lambda value: sort_key((value, "id"), order))


@pytest.mark.parametrize(
    "ascending",
    [
        ["", "A", "B", "a", "é", "😀", None],
        [float("-inf"), -1, Decimal("0.5"), 1.5, float("inf"), float("nan"), None],
        [Decimal("-1E+9"), Decimal(0), Decimal("NaN")],
        [Level.LOW, Level.HIGH, None],
        [Right.READ, Right.WRITE, Right.READ | Right.WRITE],
        [date(2000, 1, 1), date(2000, 1, 2)],
        [time(9), time(9, tzinfo=UTC), time(10)],
        [timedelta(-1), timedelta(0)],
        [b"", b"a", b"\xff"],
        [uuid.UUID(int=1), uuid.UUID(int=2**127)],
        [PurePosixPath("a"), PurePosixPath("b")],
        [ip_address("10.0.0.1"), ip_address("10.0.0.2"), ip_address("::1")],
        [5, 7, "5", None],
        [
            datetime.min.replace(tzinfo=ZONE),
            datetime(2000, 1, 1, 9),
            datetime(2000, 1, 1, 10),
            datetime(2000, 1, 1, 10, tzinfo=UTC),
            datetime(2000, 1, 1, 12, tzinfo=ZONE),
            datetime.max.replace(tzinfo=timezone(-timedelta(hours=2))),
        ],
    ],
    ids=str,
)
def test_any_values_of_a_type_are_ordered(ascending):
    shuffled = ascending[1::2] + ascending[::2]

    assert list(map(repr, places(shuffled))) == list(map(repr, ascending))
    descending = [v for v in reversed(ascending) if v is not None]
    descending += [None] * (None in ascending)
    assert list(map(repr, places(shuffled, descending=True))) == list(map(repr, descending))


@given(st.lists(st.none() | st.integers() | st.floats() | st.text(max_size=3) | st.datetimes()))
def test_order_is_independent_of_the_start_position(values):
    def keys(ordered):
        return [sort_key((value, "id"), (("field", True),)) for value in ordered]

    assert keys(places(values, descending=True)) == keys(places(values[::-1], descending=True))


def test_removed_enum_member_sorts_with_none():
    class Task(Entity):
        model_config = EntityConfig(scope="record")
        level: Level = Level.LOW

    old = Task.model_construct(id="a", level="MIDDLE")

    assert position_of(old, (("level", True),)) == (None, "a")
    query = Query(Task, order=(("level", True),), after=(None, "a"))
    assert query.arrange([old, Task(id="b", level=Level.HIGH)]) == []


def test_query_starts_after_a_position():
    class Task(Entity):
        model_config = EntityConfig(scope="record")
        size: int | None = None

    tasks = [Task(id=f"{n}", size=size) for n, size in enumerate((1, None, 1, 2, None))]
    query = Query(Task, order=(("size", True),), after=(1, "0"), limit=2)

    assert [task.id for task in query.arrange(tasks)] == ["4", "1"]
