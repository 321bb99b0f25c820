"""A project whose SQL store is given to `create_app`: its database is meant everywhere."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import Result

from starmodel.cli.migrations.development import settle
from starmodel.cli.serving.loading import load_app, load_application
from starmodel.core.definition import defined as definitions
from starmodel.migrations.errors import DriftError

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
MAIN = """
from starmodel import Entity, create_app
from starmodel.adapters.persistence.sql.repository import SqlRepository


class Product(Entity):
    model_config = {"store": "sql"}
    name: str = ""


app = create_app([Product], stores={"sql": lambda: SqlRepository("sqlite:///own.db")})
"""
MEMORY = MAIN.replace('SqlRepository("sqlite:///own.db")', "MemoryRepository()").replace(
    "sql.repository import SqlRepository", "memory import MemoryRepository"
)


def test_database_of_the_store_is_migrated_and_examined(
    write: Write, run: Run, folder: Path
) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    assert not (folder / "starmodel.db").exists()
    with closing(sqlite3.connect(folder / "own.db")) as database, database:
        assert database.execute("SELECT id FROM starmodel_migration").fetchall() == [
            ("0001_first",)
        ]

    healthy = json.loads(run("doctor", "--json").stdout)["findings"]
    assert any("sqlite:///own.db can be reached" in each["text"] for each in healthy), healthy
    write("main.py", MAIN.replace("name: str", "title: str"))
    found = json.loads(run("doctor", "--json").stdout)["findings"]
    assert any("Product.name (text) is gone" in each["text"] for each in found), found
    with pytest.raises(DriftError, match=r"Product\.name \(text\) is gone"):
        asyncio.run(settle(load_app(None)))


def test_application_on_an_own_store_is_checked_when_it_starts(
    write: Write, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    (folder / "own.db").unlink()
    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", "Zk3vQ8sT1xWc7LmP0rYbN5dHg2JfA9eU")

    async def start_and_stop() -> None:
        sys.modules.pop("main", None)  # as in a new process
        definitions._defined.clear()
        application = load_application(None)
        try:
            await application.ready()
        finally:
            await application.close()

    with pytest.raises(DriftError, match=r"no tables yet\. Run: starmodel db upgrade"):
        asyncio.run(start_and_stop())
    assert not (folder / "own.db").exists()
    assert run("db", "upgrade").exit_code == 0
    asyncio.run(start_and_stop())


def test_store_of_another_kind_is_left_alone(write: Write, run: Run) -> None:
    write("main.py", MEMORY)
    refused = run("migrate")
    assert refused.exit_code == 1
    assert 'The store "sql" of this application is of another kind' in refused.stderr
    assert run("doctor").exit_code == 0
    asyncio.run(settle(load_app(None)))
    assert json.loads(run("entities", "inspect", "Product", "--json").stdout)["table"] is None
