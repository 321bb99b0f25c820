"""Finds names of tables and columns that a database would refuse or cut."""

from __future__ import annotations

from collections.abc import Iterator

from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.schema.definitions import EntityDefinition, Schema

_MAX_LENGTHS = {"postgresql": 63, "mysql": 64}
"""Units: bytes of UTF-8 on PostgreSQL, which cuts longer names; characters on MySQL."""


def refused_names(session: Session, before: Schema, after: Schema) -> list[str]:
    """Return what is wrong with the names that a migration gives, one sentence each."""
    olds = {entity.id: entity for entity in before}
    found: list[str] = []
    for entity in after:
        if entity.external:
            continue
        old = olds.get(entity.id)
        if old is None or old.table != entity.table:
            found += _too_long(session, entity.name, "table", entity.table)
        found += _columns(session, entity, old)
    return found


def _columns(
    session: Session, entity: EntityDefinition, old: EntityDefinition | None
) -> Iterator[str]:
    known = {field.column for field in old.fields} if old else set()
    new = [field for field in entity.fields if field.column not in known]
    present: set[str] = set()
    if old is not None and new:
        present = set(Catalogue(session).columns(old.table, old.schema_name)) - known
    for field in new:
        title = f"{entity.name}.{field.name}"
        yield from _too_long(session, title, "column", field.column)
        if field.column in present:
            yield (
                f"{title}: the table {entity.table!r} has a column {field.column!r} that no "
                "migration made. Rename or drop that column, or give the field another name."
            )


def _too_long(session: Session, title: str, what: str, name: str) -> Iterator[str]:
    limit = _MAX_LENGTHS.get(session.kind)
    in_bytes = session.kind == "postgresql"
    length = len(name.encode() if in_bytes else name)
    if limit is not None and length > limit:
        unit = "bytes" if in_bytes else "characters"
        yield (
            f"{title}: {name!r} has {length} {unit}, and the name of a {what} has at most {limit} "
            "on this database. Choose a shorter name."
        )
