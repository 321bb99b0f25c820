"""SQL statements that change the type of an existing column."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column
from sqlalchemy.engine import Dialect

_RENAMED_SUFFIX = "_before"


def retype_statements(table: str, column: Column[Any], dialect: Dialect) -> str:
    """Return the ALTER statements to append to an error message, where a type change is possible.

    Shapes: "" for keys, which foreign keys and indexes may refer to.
    """
    in_development = (
        "or drop the table in a development database, so that the next start creates it"
    )
    if column.primary_key or column.unique or column.index or column.foreign_keys:
        return f", {in_development}"
    quote = dialect.identifier_preparer.quote
    change = f"ALTER TABLE {quote(table)}"
    name, column_type = quote(column.name), dialect.type_compiler_instance.process(column.type)
    if dialect.name == "postgresql":
        cast = column_type.partition(" COLLATE")[0]
        made = f"{change} ALTER COLUMN {name} TYPE {column_type} USING {name}::{cast};"
    elif dialect.name == "sqlite":  # no ALTER COLUMN TYPE
        old = quote(column.name + _RENAMED_SUFFIX)
        filler = "" if column.nullable else " NOT NULL DEFAULT ''"
        copy = f"UPDATE {quote(table)} SET {name} = {old}"  # noqa: S608 - quoted names
        made = (
            f"{change} RENAME COLUMN {name} TO {old}; "
            f"{change} ADD COLUMN {name} {column_type}{filler}; "
            f"{copy}; {change} DROP COLUMN {old};"
        )
    else:
        made = f"{change} MODIFY {name} {column_type}{' NULL' if column.nullable else ' NOT NULL'};"
    return f", {in_development}, or convert the column, after a backup: {made[:-1]}"
