"""The tables, statements and tasks of the SQL store between `open` and `close`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import MetaData

from starmodel.adapters.persistence.sql.engine import Engine, RowEngine
from starmodel.adapters.persistence.sql.query.selects import Planner
from starmodel.adapters.persistence.sql.renamed_classes import renamed_classes
from starmodel.adapters.persistence.sql.schema.creation_order import creation_order
from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable
from starmodel.adapters.persistence.sql.schema.existing.checks import (
    TableWarning,
    constraint_warnings,
)
from starmodel.adapters.persistence.sql.schema.existing.found_columns import FoundColumns
from starmodel.adapters.persistence.sql.schema.key_targets import check_targets
from starmodel.adapters.persistence.sql.schema.sequences import (
    is_numbered,
    sequence_table,
)
from starmodel.adapters.persistence.sql.schema.tables import derive_table
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.adapters.persistence.sql.sweeper import Sweeper
from starmodel.adapters.persistence.sql.write.idempotency import Markers
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import (
    Expired,
)
from starmodel.core.classes.registry import EntityType
from starmodel.core.definition.table_names import schema_of, table_name
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError


class _Process:
    """Caches the id of this process, because a system call per query is expensive."""

    def __init__(self) -> None:
        self.refresh()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.refresh)

    def refresh(self) -> None:
        self.id = os.getpid()


this_process = _Process()


@dataclass(frozen=True, slots=True)
class OpenStore:
    """The state between `open` and `close`."""

    engine: Engine
    rows: RowEngine
    statements: dict[type[Entity], Statements]
    planners: dict[type[Entity], Planner]
    markers: Markers
    sweeper: Sweeper
    process: int
    warnings: Sequence[TableWarning] = ()

    def statements_of(self, entity: type[Entity]) -> Statements:
        try:
            return self.statements[entity]
        except KeyError:
            known = ", ".join(cls.__name__ for cls in self.statements) or "none"
            raise ConfigurationError(
                f"The SQL store was opened without {entity.__name__}; it has {known}. "
                "Pass the class in create_app(entities=[…])."
            ) from None


async def open_store(
    engine: Engine, types: Sequence[EntityType], clock: Clock, expired: Expired
) -> OpenStore:
    """Create the missing tables of these classes, and compile their statements.

    Shapes: the engine is connected; the sweeper is not started.
    """
    metadata = MetaData()
    existing = [await _columns(entity_type, engine) for entity_type in types]
    tables = [
        derive_table(entity_type, metadata, engine.sql_dialect, columns)
        for entity_type, columns in zip(types, existing, strict=True)
    ]
    check_targets(tables)
    markers = Markers(metadata, engine.sql_dialect)
    if any(map(is_numbered, tables)):
        sequence_table(metadata, engine.sql_dialect)
    await engine.create(metadata, tables)
    await engine.start()
    warnings = [
        warning
        for mapped, columns in zip(tables, existing, strict=True)
        for warning in constraint_warnings(mapped, columns, engine.sql_dialect.sqlalchemy)
    ]
    warnings += map(TableWarning, await renamed_classes(tables, engine))
    statements = _statements(metadata, tables, engine, clock)
    sweeper = Sweeper(statements, markers, engine, clock, expired)
    planners: dict[type[Entity], Planner] = {}
    planners |= {cls: Planner(own, planners) for cls, own in statements.items()}
    return OpenStore(
        engine, engine, statements, planners, markers, sweeper, this_process.id, warnings
    )


def _statements(
    metadata: MetaData, tables: Sequence[EntityTable], engine: Engine, clock: Clock
) -> dict[type[Entity], Statements]:
    """Compile the statements of each class, and resolve their foreign keys."""
    ordered, _ = creation_order(metadata.tables.values())
    depths = {table.fullname: depth for depth, (table, _) in enumerate(ordered)}
    made = {
        mapped.cls: Statements(mapped, depths[mapped.table.fullname], engine.sql_dialect, clock)
        for mapped in tables
    }
    by_name = {mapped.table.fullname: mapped for mapped in tables}
    for statements in made.values():
        statements.resolve_references(by_name)
    referenced = {
        reference.target[0] for statements in made.values() for reference in statements.references
    }
    for statements in made.values():
        statements.is_referenced = statements.table_name in referenced
    return made


async def _columns(entity_type: EntityType, engine: Engine) -> FoundColumns:
    return await engine.columns(table_name(entity_type.cls), schema_of(entity_type.cls))
