"""The SQL table that is derived from an entity class."""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import AwareDatetime, NaiveDatetime
from pydantic_core import PydanticUndefined
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.schema import sort_tables_and_constraints
from sqlalchemy.types import to_instance
from sqlmodel.main import FieldInfoMetadata, get_column_from_field

from starmodel.adapters.persistence.sql.flavour import Flavour
from starmodel.adapters.persistence.sql.values import (
    Codec,
    accepts_none,
    codec_of_type,
    enum_codec,
    is_enum,
    json_codec,
    kind_of,
)
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields import FieldSpec
from starmodel.core.registry import EntityType
from starmodel.core.relations import table_name

VERSION, EXPIRES = "_version", "_expires_at"
MAX_MARKER_CHARS = 700  # what an index of MySQL takes


@dataclass(frozen=True, slots=True)
class StoredField:
    """One field of an entity and the column that keeps it."""

    name: str
    column: Column[Any]
    codec: Codec
    title: str


@dataclass(frozen=True)
class EntityTable:
    """One class and its table. Shapes: key is the field `id`, by which rows are found."""

    entity_type: EntityType
    table: Table
    fields: dict[str, StoredField]

    @cached_property
    def checks(self) -> dict[str, list[str]]:
        """The columns that each CHECK speaks of, by its name."""
        return {name: checked_columns(check, self.table) for name, check in self._checks.items()}

    @cached_property
    def field_names(self) -> dict[str, str]:
        """The fields by their columns' names."""
        return {field.column.name: name for name, field in self.fields.items()}

    @cached_property
    def uniques(self) -> list[tuple[str, ...]]:
        """The fields that no two rows have alike, by each constraint or index that says so."""
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

    def rule(self, name: str) -> str:
        """The SQL of a CHECK."""
        check = self._checks.get(name)
        return name if check is None else str(check.sqltext)

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
        """False for a table of other programs, which has no column for versions."""
        return VERSION in self.table.c

    @property
    def mortal(self) -> bool:
        """True when its rows can expire."""
        return self.entity_type.ttl_s is not None


def derive_table(
    type: EntityType, metadata: MetaData, flavour: Flavour, there: Collection[str] = ()
) -> EntityTable:
    """The table of a class: one column per field, and the hidden ones.

    However the class is declared, as a plain Entity or as a table class,
    its fields say the same. Private fields are stored like any other;
    computed ones are not. A table that is there already can do without
    hidden columns, unless its rows are to expire.

    Shapes: there are the columns that the table has; none, when it is still to be made.
    Raises: ConfigurationError, for a class that no table can keep.
    """
    cls = type.cls
    if cls.model_config.get("extra") == "allow":
        raise ConfigurationError(
            f"{type.name} allows extra fields, which have no column in SQL. Declare them, or "
            "collect them in a field like `extra: dict[str, Any] = {}`."
        )
    name = table_name(cls)
    try:
        more, options = _table_arguments(cls)
    except TypeError as error:
        raise ConfigurationError(f"{type.name}: {error}.") from error
    keys = {name for item in more for name in item._pending_colargs}
    fields = {}
    for spec in cls.__entity__.fields.values():
        try:
            fields[spec.name] = _stored_field(spec, flavour, keys)
        except (SQLAlchemyError, TypeError, ValueError, RuntimeError) as error:
            raise ConfigurationError(
                f"{type.name}.{spec.name} can't become a column: {error}"
            ) from error
    key = fields["id"].column
    if not any(field.column.primary_key for field in fields.values()):
        key.primary_key = True
    elif not key.primary_key:
        key.unique = True
    key.nullable = False
    found = {name.lower() for name in there}
    hidden: list[Any] = [
        column
        for column in (Column(VERSION, BigInteger, nullable=False), Column(EXPIRES, Double))
        if not found or column.name in found or type.ttl_s is not None
    ]
    if type.ttl_s is not None:
        hidden.append(Index(f"ix_{name}{EXPIRES}", EXPIRES))
    columns = [field.column for field in fields.values()]
    for column in columns:  # of the table, where every database takes a name for them
        more += [_copied(check) for check in column.constraints]
        column.constraints.clear()
    try:
        table = Table(name, metadata, *columns, *hidden, *more, **flavour.table_options | options)
    except InvalidRequestError as error:
        raise ConfigurationError(
            f"{type.name} would have the table {name!r}, which another entity has already. "
            "Rename one, or give it a __tablename__."
        ) from error
    for check in table.constraints:
        if isinstance(check, CheckConstraint) and check.name is None:
            check.name = f"ck_{name}_{'_'.join(checked_columns(check, table))}"[:60]
    return EntityTable(type, table, fields)


def _table_arguments(cls: type[Entity]) -> tuple[list[Any], dict[str, Any]]:
    """The constraints, indexes and options that `__table_args__` adds; copies, for one table."""
    given = getattr(cls, "__table_args__", None) or ()
    options = given if isinstance(given, dict) else {}
    if not isinstance(given, dict) and given and isinstance(given[-1], dict):
        given, options = given[:-1], given[-1]
    items = [] if isinstance(given, dict) else list(given)
    return [_copied(item) for item in items], dict(options)


def _copied(item: Any) -> Any:
    """The same constraint or index, not yet of any table."""
    if isinstance(item, Index):
        return Index(item.name, *_names(item.expressions), unique=item.unique)
    if isinstance(item, CheckConstraint):
        return CheckConstraint(str(item.sqltext), name=item.name)
    if isinstance(item, ForeignKeyConstraint):
        targets = [element.target_fullname for element in item.elements]
        return ForeignKeyConstraint(
            item.column_keys, targets, name=item.name, ondelete=item.ondelete
        )
    if isinstance(item, UniqueConstraint | PrimaryKeyConstraint):
        columns = list(item.columns) or item._pending_colargs  # names, until it has a table
        return type(item)(*_names(columns), name=item.name)  # type: ignore[arg-type]  # its own
    raise TypeError(f"__table_args__ has {item!r}; expected constraints and indexes")


def _names(columns: Iterable[Any]) -> list[str]:
    return [getattr(column, "name", column) for column in columns]


def checked_columns(check: CheckConstraint, table: Table) -> list[str]:
    """The columns that a check speaks of, by the words of its SQL."""
    words = set(re.findall(r"\w+", str(check.sqltext)))
    return [column.name for column in table.columns if column.name in words]


def _stored_field(spec: FieldSpec, flavour: Flavour, keys: set[str]) -> StoredField:
    given = _sql_arguments(spec)
    kind = kind_of(spec.info.annotation)
    if "sa_column" in given:
        # A column belongs to one table, and a class may be opened by several repositories.
        column = given["sa_column"]._copy()
        column.name = column.key = column.name or spec.name
    else:
        column = _column(spec, given, kind)
    chosen = to_instance(given.get("sa_type") or column.type)
    if ("sa_type" in given or "sa_column" in given) and not flavour.takes(kind, chosen):
        return StoredField(
            spec.name, column, codec_of_type(column.type, flavour.dialect), spec.title
        )
    if isinstance(chosen, DateTime) and kind is datetime.datetime and "sa_type" in given:
        kind = AwareDatetime if chosen.timezone else NaiveDatetime
    keyed = bool(
        spec.name == "id" or column.primary_key or column.unique or column.index
        or column.foreign_keys or column.name in keys
    )  # fmt: skip
    column.type = flavour.column_type(kind, to_instance(column.type), keyed=keyed)
    column.server_default = flavour.server_default(column.server_default)
    column.server_onupdate = None  # every value is written
    if kind is None:
        codec = json_codec(spec.info)
    elif is_enum(kind):
        codec = enum_codec(kind)
    else:
        codec = flavour.codec(kind, column.type)
    return StoredField(spec.name, column, codec, spec.title)


def _sql_arguments(spec: FieldSpec) -> dict[str, Any]:
    """What our `Field` or SQLModel's own said of the column."""
    given = dict(spec.options.sql)
    for item in spec.info.metadata:
        if isinstance(item, FieldInfoMetadata):
            given |= {k: v for k, v in vars(item).items() if v is not PydanticUndefined}
    return given


def _column(spec: FieldSpec, given: dict[str, Any], kind: Any) -> Column[Any]:
    """The column that SQLModel would make of the field."""
    info = copy.copy(spec.info)
    nullable = accepts_none(info.annotation) and not given.get("primary_key")
    told = {"nullable": nullable} | ({"sa_type": JSON} if kind is None else {}) | given
    others = [item for item in info.metadata if not isinstance(item, FieldInfoMetadata)]
    info.metadata = [*others, FieldInfoMetadata(**told)]
    if kind is not None:  # SQLModel knows no Literal
        info.annotation = datetime.datetime if kind is AwareDatetime else kind
    column = get_column_from_field(info)
    column.name = column.key = spec.name
    column.default = None  # every value is written
    return column


Creation = tuple[list[tuple[Table, list[ForeignKeyConstraint]]], list[ForeignKeyConstraint]]


def creation_order(metadata: MetaData) -> Creation:
    """The tables in the order in which they can be made, each with the foreign keys it has then.

    The second part are the foreign keys to add when all tables are there,
    because their tables refer to each other.
    """
    tables: list[tuple[Table, list[ForeignKeyConstraint]]] = []
    later: list[ForeignKeyConstraint] = []
    for table, keys in sort_tables_and_constraints(list(metadata.tables.values())):  # type: ignore[no-untyped-call]
        if table is None:
            later = list(keys)
        else:
            tables.append((table, list(keys)))
    return tables, later


def marker_table(metadata: MetaData, flavour: Flavour) -> Table:
    """Where the markers of commands are kept, beside what the commands changed."""
    return Table(
        "starmodel_marker",
        metadata,
        Column("key", String(MAX_MARKER_CHARS), primary_key=True),
        Column("digest", String(64), nullable=False),
        Column("command", String(64), nullable=False),
        Column("at", Double, nullable=False, index=True),
        Column("outcome", flavour.column_type(str, Text(), keyed=False)),
        **flavour.table_options,
    )
