"""The questions of `starmodel migrate` on a pseudo-terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from integration.cli.migrations.shop import AFTER, BEFORE
from integration.cli.migrations.terminal import Terminal
from starmodel.migrations.files.loading import load_migrations
from starmodel.migrations.steps import ChangeField, DropField, RenameField, ReplaceValues

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals"),
    pytest.mark.filterwarnings("ignore:.*forkpty.*:DeprecationWarning"),
]


@pytest.fixture
def changed(write: Callable[[str, str], Path], run: Callable[..., Result]) -> None:
    write("main.py", BEFORE)
    assert run("migrate").exit_code == 0
    write("main.py", AFTER)


@pytest.mark.usefixtures("changed")
def test_every_kind_of_question_is_answered(folder: Path) -> None:
    terminal = Terminal(["migrate"], folder)
    terminal.expect(
        r"Product\.price \(whole number\) is gone, and unit_price and size .*\n|renamed\?"
    )
    terminal.expect(r"Which\?")
    terminal.answer("1")
    terminal.expect(r"Product\.old \(text\) is gone")
    terminal.expect(r"Continue\?")
    terminal.answer("y")
    terminal.expect(r"Was it split into street and city\?")
    terminal.expect(r"1  split into street and city")
    terminal.expect(r"Which\?")
    terminal.answer("9")
    terminal.expect(r"Which\?")
    terminal.answer("1")
    terminal.expect(r"can't be 'BLUE' any more")
    terminal.expect(r"2  GREEN")
    terminal.expect(r"Which\?")
    terminal.answer("2")
    terminal.expect(r"may not fit stored values")
    terminal.expect(r"Which\?")
    terminal.answer("2")
    terminal.expect(r"Value \(whole number\)")
    terminal.answer("big")
    terminal.expect(r"'big' does not fit")
    terminal.expect(r"Value \(whole number\)")
    terminal.answer("7")
    terminal.expect(r"Product\.note is required now")
    terminal.expect(r"Value \(text\)")
    terminal.answer("none")

    assert terminal.end() == 0, terminal.output
    steps = load_migrations(folder / "migrations").files[-1].steps
    assert RenameField("Product", "price", "unit_price") in steps
    assert DropField("Product", "old") in steps
    assert ReplaceValues("Product", "colour", {"BLUE": "GREEN"}) in steps
    assert ChangeField("Product", "size", on_error=7) in steps
    assert ChangeField("Product", "note", fill="none") in steps


@pytest.mark.usefixtures("changed")
def test_end_of_input_changes_nothing(folder: Path) -> None:
    terminal = Terminal(["migrate"], folder)
    terminal.expect(r"Which\?")
    terminal.answer("\x04")
    terminal.answer("\x04")

    assert terminal.end() == 1
    assert "Aborted" in terminal.output
    assert len(list((folder / "migrations").glob("*.py"))) == 1


def test_refused_removal_changes_nothing(
    write: Callable[[str, str], Path], run: Callable[..., Result], folder: Path
) -> None:
    write("main.py", BEFORE)
    run("migrate")
    write("main.py", BEFORE.replace('    old: str = ""\n', ""))
    terminal = Terminal(["migrate"], folder)
    terminal.expect(r"Product\.old \(text\) is gone\. Remove it\?")
    terminal.expect(r"Continue\? \[Y/n\]")
    terminal.answer("n")

    assert terminal.end() == 1
    assert len(list((folder / "migrations").glob("*.py"))) == 1
