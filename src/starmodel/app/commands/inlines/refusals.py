"""Names the rows whose values a constraint of the store has refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starmodel.app.commands.command import Command, RowCommand
from starmodel.app.commands.inlines.rows import MAX_ROWS
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.query import Filter, Query
from starmodel.core.errors import ConstraintError, StarModelError
from starmodel.texts.catalogue import joined


async def name_rows(
    error: ConstraintError, command: Command, persistence: PersistenceManager
) -> None:
    """Rename the fields of a child's error to the inputs of its row, such as "lines.0.code".

    An error that no single row explains is one of the relation. A store names no row, so the one
    is found by its values, with at most one query.
    """
    rows = [
        row
        for row in command.rows
        if row.draft is not None and row.children.of.__entity__.name == error.entity
    ]
    if not rows or error.entity == command.entity_type.name:
        return
    row = rows[0] if len(rows) == 1 else await _refused(rows, tuple(error.fields), persistence)
    if row is None:
        text = joined("joined.sentences", error.fields.values())
        error.fields = {rows[0].children.name: text} if error.fields else {}
    else:
        error.fields = {f"{row.name}.{name}": text for name, text in error.fields.items()}


async def _refused(
    rows: Sequence[RowCommand], names: Sequence[str], persistence: PersistenceManager
) -> RowCommand | None:
    """The first row with the values of another row, or else of a stored record; None if unknown."""
    cls = rows[0].children.of
    if not names or any(not cls.__entity__.fields[name].atomic for name in names):
        return None
    values = {row.name: _values(row.draft, names) for row in rows}
    seen: list[Any] = []
    for row in rows:
        if values[row.name] in seen:
            return row
        seen.append(values[row.name])
    wanted = [one[0] for one in seen if one[0] is not None]
    try:
        repository = persistence.for_class(cls)
        stored = await repository.list(
            Query(cls, (Filter(names[0], "in", wanted),), limit=MAX_ROWS)
        )
    except (StarModelError, ValueError):  # it only says which row it is
        return None
    own = {row.id for row in rows if row.id is not None}
    taken = [_values(each, names) for each in stored if str(each.id) not in own]
    return next((row for row in rows if values[row.name] in taken), None)


def _values(entity: Any, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple([getattr(entity, name) for name in names])
