"""Hooks and ignored tables of `migrations/env.py`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from databases import DATABASES, empty_database
from integration.cli.migrations.shop import BEFORE
from integration.cli.migrations.test_six_changes import rows
from integration.migrations.changing import execute
from starmodel.cli.migrations.development import settle
from starmodel.cli.serving.loading import load_app

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
ENV = """
from starmodel.migrations import Environment


def before(op, migration):
    op.execute("CREATE TABLE IF NOT EXISTS seen (id VARCHAR(50))")
    op.execute(f"INSERT INTO seen VALUES ('before {migration}')")


def after(op, migration):
    op.execute(f"INSERT INTO seen VALUES ('after {migration}')")


environment = Environment(ignore=["cust*"], before=before, after=after)
"""


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = empty_database(request, folder)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def test_hooks_run_around_each_migration(database: str, write: Write, run: Run) -> None:
    write("main.py", BEFORE)
    write("migrations/env.py", ENV)
    assert run("migrate").exit_code == 0
    write("main.py", BEFORE.replace("    old:", '    new: str = ""\n    old:'))
    result = run("migrate", "-m", "New")

    assert result.exit_code == 0, result.output
    assert sorted(row[0] for row in rows(database, "SELECT id FROM seen")) == [
        "after 0001_first",
        "after 0002_new",
        "before 0001_first",
        "before 0002_new",
    ]


def test_ignored_tables_are_never_altered(database: str, write: Write, run: Run) -> None:
    write("main.py", BEFORE)
    write("migrations/env.py", ENV)
    result = run("migrate")

    assert "Create Customer (the table 'customer' of another program" in result.stdout
    assert run("migrate", "--check").exit_code == 0
    write("main.py", BEFORE.replace("    address: Address", "    street: str"))
    changed = run("migrate")
    assert changed.exit_code == 0, changed.output
    with pytest.raises(Exception, match=r"customer"):
        rows(database, "SELECT * FROM customer")


def test_failed_hook_is_named_and_run_again(
    database: str, write: Write, run: Run, folder: Path
) -> None:
    write("main.py", BEFORE)
    failing = ENV.replace("def after(op, migration):", "def after(op, migration):\n    1 / 0")
    write("migrations/env.py", failing)
    result = run("migrate")
    assert result.exit_code == 1
    assert "after in migrations/env.py failed for 0001_first: ZeroDivisionError" in result.stderr
    assert (folder / "migrations/0001_first.py").exists()

    write("migrations/env.py", ENV)
    again = run("migrate")
    assert again.exit_code == 0, again.output
    assert "Applied: 0001_first" in again.stdout


def test_ignored_tables_are_no_drift(database: str, write: Write, run: Run) -> None:
    write("main.py", BEFORE)
    write("migrations/env.py", ENV)
    assert run("migrate").exit_code == 0
    write("main.py", BEFORE.replace("    address: Address", "    street: str"))

    found = json.loads(run("doctor", "--json").stdout)["findings"]
    assert [each for each in found if "classes have changed" in each["text"]] == []
    asyncio.run(settle(load_app(None)))  # as `starmodel run` does before the start


def test_ignored_tables_without_a_class_are_no_drift(database: str, write: Write, run: Run) -> None:
    write("main.py", BEFORE)
    write("migrations/env.py", ENV)
    execute(database, "CREATE TABLE customs (id INTEGER PRIMARY KEY, _version BIGINT)")
    result = run("migrate")
    assert result.exit_code == 0, result.output
    assert "customs" not in result.output.lower()
