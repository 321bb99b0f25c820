"""Serialises entity types to JSON data, for the commands `entities` and `doctor`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from starmodel.adapters.web.gateway import Gateway
from starmodel.app.access.expressions.words import in_words
from starmodel.app.access.rules import rule_of
from starmodel.cli.events.lookup import summary
from starmodel.cli.serving.store_url import store_url
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import plain
from starmodel.core.events import Event
from starmodel.core.fields.annotations import type_name
from starmodel.core.fields.field import FieldOptions
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.fields.widgets import UI


def overview(entity_type: EntityType) -> dict[str, Any]:
    """A summary of an entity type. Shapes: fields and events are names."""
    return {
        "name": entity_type.name,
        "store": entity_type.store,
        "scope": entity_type.scope,
        "path": entity_type.path,
        "access": {
            "read": in_words(rule_of(entity_type, "read", None)),
            "write": in_words(rule_of(entity_type, "write", None)),
        },
        "fields": [*entity_type.cls.__entity__.fields],
        "events": [*entity_type.events],
    }


def detail(entity_type: EntityType, gateway: Gateway) -> dict[str, Any]:
    """The complete schema of an entity type. Shapes: table is None outside of `SqlRepository`."""
    description = overview(entity_type)
    cls = entity_type.cls
    description["module"], description["ttl_s"] = cls.__module__, entity_type.ttl_s
    description["fields"] = [_field(spec, entity_type) for spec in cls.__entity__.fields.values()]
    description["computed"] = [
        {
            "name": name,
            "type": type_name(info.return_type),
            "private": name in cls.__entity__.private,
            "signal": name in entity_type.signals,
        }
        for name, info in cls.__pydantic_computed_fields__.items()
    ]
    description["events"] = [
        _event(entity_type, event, gateway) for event in entity_type.events.values()
    ]
    url = None
    if entity_type.store == "sql":
        application = gateway.application
        url = store_url(application, application.settings)
    description["table"] = None if url is None else _table(entity_type, url)
    return description


def _field(spec: FieldSpec, entity_type: EntityType) -> dict[str, Any]:
    description: dict[str, Any] = {
        "name": spec.name,
        "type": type_name(spec.info.annotation),
        "required": spec.info.is_required(),
        "private": spec.private,
        "editable": spec.editable,
        "signal": spec.name in entity_type.signals,
        "constraints": _constraints(spec.info) | spec.options.sql,
    }
    if spec.options.access is not None:
        rules = spec.options.access._asdict().items()
        description["access"] = {need: in_words(rule) for need, rule in rules if rule is not None}
    factory = spec.info.default_factory
    if factory is not None:
        description["made_by"] = getattr(factory, "__name__", repr(factory))
    elif not spec.info.is_required() and not spec.private:  # private defaults may be secret
        description["default"] = plain(spec.info.default)
    return description


def _constraints(info: FieldInfo) -> dict[str, Any]:
    """The validation constraints besides the type: {"gt": 0, "max_length": 80}."""
    found: dict[str, Any] = {}
    for item in info.metadata:
        if isinstance(item, FieldOptions | UI):
            continue
        if dataclasses.is_dataclass(item) and not isinstance(item, type):
            values = {f.name: getattr(item, f.name) for f in dataclasses.fields(item)}
        else:
            values = dict(getattr(item, "__dict__", {}))
        simple = (str, int, float)
        found |= {name: value for name, value in values.items() if isinstance(value, simple)}
    return found


def _event(
    entity_type: EntityType, event: Event[Any, Any, Any], gateway: Gateway
) -> dict[str, Any]:
    binder = gateway.application.dispatcher.binders[entity_type.cls, event.name]
    return {
        "name": event.name,
        "signature": binder.signature,
        "kind": event.kind,
        "access": in_words(rule_of(entity_type, "write", event)),
        "routes": [
            f"{method} {path}"
            for method, path, found in gateway.routes
            if found.event is event and found.entity_type is entity_type
        ],
        "about": summary(event),
    }


def _table(entity_type: EntityType, url: str) -> Mapping[str, Any]:
    from sqlalchemy import MetaData

    from starmodel.adapters.persistence.sql.engines import dialect_for
    from starmodel.adapters.persistence.sql.schema.tables import derive_table

    sql_dialect = dialect_for(url)
    table = derive_table(entity_type, MetaData(), sql_dialect).table
    return {
        "name": table.name,
        "columns": [
            {
                "name": column.name,
                "type": column.type.compile(dialect=sql_dialect.sqlalchemy),
                "nullable": bool(column.nullable),
                "primary_key": bool(column.primary_key),
            }
            for column in table.columns
        ],
    }
