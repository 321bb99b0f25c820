"""Migrations between text, numbers, enums and `Literal`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import Result

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
PROGRAM = """
import enum
from typing import Literal
from starmodel import Entity, create_app

class State(enum.Enum):
    NEW = "new"
    LIVE = "live"

class Size(enum.Enum):
    SMALL = 1
    LARGE = 2

class Product(Entity):
    model_config = {{"store": "sql"}}
    name: str
    state: {state}
    size: {size}

app = create_app([Product])
"""


@pytest.fixture
def change(write: Write, run: Run) -> Callable[..., Result]:
    """Return a function that changes the types of `state` and `size`, and migrates."""

    def changed(*words: str, state: str = "str", size: str = "int") -> Result:
        write("main.py", PROGRAM.format(state=state, size=size))
        return run("migrate", *words)

    return changed


def states(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "starmodel.db")) as connection, connection:
        return [row[0] for row in connection.execute("SELECT state FROM product ORDER BY name")]


def sizes(folder: Path) -> list[int | str]:
    with closing(sqlite3.connect(folder / "starmodel.db")) as connection, connection:
        return [row[0] for row in connection.execute("SELECT size FROM product ORDER BY name")]


def create(run: Run, name: str, state: str = "new", size: str = "1") -> None:
    values = {"state": state, "size": size}
    made = run("event", "Product", "create", f"--arg=name={name}",
               *(f"--arg={key}={value}" for key, value in values.items()))  # fmt: skip
    assert made.exit_code == 0, made.output


def test_text_becomes_a_literal(change: Callable[..., Result], run: Run, folder: Path) -> None:
    assert change().exit_code == 0
    create(run, "Ink", state="new")
    create(run, "Pen", state="sold")

    asked = change(state='Literal["new", "live"]')
    assert asked.exit_code == 2
    assert "Product.state changes from text to one of 'new' and 'live'" in asked.stderr

    stopped = change("--convert", "Product.state", state='Literal["new", "live"]')
    assert stopped.exit_code == 1
    assert "'sold'" in stopped.stderr
    assert not list((folder / "migrations").glob("0002*"))

    done = change("--convert", "Product.state=live", "--json", state='Literal["new", "live"]')
    assert done.exit_code == 0, done.output
    (effect,) = json.loads(done.stdout)["old_processes"]
    assert "may still store other values than 'new' or 'live' as Product.state" in effect["text"]
    assert states(folder) == ["new", "live"]


def test_literal_becomes_text(change: Callable[..., Result], run: Run, folder: Path) -> None:
    assert change(state='Literal["new", "sold"]').exit_code == 0
    create(run, "Pen", state="sold")

    done = change()
    assert done.exit_code == 0, done.output
    assert "Change Product.state from one of 'new' and 'sold' to text." in done.stdout
    assert states(folder) == ["sold"]


def test_unused_value_with_rows_stops(
    change: Callable[..., Result], run: Run, folder: Path
) -> None:
    assert change(state='Literal["new", "sold"]', size="Literal[1, 2]").exit_code == 0
    create(run, "Pen", state="sold", size="2")

    flags = ("--unused", "Product.state.sold", "--unused", "Product.size.2")
    stopped = change(*flags, state='Literal["new"]', size="Literal[1]")
    assert stopped.exit_code == 1
    assert "Product.state, 1 row: is not one of 'new': 'sold'" in stopped.stderr
    assert states(folder) == ["sold"]

    flags = ("--replace", "Product.state.sold=new", "--replace", "Product.size.2=1")
    done = change(*flags, state='Literal["new"]', size="Literal[1]")
    assert done.exit_code == 0, done.output
    assert states(folder) == ["new"]


def test_values_become_members_and_back(
    change: Callable[..., Result], run: Run, folder: Path
) -> None:
    assert change().exit_code == 0
    create(run, "Ink", state="new", size="1")
    create(run, "Pen", state="LIVE", size="2")

    done = change(
        "--convert", "Product.state", "--convert", "Product.size", state="State", size="Size"
    )
    assert done.exit_code == 0, done.output
    assert states(folder) == ["NEW", "LIVE"]
    assert sizes(folder) == ["SMALL", "LARGE"]

    done = change("--convert", "Product.size")
    assert done.exit_code == 0, done.output
    assert states(folder) == ["new", "live"]
    assert sizes(folder) == [1, 2]
