"""Finds the values that triggers between two columns can't convert to the new type."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.migrations.comparing.changes.words import type_words
from starmodel.migrations.running.checking.refused import SHOWN, Refused
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.planning.actions import Action, RowAction
from starmodel.migrations.running.rows.copying import Copy
from starmodel.migrations.running.rows.table import RowTable
from starmodel.migrations.running.rows.works import shown_value
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.tables import build_tables
from starmodel.migrations.steps.values import UNSET


def unfit_values(session: Session, before: Schema, actions: Sequence[Action]) -> list[Refused]:
    """Return the rows that a copy to another type would leave without a value.

    Shapes: before is the physical schema with the present tables.
    """
    works = [action.work for action in actions if isinstance(action, RowAction)]
    copies = [work for work in works if isinstance(work, Copy) and work.is_forward]
    found = [_of_copy(session, before, copy) for copy in copies if copy.on_error is UNSET]
    return [refused for refused in found if refused is not None and refused.count]


def _of_copy(session: Session, before: Schema, copy: Copy) -> Refused | None:
    target = copy.table(session)
    pair = copy.pair(target)
    if not pair.converts:
        return None
    own = copy.schema.entity(copy.entity)
    entity = next((each for each in before if each.id == own.id), None)
    id = target.fields[copy.source].definition.id
    field = next((each for each in (entity.fields if entity else ()) if each.id == id), None)
    if entity is None or field is None:
        return None
    table = RowTable(session, build_tables(before, session.sql_dialect)[entity.name])
    column = table.column(field.name)
    where = f"{column} IS NOT NULL AND {pair.to_new.of(column)} IS NULL"
    rows = table.batch([field.name], where=where, limit=SHOWN)
    new = target.fields[copy.target].definition
    refused = Refused(
        f"{copy.entity}.{new.name}",
        f"no {type_words(new)} that a trigger converts exactly",
        "Correct these values first, or give the value of such rows: "
        f"--convert {copy.entity}.{new.name}=VALUE",
        len(rows),
        [
            f"{shown_value(table.fields[field.name], value)} in the row {key!r}"
            for key, value in rows
        ],
    )
    if len(rows) == SHOWN:
        refused.count = int(session.value(f"SELECT COUNT(*) FROM {table.name} WHERE {where}"))  # noqa: S608
    return refused
