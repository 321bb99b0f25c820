"""What the expansions of steps share: their result, and actions that change tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starmodel.migrations.running.planning.actions import Action, SchemaAction
from starmodel.migrations.running.planning.states import State
from starmodel.migrations.running.rows.works import Fill

Expanded = tuple[list[Action], State]
"""The actions of a step, and the state that they lead to."""


def schema_change(before: State, after: State, about: str, *first: Any) -> SchemaAction:
    """Return the action between two states, with work on rows before it."""
    return SchemaAction(before.physical, after.physical, about, tuple(first))


def again(fill: Fill) -> Fill:
    """Return the fill for rows that were inserted since the first one."""
    return replace(fill, again=True)
