"""What `starmodel migrate` says, and when it says nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from databases import DATABASES, empty_database
from integration.cli.migrations.terminal import Terminal
from starmodel.cli.migrations import applying, drafting
from starmodel.cli.migrations.answers.flags import Flags
from starmodel.cli.migrations.database import Database
from starmodel.cli.migrations.project import load_project

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
MAIN = """
from typing import Literal

from starmodel import Entity, create_app


class Product(Entity):
    model_config = {"store": "sql"}
    name: str = ""
    state: Literal["", "new", "sold"] = ""


app = create_app([Product])
"""


def test_migration_without_a_file_is_named(write: Write, run: Run) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    with closing(sqlite3.connect("starmodel.db")) as database, database:
        database.execute("INSERT INTO starmodel_migration VALUES ('0002_theirs', 'applied', 2, 0)")

    result = run("migrate")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        "The database also has 0002_theirs, and there is no file 0002_theirs.py here: another "
        "branch or a newer version has migrated it. Take the version that has the files, or undo "
        "them there: starmodel db downgrade",
    )
    assert "0002_theirs.py" in run("migrate", "--check").stdout
    assert json.loads(run("migrate", "--json").stdout)["without_file"] == ["0002_theirs"]


def test_members_are_quoted(write: Write, run: Run) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    write("main.py", MAIN.replace('"", "new", "sold"] = ""', '"fresh", "sold"] = "sold"'))

    asked = run("migrate").stderr
    assert "--replace Product.state.=fresh" in asked
    assert "--replace Product.state.new=fresh" in asked
    result = run("migrate", "--replace", "Product.state.=sold", "--unused", "Product.state.new")
    assert (
        "Let Product.state also be 'fresh' and no longer be '' and 'new'; rows with '' get 'sold'."
    ) in result.stdout


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ("title: str", "--rename Product.name=title"),  # nothing else changed
        ("colour: str\n    names: str", "--rename Product.name=names"),
        ("colour: str\n    size: int", "--drop Product.name"),
    ],
)
def test_first_answer_is_the_likely_one(write: Write, run: Run, fields: str, first: str) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    write("main.py", MAIN.replace('name: str = ""', fields))

    command = run("migrate").stderr.strip().splitlines()[-1]
    assert command.strip().startswith(f"starmodel migrate {first}"), command


def test_old_processes_are_named_where_there_may_be_some(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    title = "Processes that still run the old version:"

    write("main.py", MAIN.replace("name: str", "title: str"))
    assert title not in run("migrate", "--rename", "Product.name=title").stdout

    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", "k" * 40)
    write("main.py", MAIN)
    assert title not in run("migrate", "--rename", "Product.title=name").stdout
    with closing(sqlite3.connect("starmodel.db")) as database:  # a server
        database.execute("SELECT * FROM product")
        write("main.py", MAIN.replace("name: str", "title: str"))
        assert title in run("migrate", "--rename", "Product.name=title").stdout


@pytest.mark.parametrize("kind", [name for name in DATABASES if name != "sqlite"])
def test_developer_with_a_server_is_told_of_rolling(
    kind: str, request: Any, write: Write, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.param = kind
    monkeypatch.setenv("DATABASE_URL", empty_database(request, folder))
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    write("main.py", MAIN.replace("name: str", "title: str"))
    said = run("migrate", "--rename", "Product.name=title").stdout
    assert said.splitlines()[-1] == (
        "When you deploy this, stop the old version first. Or, for a rolling deploy, undo it "
        "(starmodel db downgrade 0001), delete its file, and run starmodel migrate --rolling."
    )
    assert "Processes that still run" not in said


def test_wait_for_another_writer_is_said(write: Write, run: Run, folder: Path) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    write("main.py", MAIN.replace("    state:", "    note: str | None = None\n    state:"))
    with closing(sqlite3.connect("starmodel.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        terminal = Terminal(["migrate"], folder)
        terminal.expect("Another process is writing to the database; waiting until it has finished")
        database.execute("ROLLBACK")
        terminal.expect("Applied: 0002_add_product_note")
        assert terminal.end() == 0


def test_answers_of_prompts_are_printed_for_another_attempt(
    write: Write, run: Run, folder: Path
) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    with closing(sqlite3.connect("starmodel.db")) as database, database:
        database.execute(
            "INSERT INTO product (id, name, state, _version) VALUES ('a', 'x', 'new', 1)"
        )
    write("main.py", MAIN.replace('name: str = ""', "price: int = 0").replace('"new", ', ""))
    terminal = Terminal(["migrate", "--rename", "Product.name=price"], folder)
    for question, answer in (("may not fit", "1"), ("can't be 'new' any more", "2")):
        terminal.expect(question)
        terminal.expect(r"Which\?")
        terminal.answer(answer)
    terminal.expect("run:\n  (starmodel migrate .*)\n")
    assert terminal.end() == 1
    assert (
        "starmodel migrate --rename Product.name=price --convert Product.price "
        "--replace Product.state.new=sold\n"
    ) in terminal.output


def test_stopped_wait_leaves_no_file(
    write: Write, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*args: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    write("main.py", MAIN)
    project = load_project(None)
    decision = drafting.decided(project, Flags(), may_ask=False, accept_safe=False)
    draft = drafting.drafted(project, decision, None)
    monkeypatch.setattr(Database, "upgrade", stopped)
    with pytest.raises(KeyboardInterrupt):
        applying.apply_drafts(project.migrations, [draft], Database.of(project), blocking=False)
    assert list((folder / "migrations").glob("*.py")) == []
