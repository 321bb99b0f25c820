"""Constraint violations of a commit, reported beside the inputs of the row that causes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starmodel.app.commands.command import Command, RowCommand
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.query import Filter, Query
from starmodel.core.entity import Entity
from starmodel.core.errors import ConstraintError, StarModelError

MAX_COMPARED = 1000


async def name_row(
    error: ConstraintError, command: Command, persistence: PersistenceManager
) -> None:
    """Let the error name the inputs of the row that the store refused, "lines.0.product".

    A store names class and fields only. The row is the one whose values another record has;
    where none is found, the relation is named.
    """
    rows = [
        row
        for row in command.rows
        if row.command is not None
        and row.draft is not None
        and row.draft.__entity__.name == error.entity
    ]
    if not rows or not error.fields or command.entity_type.name == error.entity:
        return
    row = rows[0] if len(rows) == 1 else await _violating(rows, tuple(error.fields), persistence)
    if row is None:
        error.fields = {rows[0].children.name: next(iter(error.fields.values()))}
    else:
        error.fields = {f"{row.name}.{name}": text for name, text in error.fields.items()}


async def _violating(
    rows: Sequence[RowCommand], fields: tuple[str, ...], persistence: PersistenceManager
) -> RowCommand | None:
    """The row with the values of another one before it, else of a stored record.

    None where the values can't be compared, as lists, or as numbers beyond those of the store.
    """
    cls = rows[0].children.of
    if not all(cls.__entity__.fields[name].atomic for name in fields):
        return None
    drafts = [(row, row.draft) for row in rows if row.draft is not None]
    seen: set[Any] = set()
    for row, draft in drafts:
        values = _values(draft, fields)
        if None not in values and values in seen:
            return row
        seen.add(values)
    known: Any = sorted({getattr(d, fields[0], None) for _, d in drafts} - {None}, key=str)
    among = (Filter(fields[0], "in", known),)
    try:
        stored = await persistence.for_class(cls).list(Query(cls, among, limit=MAX_COMPARED))
    except (StarModelError, ValueError, OverflowError):
        return None  # the refusal itself is what is to be reported
    ids = {_values(entity, fields): entity.id for entity in stored}
    for row, draft in drafts:
        values = _values(draft, fields)
        if values in ids and ids[values] != draft.id:
            return row
    return None


def _values(entity: Entity, fields: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple([getattr(entity, name, None) for name in fields])
