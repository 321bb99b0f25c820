"""Identifiers of tables, columns and indexes that a database would truncate or merge."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Index

from databases import SERVERS
from starmodel import ConfigurationError, Entity, Field, create_app
from starmodel.testing import Visitor

LIMITS = {"sqlite": 9999, "postgresql": 63, "mysql": 64}


def _kind(url: str) -> str:
    return url.partition(":")[0].partition("+")[0]


def _entity(name: str, table: str, **more: Any) -> Any:
    annotations = {"name": str, **more.pop("annotations", {})}
    return type(Entity)(name, (Entity,), {
        "__annotations__": annotations, "name": "", "__tablename__": table,
        "__module__": __name__, "__qualname__": name,
        "model_config": {"store": "sql", "access": "public", **more.pop("config", {})}, **more,
    })  # fmt: skip


def _start(url: str, *classes: Any) -> None:
    with Visitor(create_app(list(classes), database_url=url), raise_errors=False) as visitor:
        for number, cls in enumerate(classes):
            visitor.run(cls.objects.create(name=str(number)))
        for number, cls in enumerate(classes):
            assert [item.name for item in visitor.run(cls.objects.list())] == [str(number)]


def test_tables_with_long_names_are_distinct_or_rejected(any_url: str) -> None:
    classes = [_entity(f"Long{end}", "x" * 70 + end) for end in ("one", "two")]
    if _kind(any_url) == "sqlite":
        _start(any_url, *classes)
        return

    with pytest.raises(ConfigurationError, match=r"Longone: the table 'x+one' .* __tablename__"):
        _start(any_url, *classes)


def test_length_is_measured_as_the_database_does(any_url: str) -> None:
    cls = _entity("Letters", "é" * 40)
    if _kind(any_url) != "postgresql":
        _start(any_url, cls)
        return

    with pytest.raises(ConfigurationError, match="80 bytes; PostgreSQL takes at most 63"):
        _start(any_url, cls)


@pytest.mark.parametrize("any_url", SERVERS, indirect=True)  # SQLite takes names of any length
@pytest.mark.parametrize("what", ["column", "index", "constraint"])
def test_other_long_names_are_rejected(any_url: str, what: str) -> None:
    long = "n" * 70
    more: dict[str, Any] = {
        "column": {"annotations": {long: str}, long: ""},
        "index": {"__table_args__": (Index(long, "name"),)},
        "constraint": {"__table_args__": (CheckConstraint("name <> 'x'", name=long),)},
    }[what]

    with pytest.raises(ConfigurationError, match=f"Thing: the {what} 'n+'"):
        _start(any_url, _entity("Thing", "thing", **more))


def test_longest_names_serve_with_indexes_numbers_checks_and_ttl(any_url: str) -> None:
    limit = min(LIMITS[_kind(any_url)], 64)
    classes = []
    for end in ("a", "b"):
        fields = {f"{'n' * (limit - 1)}{n}": Field(default="", index=True) for n in "12"}
        classes.append(
            _entity(
                f"Thing{end}", "t" * (limit - 1) + end,
                annotations={"id": int | None, "size": int, **dict.fromkeys(fields, str)},
                id=Field(default=None, primary_key=True), size=0, config={"ttl": 3600},
                __table_args__=(CheckConstraint("size >= 0"), CheckConstraint("size < 9")),
                **fields,
            )
        )  # fmt: skip

    _start(any_url, *classes)


def test_indexes_with_non_ascii_names_are_distinct(any_url: str) -> None:
    fields = {f"{'é' * 30}{n}": Field(default="", index=True) for n in "12"}

    _start(any_url, _entity("Thing", "thing", annotations=dict.fromkeys(fields, str), **fields))


def test_tables_that_differ_by_case_are_distinct_or_rejected(any_url: str) -> None:
    classes = [_entity("Upper", "Thing"), _entity("Lower", "thing")]
    if _kind(any_url) == "postgresql":
        _start(any_url, *classes)
        return

    with pytest.raises(ConfigurationError, match="'Thing' and 'thing' are one"):
        _start(any_url, *classes)


def test_columns_that_differ_by_case_are_distinct_or_rejected(any_url: str) -> None:
    cls = _entity("Thing", "thing", annotations={"Name": str}, Name="")
    if _kind(any_url) == "postgresql":
        _start(any_url, cls)
        return

    with pytest.raises(ConfigurationError, match="'name' and 'Name' are one"):
        _start(any_url, cls)
