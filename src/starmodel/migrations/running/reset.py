"""Deletes the tables of an application, so that its database can be made again."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import inspect

from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.database.lock import migration_lock
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.runner import WAIT_S
from starmodel.migrations.schema.definitions import Schema

OWN = "starmodel_"
"""The prefix of StarModel's own tables."""
UNDONE = "_undone_"
"""The prefix of tables that an undone migration has put aside."""


async def reset(url: str, schemas: Iterable[Schema]) -> list[str]:
    """Delete the tables of these schemas and those of StarModel, with all rows; return their names.

    Tables of other programs, and tables that no schema knows, stay.

    Raises: MigrationError, when another process migrates for long; ConfigurationError, when the
    database is unreachable.
    """
    wanted = _names(schemas)
    async with (
        open_link(url) as link,
        migration_lock(link, url, wait_s=WAIT_S, on_wait=lambda: None),
    ):
        return await link.run(lambda session: _drop(session, wanted))


def _names(schemas: Iterable[Schema]) -> set[tuple[str | None, str]]:
    names = set()
    for schema in schemas:
        names |= {(e.schema_name, e.table) for e in schema if not e.external}
        names |= {(k.entity.schema_name, k.name) for k in schema.kept if k.field is None}
    return names


def _drop(session: Session, wanted: set[tuple[str | None, str]]) -> list[str]:
    inspector = inspect(session.connection)
    found: list[tuple[str | None, str]] = [
        (None, name)
        for name in inspector.get_table_names()
        if name.startswith((OWN, UNDONE)) or (None, name) in wanted
    ]
    for other in {schema for schema, _ in wanted if schema is not None}:
        there = inspector.get_table_names(schema=other)
        found += [(other, name) for name in there if (other, name) in wanted]
    off, on = _foreign_keys(session)
    for sql in off:
        session.execute(sql)
    try:
        for schema, name in found:
            quoted = ".".join(session.quote(part) for part in (schema, name) if part)
            cascade = " CASCADE" if session.kind == "postgresql" else ""
            session.execute(f"DROP TABLE {quoted}{cascade}")
    finally:
        for sql in on:
            session.execute(sql)
    return sorted(name for _, name in found)


def _foreign_keys(session: Session) -> tuple[list[str], list[str]]:
    """Return the statements that switch foreign keys off and on; PostgreSQL needs none."""
    if session.kind == "sqlite":
        return ["PRAGMA foreign_keys=OFF"], ["PRAGMA foreign_keys=ON"]
    if session.kind == "mysql":
        return ["SET foreign_key_checks = 0"], ["SET foreign_key_checks = 1"]
    return [], []
