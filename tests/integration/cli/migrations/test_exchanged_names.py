"""Two fields, and two classes, exchange their names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from databases import DATABASES, empty_database
from integration.cli.migrations.test_six_changes import rows
from integration.migrations.changing import execute

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
MAIN = """
from starmodel import Entity, Field, create_app


class Shop(Entity):
    model_config = {"store": "sql"}
    name: str = Field(default="", max_length=50, index=True)
    city: str = Field(default="", max_length=50, unique=True)


class Plant(Entity):
    model_config = {"store": "sql"}
    name: str = ""
    shop: str | None = Field(default=None, max_length=50, foreign_key="shop.id")


app = create_app([Shop, Plant])
"""


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = empty_database(request, folder)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def test_exchanged_fields_exchange_their_values(database: str, write: Write, run: Run) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    execute(database, "INSERT INTO shop (id, name, city, _version) VALUES ('a', 'N', 'C', 1)")
    swapped = MAIN.replace("    name: str = Field(", "    x: str = Field(", 1)
    swapped = swapped.replace("    city:", "    name:").replace("    x:", "    city:")
    write("main.py", swapped)

    result = run("migrate", "--rename", "Shop.name=city", "--rename", "Shop.city=name")

    assert result.exit_code == 0, result.output
    assert rows(database, "SELECT city, name FROM shop") == [("N", "C")]
    assert run("migrate", "--check").exit_code == 0
    assert "The table" not in run("doctor").stdout
    assert run("db", "downgrade", "0001").exit_code == 0
    assert rows(database, "SELECT name, city FROM shop") == [("N", "C")]


def test_exchanged_classes_exchange_their_rows(database: str, write: Write, run: Run) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    execute(
        database,
        "INSERT INTO shop (id, name, city, _version) VALUES ('a', 'N', 'C', 1)",
        "INSERT INTO plant (id, name, shop, _version) VALUES ('p', 'P', 'a', 1)",
    )
    swapped = MAIN.replace("class Shop", "class X").replace("class Plant", "class Shop")
    swapped = swapped.replace("class X", "class Plant").replace('"shop.id"', '"plant.id"')
    write("main.py", swapped)

    result = run("migrate", "--rename", "Shop=Plant", "--rename", "Plant=Shop")

    assert result.exit_code == 0, result.output
    assert rows(database, "SELECT id, name, city FROM plant") == [("a", "N", "C")]
    assert rows(database, "SELECT id, name, shop FROM shop") == [("p", "P", "a")]
    assert run("migrate", "--check").exit_code == 0
    assert run("db", "downgrade", "0001").exit_code == 0
    assert rows(database, "SELECT id, name, shop FROM plant") == [("p", "P", "a")]


def test_other_type_of_a_key_never_shares_a_value(database: str, write: Write, run: Run) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    execute(database, "INSERT INTO shop (id, name, city, _version) VALUES ('a', 'N', 'C', 1)")
    numbered = "    id: int | None = Field(default=None, primary_key=True)\n    city"
    write("main.py", MAIN.replace("    city", numbered).replace("shop: str", "shop: int"))

    asked = run("migrate").stderr
    assert "--convert Shop.id  stop before anything runs if a value doesn't fit" in asked
    assert "--convert Shop.id=" not in asked
    flags = ("--convert", "Plant.shop")
    shared = run("migrate", "--convert", "Shop.id=1", *flags)
    assert "Shop.id is the key, so rows can't share one value. Instead: 1. Add" in shared.stderr
    stopped = run("migrate", "--convert", "Shop.id", *flags)
    assert "can't be converted to whole number: 'a'" in stopped.stderr
    assert "Instead: 1. Add a class with the new key" in stopped.stderr
    execute(database, "UPDATE shop SET id = '7'")
    result = run("migrate", "--convert", "Shop.id", *flags)
    assert result.exit_code == 0, result.output
    assert "Number new records of Shop" in result.stdout
    assert rows(database, "SELECT id, name FROM shop") == [(7, "N")]


def test_changed_key_is_refused_with_what_to_do(database: str, write: Write, run: Run) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    write(
        "main.py", MAIN.replace("max_length=50, unique", "max_length=50, primary_key=True, unique")
    )

    result = run("migrate")

    assert result.exit_code == 1, result.output
    assert "1. Add a class with the new key beside this one" in result.stderr
