"""Finds what a migration would refuse, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.checking.names import refused_names
from starmodel.migrations.running.checking.refused import Refused
from starmodel.migrations.running.checking.simulation import Simulation
from starmodel.migrations.running.checking.unfit import unfit_values
from starmodel.migrations.running.checking.views import affected_views
from starmodel.migrations.running.checking.violations import Violations
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.planning.actions import (
    Action,
    DataAction,
    OperationsAction,
    PlannedStep,
    RowAction,
    SchemaAction,
    SqlAction,
)
from starmodel.migrations.running.rows.works import Convert, Fill, Replace, Split


def check_problems(session: Session, id: str, steps: Sequence[PlannedStep]) -> None:
    """Refuse a migration for which rows must be corrected first.

    Raises: MigrationError, which lists the rows: the first ten of each kind, and their number.
    """
    predictable = _predictable(steps)
    views = affected_views(session, predictable)
    found = [*_names(session, predictable), *views, *_of(session, predictable)]
    if found:
        listed = "\n".join(f"- {refused}" for refused in found)
        raise MigrationError(f"{id} can't run, and nothing was changed:\n{listed}")


def _names(session: Session, actions: Sequence[Action]) -> list[str]:
    """Return the names that the database would refuse."""
    schemas = [action for action in actions if isinstance(action, SchemaAction)]
    return refused_names(session, schemas[0].before, schemas[-1].after) if schemas else []


def problems(session: Session, steps: Sequence[PlannedStep]) -> list[Refused]:
    """Return the rows that the steps would refuse.

    After a step of the developer's own code, rows are no longer what they are now, so what
    follows is left to the database.
    """
    return _of(session, _predictable(steps))


def _predictable(steps: Sequence[PlannedStep]) -> list[Action]:
    actions: list[Action] = []
    for step in steps:
        for action in step.actions:
            own = isinstance(action, SqlAction) and action.table is None
            if own or isinstance(action, DataAction | OperationsAction):
                return actions
            actions.append(action)
    return actions


def _of(session: Session, actions: Sequence[Action]) -> list[Refused]:
    schemas = [action for action in actions if isinstance(action, SchemaAction)]
    if not schemas:
        return []
    before, after = schemas[0].before, schemas[-1].after
    changed = _changed(actions)
    found = Simulation(session, before, after, actions, changed).run()
    found += unfit_values(session, before, actions)
    return found or Violations(session, before, after, changed).find()


def _changed(actions: Sequence[Action]) -> set[tuple[str, str]]:
    """Return the ids of the fields whose values change."""
    found = set()
    for action in actions:
        if not isinstance(action, RowAction):
            continue
        work = action.work
        entity = work.schema.entity(work.entity)
        names: list[str] = []
        if isinstance(work, Fill | Replace):
            names = [work.name]
        elif isinstance(work, Convert):
            names = [work.old]
        elif isinstance(work, Split):
            names = list(work.parts)
        found |= {(entity.id, entity.field(name).id) for name in names}
    return found
