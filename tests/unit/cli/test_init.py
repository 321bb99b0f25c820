"""`starmodel init`: what it writes, and what it refuses without leaving anything behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from starmodel.cli.main import app as command
from starmodel.cli.scaffold import naming, writing
from starmodel.cli.scaffold.rendering import render

# The layout of the manifest, and what makes it a repository.
LAYOUT = {
    "pyproject.toml", ".env", ".env.example", ".gitignore", "README.md",
    "app/__init__.py", "app/entities.py", "app/views.py", "app/settings.py", "app/main.py",
    "app/plugins/__init__.py", "migrations/.gitkeep", "static/.gitkeep", "templates/.gitkeep",
    "tests/conftest.py", "tests/test_pages.py", "tests/test_counter.py", "tests/test_tasks.py",
    "tests/test_preferences.py",
}  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def init(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["init", *arguments])


def refusal(*arguments: str) -> str:
    result = init(*arguments)
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    return " ".join(result.stderr.split())


def files_of(folder: Path) -> set[str]:
    return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}


def test_init_writes_the_layout_and_prints_the_next_commands(here: Path) -> None:
    result = init("my-shop")
    assert result.exit_code == 0
    assert "Project scaffolded (FastHTML + MonsterUI + SQLite)" in result.output
    assert "cd my-shop && starmodel run" in result.output
    assert files_of(here / "my-shop") == LAYOUT
    assert 'title="My shop"' in (here / "my-shop/app/settings.py").read_text()
    assert 'name = "my-shop"' in (here / "my-shop/pyproject.toml").read_text()
    assert "starmodel~=0.1.0" in (here / "my-shop/pyproject.toml").read_text()


def test_init_writes_a_new_private_secret_key(here: Path) -> None:
    init("one")
    init("two")
    one, two = ((here / name / ".env").read_text() for name in ("one", "two"))
    assert one != two
    assert (here / "one/.env").stat().st_mode & 0o077 == 0
    assert "STARMODEL_SECRET_KEY=\n" in (here / "one/.env.example").read_text()
    assert ".env\n" in (here / "one/.gitignore").read_text()


def test_init_with_one_store_omits_examples_of_others(here: Path) -> None:
    init("shop", "--sql")
    assert files_of(here / "shop") == LAYOUT - {
        "tests/test_counter.py",
        "tests/test_preferences.py",
    }
    assert "Counter" not in (here / "shop/app/entities.py").read_text()
    init("toy", "--memory")
    assert "Task" not in (here / "toy/app/entities.py").read_text()


def test_init_minimal_writes_one_module_that_run_finds(here: Path) -> None:
    assert init("toy", "--minimal").exit_code == 0
    assert files_of(here / "toy") == {"main.py", "pyproject.toml", ".gitignore"}


def test_init_for_starlette_writes_a_template_and_no_fasthtml(here: Path) -> None:
    result = init("shop", "--web", "starlette")
    assert "Project scaffolded (Starlette + Jinja + SQLite)" in result.output
    layout = LAYOUT | {"templates/home.html"}
    assert files_of(here / "shop") == layout
    for path in layout:
        text = (here / "shop" / path).read_text()
        assert "fasthtml" not in text, path
        assert "[starlette]" not in text, path
    assert 'web="starlette"' in (here / "shop/app/settings.py").read_text()
    assert "jinja2" in (here / "shop/pyproject.toml").read_text()
    init("toy", "--minimal", "--web", "starlette")
    assert 'web="starlette"' in (here / "toy/main.py").read_text()
    assert "web=" not in init("other", "--minimal").output + (here / "other/main.py").read_text()


def test_init_for_an_unknown_framework_exits_with_the_known_ones(here: Path) -> None:
    assert "'fasthtml', 'starlette'" in refusal("shop", "--web", "flask")
    assert list(here.iterdir()) == []


def test_init_as_json_lists_the_files(here: Path) -> None:
    data = json.loads(init("shop", "--json").stdout)
    assert data["project"] == "shop"
    assert data["folder"] == str(here / "shop")
    assert data["stores"] == ["memory", "browser", "sql"]
    assert set(data["files"]) == LAYOUT
    assert data["next"] == ["cd shop", "starmodel run"]


def test_init_with_a_dot_uses_the_current_folder(here: Path) -> None:
    result = init(".")
    assert files_of(here) == LAYOUT
    assert "cd" not in result.output
    assert 'name = "here"' in Path("pyproject.toml").read_text()


def test_init_in_an_empty_folder_writes_the_project(here: Path) -> None:
    (here / "shop").mkdir()
    assert init("shop").exit_code == 0
    assert files_of(here / "shop") == LAYOUT


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["9lives"], "Names begin with a letter"),
        (["my shop"], "is no name for a project"),
        (["shop-"], "is no name for a project"),
        (["..."], "is no name for a project"),
        (["café"], "is no name for a project"),
        (["x" * 65], "at most 64"),
        (["StarModel"], "Choose another name"),
        (["gone/shop"], "The folder gone does not exist"),
        (["full"], "not empty (mine.txt)"),
        (["file"], "file is a file"),
        (["shop", "--minimal", "--redis"], "goes with no store's option"),
        (["shop", "--minimal", "--sql"], "goes with no store's option"),
    ],
    ids=lambda value: "-".join(value)[:20] if isinstance(value, list) else "",
)
def test_init_with_an_invalid_name_or_folder_exits_with_a_remedy(
    here: Path, arguments: list[str], words: str
) -> None:
    (here / "full").mkdir()
    (here / "full/mine.txt").write_text("mine")
    (here / "file").write_text("mine")
    before = sorted(here.rglob("*"))
    assert words in refusal(*arguments)
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("existed", [False, True], ids=["new", "empty"])
def test_init_after_a_write_error_leaves_no_files(
    here: Path, monkeypatch: pytest.MonkeyPatch, existed: bool
) -> None:
    if existed:
        (here / "shop").mkdir()
    write = writing._write

    def full_disk(file: Path, text: str) -> None:
        if file.name == "README.md":
            raise OSError(28, "No space left on device")
        write(file, text)

    monkeypatch.setattr(writing, "_write", full_disk)
    assert "No space left on device" in refusal("shop")
    assert [item.name for item in here.rglob("*")] == (["shop"] if existed else [])


def test_init_in_an_ascii_terminal_prints_ascii(here: Path) -> None:
    program = "from starmodel.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "init", "shop"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        check=True,
        text=True,
    )
    assert done.stdout.startswith("* Project scaffolded")


@pytest.mark.parametrize(
    "stores", [[], ["memory"], ["sql"], ["redis"], ["browser", "sql"]], ids="-".join
)
def test_rendered_project_has_no_template_markers(stores: list[str]) -> None:
    for text in render("project", stores, {}).values():
        assert "# [" not in text
        assert "\n\n\n\n" not in text


@pytest.mark.parametrize(
    ("version", "release"),
    [("0.1.0", "0.1.0"), ("1.2", "1.2.0"), ("0.2.0.dev3+local", "0.2.0"), ("3rc1", "3.0.0")],
)
def test_release_of_a_version_has_three_numbers(version: str, release: str) -> None:
    assert naming.release(version) == release
