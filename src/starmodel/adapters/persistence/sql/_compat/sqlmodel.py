"""Undocumented names of SQLModel."""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sqlalchemy import Column
from sqlmodel.main import FieldInfoMetadata, get_column_from_field, get_sqlalchemy_type


def has_column_arguments(info: FieldInfo) -> bool:
    """True when the field has SQL arguments of SQLModel's `Field`."""
    return any(isinstance(item, FieldInfoMetadata) for item in info.metadata)


def column_arguments(info: FieldInfo) -> dict[str, Any]:
    """Return the SQL arguments passed to SQLModel's `Field`, by name."""
    given: dict[str, Any] = {}
    for item in info.metadata:
        if isinstance(item, FieldInfoMetadata):
            given |= {k: v for k, v in vars(item).items() if v is not PydanticUndefined}
    return given


def add_column_arguments(info: FieldInfo, arguments: dict[str, Any]) -> None:
    """Add SQL arguments to a field before SQLModel builds its column."""
    info.metadata.append(FieldInfoMetadata(**arguments))


def replace_column_arguments(info: FieldInfo, arguments: dict[str, Any]) -> None:
    """Replace all SQL arguments of a field; its other metadata stay."""
    others = [item for item in info.metadata if not isinstance(item, FieldInfoMetadata)]
    info.metadata = [*others, FieldInfoMetadata(**arguments)]


def is_primary_key(info: FieldInfo) -> bool:
    """True when a field's metadata declare it as the primary key."""
    return any(getattr(item, "primary_key", False) is True for item in info.metadata)


def column_of(info: FieldInfo) -> Column[Any]:
    """Return the column that SQLModel builds for a field."""
    return get_column_from_field(info)


def has_sql_type(info: FieldInfo) -> bool:
    """True when SQLModel maps the field's type to an SQLAlchemy type."""
    try:
        get_sqlalchemy_type(info)
    except (ValueError, TypeError):
        return False
    return True


def relationship_names(cls: type[Any]) -> list[str]:
    """Return the fields of a table class that are SQLModel `Relationship`s."""
    return list(cls.__sqlmodel_relationships__)
