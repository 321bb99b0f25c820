"""Collects the definitions of entity classes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from pydantic import JsonValue
from pydantic_core import PydanticUndefined
from sqlalchemy import Column, MetaData
from sqlalchemy.schema import Computed, Identity

from starmodel.adapters.persistence.sql.schema.entity_table import (
    EXPIRES,
    VERSION,
    EntityTable,
    StoredField,
)
from starmodel.adapters.persistence.sql.schema.tables import derive_table
from starmodel.core.classes.registry import EntityType
from starmodel.core.definition.table_names import OWN_TABLES, table_name
from starmodel.migrations.schema.codecs import default_json
from starmodel.migrations.schema.constraints import (
    check_definitions,
    foreign_key_definitions,
    index_definitions,
    unique_definitions,
)
from starmodel.migrations.schema.definitions import (
    EntityDefinition,
    FieldDefinition,
    Schema,
    TypeDefinition,
)
from starmodel.migrations.schema.dialects import NeutralDialect, default_texts, expression_texts
from starmodel.migrations.schema.ids import Renames, identify
from starmodel.migrations.schema.types import type_definition
from starmodel.migrations.schema.values import bounds_of, default_of, plain_json, shape_of


def collect(
    types: Iterable[EntityType],
    before: Schema | None = None,
    renames: Renames | None = None,
    external: Collection[str] = (),
    ignores: Callable[[str], bool] = lambda table: False,
) -> Schema:
    """Return the definitions of the classes of the SQL store, without StarModel's own tables.

    Ids are those of `before`, by name, by `renamed_from` or by `renames`. An entity that was
    external before stays so.

    Shapes: renames are new names by old ones ("Product.price": "unit_price"); external are the
    tables of other programs, with their database schema if they have one; ignores is that of
    `Environment`, whose tables are external too.
    Raises: ConfigurationError, for a class that no table can store.
    """
    metadata = MetaData()
    neutral = NeutralDialect()
    mapped = [
        derive_table(entity_type, metadata, neutral)
        for entity_type in types
        if not table_name(entity_type.cls).startswith(OWN_TABLES)
    ]
    ignored = {each.table.fullname for each in mapped if ignores(each.table.name)}
    entities = [_entity(each, neutral, {*external, *ignored}) for each in mapped]
    return _with_external(identify(Schema(entities=tuple(entities)), before, renames or {}), before)


def _with_external(schema: Schema, before: Schema | None) -> Schema:
    external = {entity.id for entity in before or () if entity.external}
    entities = tuple(_as_external(entity) if entity.id in external else entity for entity in schema)
    return schema.model_copy(update={"entities": entities})


def _as_external(entity: EntityDefinition) -> EntityDefinition:
    return entity.model_copy(update={"external": True, "versioned": False})


def _entity(
    mapped: EntityTable, neutral: NeutralDialect, external: Collection[str]
) -> EntityDefinition:
    table = mapped.table
    indexes = index_definitions(table)
    uniques = unique_definitions(table)
    keys = foreign_key_definitions(table)
    names = {
        *(column.name for column in table.primary_key.columns),
        *(name for index in indexes for name in index.parts),
        *(name for unique in uniques for name in unique.columns),
        *(name for key in keys for name in key.columns),
    }
    ordered = {field.column.name: field for field in mapped.fields.values()}
    fields = tuple(
        _field(
            ordered[column.name], mapped, neutral,
            is_indexed=column.name in names or ordered[column.name].name == "id",
        )
        for column in table.columns
        if column.name in ordered
    )  # fmt: skip
    own_name = table.primary_key.name
    made = EntityDefinition(
        id="",
        name=mapped.entity_type.name,
        table=table.name,
        schema_name=table.schema,
        fields=fields,
        primary_key=tuple(column.name for column in table.primary_key.columns),
        primary_key_name=None if own_name is None else str(own_name),
        versioned=VERSION in table.columns,
        can_expire=EXPIRES in table.columns and mapped.has_ttl,
        indexes=indexes,
        uniques=uniques,
        checks=check_definitions(table),
        foreign_keys=keys,
        options={name: plain_json(value) for name, value in sorted(table.dialect_kwargs.items())},
        comment=table.comment,
        renamed_from=mapped.cls.__entity__.renamed_from,
    )
    return _as_external(made) if table.fullname in external else made


def _field(
    stored: StoredField, mapped: EntityTable, neutral: NeutralDialect, *, is_indexed: bool
) -> FieldDefinition:
    column = stored.column
    spec = mapped.cls.__entity__.fields[stored.name]
    definition = type_definition(
        stored.kind,
        column.type,
        is_indexed=is_indexed,
        declared=any(column.type is declared for declared in neutral.declared_enums),
    )
    default = _default(stored, spec.info, definition)
    server_default, computed, variants = _sql_of(column)
    identity = column.identity
    return FieldDefinition(
        id="",
        name=stored.name,
        column=column.name,
        type=definition,
        nullable=bool(column.nullable),
        server_default=server_default,
        computed=computed,
        variants=variants,
        persisted=None if column.computed is None else column.computed.persisted,
        identity=None if identity is None else _identity(identity),
        autoincrement=None if column.autoincrement == "auto" else bool(column.autoincrement),
        bounds=bounds_of(spec.info),
        shape=shape_of(spec.info) if definition.kind == "json" else None,
        comment=column.comment,
        renamed_from=spec.options.renamed_from,
        **default,
    )


def _default(stored: StoredField, info: Any, kind: TypeDefinition) -> dict[str, Any]:
    """Return the default of the class, as arguments of the definition."""
    value = default_of(info)
    if value is PydanticUndefined:
        return {"default_factory": info.default_factory is not None}
    try:
        return {"has_default": True, "default": default_json(stored, value, info, kind)}
    except ValueError:  # no value of its type: the class makes it later
        return {"default_factory": True}


def _sql_of(column: Column[Any]) -> tuple[str | None, str | None, dict[str, str]]:
    """Return the server default and the computed value of a column, and their variants."""
    if isinstance(column.computed, Computed):
        text, variants = expression_texts(column.computed.sqltext)
        return None, text, variants
    if column.server_default is None or column.identity is not None:
        return None, None, {}
    text, variants = default_texts(column)
    return text, None, variants


def _identity(identity: Identity) -> dict[str, JsonValue]:
    names = (
        "always", "on_null", "start", "increment", "minvalue", "maxvalue", "nominvalue",
        "nomaxvalue", "cycle", "cache", "order",
    )  # fmt: skip
    return {name: value for name in names if (value := getattr(identity, name, None)) is not None}
