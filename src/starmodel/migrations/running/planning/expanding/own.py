"""Steps of the developer: SQL, Alembic's operations, data and events."""

from __future__ import annotations

from starmodel.migrations.running.planning.actions import (
    DataAction,
    EventsAction,
    OperationsAction,
    SqlAction,
)
from starmodel.migrations.running.planning.describing import describe, statements_of
from starmodel.migrations.running.planning.expanding.expanded import Expanded
from starmodel.migrations.running.planning.states import State
from starmodel.migrations.steps import (
    Operations,
    RunData,
    RunEvents,
    RunSql,
)


def run_sql(step: RunSql, state: State, after: State) -> Expanded:
    """Run each statement."""
    return [SqlAction(sql, f"Run {sql}") for sql in statements_of(step.do)], after


def operations(step: Operations, state: State, after: State) -> Expanded:
    """Run Alembic's operations."""
    return [OperationsAction(step.do, describe(step))], after


def run_data(step: RunData, state: State, after: State) -> Expanded:
    """Run a function of rows."""
    return [DataAction(step.do, state.physical, describe(step))], after


def run_events(step: RunEvents, state: State, after: State) -> Expanded:
    """Dispatch events, once all tables are those of the classes."""
    return [EventsAction(step.do, describe(step))], after
