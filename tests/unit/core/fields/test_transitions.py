"""`transitions(…)`: the declaration, and the check in plain Python."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel import ConfigurationError, Entity, InvalidStateError, event, transitions
from starmodel.core.fields.transitions import members_of

STATES = ("draft", "placed", "paid", "cancelled")
STEPS = transitions(draft=["placed"], placed=["paid", "cancelled"])


class _Order(Entity):
    model_config = {"scope": "record"}
    status: Annotated[Literal["draft", "placed", "paid", "cancelled"], STEPS] = "draft"

    @event
    def move(self, *states: Any) -> None:
        for state in states:
            self.status = state


@given(st.sampled_from(STATES), st.sampled_from(STATES))
def test_event_commits_declared_steps_alone(before: Any, after: Any) -> None:
    order = _Order(status=before)
    if STEPS.permits(before, after):
        order.move(after)
        assert order.status == after
    else:
        with pytest.raises(InvalidStateError) as caught:
            order.move(after)
        assert set(caught.value.fields) == {"status"}
        assert order.status == before


def test_refusal_names_both_states() -> None:
    with pytest.raises(InvalidStateError, match="“Draft” can't become “Paid”"):
        _Order().move("paid")


def test_one_commit_counts_by_what_it_changes_in_all() -> None:
    with pytest.raises(InvalidStateError):
        _Order().move("placed", "paid")
    order = _Order()
    order.move("placed", "draft")
    assert order.status == "draft"


def test_reachable_states_follow_every_step() -> None:
    assert STEPS.reachable("draft") == {"placed", "paid", "cancelled"}
    assert STEPS.reachable("paid") == frozenset()
    assert STEPS.after("placed") == ("paid", "cancelled")


class _Level(Enum):
    LOW = 1
    HIGH = 2


def test_members_of_an_enum_are_named_by_member_or_value() -> None:
    rule = transitions({_Level.LOW: [_Level.HIGH]})
    assert rule.permits(_Level.LOW, _Level.HIGH)
    assert rule.permits(1, 2)
    assert not rule.permits(_Level.HIGH, _Level.LOW)
    assert rule.permits(None, _Level.HIGH)
    assert members_of(_Level | None) == (1, 2)
    assert members_of(Annotated[Literal["a"], rule]) == ("a",)
    assert members_of(str) == ()


def test_unknown_state_and_field_without_choices_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"'lost'.*'open', 'done'"):

        class Wrong(Entity):
            state: Annotated[Literal["open", "done"], transitions(open=["lost"])] = "open"

    with pytest.raises(ConfigurationError, match="is no choice"):

        class Text(Entity):
            state: Annotated[str, transitions(open=["done"])] = "open"

    with pytest.raises(ConfigurationError, match="expected a list"):
        transitions(open="done")
