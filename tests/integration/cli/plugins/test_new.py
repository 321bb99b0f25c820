"""`plugin new`: an installable package that passes its tests and the linters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
FILES = [
    ".gitignore", "README.md", "pyproject.toml", "src/starmodel_audit_log/__init__.py",
    "tests/test_contract.py",
    "tests/test_notes.py",
]  # fmt: skip


def test_new_plugin_has_every_file_and_no_placeholder(run: Run) -> None:
    result = run("plugin", "new", "audit_log", "--json")
    folder = Path("starmodel-audit-log")
    assert json.loads(result.stdout) == {
        "plugin": "audit_log", "package": "starmodel-audit-log", "folder": str(folder.resolve()),
        "files": FILES,
        "next": ["pip install -e 'starmodel-audit-log[test]'", "pytest starmodel-audit-log"],
    }  # fmt: skip
    assert sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()) == FILES
    for file in FILES:
        text = (folder / file).read_text()
        assert "plugin_name" not in text.lower()
        assert "PluginClass" not in text
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == ["starmodel~=0.1.0"]
    assert project["entry-points"] == {
        "starmodel.plugins": {"audit_log": "starmodel_audit_log:AuditLogPlugin"}
    }


def test_folder_can_be_chosen(run: Run) -> None:
    result = run("plugin", "new", "audit", "--folder", "my plugin")
    assert "pip install -e 'my plugin[test]'" in result.stdout
    assert Path("my plugin/src/starmodel_audit/__init__.py").is_file()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("../x", "starmodel plugin new x"), ("Audit", "starmodel plugin new audit"),
        ("audit-log", "starmodel plugin new audit_log"), ("a b", "starmodel plugin new a_b"),
        ("starmodel-audit", "starmodel plugin new audit"), ("9lives", ""), ("", ""),
        ("a" * 41, ""), ("ä", ""), ("audit_", "starmodel plugin new audit"),
    ],
)  # fmt: skip
def test_invalid_name_is_refused_with_a_suggestion(run: Run, name: str, hint: str) -> None:
    result = run("plugin", "new", name)
    assert result.exit_code == 2
    assert f"{name!r} is no name for a plugin." in result.stderr
    assert hint in result.stderr
    assert list(Path.cwd().iterdir()) == []


def test_existing_files_are_not_overwritten(run: Run, write: Any) -> None:
    file = write("starmodel-audit/README.md", "mine")
    result = run("plugin", "new", "audit")
    assert result.exit_code == 1
    assert "nothing is overwritten" in result.stderr
    assert file.read_text() == "mine"
    assert [path.name for path in file.parent.iterdir()] == ["README.md"]


def test_missing_parent_folder_is_refused(run: Run) -> None:
    result = run("plugin", "new", "audit", "--folder", "a/b")
    assert (result.exit_code, list(Path.cwd().iterdir())) == (1, [])
    assert "The folder a does not exist" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["audit_log", "zoo"])
def test_new_plugin_passes_its_tests_and_linters(run: Run, name: str) -> None:
    assert run("plugin", "new", name).exit_code == 0
    folder = Path(f"starmodel-{name.replace('_', '-')}").resolve()
    # Installed, as far as Python can tell: its code and its entry point are on the path.
    info = folder / "src" / f"starmodel_{name}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {folder.name}\nVersion: 0.1.0\n")
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    ((group, points),) = project["entry-points"].items()
    lines = [f"{key} = {value}" for key, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}

    def module(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=folder, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "13 passed" in module("pytest", "-q")
    if find_spec("ruff"):  # the environment of another Python has no linters
        module("ruff", "check", ".")
        module("ruff", "format", "--check", ".")
