"""`plugin add` and `plugin remove`: what they refuse, what they install and what stays."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from starmodel.cli.main import app as command
from starmodel.cli.plugins.packages import installing

Run = Callable[..., Result]
AUDIT = """
from starmodel import Entity
from starmodel.plugins import Plugin

class Entry(Entity):
    model_config = {"plugin": "audit", "store": "sql"}
    text: str

class Mark(Entity):
    model_config = {"plugin": "audit", "scope": "app"}
    text: str = ""

class Audit(Plugin):
    name = "audit"
    def entities(self): return [Entry, Mark]

class More(Plugin):
    name = "more"
"""

OTHER = """
from starmodel.plugins import Plugin

class Other(Plugin):
    name = "other"
    requires = ["audit"]
"""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands of the installer, which are recorded and not run."""
    made: list[tuple[str, ...]] = []
    monkeypatch.setattr(installing, "_run", lambda *words: made.append(words) or 0)
    return made


@pytest.mark.parametrize(
    ("words", "problem", "alternative"),
    [
        (["../x"], "'../x' is outside the current folder", "pip install ../x"),
        (["plugins/../../x"], "is outside the current folder", "pip install plugins/../../x"),
        (["/opt/x y"], "'/opt/x y' is outside the current folder", "pip install '/opt/x y'"),
        (["~/x"], "is outside the current folder", "pip install"),
        (["link/"], "is outside the current folder", "pip install link/"),
        (["x @ file:///opt/x"], "is outside the current folder", "pip install 'x @ file:///opt/x'"),
        (["-r", "x"], "'-r' is an option of the installer", "pip install -r x"),
        (["--index-url=http://x"], "is an option of the installer", "pip install --index-url"),
        (["audit", "--pre"], "'--pre' is an option of the installer", "pip install audit --pre"),
        (["a", "b"], "plugin add takes one package, and 2 are given", ""),
        (["a b"], "'a b' is no requirement", "pip install 'a b'"),
        (["git+https://x/y"], "is no requirement", "pip install git+https://x/y"),
        ([""], "'' is no requirement", "starmodel-audit>=1.2"),
    ],
)
def test_add_refuses_what_is_no_package(
    run: Run, calls: list[Any], tmp_path: Path, words: list[str], problem: str, alternative: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "pyproject.toml").touch()
    Path("link").symlink_to(tmp_path / "elsewhere")
    result = run("plugin", "add", *words)
    assert result.exit_code == 2
    assert problem in result.stderr
    assert alternative in result.stderr
    assert calls == []


def test_add_of_a_folder_without_a_project_is_refused(run: Run, calls: list[Any]) -> None:
    Path("empty").mkdir()
    result = run("plugin", "add", "./empty")
    assert (result.exit_code, calls) == (1, [])
    assert "Expected a folder with pyproject.toml or setup.py." in result.stderr


@pytest.mark.parametrize("package", ["starmodel-audit>=1.2,<2", "starmodel-audit[pdf]", "Audit"])
def test_add_passes_a_requirement_to_the_installer(
    run: Run, calls: list[Any], package: str
) -> None:
    assert run("plugin", "add", package).exit_code == 0
    assert calls[0][-2] == "--"
    assert calls[0][-1].replace(" ", "") in (package, "starmodel-audit<2,>=1.2")


def test_add_lists_what_the_package_adds_and_whether_it_loads(
    install: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def installed(*words: str) -> int:
        install("starmodel-audit", AUDIT, plugins={"audit": ":Audit", "bad": ":Gone"},
                cli_commands={"tell": ":Audit"}, ui={"skin": ":x"})  # fmt: skip
        return 0

    monkeypatch.setattr(installing, "_run", installed)
    lines = run("plugin", "add", "starmodel-audit").stdout.splitlines()
    assert lines[0].startswith("starmodel-audit adds tell to starmodel.cli_commands. It does not")
    assert lines[1].startswith("starmodel-audit adds skin to starmodel.ui. There is no part 'skin'")
    assert lines[2] == "starmodel-audit adds the plugin audit, which is loaded."
    assert lines[3].startswith("The plugin 'bad' of the package starmodel-audit 1.5 is not loaded")
    assert "Put it into your project's dependencies" in lines[-1]


def test_remove_asks_and_names_what_stays(install: Any, run: Run, calls: list[Any]) -> None:
    install("starmodel-audit", AUDIT, plugins={"audit": ":Audit", "more": ":More"})
    install("starmodel-other", OTHER, plugins={"other": ":Other"})
    result = CliRunner().invoke(command, ["plugin", "remove", "audit"], input="n\n")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:3] == [
        "starmodel-audit also has the plugins more.",
        "Plugins that require it will not load: other.",
        "The data of its entities stays: audit.Entry (table audit__entry), audit.Mark (store "
        "memory).",
    ]
    assert "Nothing is removed." in result.stderr
    assert calls == []

    result = run("plugin", "remove", "audit", "--yes")
    assert result.exit_code == 0
    assert "starmodel-audit is removed." in result.stdout
    assert calls[0][-1] == "starmodel-audit"
    assert "uninstall" in calls[0]


def test_remove_of_a_failing_plugin_uninstalls_its_package(
    install: Any, run: Run, calls: list[Any]
) -> None:
    install("starmodel-bad", "1 / 0", plugins={"bad": ":Bad"})
    result = run("plugin", "remove", "starmodel-bad", "--yes")  # by the name of the package
    assert "The data of its entities stays in the stores." in result.stdout
    assert calls[0][-1] == "starmodel-bad"


def test_remove_takes_packages_of_single_entry_points(
    install: Any, run: Run, calls: list[Any]
) -> None:
    install("post", "", cli_commands={"post": ":made"})
    assert run("plugin", "remove", "post", "--yes").exit_code == 0
    assert calls[0][-1] == "post"


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("starmodel", 2, "starmodel is the framework, not a plugin."),
        ("notes", 1, "Delete app/plugins/notes.py, or switch it off: starmodel plugin disable "
         "notes"),
        ("given", 1, "The plugin 'given' is passed in code, as create_app(plugins=…)."),
        ("core", 1, "The plugin 'core' is part of StarModel and can't be removed. Switch it off: "
         "starmodel plugin disable core"),
        ("nots", 2, "There is no plugin 'nots'. Did you mean 'notes'?"),
    ],
)  # fmt: skip
def test_remove_refuses_plugins_without_a_package_of_their_own(
    notes: Path,
    install: Any,
    write: Any,
    run: Run,
    calls: list[Any],
    name: str,
    code: int,
    text: str,
) -> None:
    write("main.py", "from starmodel import create_app\nfrom starmodel.plugins import Plugin\n"
          "class Given(Plugin):\n    name = 'given'\n"
          "app = create_app([], plugins=[Given()])\n")  # fmt: skip
    info = install("built-in", "from starmodel.plugins import Plugin\nclass Core(Plugin):\n"
                   "    name = 'core'\n", plugins={"core": ":Core"})  # fmt: skip
    metadata = info / "METADATA"
    metadata.write_text(metadata.read_text().replace("built-in", "starmodel"))
    result = run("plugin", "remove", name, "--yes")
    assert result.exit_code == code
    assert text in result.stderr
    assert calls == []


@pytest.mark.slow
def test_new_plugin_is_installed_listed_and_removed(tmp_path: Path) -> None:
    """A virtual environment that also has the packages of this one."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=False)
    (site,) = place.glob("lib/python*/site-packages")
    (site / "shared.pth").write_text("\n".join(path for path in sys.path if path))
    python = place / "bin" / "python"
    environment = {
        **os.environ, "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0",
    }  # fmt: skip

    def starmodel(*words: str, code: int = 0) -> str:
        done = subprocess.run(
            [python, "-c", "from starmodel.cli.main import main; main()", *words], text=True,
            capture_output=True, check=False, env=environment, timeout=100,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout

    starmodel("plugin", "new", "memo")
    added = starmodel("plugin", "add", "./starmodel-memo")
    assert added.splitlines()[0] == "starmodel-memo adds the plugin memo, which is loaded."
    assert "the package starmodel-memo 0.1.0" in starmodel("plugin", "list")
    assert "/memo/notes?pinned=true" in starmodel("plugin", "inspect", "memo")
    removed = starmodel("plugin", "remove", "memo", "--yes")
    assert "The data of its entities stays: memo.Note (table memo__note)." in removed
    assert "starmodel-memo" not in starmodel("plugin", "list")
