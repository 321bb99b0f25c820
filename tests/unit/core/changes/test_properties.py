"""Property-based tests of drafts, patches and events."""

from __future__ import annotations

import enum
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator

from starmodel.core.changes.copies import Lease, copy_value
from starmodel.core.changes.drafts import Facts, close_draft, open_draft
from starmodel.core.changes.patches import apply, diff, same
from starmodel.core.entity import Entity
from starmodel.core.errors import InvalidStateError
from starmodel.core.events import event
from starmodel.core.values.models import values_of

IMMUTABLE = (int, float, str, bytes, bool, type(None), type, enum.Enum)


class _Leaf(BaseModel):
    number: int = 0
    data: Any = None


class _Tree(Entity):
    total: int = 0
    title: str | None = None
    leaf: _Leaf = Field(default_factory=_Leaf)
    leaves: list[_Leaf] = Field(default_factory=list)
    by_name: dict[str, _Leaf] = Field(default_factory=dict)
    numbers: set[int] = Field(default_factory=set)
    pair: tuple[list[int], _Leaf] = Field(default_factory=lambda: ([], _Leaf()))
    data: Any = None

    @field_validator("total")
    @classmethod
    def _bounded(cls, value: int) -> int:
        if abs(value) > 20:
            raise ValueError("out of bounds")
        return value

    @event
    def add(self, amount: int, raises: bool) -> None:
        self.total += amount
        self.leaves.append(_Leaf(number=amount))
        self.by_name.setdefault(str(amount), _Leaf()).number += 1
        self.numbers.add(amount)
        self.pair[0].append(amount)
        self.leaf.data = [self.leaf.data, amount] if len(repr(self.leaf.data)) < 50 else None
        self.emit(amount)
        if raises:
            raise ValueError("asked for")

    @event
    def add_all(self, steps: list[tuple[int, bool]]) -> None:
        for amount, raises in steps:
            try:
                self.add(amount, raises)
            except (ValueError, InvalidStateError):
                continue


SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 2.0, float("nan")])
    | st.sampled_from(["", "a", "1"])
)  # fmt: skip
KEYS = st.sampled_from(["a", "b"]) | st.booleans() | st.integers(0, 1)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
    | st.tuples(inner, inner) | st.sets(st.sampled_from([0, 1, True, 1.0, "a"]), max_size=2)
    | st.builds(_Leaf, data=inner),
    max_leaves=8,
)  # fmt: skip
LEAVES = st.builds(_Leaf, number=st.integers(-3, 3), data=VALUES)
TREES = st.builds(
    _Tree,
    id=st.just("t"),
    total=st.integers(-20, 20),
    title=st.none() | st.sampled_from(["", "a"]),
    leaf=LEAVES,
    leaves=st.lists(LEAVES, max_size=2),
    by_name=st.dictionaries(st.sampled_from(["a", "b"]), LEAVES),
    numbers=st.sets(st.integers(0, 3)),
    pair=st.tuples(st.lists(st.integers(0, 3), max_size=2), LEAVES),
    data=VALUES,
)
STEPS = st.lists(st.tuples(st.integers(-15, 15), st.booleans()), max_size=8)


def _mutable(value: Any, found: dict[int, Any]) -> dict[int, Any]:
    """Every mutable object reachable from the value, by identity."""
    if isinstance(value, IMMUTABLE):
        return found
    if isinstance(value, tuple | frozenset):
        inner: Any = value
    elif id(value) in found:
        return found
    else:
        found[id(value)] = value
        if isinstance(value, BaseModel):
            parts = (value.__dict__, value.__pydantic_extra__, value.__pydantic_private__)
            inner = (*parts, value.__pydantic_fields_set__)
        elif isinstance(value, dict):
            inner = [*value, *value.values()]
        else:
            inner = value
    for item in inner:
        _mutable(item, found)
    return found


def _shared(a: Any, b: Any) -> list[Any]:
    ours, other = _mutable(a, {}), _mutable(b, {})
    return [ours[key] for key in ours.keys() & other.keys()]


@settings(deadline=None)
@given(STEPS)
def test_events_some_failing_equal_the_successful_ones_alone(steps: list[tuple[int, bool]]) -> None:
    tree, good = _Tree(id="t"), []
    for amount, raises in steps:
        try:
            tree.add(amount, raises)
        except (ValueError, InvalidStateError):
            continue
        good.append(amount)
    alone = _Tree(id="t")
    for amount in good:
        alone.add(amount, raises=False)
    assert tree == alone


@settings(deadline=None)
@given(STEPS, st.booleans())
def test_events_inside_an_event_some_failing_equal_the_same_in_place(
    steps: list[tuple[int, bool]], leased: bool
) -> None:
    tree, facts = _Tree(id="t"), Facts()
    draft = open_draft(tree, facts, Lease() if leased else None)
    held = draft.leaves
    draft.add_all(steps)
    one_by_one, good = _Tree(id="t"), []
    for amount, raises in steps:
        try:
            one_by_one.add(amount, raises)
        except (ValueError, InvalidStateError):
            continue
        good.append(amount)
    assert close_draft(draft) == one_by_one
    assert draft.leaves is held
    assert facts.emitted == good
    assert tree == _Tree(id="t")


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from("abc"), VALUES), st.dictionaries(st.sampled_from("abc"), VALUES)
)
def test_patch_between_two_mappings_leads_from_one_to_the_other(
    a: dict[str, Any], b: dict[str, Any]
) -> None:
    made = apply(diff(a, b), a)
    assert made.keys() == b.keys()
    assert all(same(made[name], b[name]) for name in b)
    assert not diff(b, {name: made[name] for name in b})
    assert not diff(a, copy_value(a))


@settings(deadline=None)
@given(TREES, TREES)
def test_patch_between_two_entities_leads_from_one_to_the_other(a: _Tree, b: _Tree) -> None:
    made = apply(diff(a, b), a)
    assert same(made, b)
    assert not diff(b, made)
    assert _shared(made, a) == []
    assert _shared(made, b) == []


@settings(deadline=None)
@given(VALUES, VALUES)
def test_same_is_symmetric_and_holds_for_copies(a: Any, b: Any) -> None:
    assert same(a, b) == same(b, a)
    assert same(a, copy_value(a))
    if same(a, b):
        assert repr(a) == repr(b) or isinstance(a, set) or "{" in repr(a)


@settings(deadline=None)
@given(TREES, st.booleans(), STEPS)
def test_draft_shares_nothing_mutable_with_its_snapshots(
    tree: _Tree, leased: bool, steps: list[tuple[int, bool]]
) -> None:
    before = copy_value(values_of(tree))
    draft = open_draft(tree, Facts(), Lease() if leased else None)
    assert same(values_of(tree), values_of(close_draft(draft)))
    draft.add_all(steps)
    draft.data = [draft.data, tree.data]
    made = close_draft(draft)
    assert _shared(tree, open_draft(tree, Facts())) == []
    assert _shared(made, draft) == []
    assert _shared(made, tree) == []
    assert same(before, values_of(tree))


@settings(deadline=None)
@given(TREES, STEPS)
def test_commit_equals_a_fresh_validation(tree: _Tree, steps: list[tuple[int, bool]]) -> None:
    for amount, raises in steps:
        try:
            tree.add(amount, raises)
        except (ValueError, InvalidStateError):
            continue
    assert same(_Tree.model_validate(copy_value(values_of(tree))), tree)
    draft = open_draft(tree, Facts())
    assert same(close_draft(draft), tree)


@settings(deadline=None)
@given(TREES)
def test_evolve_shares_nothing_mutable(tree: _Tree) -> None:
    data = [tree.data]
    made = tree.evolve(data=data)
    assert _shared(made, tree) == []
    assert _shared(made.data, data) == []
