"""Tables from snapshots are those that the classes derive, in every dialect."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import MetaData, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateIndex, CreateTable

from starmodel.adapters.persistence.sql.schema.tables import derive_table
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Schema, from_json, to_json
from starmodel.migrations.schema.dialects import sql_dialects
from starmodel.migrations.schema.tables import build_tables
from unit.migrations.schema.declared import SUBJECTS, sql_types

UNSUPPORTED = {
    ("postgresql_types", "sqlite"), ("postgresql_types", "mysql"), ("in_schema", "sqlite"),
}  # fmt: skip
"""Subjects that a database has no tables for."""
_CONSTRAINT = re.compile(r"\s*(CONSTRAINT|UNIQUE|CHECK|FOREIGN|PRIMARY)\b")


@pytest.mark.filterwarnings("ignore:This declarative base already contains")
@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "mysql"])
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__)
def test_tables_of_a_snapshot_are_those_of_the_classes(
    subject: Callable[[], list[type[Entity]]], dialect: str
) -> None:
    try:
        found = differences(sql_types(*subject()), dialect)
    except (CompileError, ConfigurationError):
        assert (subject.__name__, dialect) in UNSUPPORTED
    else:
        assert not found


def differences(types: Sequence[EntityType], dialect: str) -> list[tuple[Any, Any]]:
    """The statements of tables that the classes derive, and those of their snapshot."""
    sql_dialect, metadata = sql_dialects()[dialect], MetaData()
    derived = [derive_table(each, metadata, sql_dialect).table for each in types]
    wanted = [_statements(table, sql_dialect.sqlalchemy) for table in derived]
    built = build_tables(_read_again(collect(types)), sql_dialect)
    made = [_statements(built[each.name].table, sql_dialect.sqlalchemy) for each in types]
    return [pair for pair in zip(wanted, made, strict=True) if pair[0] != pair[1]]


def _read_again(schema: Schema) -> Schema:
    return from_json(json.loads(json.dumps(to_json(schema))))


def _statements(table: Table, dialect: Dialect) -> tuple[list[str], set[str], set[str]]:
    """The columns of a CREATE TABLE in order, its constraints, and the statements of its indexes.

    The order of constraints has no effect.
    """
    lines = [
        line.rstrip(", ") for line in str(CreateTable(table).compile(dialect=dialect)).split("\n")
    ]
    return (
        [line for line in lines if not _CONSTRAINT.match(line)],
        {line for line in lines if _CONSTRAINT.match(line)},
        {str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes},
    )
