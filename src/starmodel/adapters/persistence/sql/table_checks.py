"""What a table that is there already must have to serve its class."""

from __future__ import annotations

from collections.abc import Collection

from starmodel.adapters.persistence.sql.tables import EXPIRES, VERSION, EntityTable
from starmodel.core.errors import ConfigurationError


def check_columns(mapped: EntityTable, there: Collection[str]) -> None:
    """Let a table pass that is not there yet, or has every column that is written and read.

    Raises: ConfigurationError, naming the table, the columns that it lacks and the remedy.
    """
    names = {name.lower() for name in there}
    missing = [c.name for c in mapped.table.columns if c.name.lower() not in names]
    if not there or not missing:
        return
    table, name = mapped.table.name, mapped.entity_type.name
    remedy = (
        "Run `starmodel migrate`, or drop the table in a development database so that it is "
        "made anew."
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
