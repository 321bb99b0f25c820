"""`starmodel migrate`: what it says, asks and writes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from integration.cli.migrations.shop import AFTER, BEFORE, FLAGS, SENTENCES
from starmodel.migrations.files.loading import load_migrations
from starmodel.migrations.steps import AddField, RenameField, SplitField

Write = Callable[[str, str], Path]
Run = Callable[..., Result]


@pytest.fixture
def changed(write: Write, run: Run) -> None:
    """A project with its first migration, whose classes have changed since."""
    write("main.py", BEFORE)
    assert run("migrate").exit_code == 0
    write("main.py", AFTER)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "migrations").glob("*.py"))


def test_first_migration_describes_the_classes(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    result = run("migrate")

    assert result.exit_code == 0, result.output
    assert "  Create Product (id, name, price, colour, size, note and old)." in result.stdout
    assert "Written: migrations/0001_first.py" in result.stdout
    assert files(folder) == ["0001_first.py"]


def test_second_run_changes_nothing(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    run("migrate")
    result = run("migrate")

    assert result.exit_code == 0
    assert "Written" not in result.stdout
    assert files(folder) == ["0001_first.py"]


@pytest.mark.usefixtures("changed")
def test_questions_stop_a_run_without_terminal(run: Run, folder: Path) -> None:
    result = run("migrate")

    assert result.exit_code == 2
    assert "8 questions are open. Nothing is changed." in result.stderr
    assert "  --rename Product.price=unit_price" in result.stderr
    assert files(folder) == ["0001_first.py"]


@pytest.mark.usefixtures("changed")
def test_printed_command_is_complete(run: Run, folder: Path) -> None:
    *_, command = run("migrate").stderr.strip().splitlines()
    words = [word.replace("VALUE", "none") for word in shlex.split(command)]
    result = run(*words[1:])

    assert words[:2] == ["starmodel", "migrate"]
    assert result.exit_code == 0, result.stderr
    assert len(files(folder)) == 2


@pytest.mark.usefixtures("changed")
def test_flags_answer_all_questions(run: Run, folder: Path) -> None:
    result = run("migrate", *FLAGS, "-m", "Sell in cents")

    assert result.exit_code == 0, result.stderr
    assert [line.strip() for line in result.stdout.splitlines() if line.startswith("  ")] == (
        SENTENCES
    )
    assert files(folder) == ["0001_first.py", "0002_sell_in_cents.py"]
    newest = load_migrations(folder / "migrations").files[-1]
    assert newest.about == "Sell in cents."
    assert newest.after == ("0001_first",)
    assert RenameField("Product", "price", "unit_price") in newest.steps
    assert AddField("Product", "tags", []) in newest.steps
    assert SplitField("Customer", "address", {"street": "street", "city": "city"}) in newest.steps
    assert [kept.name for kept in newest.schema.kept] == ["_dropped_old_2", "_dropped_address_2"]
    assert run("migrate", "--check").exit_code == 0


@pytest.mark.usefixtures("changed")
def test_check_says_what_differs_and_changes_nothing(run: Run, folder: Path) -> None:
    result = run("migrate", "--check")

    assert result.exit_code == 1
    assert "The classes differ from 0001_first:" in result.stdout
    assert "  Add Customer.street (text, required)." in result.stdout
    assert files(folder) == ["0001_first.py"]


@pytest.mark.usefixtures("changed")
def test_json_has_changes_and_questions(run: Run) -> None:
    result = run("migrate", "--json")
    document: dict[str, Any] = json.loads(result.stdout)

    assert result.exit_code == 2
    assert document["ok"] is False
    assert document["written"] == []
    assert {"about": "Product.note", "flags": ["--fill Product.note=VALUE"],
            "text": "Product.note is required now. Which value do rows without one get?"} in (
        document["questions"]
    )  # fmt: skip
    written = json.loads(run("migrate", *FLAGS, "--json").stdout)
    assert written["written"] == ["migrations/0002_create_order_and_12_more.py"]
    assert written["applied"] == ["0002_create_order_and_12_more"]
    assert [change["text"] for change in written["changes"]] == SENTENCES


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rename", "Product.prise=unit_price"],
         "There was no Product.prise. Did you mean 'Product.price'?"),
        (["--rename", "Product.price=unitprice"],
         "there is no unitprice now. Did you mean 'unit_price'?"),
        (["--rename", "Product.price"], "expected NAME=VALUE, as in --rename"),
        (["--fill", "Product.notes=x"], "There is no Product.notes. Did you mean 'Product.note'?"),
        (["--fill", "Product.unit_price=cheap"],
         "'cheap' does not fit; expected decimal number"),
        (["--fill", "Product.name=x"],
         "--fill Product.name: nothing about Product.name has changed that needs it."),
        (["--drop", "Product.nothing"], "There was no Product.nothing."),
        (["--convert", "Product.size=big"], "'big' does not fit; expected whole number"),
        (["--replace", "Product.colour.PINK=RED"], "Product.colour had no member 'PINK'"),
        (["--replace", "Product.colour.BLUE=PINK"], "expected one of RED or GREEN"),
        (["--unused", "Product.size.x"], "Product.size had no member 'x'"),
        (["--split", "Customer.address=street"], "expected the parts as PATH:FIELD"),
        (["--check", "--sql"], "--check and --sql can't be combined"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("changed")
def test_wrong_flag_is_explained(run: Run, folder: Path, flags: list[str], message: str) -> None:
    result = run("migrate", *flags)

    assert result.exit_code == 2
    assert message in result.stderr
    assert files(folder) == ["0001_first.py"]


def test_yes_answers_what_loses_nothing(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    run("migrate")
    write(
        "main.py",
        BEFORE.replace('    old: str = ""\n', "").replace("note: str | None", "note: int | None"),
    )

    assert run("migrate").exit_code == 2
    result = run("migrate", "--yes")
    assert result.exit_code == 0, result.stderr
    assert len(files(folder)) == 2


def test_branches_are_explained_and_merged(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    run("migrate")
    for name in ("first_new", "second_new"):
        write("main.py", BEFORE.replace("    old:", f'    {name}: str = ""\n    old:'))
        run("migrate")
        (folder / f"migrations/0002_add_product_{name}.py").rename(folder / f"{name}.py")
    for name in ("first_new", "second_new"):
        (folder / f"{name}.py").rename(folder / f"migrations/0002_add_product_{name}.py")

    result = run("migrate")
    assert result.exit_code == 1
    assert "starmodel migrate --merge" in result.stderr

    both = 'first_new: str = ""\n    second_new: str = ""\n    old:'
    write("main.py", BEFORE.replace("    old:", f"    {both}"))
    merged = run("migrate", "--merge")
    assert merged.exit_code == 0, merged.stderr
    assert files(folder)[-1] == "0003_merge.py"
    assert run("migrate", "--check").exit_code == 0
    assert "nothing to merge" in run("migrate", "--merge").stderr


def test_hand_edited_file_is_checked(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    run("migrate")
    path = folder / "migrations/0001_first.py"
    path.write_text(path.read_text().replace('        CreateEntity("Customer"),\n', ""))

    result = run("migrate")
    assert result.exit_code == 1
    assert "its steps don't do what its schema says: Create Customer" in result.stderr


def test_purge_is_confirmed(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    run("migrate")
    assert "Nothing is kept aside." in run("migrate", "--purge").stdout
    write("main.py", BEFORE.replace('    old: str = ""\n', ""))
    run("migrate", "--yes")

    result = run("migrate", "--purge")
    assert result.exit_code == 2
    assert "Delete for good what was removed: Product.old." in result.stderr
    assert run("migrate", "--purge", "--yes").exit_code == 0
    newest = load_migrations(folder / "migrations").files[-1]
    assert newest.id == "0003_purge"
    assert newest.schema.kept == ()


def test_renamed_class_is_declared_by_a_flag(write: Write, run: Run) -> None:
    write("main.py", BEFORE)
    run("migrate")
    write("main.py", BEFORE.replace("Product", "Article"))

    assert "--rename Product=Article" in run("migrate").stderr
    result = run("migrate", "--rename", "Product=Article")
    assert result.exit_code == 0, result.stderr
    assert "Rename Product to Article; its table product becomes article." in result.stdout


def test_folder_is_a_setting(write: Write, run: Run, folder: Path) -> None:
    write("main.py", BEFORE)
    write("starmodel.toml", '[starmodel]\nmigrations_folder = "db/changes"\n')

    assert "Written: db/changes/0001_first.py" in run("migrate").stdout


def test_application_without_sql_has_nothing_to_migrate(write: Write, run: Run) -> None:
    write("main.py", "from starmodel import create_app\n\napp = create_app([])\n")

    result = run("migrate")
    assert result.exit_code == 1
    assert "nothing to migrate" in result.stderr


@pytest.mark.usefixtures("changed")
def test_sql_is_printed_and_nothing_is_changed(write: Write, run: Run, folder: Path) -> None:
    write(
        "migrations/env.py",
        "from starmodel.migrations import Environment\n\n\n"
        "def before(op, migration):\n    op.execute('DELETE FROM product')\n\n\n"
        "environment = Environment(before=before)\n",
    )
    result = run("migrate", *FLAGS, "--sql")

    assert result.exit_code == 0, result.output
    assert "-- Rename Product.price to unit_price.\n" in result.stdout
    assert "DELETE FROM product;\n" in result.stdout
    assert "ALTER TABLE" in result.stdout
    assert files(folder) == ["0001_first.py", "env.py"]
    assert run("migrate", "--check").exit_code == 1
