"""Detects renamed classes, whose records are still in the table of the old name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from starmodel.adapters.persistence.sql.engine import Engine
from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable


async def renamed_classes(tables: Sequence[EntityTable], engine: Engine) -> list[str]:
    """Find, for each empty table, an unmapped table with the same columns and with rows.

    Shapes: sentences that name both tables and the SQL statements of the remedy.
    """
    named = [made for made in tables if made.table.schema is None]
    if not named:
        return []
    columns: dict[str, set[str]] = defaultdict(set)
    for table, column in await engine.rows(engine.sql_dialect.all_columns, ()):
        columns[_text(table)].add(_text(column).lower())
    used = {made.table.name.lower() for made in tables}
    found = []
    for made in named:
        own = {column.name.lower() for column in made.table.columns}
        alike = [
            table for table, theirs in columns.items()
            if theirs == own and table.lower() not in used
        ]  # fmt: skip
        if not alike or await _has_rows(made.table.name, engine):
            continue
        for other in alike:
            if await _has_rows(other, engine):
                found.append(_sentence(made, other, engine))
    return found


def _sentence(made: EntityTable, other: str, engine: Engine) -> str:
    quote = engine.sql_dialect.sqlalchemy.identifier_preparer.quote
    own, theirs = quote(made.table.name), quote(other)
    return (
        f"The table {made.table.name!r} of {made.entity_type.name} is empty, and the table "
        f"{other!r} has the same columns, and rows, but no class uses it. If the class was "
        f"renamed, stop the application, and: DROP TABLE {own}; ALTER TABLE {theirs} RENAME TO "
        f"{own}; or keep the table by __tablename__ = {other!r} in the class."
    )


async def _has_rows(table: str, engine: Engine) -> bool:
    quoted = engine.sql_dialect.sqlalchemy.identifier_preparer.quote(table)
    return bool(await engine.rows(f"SELECT 1 FROM {quoted} LIMIT 1", ()))  # noqa: S608 - quoted


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
