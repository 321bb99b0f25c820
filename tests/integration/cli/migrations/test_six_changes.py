"""A project with data, whose classes change in many ways, migrated by the command."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from databases import DATABASES, empty_database
from integration.cli.migrations.shop import AFTER, BEFORE, FLAGS
from starmodel.migrations.files.loading import load_migrations
from starmodel.migrations.running.database.connection import open_link

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
PRODUCTS = [
    {"name": "Pen", "price": "3", "colour": "blue", "size": "12", "note": "n", "old": "o"},
    {"name": "Ink", "price": "4", "size": "big"},
]


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database, which the project uses."""
    url = empty_database(request, folder)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def fill(run: Run) -> None:
    """Create the tables and records of BEFORE."""
    for product in PRODUCTS:
        words = [f"--arg={name}={value}" for name, value in product.items()]
        made = run("event", "Product", "create", *words)
        assert made.exit_code == 0, made.output
    address = '--arg=address={"street": "Via 1", "city": "Rome"}'
    result = run("event", "Customer", "create", "--arg=name=Ann", address)
    assert result.exit_code == 0, result.output


def rows(url: str, sql: str) -> list[Any]:
    async def read() -> list[Any]:
        async with open_link(url) as link:
            return await link.run(lambda session: [tuple(row) for row in session.rows(sql)])

    return asyncio.run(read())


def check_migrated(run: Run, url: str) -> None:
    """The records of AFTER, as its classes read them."""
    found = rows(
        url, "SELECT name, unit_price, colour, size, note, tags FROM product ORDER BY name"
    )
    values = [(*each, t if isinstance(t, list) else json.loads(t)) for *each, t in found]
    values = [(name, int(price), *more) for name, price, *more in values]
    assert values == [
        ("Ink", 4, "RED", 0, "none", []),
        ("Pen", 3, "GREEN", 12, "n", []),
    ]
    assert rows(url, "SELECT name, street, city FROM customer") == [("Ann", "Via 1", "Rome")]
    assert run("doctor").exit_code == 0
    created = run("event", "Product", "create", "--arg=name=Cap", "--arg=note=x")
    assert created.exit_code == 0, created.output


def test_project_with_migrations(database: str, write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    first = run("migrate")
    assert first.exit_code == 0, first.output
    assert "Applied: 0001_first" in first.stdout
    fill(run)
    write("main.py", AFTER)
    result = run("migrate", *FLAGS)

    assert result.exit_code == 0, result.output
    assert "Applied: 0002_create_order_and_12_more" in result.stdout
    check_migrated(run, database)
    again = run("migrate")
    assert again.stdout == (
        "Nothing to do. The classes equal the newest migration, and the database has it.\n"
    )
    assert run("migrate", "--check").exit_code == 0


def test_project_without_migrations_whose_classes_have_changed_already(
    database: str, write: Write, run: Run, folder: Path
) -> None:
    write("main.py", BEFORE)
    fill(run)
    write("main.py", AFTER)
    stopped = run("migrate")
    assert stopped.exit_code == 2, stopped.output
    assert "Was it split into street and city?" in stopped.stderr
    assert not (folder / "migrations").exists()
    # The store has recorded the definitions of the tables, with the members of enums.
    result = run("migrate", *FLAGS, "--fill=Customer.street=-", "--fill=Customer.city=-")

    assert result.exit_code == 0, result.output
    assert "Recorded: 0001_first" in result.stdout
    files = load_migrations(folder / "migrations").files
    assert [file.id for file in files] == ["0001_first", "0002_create_order_and_12_more"]
    assert rows(database, "SELECT name, street, city FROM customer") == [("Ann", "Via 1", "Rome")]
    assert run("migrate", "--check").exit_code == 0


def test_tables_that_equal_the_classes_are_recorded(database: str, write: Write, run: Run) -> None:
    write("main.py", BEFORE)
    fill(run)
    result = run("migrate")

    assert result.exit_code == 0, result.output
    assert "Recorded: 0001_first" in result.stdout
    assert "Applied" not in result.stdout
    assert rows(database, "SELECT COUNT(*) FROM product") == [(2,)]
    assert run("migrate", "--check").exit_code == 0


def test_values_that_do_not_fit_stop_before_anything_is_written(
    database: str, write: Write, run: Run, folder: Path
) -> None:
    write("main.py", BEFORE)
    run("migrate")
    fill(run)
    write("main.py", BEFORE.replace('size: str = ""', "size: int = 0"))
    result = run("migrate", "--convert", "Product.size")

    assert result.exit_code == 1
    assert "big" in result.stderr
    assert "nothing was changed:" in result.stderr
    assert "--convert Product.size=VALUE" in result.stderr
    assert "0002_change_product_size_from_text_and_1_more.py is not written." in result.stderr
    assert len(list((folder / "migrations").glob("*.py"))) == 1
    assert run("migrate", "--convert", "Product.size=0").exit_code == 0


def test_pending_migrations_are_reported_and_run(
    database: str, write: Write, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", BEFORE)
    run("migrate")
    write("main.py", BEFORE.replace("    old:", '    new: str = ""\n    old:'))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder / 'of_a_colleague.db'}")
    assert run("migrate").exit_code == 0
    monkeypatch.setenv("DATABASE_URL", database)
    result = run("migrate", "--check")

    assert result.exit_code == 1
    assert "Pending on this database: 0002_add_product_new." in result.stdout
    assert "Applied: 0002_add_product_new" in run("migrate").stdout
    assert run("migrate", "--check").exit_code == 0


@pytest.mark.slow
def test_several_commands_at_once_write_one_file(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    run("migrate")
    write("main.py", BEFORE.replace("    old:", '    new: str = ""\n    old:'))
    program = Path(sys.executable).with_name("starmodel")
    running = [
        subprocess.Popen(
            [program, "migrate"], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    outputs = [each.communicate(timeout=100) for each in running]

    assert [each.returncode for each in running] == [0] * 3, outputs
    assert sum("Written" in out for out, _ in outputs) == 1
    assert sum("Nothing to do." in out for out, _ in outputs) == 2
    assert len(list((folder / "migrations").iterdir())) == 2
