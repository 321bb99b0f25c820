"""`starmodel export`: the files of a list's page, from the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import Result

Run = Callable[..., Result]
Write = Callable[[str, str], Path]

PROGRAM = """
from starmodel import Entity, Field, create_app
from starmodel.access import actor, record, role


class Task(Entity):
    model_config = {
        "scope": "record", "store": "sql", "list_display": ["title", "done"],
        "access": {"read": role("staff") | (record.owner == actor.id), "write": "public"},
    }
    title: str
    done: bool = False
    owner: str = ""
    pay: int = Field(default=0, access={"read": role("boss")})


class Cart(Entity):
    scope: str = ""


app = create_app([Task, Cart])
"""


@pytest.fixture(autouse=True)
def _tasks(write: Write, run: Run) -> None:
    write("tasks.py", PROGRAM)
    for title, owner in (("Wash", "ann"), ("=Iron", "bob")):
        words = ["Task", "create", "--title", title, "--owner", owner, "--app", "tasks.py"]
        assert run("event", *words).exit_code == 0


def test_trusted_code_exports_every_record_to_standard_output(run: Run) -> None:
    result = run("export", "task", "--order", "title", "--app", "tasks.py")

    assert result.exit_code == 0, result.output
    assert "Title,Done\n'=Iron,false\nWash,false\n" in result.stdout
    assert "2 records" in result.stderr


def test_list_is_filtered_and_its_columns_are_chosen(run: Run, write: Write) -> None:
    folder = write("note.txt", "").parent
    words = ["--where", "owner=ann", "--columns", "title,pay", "-o", "out.jsonl"]

    result = run("export", "Task", *words, "--app", "tasks.py")

    assert result.exit_code == 0, result.output
    [row] = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert (row["title"], row["pay"]) == ("Wash", 0)
    run("export", "Task", "-o", "out.xlsx", "--app", "tasks.py")
    assert "xl/workbook.xml" in ZipFile(folder / "out.xlsx").namelist()
    assert {path.name for path in folder.glob("out.*")} == {"out.jsonl", "out.xlsx"}
    assert not list(folder.glob(".out*"))


def test_actor_exports_what_it_may_read(run: Run) -> None:
    words = ["--columns", "title,pay", "--app", "tasks.py"]

    own = run("export", "Task", "--actor", "ann", *words)
    boss = run("export", "Task", "--actor", "eve", "--role", "staff", "--role", "boss", *words)

    assert "Title\nWash\n" in own.stdout
    assert "Iron" not in own.stdout
    assert "Wash,0" in boss.stdout
    assert run("export", "Task", "--actor", "ann", "--where", "pay=0", *words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Nope"], "There is no entity 'Nope'"),
        (["Cart"], "has no list of records"),
        (["Task", "--where", "colour=red"], "its fields are"),
        (["Task", "--where", "title"], "expected the filters of a list"),
        (["Task", "--where", "order=title", "--order", "title"], "given twice"),
        (["Task", "--columns", "colour"], "columns has 'colour'"),
        (["Task", "--format", "pdf"], "expected one of csv, jsonl, xlsx"),
        (["Task", "--format", "xlsx"], "needs a file"),
        (["Task", "--role", "staff"], "--role needs an actor"),
        (["Task", "-o", "no/such/folder.csv"], "can't be written"),
    ],
)
def test_wrong_use_is_explained(run: Run, words: list[str], said: str) -> None:
    result = run("export", *words, "--app", "tasks.py")

    assert result.exit_code in (1, 2)
    assert said in result.output
    assert result.stdout == ""
