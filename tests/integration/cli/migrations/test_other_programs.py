"""A class that refers to a table of another program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from databases import DATABASES, empty_database
from integration.migrations.changing import execute, query

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
BUYER = """
class Buyer(Entity):
    model_config = {"store": "sql"}
    id: int
    name: str | None = None
"""
MAIN = """
from starmodel import Entity, Field, create_app


class Sale(Entity):
    model_config = {"store": "sql"}
    buyer_id: int = Field(foreign_key="buyer.id")


app = create_app()
"""


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with the table of another program."""
    url = empty_database(request, folder)
    monkeypatch.setenv("DATABASE_URL", url)
    execute(url, "CREATE TABLE buyer (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(40))")
    execute(url, "INSERT INTO buyer (id, name) VALUES (7, 'Ann')")
    return url


@pytest.mark.parametrize("is_created", [False, True], ids=["by migrate", "by the store"])
def test_table_with_a_key_to_it_is_migrated(
    database: str, write: Write, run: Run, is_created: bool
) -> None:
    write("main.py", MAIN.replace("class Sale", f"{BUYER}\n\nclass Sale"))
    if is_created:
        assert run("event", "Sale", "create", "--arg=buyer_id=7").exit_code == 0
    done = run("migrate")
    assert done.exit_code == 0, done.output
    assert run("migrate", "--check").exit_code == 0
    assert run("event", "Sale", "create", "--arg=buyer_id=7").exit_code == 0
    assert run("event", "Sale", "create", "--arg=buyer_id=8").exit_code == 1
    assert query(database, "SELECT name FROM buyer") == [("Ann",)]


def test_key_to_a_table_without_a_class_is_refused_with_the_remedy(write: Write, run: Run) -> None:
    write("main.py", MAIN)
    refused = run("event", "Sale", "create", "--arg=buyer_id=7")
    assert refused.exit_code == 1
    assert "Sale: the column 'buyer_id' refers to the table 'buyer'" in refused.stderr
    assert "Declare a class for it" in refused.stderr
