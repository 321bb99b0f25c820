"""Checks whether an existing table fits its entity type."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from pydantic_core import PydanticUndefined
from sqlalchemy import Column, literal
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateColumn

from starmodel.adapters.persistence.sql.schema.entity_table import (
    EXPIRES,
    VERSION,
    EntityTable,
    StoredField,
)
from starmodel.adapters.persistence.sql.schema.existing.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.existing.retype_statements import retype_statements
from starmodel.core.errors import ConfigurationError


def check_columns(mapped: EntityTable, existing: Collection[str], dialect: Dialect) -> None:
    """Accept a missing table, or one with every column that is read or written.

    Raises: ConfigurationError, naming the table, its missing columns and the remedy.
    """
    names = {name.lower() for name in existing}
    missing = [c.name for c in mapped.table.columns if c.name.lower() not in names]
    if not existing or not missing:
        return
    table, name = mapped.table.name, mapped.entity_type.name
    statements = " ".join(_add_statement(mapped, column, dialect) for column in missing)
    remedy = (
        f"Add them, with a value for the rows that exist: {statements} Or drop the table in a "
        "development database, so that the next start creates it."
    )
    if {VERSION, EXPIRES}.issuperset(missing):
        types = {VERSION: "BIGINT NOT NULL DEFAULT 1", EXPIRES: "DOUBLE PRECISION"}
        added = ", ".join(f"{column} {types[column]}" for column in missing)
        remedy = f"Records with a ttl need them: add {added}; or leave the ttl out of {name}."
    elif VERSION not in names:  # an external table, which must not be dropped
        remedy = f"Add them to it, or leave their fields out of {name}."
    raise ConfigurationError(
        f"The table {table!r} of {name} lacks the columns {', '.join(map(repr, missing))}. {remedy}"
    )


def _add_statement(mapped: EntityTable, name: str, dialect: Dialect) -> str:
    """Return the ALTER TABLE that adds a column; … marks a default that the developer chooses."""
    column = mapped.table.c[name]
    quoted = dialect.identifier_preparer.format_table(mapped.table)
    made = str(CreateColumn(column).compile(dialect=dialect))
    if not column.nullable:
        made += f" DEFAULT {_default(mapped, name, dialect)}"
    return f"ALTER TABLE {quoted} ADD COLUMN {made};"


def _default(mapped: EntityTable, name: str, dialect: Dialect) -> str:
    field = next((f for f in mapped.fields.values() if f.column.name == name), None)
    if field is None:
        return "1"  # the version column
    value = mapped.cls.__pydantic_fields__[field.name].default
    if value is PydanticUndefined or value is None:
        return "…"
    try:
        bound = literal(value, field.column.type)
        return str(bound.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    except (CompileError, NotImplementedError, TypeError, ValueError, AttributeError):
        return "…"  # a type without a literal, such as JSON


def check_row_key(mapped: EntityTable, problem: str) -> None:
    """Accept a table whose rows can be found and locked by key.

    Shapes: problem is the database's reason against the key, "" for none.
    Raises: ConfigurationError, naming the remedy.
    """
    if problem:
        raise ConfigurationError(
            f"The table {mapped.table.name!r} of {mapped.entity_type.name} {problem}."
        )


def missing_key_problem(table: str, column: str) -> str:
    """Describe a table whose key is not unique."""
    return (
        f"lets several rows have the same {column}, and has no column {VERSION} to tell changes "
        f"by. Declare its key as the id, or: CREATE UNIQUE INDEX {table}_{column} "
        f"ON {table} ({column})"
    )


def external_table_note(mapped: EntityTable) -> str:
    """Describe the protection against lost updates without a version column; "" with one."""
    if mapped.versioned:
        return ""
    return (
        f"The table {mapped.table.name!r} of {mapped.entity_type.name} has no column {VERSION}, so "
        "each commit compares the row with what was read; changes of other programs show at the "
        "next reading."
    )


class TableWarning(NamedTuple):
    """A difference between a table and its class. Shapes: blocks, every create fails."""

    text: str
    blocks: bool = False


def constraint_warnings(
    mapped: EntityTable, existing: FoundColumns, dialect: Dialect
) -> list[TableWarning]:
    """Find constraints of an existing table that its entity type violates, so writes fail.

    Shapes: texts name table, column and remedy; existing is empty for a table
    that was just created.
    """
    table, name = mapped.table.name, mapped.entity_type.name
    columns = {column.name.lower(): column for column in mapped.table.columns}
    fields = {field.column.name.lower(): field for field in mapped.fields.values()}
    found = []
    for column, is_found in existing.items():
        if not is_found.not_null:
            continue
        where = f"The column {column!r} of the table {table!r}"
        own, field = columns.get(column.lower()), fields.get(column.lower())
        if own is None and not is_found.has_default:
            text = (
                f"{where} needs a value and has no default, and {name} has no field for it, so no "
                f"{name} can be created. Declare the field again, or, after a backup: "
                f"{_drop_statement(mapped, column, dialect)}"
            )
            found.append(TableWarning(text, blocks=mapped.versioned))
        elif own is not None and own.nullable and field is not None and not _is_filled(field):
            text = (
                f"{where} is NOT NULL, and {name}.{field.name} may be None, which the database "
                f"refuses. Declare the field without None, or: "
                f"{_allow_null_statement(mapped, own, dialect)}"
            )
            found.append(TableWarning(text))
    return found


def _is_filled(field: StoredField) -> bool:
    """True when a default or the database supplies a value for None."""
    return field.insert is not None or field.has_server_default or field.computed


def _drop_statement(mapped: EntityTable, column: str, dialect: Dialect) -> str:
    quoted = dialect.identifier_preparer.format_table(mapped.table)
    name = dialect.identifier_preparer.quote(column)
    if dialect.name == "postgresql":
        return f"ALTER TABLE {quoted} ALTER COLUMN {name} DROP NOT NULL;"
    return f"ALTER TABLE {quoted} DROP COLUMN {name};"


def _allow_null_statement(mapped: EntityTable, column: Column[Any], dialect: Dialect) -> str:
    quoted = dialect.identifier_preparer.format_table(mapped.table)
    name = dialect.identifier_preparer.quote(column.name)
    if dialect.name == "postgresql":
        return f"ALTER TABLE {quoted} ALTER COLUMN {name} DROP NOT NULL;"
    if dialect.name == "sqlite":
        return retype_statements(mapped.table.name, column, dialect).rpartition("backup: ")[2] + ";"
    column_type = dialect.type_compiler_instance.process(column.type)
    return f"ALTER TABLE {quoted} MODIFY {name} {column_type} NULL;"
