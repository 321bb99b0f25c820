"""Commands of whole plugins: resolved last, and imported only when they are needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
Answer = Callable[..., Any]
TOOLS = """
import typer

made = typer.Typer(help="Tools.")

@made.command()
def now():
    print("now")

@made.command()
def later(): ...

class Made(Plugin):
    name = "tools"
    def commands(self): return {"tools": made}
"""
COMMANDS = """
def one():
    "From {name}."
    print("{name}")

class Made(Plugin):
    name = "{name}"
    def commands(self): return {commands}
"""


def test_method_of_a_plugin_is_a_command(notes: Path, write: Any, run: Run) -> None:
    write("starmodel.toml", "[starmodel.plugin.notes]\nfolder = 'here'\n")
    assert run("say", "ho", "--times", "2").stdout == "hoho in here\n"
    assert "Usage: starmodel say [OPTIONS] {word}" in run("say", "--help").stdout
    assert "say  Say a word." in run("--help").stdout.partition("Commands of plugins:")[2]


def test_typer_application_of_a_plugin_is_a_command_group(drop_in: Any, run: Run) -> None:
    drop_in("tools", TOOLS)
    assert run("tools", "now").stdout == "now\n"


def test_first_command_of_a_name_wins_and_the_others_are_reported(
    install: Any, drop_in: Any, run: Run, answer: Answer
) -> None:
    install("point", "def made(): print('point')\n", cli_commands={"mine": ":made"})
    wanted = "{'mine': one, 'version': one, 'shared': one, 'bad name': one, 'odd': 3}"
    drop_in("alpha", COMMANDS.format(name="alpha", commands=wanted))
    drop_in("beta", COMMANDS.format(name="beta", commands="{'shared': one}"))
    assert run("mine").stdout == "point\n"
    assert run("shared").stdout == "alpha\n"
    assert run("version").stdout == "0.1.0\n"
    sentences = [
        "The command 'mine' of the plugin 'alpha' is not used: the package point has one of that "
        "name.",
        "The command 'version' of the plugin 'alpha' is not used: StarModel itself has one of "
        "that name.",
        "The command 'bad name' of the plugin 'alpha' is not used: expected letters, digits, '-' "
        "and '_'.",
        "The command 'odd' of the plugin 'alpha' is not used: it is a value of type int; expected "
        "a Typer application, a Click command or a function.",
        "The command 'shared' of the plugin 'beta' is not used: the plugin 'alpha' has one of "
        "that name.",
    ]
    helped = run("--help")
    assert helped.stderr.splitlines() == [f"starmodel: {sentence}" for sentence in sentences]
    alpha, beta, *_ = answer("plugin", "list")["plugins"]
    assert [*alpha["notes"], *beta["notes"]] == sentences
    examined = run("doctor").stdout
    assert all(sentence in examined for sentence in sentences)


def test_failed_plugin_is_named_by_help_and_by_an_unknown_command(
    notes: Path, drop_in: Any, run: Run
) -> None:
    drop_in("broken", "1 / 0")
    sentence = "starmodel: The plugin 'broken' of app/plugins/broken.py is not loaded"
    helped = run("--help")
    assert (helped.exit_code, helped.stderr.startswith(sentence)) == (0, True)
    assert "say  Say a word." in helped.stdout
    unknown = run("brokn")
    assert unknown.exit_code == 2
    assert unknown.stderr.startswith(sentence)
    assert "No such command 'brokn'" in unknown.stderr
    assert run("say", "x").stderr == ""


def test_invalid_settings_do_not_prevent_the_help(notes: Path, write: Any, run: Run) -> None:
    write("starmodel.toml", "[starmodel]\nthem = 1\n")
    helped = run("--help")
    assert helped.exit_code == 0
    assert "Unknown setting 'them'" in helped.stderr
    assert "Commands of plugins" not in helped.stdout


@pytest.mark.parametrize(
    ("words", "is_imported"),
    [
        (["--version"], False), (["version"], False), (["run", "--help"], False),
        (["plugin", "--help"], False), (["css", "build"], False), (["init", "shop"], False),
        (["plugin", "new", "some"], False),
        (["--help"], True), (["nothing"], True), (["plugin", "list"], True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_only_help_and_unknown_commands_import_plugins(
    install: Any, drop_in: Any, tmp_path: Path, words: list[str], is_imported: bool
) -> None:
    imported = run_apart(install, drop_in, tmp_path, words)
    assert imported == ({"marked", "other"} if is_imported else set())


def test_disable_imports_the_other_plugins_only(install: Any, drop_in: Any, tmp_path: Path) -> None:
    words = ["plugin", "disable", "marked"]
    assert run_apart(install, drop_in, tmp_path, words) == {"other"}  # for its `requires`


def run_apart(install: Any, drop_in: Any, tmp_path: Path, words: list[str]) -> set[str]:
    """Run a command in a process of its own. Returns the plugins that it imported."""
    marks = tmp_path / "imported"
    marks.mkdir()
    source = "open({!r}, 'w')\n"
    info = install(
        "starmodel-marked", source.format(str(marks / "marked")), plugins={"marked": ":Made"}
    )
    drop_in("other", source.format(str(marks / "other")))
    # As the console script: the current folder is not on the path.
    program = f"import sys; sys.path.append({str(info.parent)!r}); sys.path.remove('')"
    program += "; from starmodel.cli.main import main; main()"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *words], capture_output=True, check=False,
        timeout=60,
    )  # fmt: skip
    return {path.name for path in marks.iterdir()}


def test_version_loads_neither_the_framework_nor_the_plugin_host() -> None:
    program = (
        "import sys; from starmodel.cli.main import app; app(['--version'], standalone_mode=False);"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    version, *modules = done.stdout.splitlines()
    assert version == "0.1.0"
    heavy = {"pydantic", "asyncio", "starlette", "tomlkit", "starmodel.plugins", "starmodel.app"}
    assert not heavy & set(modules)


def test_completion_imports_no_plugin(install: Any, drop_in: Any, run: Run) -> None:
    from typer.main import get_command

    from starmodel.cli.main import app

    drop_in("noisy", "raise SystemExit(3)")
    root: Any = get_command(app)
    context = root.make_context("starmodel", ["noisy"], resilient_parsing=True)
    assert root.get_command(context, "noisy") is None
    assert "noisy" not in [item.value for item in root.shell_complete(context, "n")]
