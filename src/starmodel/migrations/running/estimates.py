"""How long steps keep writers away from large tables, where a database can't change them online."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from starmodel.migrations.errors import BlockingError
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.difference import TableDifference, difference
from starmodel.migrations.running.ddl.mysql import copies
from starmodel.migrations.running.ddl.remade_keys import remake_keys
from starmodel.migrations.running.ddl.sqlite import needs_rebuild
from starmodel.migrations.running.planning.actions import PlannedStep, SchemaAction
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.editing import qualified_table

LONG_S = 2.0
"""The estimate from which a step needs permission while a server runs."""
ROWS_PER_S = {"sqlite": 300_000, "mysql": 100_000}
FACTOR = 2
"""By how much machines and their load let a copy be quicker or slower than its estimate."""
BYTES_PER_S = {"sqlite": 40_000_000, "mysql": 50_000_000}
"""About what is copied in a second, as `benchmarks/migrations.py` measures it: a table takes the
sum of both times."""


class Block(NamedTuple):
    """A table that is copied. Units: seconds is an estimate."""

    table: str
    rows: int
    seconds: float

    def __str__(self) -> str:
        least, most = (max(1, round(self.seconds * factor)) for factor in (1 / FACTOR, FACTOR))
        return f"{self.table} ({self.rows} rows, about {least} to {most} s)"


def blocks(session: Session, steps: Iterable[PlannedStep]) -> list[Block]:
    """Return the tables of before that are copied, with the sum of their estimates.

    PostgreSQL changes large tables in steps that don't block.
    """
    if session.kind == "postgresql":
        return []
    catalogue = Catalogue(session)
    first: dict[str, str] = {}
    times: dict[str, int] = {}
    for step in steps:
        for action in step.actions:
            if not isinstance(action, SchemaAction):
                continue
            for id, table in _names(action.before):
                first.setdefault(id, table)
            for table_difference in _copied(session, action):
                id = table_difference.old.definition.id
                times[id] = times.get(id, 0) + 1
    found = []
    for id, count in times.items():
        rows = catalogue.row_estimate(first[id]) if catalogue.has_table(first[id]) else 0
        if rows:
            size = rows * catalogue.row_bytes(first[id])
            once = rows / ROWS_PER_S[session.kind] + size / BYTES_PER_S[session.kind]
            found.append(Block(first[id], rows, count * once))
    return found


def _names(schema: Schema) -> Iterator[tuple[str, str]]:
    for entity in schema:
        if not entity.external:
            yield entity.id, qualified_table(entity)


def _copied(session: Session, action: SchemaAction) -> Iterator[TableDifference]:
    found = difference(action.before, action.after, session.sql_dialect)
    if session.kind == "mysql":
        remake_keys(found)
    for table in found.tables:
        if session.kind == "sqlite":
            if needs_rebuild(table, session.sql_dialect):
                yield table
        elif copies(table):
            yield table


def long_blocks(
    session: Session, what: str, steps: Iterable[PlannedStep], *, permitted: bool
) -> list[Block]:
    """Return the tables that are copied for long.

    Raises: BlockingError, while a server runs, unless it is permitted.
    """
    found = [block for block in blocks(session, steps) if block.seconds >= LONG_S]
    if found and not permitted and session.is_shared():
        listed = ", ".join(map(str, found))
        raise BlockingError(
            f"{what} copies {listed}, and writers wait meanwhile. Another process uses the "
            "database. Stop the server first, or permit it with --blocking; nothing was changed."
        )
    return found
