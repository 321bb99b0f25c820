"""Access rules of single fields on the command line: outcomes, errors and descriptions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

STAFF = """
from starmodel import Entity, Field, create_app
from starmodel.access import owner, role

class Employee(Entity):
    model_config = {"store": "sql", "access": "signed_in"}
    id: str
    user_id: str = ""
    salary: int = Field(default=0, access=role("hr"))
    note: str = Field(
        default="", access={"read": role("hr") | owner("user_id"), "write": role("hr")}
    )

app = create_app([Employee])
"""
ANN, EVE = ("--actor", "ann"), ("--actor", "eve", "--role", "hr")


@pytest.fixture(autouse=True)
def _employee(write: Callable[[str, str], Path], run: Callable[..., Result]) -> None:
    """An application with one employee."""
    write("main.py", STAFF)
    new = ("--id", "ann", "--user-id", "ann", "--salary", "98765", "--note", "late")
    assert run("event", "Employee", "create", *new).exit_code == 0


@pytest.mark.parametrize(
    ("who", "fields"),
    [
        ((), {"salary", "note"}),
        (ANN, {"note"}),
        (("--actor", "bob"), set()),
        (EVE, {"salary", "note"}),
    ],
)
def test_outcome_has_the_fields_that_the_actor_may_read(
    run: Callable[..., Result], answer: Callable[..., Any], who: Any, fields: set[str]
) -> None:
    data = answer("event", "Employee:ann", "update", "--user-id", "ann", *who)
    text = run("event", "Employee:ann", "update", "--user-id", "ann", *who).stdout

    assert data["entity"].keys() & {"salary", "note"} == fields
    assert ("98765" in text, "late" in text) == ("salary" in fields, "note" in fields)


def test_actor_sets_the_fields_that_it_may_write(run: Callable[..., Result]) -> None:
    hidden = run("event", "Employee:ann", "update", "--salary", "1", *ANN)
    refused = run("event", "Employee:ann", "update", "--note", "x", *ANN)
    done = run("event", "Employee:ann", "update", "--salary", "1", "--note", "x", *EVE)

    assert (hidden.exit_code, refused.exit_code, done.exit_code) == (2, 1, 0)
    assert "is unknown" in hidden.stderr
    assert "You may not set 'note' of Employee." in refused.stderr
    assert "salary: int" not in hidden.stderr


def test_inspect_names_the_rules(run: Callable[..., Result], answer: Callable[..., Any]) -> None:
    fields = {f["name"]: f for f in answer("entities", "inspect", "Employee")["fields"]}

    assert fields["salary"]["access"] == {"read": "role 'hr'", "write": "role 'hr'"}
    assert "user_id" in fields["note"]["access"]["read"]
    assert "access" not in fields["user_id"]
    assert "write: role 'hr'" in run("entities", "inspect", "Employee").stdout
