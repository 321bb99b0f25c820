"""Commands of entry points: discovered from metadata, imported on use, isolated when they fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
Answer = Callable[..., Any]
ROOT = Path(__file__).parents[4]

TYPER = """
import typer
made = typer.Typer(help="Keeps copies.")
@made.command()
def now(force: bool = False):
    "Make a copy now."
    typer.echo(f"copied, force={force}")
"""
CLICK = """
import click
@click.group(help="Sends things.")
def made(): ...
@made.command()
@click.option("--to", default="all")
@click.argument("what")
def send(to, what):
    click.echo(f"{what} to {to}")
@click.command(help="Says hello.")
@click.option("--code", type=int, default=0)
def alone(code):
    raise SystemExit(code)
"""
FUNCTION = """
def made(name: str, times: int = 1):
    "Greet somebody."
    print(f"Hello {name}! " * times)
"""


def test_typer_application_is_a_command_group(install: Any, run: Run) -> None:
    install("keep", TYPER, cli_commands={"backup": ":made"})
    assert run("backup", "now", "--force").stdout == "copied, force=True\n"
    assert "Usage: starmodel backup now [OPTIONS]" in run("backup", "now", "--help").stdout
    assert "backup  Keeps copies." in run("--help").stdout


def test_click_group_and_command_parse_their_arguments(install: Any, run: Run) -> None:
    install("post", CLICK, cli_commands={"post": ":made", "alone": ":alone"})
    assert run("post", "send", "--to", "ann", "--", "--letter").stdout == "--letter to ann\n"
    assert "Usage: starmodel post send [OPTIONS] WHAT" in run("post", "send", "--help").stdout
    assert run("post", "sent").exit_code == 2
    assert run("alone", "--code", "7").exit_code == 7
    helped = run("--help").stdout
    assert "post   Sends things." in helped
    assert "alone  Says hello." in helped


def test_plain_function_is_a_command_in_both_groups(install: Any, run: Run) -> None:
    install("greeter", FUNCTION, cli={"greet": ":made"})
    assert run("greet", "Ann", "--times", "2").stdout == "Hello Ann! Hello Ann! \n"
    assert "greet  Greet somebody." in run("--help").stdout


def test_plugin_that_fails_to_import_disables_only_its_command(install: Any, run: Run) -> None:
    install("broken", "import nowhere_to_be_found\n", cli_commands={"mend": ":made"})
    install("keep", TYPER, cli_commands={"backup": ":made"})
    line = (
        "starmodel: The plugin broken can't be loaded (starmodel.cli_commands: mend = broken:made)"
        ": ModuleNotFoundError: No module named 'nowhere_to_be_found'\n"
    )
    helped = run("--help")
    assert helped.exit_code == 0
    assert helped.stderr == line
    assert "backup  Keeps copies." in helped.stdout
    assert "mend" not in helped.stdout
    used = run("mend")
    assert (used.exit_code, used.stderr) == (1, line)
    other = run("version")
    assert (other.exit_code, other.stderr) == (0, "")


def test_plugin_that_exits_on_import_disables_only_its_command(install: Any, run: Run) -> None:
    install("quitter", "print('bye'); raise SystemExit(3)\n", cli_commands={"quit": ":made"})
    helped = run("--help")
    assert helped.exit_code == 0
    assert "The plugin quitter can't be loaded" in helped.stderr
    assert "bye" not in helped.stdout


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("made = 3\n", "it is a value of type int; expected a Typer application, a Click command "
         "or a function"),
        ("def made(x: int | str): ...\n", "Typer currently doesn't support Union types.\n"),
    ],
    ids=["kind", "parameter"],
)  # fmt: skip
def test_plugin_with_another_type_is_rejected_by_name(
    install: Any, run: Run, source: str, reason: str
) -> None:
    install("odd", source, cli_commands={"odd": ":made"})
    result = run("odd")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"starmodel: The plugin odd adds no command 'odd': {reason}")


def test_plugin_with_a_built_in_name_is_ignored_with_a_warning(install: Any, run: Run) -> None:
    install("taker", FUNCTION, cli_commands={"version": ":made"})
    sentence = (
        "starmodel: The command 'version' of the plugin taker is not used: "
        "StarModel itself has one of that name.\n"
    )
    used = run("version")
    assert (used.stdout, used.stderr) == ("0.1.0\n", sentence)
    helped = run("--help")
    assert helped.stderr == sentence
    assert "Greet somebody" not in helped.stdout
    assert "taker" not in sys.modules


def test_two_plugins_with_one_name_use_the_first_package(install: Any, run: Run) -> None:
    install("b-second", FUNCTION, cli_commands={"greet": ":made"})
    install("a-first", FUNCTION.replace("Hello", "Hi"), cli_commands={"greet": ":made"})
    assert run("greet", "Ann").stdout == "Hi Ann! \n"
    assert "'greet' of the plugin b-second is not used: a-first has one" in run("--help").stderr


def test_built_in_command_imports_no_plugin(install: Any, run: Run, shop: Path) -> None:
    install("keep", TYPER, cli_commands={"backup": ":made"})
    assert run("routes").exit_code == 0
    assert run("run", "gone.py").exit_code == 1
    assert "keep" not in sys.modules


def test_plugin_list_has_every_group_and_state(install: Any, run: Run, answer: Answer) -> None:
    parts = {"record.title": ":made", "record.head": ":made"}
    stores, bus = {"sql": ":made"}, {"tape": ":made"}
    commands = {"backup": ":made"}
    install("keep", TYPER, cli_commands=commands, bus=bus, ui=parts, persistence=stores)
    install("broken", "raise ValueError('no tape')\n", cli_commands={"drum": ":made"})
    install("taker", FUNCTION, cli={"run": ":made"})
    text = {(t["group"], t["name"]): t for t in answer("plugin", "list")["entry_points"]}
    assert text["starmodel.cli_commands", "drum"] == {
        "group": "starmodel.cli_commands", "name": "drum", "value": "broken:made",
        "package": "broken", "version": "1.5", "state": "fails",
        "reason": "The plugin broken can't be loaded (starmodel.cli_commands: drum = broken:made): "
        "ValueError: no tape",
    }  # fmt: skip
    tape = text["starmodel.bus", "tape"]
    assert (tape["state"], "create_app(bus=…)" in tape["reason"]) == ("unused", True)
    assert text["starmodel.ui", "record.title"]["state"] == "loads"
    head, sql = text["starmodel.ui", "record.head"], text["starmodel.persistence", "sql"]
    assert (head["state"], sql["state"]) == ("unused", "unused")
    assert "There is no part 'record.head'" in head["reason"]
    assert sql["reason"] == "The store 'sql' is that of the application or of a plugin."
    assert text["starmodel.cli_commands", "backup"]["state"] == "loads"
    assert text["starmodel.cli", "run"]["state"] == "unused"
    lines = run("plugin", "list").stdout.splitlines()
    assert ["GROUP", "NAME", "PACKAGE", "STATE"] in map(str.split, lines)
    (line,) = (line for line in lines if " tape " in line)
    assert line.endswith(f"unused: {tape['reason']}")
    assert ["starmodel.cli_commands", "backup", "keep", "1.5", "loads"] in map(str.split, lines)


def test_plugin_list_without_plugins_has_those_of_starmodel(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starmodel.cli.commands.plugin.listing.single_points", list)
    heading, *rows = run("plugin", "list").stdout.splitlines()
    assert heading.split() == ["PLUGIN", "VERSION", "STATE", "FROM"]
    names = ("assets", "browser_state", "crud", "dev_sign_in", "health", "mail")
    found = [row.split() for row in rows if not row.startswith("auth")]
    assert found == [[name, "on", "built", "in"] for name in names]
    (off,) = [row for row in rows if row.startswith("auth")]
    assert "It is off by default. Add it to plugins_enabled." in off


def test_doctor_with_a_failing_plugin_warns(install: Any, shop: Path, answer: Answer) -> None:
    install("broken", "raise ValueError('no tape')\n", cli_commands={"mend": ":made"})
    found = [f for f in answer("doctor")["findings"] if f["about"] == "plugins"]
    assert [f["level"] for f in found] == ["warning", "ok"]
    assert "The plugin broken can't be loaded" in found[0]["text"]


@pytest.mark.slow
def test_plugin_add_of_the_example_package_adds_its_command(tmp_path: Path, shop: Path) -> None:
    place = tmp_path / "installed"
    place.mkdir()
    environment = {
        **os.environ, "PYTHONPATH": str(place), "PIP_TARGET": str(place), "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0",
    }  # fmt: skip

    def starmodel(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        program = "from starmodel.cli.main import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False,
            env=environment, timeout=100,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done

    shutil.copytree(ROOT / "examples/plugin_cli", "plugin_cli")
    added = starmodel("plugin", "add", "./plugin_cli")
    assert added.stdout.splitlines()[0] == "starmodel-stock adds stock to starmodel.cli_commands."
    helped = starmodel("--help").stdout
    assert "stock  Count and export what an application stores." in helped
    starmodel("event", "Product", "create", "--name", "Pen")
    assert starmodel("stock", "count", "product").stdout == "1\n"
    exported = starmodel("stock", "export", "Product").stdout
    assert '"name": "Pen"' in exported
    assert "cost" not in exported
    assert "starmodel-stock 0.1.0  loads" in starmodel("plugin", "list").stdout
    failed = starmodel("plugin", "add", "starmodel-unpublished-example", code=1)
    assert failed.stderr.splitlines()[-1] == (
        "starmodel: 'starmodel-unpublished-example' was not installed; see the installer's output "
        "above."
    )


def test_plugin_add_of_a_package_without_entry_points_prints_a_message(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starmodel.cli.plugins.packages.installing.install", lambda package: None)
    assert run("plugin", "add", "plain").stdout.splitlines()[0] == (
        "plain is installed, and adds nothing to StarModel that was not there."
    )


def test_plugin_add_without_an_installer_exits_with_a_message(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    result = run("plugin", "add", "anything")
    assert result.exit_code == 1
    assert result.stderr.startswith("starmodel: This environment has no pip, and there is no uv")
