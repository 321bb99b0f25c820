"""The order in which tables can be created."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ForeignKeyConstraint, Table
from sqlalchemy.schema import sort_tables_and_constraints

Creation = tuple[list[tuple[Table, list[ForeignKeyConstraint]]], list[ForeignKeyConstraint]]


def creation_order(given: Iterable[Table]) -> Creation:
    """Return the tables in creation order, each with the foreign keys it can have by then.

    The second part are the foreign keys to add once all tables exist,
    because their tables refer to each other.
    """
    tables: list[tuple[Table, list[ForeignKeyConstraint]]] = []
    later: list[ForeignKeyConstraint] = []
    for table, keys in sort_tables_and_constraints(list(given)):  # type: ignore[no-untyped-call]
        if table is None:
            later = list(keys)
        else:
            tables.append((table, list(keys)))
    return tables, later
