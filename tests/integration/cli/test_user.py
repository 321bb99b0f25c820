"""`starmodel user`: accounts on the command line, which a running application follows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from asyncio import to_thread
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from integration.auth.people import ANN, BOB, PASSWORD, Desk, becomes, sign_in, status
from integration.web.browser import Browser
from starmodel import create_app

Run = Callable[..., Result]
User = Callable[..., str]
Create = Callable[..., dict[str, Any]]
Write = Callable[[str, str], Path]
PROGRAM = """
from starmodel import create_app
app = create_app([], secret_key="k" * 40, auth={auth})
"""


@pytest.fixture(autouse=True)
def program(write: Write) -> None:
    write("main.py", PROGRAM.format(auth=True))


@pytest.fixture
def user(run: Run) -> User:
    """Run `starmodel user`: its output, the errors where another code than 0 is expected."""

    def invoke(*words: str, given: str = "", code: int = 0) -> str:
        done = run("user", *words, given=given)
        assert done.exit_code == code, done.output
        assert PASSWORD not in done.output
        return done.stderr if code else done.stdout

    return invoke


@pytest.fixture
def create(user: User) -> Create:
    def invoke(email: str, *words: str) -> dict[str, Any]:
        options = ("--password-stdin", "--json", *words)
        made: dict[str, Any] = json.loads(user("create", email, *options, given=f"{PASSWORD}\n"))
        return made

    return invoke


def of_another_process(*words: str) -> None:
    """Run `starmodel user` in a process of its own."""
    program = "from starmodel.cli.main import main; main()"
    subprocess.run([sys.executable, "-c", program, "user", *words], check=True)


async def test_user_signs_in_and_changes_hold_in_the_running_application(
    create: Create, user: User
) -> None:
    made = await to_thread(create, ANN, "--name", "Ann", "--role", "admin", "--role", "boss")
    assert (made["email"], made["name"], made["roles"]) == (ANN, "Ann", ["admin", "boss"])
    await to_thread(create, BOB, "--role", "admin")
    app = create_app([Desk], secret_key="k" * 40, auth=True)
    ann = Browser(app)
    assert (await sign_in(ann)).status_code == 303
    assert await status(ann, "POST", "/desk/lock") == 200

    await to_thread(of_another_process, "revoke", ANN, "boss")
    assert await becomes(403, ann, "POST", "/desk/lock")
    await to_thread(user, "grant", f" {ANN.upper()}", "boss")
    assert await becomes(200, ann, "POST", "/desk/lock")
    await to_thread(user, "disable", ANN)
    assert await becomes(401, ann)
    assert (await sign_in(Browser(app))).status_code == 422
    await to_thread(user, "enable", ANN)
    assert (await sign_in(Browser(app))).status_code == 303
    await app.starmodel.close()


def test_users_are_listed(create: Create, user: User) -> None:
    assert "There are no users." in user("list")
    create(BOB)
    create(ANN, "--role", "admin")
    assert [row.split()[0] for row in user("list").splitlines()] == ["EMAIL", ANN, BOB]
    rows = json.loads(user("list", "--json"))
    assert [row["email"] for row in rows] == [ANN, BOB]
    assert set(rows[0]) == {"id", "email", "name", "roles", "disabled", "verified"}


def test_refusals_name_their_reason(create: Create, user: User) -> None:
    create(ANN, "--role", "admin")
    for words, given, reason in (
        (("create", ANN, "--password-stdin"), PASSWORD, "already taken"),
        (("create", "ann", "--password-stdin"), PASSWORD, "Please enter an e-mail address"),
        (("create", BOB, "--password-stdin"), "short", "At least 10 characters"),
        (("create", BOB, "--role", "a b", "--without-password"), "", "expected form"),
        (("disable", ANN), "", "last administrator"),
        (("revoke", ANN, "admin"), "", "last administrator"),
        (("grant", "who@example.org", "x"), "", "There is no user who@example.org"),
    ):
        assert reason in user(*words, given=given, code=1), words
    assert "no terminal" in user("create", BOB, code=2)
    assert "empty" in user("create", BOB, "--password-stdin", code=2)


async def test_link_lets_a_user_choose_the_password(user: User) -> None:
    made = json.loads(await to_thread(user, "create", ANN, "--link", "--json"))
    secret = made["link"].partition("?secret=")[2]
    app = create_app([Desk], secret_key="k" * 40, auth=True)
    form = {"secret": secret, "password": PASSWORD}
    assert (await Browser(app).submit("/first-sign-in", form)).status_code == 303
    assert (await Browser(app).submit("/first-sign-in", form)).status_code == 410
    assert (await sign_in(Browser(app))).status_code == 303
    await app.starmodel.close()


def test_application_without_users_is_told_how_to_get_them(write: Write, user: User) -> None:
    write("main.py", PROGRAM.format(auth=False))
    assert "Pass auth=True to create_app()" in user("list", code=1)


def test_token_is_created_listed_and_revoked(create: Create, user: User) -> None:
    create(ANN)
    named = ("--name", "nightly backup", "--grant", "auth.User:read", "--days", "7")
    made = user("token", "create", ANN, *named).strip()
    assert re.fullmatch(r"sm_[0-9A-Za-z]{38}", made)
    other = json.loads(user("token", "create", ANN, *named, "--json"))["token"]
    assert other != made
    listed = user("token", "list", ANN)
    assert "nightly backup" in listed
    assert "auth.User:read" in listed
    assert made not in listed
    tokens = json.loads(user("token", "list", ANN, "--json"))
    assert [(each["grants"], each["used_at"]) for each in tokens] == [
        (["auth.User:read"], None)
    ] * 2
    assert user("token", "revoke", ANN, tokens[0]["handle"]) == f"Revoked {tokens[0]['handle']}.\n"
    left = json.loads(user("token", "list", ANN, "--json"))
    assert [each["handle"] for each in left] == [tokens[1]["handle"]]


def test_wrong_token_commands_name_what_is_wrong(create: Create, user: User) -> None:
    create(ANN)
    wrong = ("token", "create", ANN, "--name", "x", "--grant", "Nothing:read")
    assert "Nothing:read" in user(*wrong, code=1)
    revoked = user("token", "revoke", ANN, "0123456789ab", code=1)
    assert "starmodel: ann@example.org has no token 0123456789ab." in revoked
    assert "There is no user" in user("token", "list", BOB, code=1)
    assert user("token", "list", ANN) == f"{ANN} has no tokens.\n"
