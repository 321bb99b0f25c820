"""One entity type and its table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Table,
    UniqueConstraint,
)

from starmodel.adapters.persistence.sql.dialects.codecs import (
    Codec,
)
from starmodel.adapters.persistence.sql.schema.declarations import (
    DefaultFactory,
    check_sql,
    checked_columns,
    is_computed,
)
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity

VERSION = "_version"


EXPIRES = "_expires_at"


CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class StoredField:
    """One field of an entity and the column that stores it.

    Shapes: insert and update generate a missing value for a new record and
    for each change; kind is that of `kind_of`, CUSTOM for a type that the
    user declared; generated, the database generates the values.
    """

    name: str
    column: Column[Any]
    codec: Codec
    title: str
    insert: DefaultFactory | None = None
    update: DefaultFactory | None = None
    kind: Any = CUSTOM
    generated: bool = False

    @property
    def computed(self) -> bool:
        """True when the database computes the value from other columns."""
        return self.generated or is_computed(self.column)

    @property
    def has_server_default(self) -> bool:
        """True when None is omitted from an INSERT, so that the server default applies."""
        return self.column.server_default is not None and self.insert is None


class Reference(NamedTuple):
    """A foreign key of a table. Shapes: target is a table name and the fields it refers to."""

    fields: tuple[str, ...]
    target: tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class EntityTable:
    """One entity type and its table. Shapes: key is the field `id`, by which rows are found."""

    entity_type: EntityType
    table: Table
    fields: dict[str, StoredField]

    @cached_property
    def checks(self) -> dict[str, list[str]]:
        """The columns that each CHECK refers to, by its name."""
        return {name: checked_columns(check, self.table) for name, check in self._checks.items()}

    @cached_property
    def field_names(self) -> dict[str, str]:
        """The field names by column name."""
        return {field.column.name: name for name, field in self.fields.items()}

    @cached_property
    def uniques(self) -> list[tuple[str, ...]]:
        """The fields of each unique constraint or unique index."""
        names = self.field_names
        found = [[c.name] for c in self.table.columns if c.unique]
        for item in (*self.table.constraints, *self.table.indexes):
            if isinstance(item, UniqueConstraint) or (isinstance(item, Index) and item.unique):
                found.append([column.name for column in item.columns])
        key = [column.name for column in self.table.primary_key.columns]
        if key != [self.key.column.name]:
            found.append(key)
        known = [tuple(names[name] for name in each if name in names) for each in found]
        return list(dict.fromkeys(fields for fields in known if fields and fields != ("id",)))

    def check_sql(self, name: str) -> str:
        """Return the SQL of a CHECK."""
        check = self._checks.get(name)
        return name if check is None else check_sql(check)

    @property
    def _checks(self) -> dict[str, CheckConstraint]:
        made = (c for c in self.table.constraints if isinstance(c, CheckConstraint))
        return {str(check.name): check for check in made}

    @property
    def cls(self) -> type[Entity]:
        return self.entity_type.cls

    @property
    def key(self) -> StoredField:
        return self.fields["id"]

    @property
    def versioned(self) -> bool:
        """False for an external table without a version column."""
        return VERSION in self.table.c

    @property
    def has_ttl(self) -> bool:
        """True when its rows can expire."""
        return self.entity_type.ttl_s is not None
