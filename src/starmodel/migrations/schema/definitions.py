"""Definitions of entities and their tables, as a migration file stores them.

A definition describes a class for every database. It holds no SQLAlchemy objects and no
Python types, so that a snapshot of last year loads without the classes of last year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue

FORMAT = 1
"""The format of snapshots; raised when older versions of StarModel can't read a new one."""

Kind = Literal[
    "str",
    "int",
    "bool",
    "float",
    "bytes",
    "decimal",
    "uuid",
    "datetime",
    "aware_datetime",
    "naive_datetime",
    "date",
    "time",
    "timedelta",
    "enum",
    "json",
    "custom",
]


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TypeDefinition(_Definition):
    """The type of a column, from which each dialect derives its own.

    Shapes: name is that of an SQLAlchemy type, with its module unless that is
    `sqlalchemy`, and arguments are those of its constructor; values are the
    member names of an enum in order, with their values; texts, those that a
    declared `Enum` stores for the members; ddl is the SQL of the type for the
    dialects where name and arguments don't lead to it, as with types of the
    application.
    """

    kind: Kind
    name: str
    arguments: dict[str, JsonValue] = {}
    values: dict[str, JsonValue] = {}
    texts: dict[str, str] = {}
    ddl: dict[str, str] = {}


class FieldDefinition(_Definition):
    """One stored field and its column.

    Shapes: id stays the same when the field is renamed; default is the value
    of the class for a new record, as JSON, absent (`has_default` False) for a
    required field and for a generated default (`default_factory`);
    server_default and computed are SQL, with variants for the dialects that
    write it otherwise; persisted and identity are the options of a computed
    column and of GENERATED … AS IDENTITY; bounds are constraints of the value
    that only the class checks (ge, max_length, pattern, …), with the values
    of a `Literal` as "values"; shape is the JSON schema of a JSON field.
    """

    id: str
    name: str
    column: str
    type: TypeDefinition
    nullable: bool
    has_default: bool = False
    default: JsonValue = None
    default_factory: bool = False
    server_default: str | None = None
    computed: str | None = None
    variants: dict[str, str] = {}
    persisted: bool | None = None
    identity: dict[str, JsonValue] | None = None
    autoincrement: bool | None = None
    bounds: dict[str, JsonValue] = {}
    shape: JsonValue = None
    comment: str | None = None
    renamed_from: tuple[str, ...] = ()


class IndexDefinition(_Definition):
    """An index.

    Shapes: parts are column names, or SQL of expressions, with variants for the
    dialects that write these otherwise; options are SQLAlchemy's ("postgresql_using").
    """

    name: str
    parts: tuple[str, ...]
    variants: dict[str, tuple[str, ...]] = {}
    unique: bool = False
    options: dict[str, JsonValue] = {}


class UniqueDefinition(_Definition):
    """A unique constraint.

    Shapes: name is None where the database names it; options are SQLAlchemy's
    ("deferrable", "postgresql_nulls_not_distinct").
    """

    name: str | None
    columns: tuple[str, ...]
    options: dict[str, JsonValue] = {}


class CheckDefinition(_Definition):
    """A CHECK constraint.

    Shapes: condition is SQL, with variants by dialect, "" where the dialect has no such check.
    """

    name: str
    condition: str
    variants: dict[str, str] = {}
    options: dict[str, JsonValue] = {}


class ForeignKeyDefinition(_Definition):
    """A foreign key. Shapes: target is a table, with its database schema if it has one."""

    name: str | None
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str | None = None
    on_update: str | None = None
    options: dict[str, JsonValue] = {}


Constraint = UniqueDefinition | CheckDefinition | ForeignKeyDefinition


class EntityDefinition(_Definition):
    """One entity of the SQL store and its table.

    Shapes: id stays the same when the class is renamed; name is that of the
    registry ("Product", "audit.Note"); schema_name is the database schema,
    None for the default one; primary_key are column names; versioned, the table
    has the hidden column of versions; can_expire, it has that of expiry;
    external, the table belongs to another program and is never altered;
    options are SQLAlchemy's for the table ("mysql_engine").
    """

    id: str
    name: str
    table: str
    schema_name: str | None = None
    fields: tuple[FieldDefinition, ...]
    primary_key: tuple[str, ...]
    primary_key_name: str | None = None
    versioned: bool = True
    can_expire: bool = False
    external: bool = False
    indexes: tuple[IndexDefinition, ...] = ()
    uniques: tuple[UniqueDefinition, ...] = ()
    checks: tuple[CheckDefinition, ...] = ()
    foreign_keys: tuple[ForeignKeyDefinition, ...] = ()
    options: dict[str, JsonValue] = {}
    comment: str | None = None
    renamed_from: tuple[str, ...] = ()

    def field(self, name: str) -> FieldDefinition:
        """Raises: KeyError."""
        return named(self.fields, name)

    def has_field(self, name: str) -> bool:
        return any(field.name == name for field in self.fields)


class Schema(_Definition):
    """All entities of the SQL store of an application, and what is kept aside.

    Shapes: kept are columns and tables that migrations renamed instead of dropping them.
    """

    format: int = FORMAT
    entities: tuple[EntityDefinition, ...] = ()
    kept: tuple[Kept, ...] = ()

    def entity(self, name: str) -> EntityDefinition:
        """Raises: KeyError."""
        return named(self.entities, name)

    def has_entity(self, name: str) -> bool:
        return any(entity.name == name for entity in self.entities)

    def __iter__(self) -> Iterator[EntityDefinition]:  # type: ignore[override]
        return iter(self.entities)


class Kept(_Definition):
    """A dropped field or entity whose data is still in the database under another name.

    Shapes: entity and, for a field, field are the definitions before; name is
    the present name of the column or table; migration is that which dropped it.
    """

    migration: str
    name: str
    entity: EntityDefinition
    field: FieldDefinition | None = None


Named = TypeVar("Named", FieldDefinition, EntityDefinition)


class FieldRef(NamedTuple):
    """The entity and the field that a change concerns."""

    entity: str
    field: str

    def __str__(self) -> str:
        return f"{self.entity}.{self.field}"


def to_json(schema: Schema) -> dict[str, Any]:
    """Return JSON data without defaults, so that a snapshot stays small."""
    return {"format": FORMAT, **schema.model_dump(mode="json", exclude_defaults=True)}


def from_json(data: Mapping[str, Any]) -> Schema:
    """Raises: pydantic.ValidationError, for data that is no snapshot."""
    return Schema.model_validate(data)


def named(items: Iterable[Named], name: str) -> Named:
    """Return the definition of this name. Raises: KeyError."""
    for item in items:
        if item.name == name:
            return item
    raise KeyError(name)


Schema.model_rebuild()
