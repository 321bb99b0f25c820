"""What a table that is there already must have to serve its class."""

from __future__ import annotations

from collections.abc import Collection

from pydantic_core import PydanticUndefined
from sqlalchemy import literal
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateColumn

from starmodel.adapters.persistence.sql.tables import EXPIRES, VERSION, EntityTable
from starmodel.core.errors import ConfigurationError


def check_columns(mapped: EntityTable, there: Collection[str], dialect: Dialect) -> None:
    """Let a table pass that is not there yet, or has every column that is written and read.

    Raises: ConfigurationError, naming the table, the columns that it lacks and the remedy.
    """
    names = {name.lower() for name in there}
    missing = [c.name for c in mapped.table.columns if c.name.lower() not in names]
    if not there or not missing:
        return
    table, name = mapped.table.name, mapped.entity_type.name
    statements = " ".join(_addition(mapped, column, dialect) for column in missing)
    remedy = (
        f"Add them, with a value for the rows that exist: {statements} Or drop the table in a "
        "development database, so that the next start creates it."
    )
    if {VERSION, EXPIRES}.issuperset(missing):
        types = {VERSION: "BIGINT NOT NULL DEFAULT 1", EXPIRES: "DOUBLE PRECISION"}
        added = ", ".join(f"{column} {types[column]}" for column in missing)
        remedy = f"Records with a ttl need them: add {added}; or leave the ttl out of {name}."
    elif VERSION not in names:  # another program's, which nobody should drop
        remedy = f"Add them to it, or leave their fields out of {name}."
    raise ConfigurationError(
        f"The table {table!r} of {name} lacks the columns {', '.join(map(repr, missing))}. {remedy}"
    )


def _addition(mapped: EntityTable, name: str, dialect: Dialect) -> str:
    """The statement that adds a column; … stands for a default that only the developer knows."""
    column = mapped.table.c[name]
    quoted = dialect.identifier_preparer.format_table(mapped.table)
    made = str(CreateColumn(column).compile(dialect=dialect))
    if not column.nullable:
        made += f" DEFAULT {_default(mapped, name, dialect)}"
    return f"ALTER TABLE {quoted} ADD COLUMN {made};"


def _default(mapped: EntityTable, name: str, dialect: Dialect) -> str:
    field = next((f for f in mapped.fields.values() if f.column.name == name), None)
    if field is None:
        return "1"  # a version
    value = mapped.cls.__pydantic_fields__[field.name].default
    if value is PydanticUndefined or value is None:
        return "…"
    try:
        bound = literal(value, field.column.type)
        return str(bound.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    except (CompileError, NotImplementedError, TypeError, ValueError, AttributeError):
        return "…"  # a type that has no literal, such as JSON


def check_fit(mapped: EntityTable, unfit: str) -> None:
    """Let a table pass that lets each of its rows be found and held.

    Shapes: unfit is what the database says against it, "" for nothing.
    Raises: ConfigurationError, naming the remedy.
    """
    if unfit:
        raise ConfigurationError(
            f"The table {mapped.table.name!r} of {mapped.entity_type.name} {unfit}."
        )


def no_key(table: str, column: str) -> str:
    """What is wrong with a table whose ids are not unique."""
    return (
        f"lets several rows have the same {column}, and has no column {VERSION} to tell changes "
        f"by. Declare its key as the id, or: CREATE UNIQUE INDEX {table}_{column} "
        f"ON {table} ({column})"
    )


def guard_of(mapped: EntityTable) -> str:
    """What keeps updates from being lost where no column does; "" where one does."""
    if mapped.versioned:
        return ""
    return (
        f"The table {mapped.table.name!r} of {mapped.entity_type.name} has no column {VERSION}, so "
        "each commit compares the row with what was read; changes of other programs show at the "
        "next reading."
    )
