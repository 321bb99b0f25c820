"""The undocumented behaviour of SQLModel that the SQL store relies on."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic.fields import FieldInfo
from sqlalchemy import JSON, Integer, String
from sqlmodel import Field, Relationship, SQLModel

from starmodel.adapters.persistence.sql._compat.sqlmodel import (
    add_column_arguments,
    column_arguments,
    column_of,
    has_column_arguments,
    has_sql_type,
    is_primary_key,
    relationship_names,
    replace_column_arguments,
)


class Plain(SQLModel):
    code: str = Field(primary_key=True, sa_type=String(20))
    count: int = 0
    tags: list[str] = []


def field(name: str) -> FieldInfo:
    """A field that a test may change."""

    class Copied(Plain):
        pass

    return FieldInfo.from_annotation(str) if name == "" else _copy(Copied.model_fields[name])


def _copy(info: FieldInfo) -> FieldInfo:
    import copy

    copied = copy.copy(info)
    copied.metadata = list(info.metadata)
    return copied


def test_arguments_of_field_are_in_its_metadata() -> None:
    info = field("code")
    changed = "SQLModel no longer has a FieldInfoMetadata in the metadata of a field"
    assert has_column_arguments(info), changed
    arguments = column_arguments(info)
    assert (arguments["primary_key"], arguments["sa_type"].length) == (True, 20), changed
    assert "nullable" not in arguments, "SQLModel's FieldInfoMetadata no longer has Undefined"
    assert is_primary_key(info), changed
    assert not has_column_arguments(field("count"))
    assert not is_primary_key(field("count"))


def test_added_arguments_make_the_column() -> None:
    info = field("tags")
    add_column_arguments(info, {"sa_type": JSON, "nullable": True})
    column = column_of(info)
    changed = "SQLModel no longer makes columns of FieldInfoMetadata"
    assert isinstance(column.type, JSON), changed
    assert column.nullable, changed


def test_replaced_arguments_keep_other_metadata() -> None:
    info = field("code")
    info.metadata.append("other")
    replace_column_arguments(info, {"sa_type": Integer})
    assert column_arguments(info) == {"sa_type": Integer}
    assert "other" in info.metadata
    assert isinstance(column_of(info).type, Integer)


@pytest.mark.parametrize(("name", "expected"), [("code", True), ("count", True), ("tags", False)])
def test_type_without_sql_type_is_recognised(name: str, expected: bool) -> None:
    changed = "SQLModel's get_sqlalchemy_type no longer raises for a type that it can't map"
    assert has_sql_type(field(name)) is expected, changed


def test_relationships_are_listed_by_the_class() -> None:
    class Team(SQLModel):
        heroes: list[Any] = Relationship()

    changed = "SQLModel no longer lists the relationships of a class"
    assert relationship_names(Team) == ["heroes"], changed
    assert relationship_names(Plain) == []
