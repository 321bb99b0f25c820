"""The interface of programs that a migration leaves in the database for a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.tables import DefinedTable, build_tables


@dataclass(frozen=True)
class Program(ABC):
    """Triggers or a view. Shapes: schema is physical, and has the entity."""

    schema: Schema
    entity: str

    @abstractmethod
    def creation(self, sql_dialect: SqlDialect) -> list[str]:
        """Return the statements that create it, which may run again."""

    @abstractmethod
    def removal(self, sql_dialect: SqlDialect) -> list[str]:
        """Return the statements that remove it, which may run again."""

    def defined(self, sql_dialect: SqlDialect) -> DefinedTable:
        """Return the table of the entity."""
        return build_tables(self.schema, sql_dialect)[self.entity]
