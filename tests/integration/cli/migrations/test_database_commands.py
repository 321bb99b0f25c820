"""`starmodel db upgrade`, `downgrade` and `reset`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from integration.cli.migrations.shop import AFTER, BEFORE, FLAGS

Write = Callable[[str, str], Path]
Run = Callable[..., Result]


@pytest.fixture
def migrated(write: Write, run: Run, folder: Path) -> Path:
    """The database of a project with two migrations and one row."""
    write("main.py", BEFORE)
    assert run("migrate").exit_code == 0
    database = folder / "starmodel.db"
    with closing(sqlite3.connect(database)) as connection:
        columns = [row[1:4] for row in connection.execute("PRAGMA table_info(product)")]
        names = [name for name, _, required in columns if required]
        given = {"colour": "RED"}
        values = [
            given.get(name, 1 if "INT" in kind else "x")
            for name, kind, required in columns
            if required
        ]
        marks = ", ".join("?" * len(values))
        connection.execute(
            f"INSERT INTO product ({', '.join(names)}) VALUES ({marks})",  # noqa: S608
            values,
        )
        connection.commit()
    write("main.py", AFTER)
    result = run("migrate", *FLAGS)
    assert result.exit_code == 0, result.output
    return database


def tables(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row[0] for row in rows}


def test_downgrade_and_upgrade_move_the_database(migrated: Path, run: Run) -> None:
    down = run("db", "downgrade", "0001")
    assert down.exit_code == 0, down.output
    assert down.stdout.startswith("Undone: 0002_")
    up = run("db", "upgrade", "--json")
    assert up.exit_code == 0, up.output
    assert json.loads(up.stdout)["applied"][0].startswith("0002_")
    assert run("db", "upgrade").stdout == "There is nothing to do.\n"


def test_downgrade_to_nothing_undoes_all(migrated: Path, run: Run) -> None:
    result = run("db", "downgrade", "nothing", "--json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["undone"]) == 2
    assert "product" not in tables(migrated)


def test_unknown_migration_is_refused(migrated: Path, run: Run) -> None:
    result = run("db", "upgrade", "0007")
    assert result.exit_code == 1
    assert "There is no migration '0007'. Name one of: 0001_first, 0002_" in result.stderr


def test_sql_is_printed_and_nothing_changes(migrated: Path, run: Run) -> None:
    before = tables(migrated)
    result = run("db", "downgrade", "0001", "--sql")
    assert result.exit_code == 0, result.output
    assert "ALTER TABLE" in result.stdout
    assert tables(migrated) == before
    assert run("db", "upgrade").stdout == "There is nothing to do.\n"


def test_unknown_value_of_interrupted_is_wrong_usage(migrated: Path, run: Run) -> None:
    result = run("db", "upgrade", "--interrupted", "maybe")
    assert result.exit_code == 2
    assert "expected done" in result.stderr


def test_reset_deletes_rows_after_a_question(migrated: Path, run: Run) -> None:
    with closing(sqlite3.connect(migrated)) as connection:
        connection.execute("CREATE TABLE others (id INTEGER)")
        connection.commit()
    refused = run("db", "reset")
    assert refused.exit_code == 1
    assert "with every row?" in refused.output
    result = run("db", "reset", "--yes")
    assert result.exit_code == 0, result.output
    assert "Applied: 0001_first, 0002_" in result.stdout
    assert "others" in tables(migrated)
    assert run("db", "upgrade").stdout == "There is nothing to do.\n"


def test_reset_in_production_needs_its_flag(
    migrated: Path, run: Run, monkeypatch: pytest.MonkeyPatch, write: Any
) -> None:
    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", "k" * 40)
    result = run("db", "reset", "--yes")
    assert result.exit_code == 2, result.output
    assert "--production" in result.stderr
    assert run("db", "reset", "--yes", "--production").exit_code == 0
