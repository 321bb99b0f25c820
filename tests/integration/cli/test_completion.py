"""What the shell is offered when Tab is pressed; nothing of the application runs for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from starmodel.cli.main import app as command

Run = Callable[..., Result]
Write = Callable[[str, str], Path]


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """What bash is offered for the last word of a line."""

    def complete(line: str) -> list[str]:
        words = line.split(" ")
        environment = {
            "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1),
            "_STARMODEL_COMPLETE": "complete_bash",
        }  # fmt: skip
        result = CliRunner().invoke(command, [], prog_name="starmodel", env=environment)
        return result.stdout.split()

    return complete


def test_completion_of_commands_and_options_lists_both(offered: Callable[[str], list[str]]) -> None:
    assert offered("starmodel e") == ["event", "export", "entities"]
    assert "--actor" in offered("starmodel event --")


def test_completion_of_entities_and_events_parses_source(
    offered: Callable[[str], list[str]], write: Write
) -> None:
    write("main.py", "raise SystemExit('it ran')\nfrom models import *\napp = 1\n")
    write(
        "models/shop.py",
        "import starmodel\n"
        "class Product(starmodel.Entity):\n"
        "    @starmodel.event\n"
        "    def adjust_stock(self, delta: int): ...\n"
        "    @starmodel.event(access='public')\n"
        "    async def refill(self): ...\n"
        "    def plain(self): ...\n"
        "class Special(Product): ...\n"
        "class Other: ...\n",
    )
    write("models/broken.py", "class Gone(Entity\n")
    assert offered("starmodel entities inspect ") == ["Product", "Special"]
    assert offered("starmodel event Pr") == ["Product"]
    events = ["adjust_stock", "refill", "create", "update", "delete"]
    assert offered("starmodel event Product:7 ") == events
    assert offered("starmodel event Product:7 a") == ["adjust_stock"]


def test_completion_in_a_folder_without_python_is_empty(
    offered: Callable[[str], list[str]],
) -> None:
    assert offered("starmodel entities inspect ") == []


def test_show_completion_prints_the_shell_script(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: "bash")
    assert (
        "complete -o default -F _starmodel_completion starmodel" in run("--show-completion").stdout
    )
