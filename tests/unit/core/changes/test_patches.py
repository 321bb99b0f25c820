"""`diff` and `apply`: fields set, fields unset, and types that `==` does not distinguish."""

from __future__ import annotations

import datetime
from collections import OrderedDict, deque
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, Field

from starmodel.core.changes.drafts import Facts, open_draft
from starmodel.core.changes.patches import Patch, apply, diff, same
from starmodel.core.entity import Entity

UTC = datetime.UTC
CET = datetime.timezone(datetime.timedelta(hours=1))
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=UTC)
NAN = float("nan")


class _Place(BaseModel):
    city: str = "Rome"


class _Trip(Entity):
    title: str = ""
    day: int | None = None
    place: _Place = Field(default_factory=_Place)
    data: Any = None


def test_diff_of_entities_has_changed_fields_only() -> None:
    trip = _Trip(day=1)
    patch = diff(trip, trip.evolve(day=None))
    assert patch == Patch({"day": None})
    assert patch.fields == {"day"}
    assert patch


def test_diff_of_equal_states_is_empty() -> None:
    trip = _Trip(place=_Place(), data={"a": [1, {"b": NAN}]})
    patch = diff(trip, trip.evolve())
    assert patch == Patch()
    assert not patch


def test_diff_of_mappings_distinguishes_unset_from_none() -> None:
    patch = diff({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": None})
    assert patch == Patch({"b": None}, ("c",))
    assert patch.fields == {"b", "c"}


def test_diff_with_an_emptied_container_sets_it() -> None:
    assert diff({"a": {"x": 1}}, {"a": {}}) == Patch({"a": {}})


def test_diff_of_entities_with_extras_unsets_them() -> None:
    class Free(Entity, extra="allow"):
        pass

    old, new = Free(id="x", a=1), Free(id="x", b=2)
    assert diff(old, new) == Patch({"b": 2}, ("a",))
    assert apply(diff(old, new), old) == new


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, True), (1, 1.0), (0, False), (0.0, False), ([1], [True]), ((1,), [1]), ((1,), (True,)),
        ({"a": 1}, {"a": True}), ({1: 0}, {True: 0}), ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1}, {True}), ({1}, {1.0}), (frozenset({(1,)}), frozenset({(True,)})), (None, 0), ("1", 1),
        ({1}, frozenset({1})), (Decimal("1.0"), Decimal("1.00")), (Decimal(1), 1),
        (deque([1]), deque([True])), (OrderedDict(a=1), {"a": 1}),
        (NOON, NOON.astimezone(CET)), (_Place(), _Place(city="Oslo")), ([], {}), ("", None),
        ({1, 2}, {1}), (b"a", "a"),
    ],
)  # fmt: skip
def test_same_of_different_values_is_false(a: Any, b: Any) -> None:
    assert not same(a, b)
    assert not same(b, a)
    assert diff({"v": a}, {"v": b}).set


@pytest.mark.parametrize(
    "make",
    [
        lambda: 10**30, lambda: [1, [2.5]], lambda: {"a": {"b": None}}, lambda: float("nan"),
        lambda: [float("nan")], lambda: {float("nan")}, lambda: Decimal("NaN"), lambda: (1, "a"),
        lambda: {"a"}, lambda: frozenset({(1, float("nan"))}), _Place, lambda: [_Place()],
        lambda: deque([1]), lambda: datetime.time(1, tzinfo=UTC), NOON.replace,
    ],
    ids=lambda make: repr(make()).replace(" ", ""),
)  # fmt: skip
def test_same_of_equal_values_is_true(make: Any) -> None:
    assert same(make(), make())


def test_same_of_nan_in_another_object_is_true() -> None:
    assert same(NAN, float("nan"))
    assert not same(NAN, 0.0)


def test_apply_to_an_entity_validates() -> None:
    with pytest.raises(ValueError, match="day"):
        apply(Patch({"day": "x"}), _Trip())


def test_apply_to_an_entity_gives_a_separate_snapshot() -> None:
    trip, value = _Trip(), {"a": [1]}
    made = apply(Patch({"data": value}), trip)
    made.place.city = "Oslo"
    made.data["a"].append(2)
    assert trip.place.city == "Rome"
    assert value == {"a": [1]}


def test_diff_of_a_draft_sees_its_changes() -> None:
    trip = _Trip()
    draft = open_draft(trip, Facts())
    draft.place.city = "Oslo"
    assert diff(trip, draft).fields == {"place"}


def test_datetimes_that_differ_in_fold_are_different() -> None:
    first = datetime.datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    second = first.replace(fold=1)

    assert not same(first, second)
    assert not same([first], [second])
    assert not same({first}, {second})
