"""The tables of entity classes, as foreign keys name them."""

from __future__ import annotations

from typing import Any

from starmodel.core.fields.stores import SYSTEM
from starmodel.core.values.words import snake_case

OWN_TABLES = "starmodel_"
"""The prefix of StarModel's own tables, which have a schema number of their own."""


def table_name(cls: type[Any]) -> str:
    """The table of a class, which foreign keys name."""
    table = getattr(cls, "__table__", None)
    if table is not None:
        return str(table.name)  # SQLModel's own rule, which `foreign_key=` of its users follows
    named = getattr(cls, "__tablename__", None)
    plugin = cls.model_config.get("plugin")
    own = snake_case(cls.__name__)
    if plugin and cls.model_config.get("store") == SYSTEM:
        return f"{OWN_TABLES}{plugin}_{own}"
    return named or (f"{plugin}__{own}" if plugin else own)


def schema_of(cls: type[Any]) -> str | None:
    """The schema of a class's table, None for the default one."""
    table = getattr(cls, "__table__", None)
    if table is not None:
        return table.schema  # type: ignore[no-any-return]
    table_args = getattr(cls, "__table_args__", None) or ()
    options = table_args if isinstance(table_args, dict) else table_args[-1] if table_args else {}
    schema = options.get("schema") if isinstance(options, dict) else None
    return None if schema is None else str(schema)


def full_name(cls: type[Any]) -> str:
    """The table of a class with its schema, as foreign keys name it."""
    schema, name = schema_of(cls), table_name(cls)
    return name if schema is None else f"{schema}.{name}"
