"""What an undone migration has put aside, to be taken back when it is applied again."""

from __future__ import annotations

from starmodel.adapters.persistence.sql.schema.identifiers import short_name
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps import AddField, CreateEntity

Leftovers = frozenset[str]
"""The names of columns and tables that are aside."""
NONE: Leftovers = frozenset()


def name_aside(name: str, migration: str) -> str:
    """Return the name of a column or table that is put aside when a migration is undone."""
    return short_name(f"_undone_{name}_{migration.partition('_')[0]}")


def find_leftovers(session: Session, file: MigrationFile, before: Schema) -> Leftovers:
    """Return what this migration added and an earlier undo has put aside."""
    catalogue = Catalogue(session)
    ids = {entity.id: entity for entity in before}
    found = set()
    for step in file.steps:
        if isinstance(step, CreateEntity) and file.schema.has_entity(step.entity):
            entity = file.schema.entity(step.entity)
            name = name_aside(entity.table, file.id)
            if catalogue.has_table(name, entity.schema_name):
                found.add(name)
        elif isinstance(step, AddField) and file.schema.has_entity(step.entity):
            after = file.schema.entity(step.entity)
            earlier = ids.get(after.id)
            if earlier is None or not after.has_field(step.field):
                continue
            name = name_aside(after.field(step.field).column, file.id)
            if name in catalogue.columns(earlier.table, earlier.schema_name):
                found.add(name)
    return frozenset(found)
