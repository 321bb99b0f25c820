"""The schema of tables that were created from classes which have changed since."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Index

from databases import DATABASES, empty_database
from repositories import opened
from starmodel import Entity, Field
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.physical import table_differences
from starmodel.migrations.schema.reflecting import reflect
from unit.migrations.schema.declared import sql_types


@pytest.fixture(params=DATABASES)
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each dialect."""
    return empty_database(request, tmp_path)


def before() -> list[type[Entity]]:
    class Product(Entity):
        model_config = {"store": "sql", "ttl": 60}
        __table_args__ = (Index("ix_old", "old"),)
        name: str = Field(max_length=20, unique=True)
        old: int = 0
        size: str = ""
        note: str | None = None
        price: Decimal = Decimal(0)

    class Note(Entity):
        model_config = {"store": "sql"}
        text: str = ""

    return [Product, Note]


def after() -> list[type[Entity]]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str = Field(max_length=20)
        colour: str = Field(default="blue", index=True, max_length=20)
        size: int = 0
        note: str
        price: Decimal = Decimal(0)

    class Customer(Entity):
        model_config = {"store": "sql"}
        name: str = ""

    return [Product, Customer]


async def _reflected(url: str, classes: Schema) -> tuple[Schema, list[str]]:
    """The reflected schema, and how the tables differ from it."""
    async with open_link(url) as link:
        found = await link.run(lambda s: reflect(s.connection, classes, link.sql_dialect))
        rest = await link.run(lambda s: table_differences(s.connection, found, link.sql_dialect))
    return found, [each.text for each in rest]


async def test_tables_are_reflected_as_they_are(any_url: str) -> None:
    repository = await opened(any_url, *before())
    await repository.close()
    classes = collect(sql_types(*after()))
    found, rest = await _reflected(any_url, classes)

    assert rest == []
    titles = compare(found, classes).titles()
    assert sorted(titles) == sorted(
        [
            "Create Customer",
            "Remove Note",
            "Remove Product.old",
            "Add Product.colour",
            "Change Product.size from text to whole number",
            "Require Product.note",
            "Let rows of Product never expire",
            "Remove the index of Product on old",
            "Add the index of Product on colour",
            "No longer require of Product that name is unique",
        ]
    )


async def test_tables_of_the_present_classes_are_their_definitions(any_url: str) -> None:
    repository = await opened(any_url, *after())
    await repository.close()
    classes = collect(sql_types(*after()))
    found, rest = await _reflected(any_url, classes)

    assert (found, rest) == (classes, [])


async def test_empty_database_has_an_empty_schema(any_url: str) -> None:
    found, _ = await _reflected(any_url, collect(sql_types(*after())))

    assert found.entities == ()
