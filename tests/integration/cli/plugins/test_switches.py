"""`plugin enable` and `plugin disable`: settings in `starmodel.toml`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
Answer = Callable[..., Any]
TOML = Path("starmodel.toml")


def state(answer: Answer, name: str) -> str:
    (plugin,) = [p for p in answer("plugin", "list")["plugins"] if p["name"] == name]
    return str(plugin["state"])


def test_disable_and_enable_change_only_the_list(
    notes: Path, write: Any, run: Run, answer: Answer
) -> None:
    before = (
        "# ours\n[starmodel]\ntheme = 'red'  # loud\n\n# live\n[starmodel.production]\ntitle='x'\n"
    )
    write("starmodel.toml", before)
    result = run("plugin", "disable", "notes")
    assert result.stdout == "starmodel.toml: the plugin notes is off from the next start.\n"
    line = 'plugins_disabled = ["notes"]\n'
    assert TOML.read_text() == before.replace("# loud\n", f"# loud\n{line}")
    assert state(answer, "notes") == "off"
    assert run("plugin", "disable", "notes").stdout == "The plugin notes is off already.\n"

    result = run("plugin", "enable", "notes")
    assert result.stdout == "starmodel.toml: the plugin notes is on from the next start.\n"
    assert TOML.read_text() == before.replace("# loud\n", "# loud\nplugins_disabled = []\n")
    assert state(answer, "notes") == "on"
    assert run("plugin", "enable", "notes").stdout == "The plugin notes is on already.\n"


def test_disable_creates_the_missing_file(notes: Path, run: Run) -> None:
    assert run("plugin", "disable", "notes").exit_code == 0
    assert TOML.read_text() == '[starmodel]\nplugins_disabled = ["notes"]\n'


def test_plugin_that_exits_on_import_is_disabled_without_an_import(
    drop_in: Any, run: Run, answer: Answer
) -> None:
    drop_in("hanging", "import os\nos._exit(3)\n")
    assert run("plugin", "disable", "hanging").exit_code == 0
    assert state(answer, "hanging") == "off"


def test_plugin_with_another_name_than_its_module_is_found_by_its_own(
    drop_in: Any, run: Run, answer: Answer
) -> None:
    drop_in("a_file", "class Made(Plugin):\n    name = 'tools'\n")
    assert run("plugin", "disable", "tools").exit_code == 0
    assert state(answer, "tools") == "off"


def test_plugin_passed_in_code_is_switched_off(write: Any, run: Run, answer: Answer) -> None:
    write("main.py", "from starmodel import create_app\nfrom starmodel.plugins import Plugin\n"
          "class Given(Plugin):\n    name = 'given'\n"
          "app = create_app([], plugins=[Given()])\n")  # fmt: skip
    assert run("plugin", "disable", "given").exit_code == 0
    assert state(answer, "given") == "off"
    assert run("plugin", "enable", "given", "--app", "main.py").exit_code == 0
    assert state(answer, "given") == "on"


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_unknown_name_is_refused_with_a_suggestion(notes: Path, run: Run, verb: str) -> None:
    result = run("plugin", verb, "nots")
    assert result.exit_code == 2
    assert result.stderr == (
        "starmodel: There is no plugin 'nots'. Did you mean 'notes'? "
        "Found: assets, auth, browser_state, crud, dev_sign_in, health, mail, notes.\n"
    )
    assert not TOML.exists()


def test_built_in_plugin_is_switched_off_and_on(notes: Path, run: Run, answer: Answer) -> None:
    assert run("plugin", "disable", "crud").exit_code == 0
    assert state(answer, "crud") == "off"
    assert run("plugin", "enable", "crud").exit_code == 0
    assert state(answer, "crud") == "on"


def test_essential_plugin_is_not_disabled(run: Run) -> None:
    result = run("plugin", "disable", "assets")
    assert result.exit_code == 1
    assert result.stderr == (
        "starmodel: The plugin 'assets' can't be switched off: Every page loads its scripts and "
        "its style sheet from it.\n"
    )
    assert not TOML.exists()


def test_required_plugin_is_not_disabled(notes: Path, write: Any, run: Run) -> None:
    text = "[starmodel]\nplugins_required = ['notes']\n"
    write("starmodel.toml", text)
    result = run("plugin", "disable", "notes")
    assert result.exit_code == 1
    assert "'notes' is in plugins_required (from [starmodel] of starmodel.toml)" in result.stderr
    assert TOML.read_text() == text


@pytest.mark.parametrize(
    ("verb", "variable", "value"),
    [
        ("enable", "PLUGINS_DISABLED", "notes"), ("disable", "PLUGINS_DISABLED", "other"),
        ("disable", "PLUGINS_ENABLED", "notes"),
    ],
)  # fmt: skip
def test_source_that_takes_precedence_is_named(
    notes: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    variable: str,
    value: str,
) -> None:
    monkeypatch.setenv(f"STARMODEL_{variable}", value)
    result = run("plugin", verb, "notes")
    assert result.exit_code == 1
    assert result.stderr == (
        f"starmodel: The plugin 'notes' is unchanged: {variable.lower()} comes from "
        f"STARMODEL_{variable} in the environment, which takes precedence over [starmodel] of "
        "starmodel.toml. Change it there.\n"
    )
    assert not TOML.exists()


def test_profile_that_takes_precedence_is_named(notes: Path, write: Any, run: Run) -> None:
    write("starmodel.toml", "[starmodel.development]\nplugins_disabled = []\n")
    result = run("plugin", "disable", "notes")
    assert result.exit_code == 1
    assert "comes from [starmodel.development] of starmodel.toml" in result.stderr


@pytest.mark.parametrize("text", ["[starmodel\n", "[starmodel]\nthem = 1\n"])
def test_invalid_file_is_not_edited(notes: Path, write: Any, run: Run, text: str) -> None:
    write("starmodel.toml", text)
    for verb in ("enable", "disable"):
        assert run("plugin", verb, "notes").exit_code == 1
    assert TOML.read_text() == text


@pytest.fixture
def three(drop_in: Any) -> None:
    """Plugins of which each requires the one before, and one that can't be imported."""
    for name, requires in (("base", ""), ("reports", "base"), ("mail", "reports")):
        drop_in(name, f"print('{name} is imported')\nclass Made(Plugin):\n    name = '{name}'\n"
                      f"    requires = {requires.split()}\n")  # fmt: skip
    drop_in("broken", "1 / 0")


@pytest.mark.parametrize("app", [(), ("--app", "main.py")], ids=["folder", "application"])
def test_plugin_that_others_require_is_disabled_with_them_only(
    three: None, write: Any, run: Run, answer: Answer, app: tuple[str, ...]
) -> None:
    write("main.py", "from starmodel import create_app\napp = create_app([])\n")
    result = run("plugin", "disable", "base", *app)
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "starmodel: The plugin 'base' is required by 'reports' and 'mail'. Switch them off too: "
        "starmodel plugin disable base --with-dependents\n"
    )
    assert ("base is imported" in result.stderr) is bool(app)
    assert not TOML.exists()

    result = run("plugin", "disable", "base", "--with-dependents", *app)
    assert [line.split()[3] for line in result.stdout.splitlines()] == ["mail", "reports", "base"]
    assert {state(answer, name) for name in ("base", "reports", "mail")} == {"off"}
    result = run("plugin", "disable", "base", *app)
    assert result.stdout == "The plugin base is off already.\n"


def test_plugin_that_only_disabled_ones_require_is_disabled(
    three: None, write: Any, run: Run
) -> None:
    write("starmodel.toml", "[starmodel]\nplugins_disabled = ['reports', 'mail']\n")
    assert run("plugin", "disable", "base").exit_code == 0


def test_plugin_that_a_required_one_requires_is_not_disabled(
    three: None, write: Any, run: Run
) -> None:
    text = "[starmodel]\nplugins_required = ['mail']\n"
    write("starmodel.toml", text)
    result = run("plugin", "disable", "base", "--with-dependents")
    assert result.exit_code == 1
    assert "'mail' is in plugins_required" in result.stderr
    assert "and it requires 'base'" in result.stderr
    assert TOML.read_text() == text
