"""Maps SQLModel table classes to entities: columns, store and mappers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import configure_mappers

from starmodel.adapters.persistence.sql._compat.sqlmodel import (
    add_column_arguments,
    has_column_arguments,
    has_sql_type,
    is_primary_key,
    relationship_names,
)
from starmodel.core.definition.hooks import ClassHooks
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field import options_of


class TableHooks(ClassHooks):
    """Hooks of `class P(Entity, SQLModel, table=True)` and of its base classes."""

    def fields_collected(self, cls: type[Any]) -> None:
        if found := relationship_names(cls):
            names = ", ".join(found)
            raise ConfigurationError(
                f"{cls.__name__}.{names} is a Relationship of SQLModel, which needs an ORM "
                "session. Use starmodel's: from starmodel import Relationship."
            )
        _add_column_arguments(cls)

    def default_store(self, cls: type[Any]) -> str | None:
        return "sql" if hasattr(cls, "__table__") else None

    def registered(self, cls: type[Any]) -> None:
        # SQLAlchemy's attributes of a loaded instance can't be read before that.
        if hasattr(cls, "__table__"):
            configure_mappers()


def _add_column_arguments(cls: type[Any]) -> None:
    """Pass the SQL arguments of `Field` to SQLModel before it builds the columns.

    `id` is the primary key unless another field is. Fields without an SQL
    type (lists, dicts, models) become JSON columns.
    """
    declares_key = any(
        is_primary_key(info) or options_of(info).sql.get("primary_key")
        for name, info in cls.__pydantic_fields__.items()
        if name != "id"
    )
    for name, info in cls.__pydantic_fields__.items():
        if has_column_arguments(info):
            continue
        arguments = dict(options_of(info).sql)
        if name == "id" and not declares_key:
            arguments.setdefault("primary_key", True)
        if not arguments.keys() & {"sa_type", "sa_column"} and not has_sql_type(info):
            arguments["sa_type"] = JSON
        if arguments:
            add_column_arguments(info, arguments)
