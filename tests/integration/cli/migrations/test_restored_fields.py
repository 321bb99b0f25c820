"""A field that comes back, and its values that were kept aside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from databases import DATABASES, empty_database
from integration.cli.migrations.terminal import Terminal
from integration.cli.migrations.test_six_changes import rows
from integration.migrations.changing import execute

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
MAIN = """
from starmodel import Entity, create_app


class Product(Entity):
    model_config = {"store": "sql"}
    name: str = ""
    price: int


app = create_app([Product])
"""
WITHOUT = MAIN.replace("    price: int\n", "")
FLAGS = ("--restore", "Product.price", "--fill", "Product.price=7")


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = empty_database(request, folder)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def _dropped(database: str, write: Write, run: Run) -> None:
    """A row with a price, which is dropped, and a row that is created afterwards."""
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    execute(database, "INSERT INTO product (id, name, price, _version) VALUES ('a', 'Pen', 3, 1)")
    write("main.py", WITHOUT)
    assert run("migrate", "--drop", "Product.price").exit_code == 0
    execute(database, "INSERT INTO product (id, name, _version) VALUES ('b', 'Ink', 1)")
    write("main.py", MAIN)


def test_values_of_a_field_that_is_back_are_restored(database: str, write: Write, run: Run) -> None:
    _dropped(database, write, run)

    asked = run("migrate")
    assert asked.exit_code == 2
    assert "0002_remove_product_price removed a field of this name" in asked.stderr
    assert asked.stderr.strip().splitlines()[-1].strip() == (
        "starmodel migrate --restore Product.price --fill Product.price=VALUE"
    )
    result = run("migrate", *FLAGS)

    assert result.exit_code == 0, result.output
    assert "with the values that 0002_remove_product_price kept aside" in result.stdout
    assert rows(database, "SELECT id, price FROM product ORDER BY id") == [("a", 3), ("b", 7)]
    assert run("migrate", "--check").exit_code == 0
    assert "kept aside" in run("migrate", "--purge").stdout
    assert run("db", "downgrade", "0002").exit_code == 0
    assert run("db", "upgrade").exit_code == 0
    assert rows(database, "SELECT id, price FROM product ORDER BY id") == [("a", 3), ("b", 7)]


def test_field_begins_anew(database: str, write: Write, run: Run) -> None:
    _dropped(database, write, run)

    result = run("migrate", "--anew", "Product.price", "--fill", "Product.price=1")

    assert result.exit_code == 0, result.output
    assert rows(database, "SELECT id, price FROM product ORDER BY id") == [("a", 1), ("b", 1)]
    assert run("migrate", "--purge", "--yes").exit_code == 0


def test_rolling_deploy_restores(database: str, write: Write, run: Run) -> None:
    _dropped(database, write, run)

    result = run("migrate", "--rolling", *FLAGS)

    assert result.exit_code == 0, result.output
    assert rows(database, "SELECT id, price FROM product ORDER BY id") == [("a", 3), ("b", 7)]
    assert run("migrate", "--contract").exit_code == 0
    assert rows(database, "SELECT id, price FROM product ORDER BY id") == [("a", 3), ("b", 7)]
    assert run("migrate", "--check").exit_code == 0


def test_other_type_is_a_new_field(database: str, write: Write, run: Run) -> None:
    _dropped(database, write, run)
    write("main.py", MAIN.replace("price: int", "price: bool"))

    refused = run("migrate", "--restore", "Product.price", "--fill", "Product.price=true")
    assert refused.exit_code == 2
    assert "no values of a former Product.price are kept aside that fit it" in refused.stderr
    questions = json.loads(run("migrate", "--json").stdout)["questions"]
    assert [each["text"][:29] for each in questions] == ["Product.price is new and requ"]


def test_rows_of_a_class_that_is_back_are_named(database: str, write: Write, run: Run) -> None:
    both = MAIN.replace(
        "app = ", "class Shop(Entity):\n    model_config = {'store': 'sql'}\n\n\napp = "
    )
    write("main.py", both.replace("[Product]", "[Product, Shop]"))
    assert run("migrate").exit_code == 0
    write("main.py", MAIN)
    assert run("migrate", "--drop", "Shop").exit_code == 0
    write("main.py", both.replace("[Product]", "[Product, Shop]"))
    said = run("migrate").stdout
    assert "Create Shop (id); the rows of a former Shop stay aside in _dropped_shop_2." in said


def test_question_on_a_terminal(write: Write, run: Run, folder: Path) -> None:
    _dropped(f"sqlite:///{folder / 'starmodel.db'}", write, run)
    terminal = Terminal(["migrate"], folder)
    terminal.expect(r"Restore them\?")
    terminal.expect(r"1  its former values come back")
    terminal.answer("1")
    terminal.expect(r"rows get that have no former one")
    terminal.answer("7")
    terminal.expect("Applied: 0003_add_product_price")
    assert terminal.end() == 0
