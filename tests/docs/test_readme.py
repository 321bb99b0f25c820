"""Every code block of the README and of docs/ runs, and the names in it exist.

scripts/documentation/blocks.py documents how a block declares its expected result.
"""

import importlib
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import starmodel.access
import starmodel.auth
import starmodel.plugins
import starmodel.sql
import starmodel.testing
import starmodel.texts
from docs.running import run_python
from documentation.blocks import blocks_of
from documentation.serving import served
from starmodel import Settings
from starmodel.app.live import reactions, views
from starmodel.app.presentation import own_pages
from starmodel.core.definition import defined as definitions

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
BLOCKS = [(block, blocks[:n]) for blocks in map(blocks_of, PAGES) for n, block in enumerate(blocks)]


def named(language):
    return [
        pytest.param(block, before, id=f"{block.page.relative_to(ROOT)}:{block.line}")
        for block, before in BLOCKS
        if block.language == language
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder; modules and entity types defined in it are dropped afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for where in (definitions, reactions, own_pages):
        monkeypatch.setattr(where, "_defined", {})
    monkeypatch.setattr(views, "_views", {})
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None)
        if file is None or Path(file).is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.mark.parametrize(("block", "before"), named("python"))
async def test_python_block_runs(block, before, folder):
    files = [b for b in before if b.language in ("python", "html")]
    await run_python(block, files, folder)


@pytest.mark.parametrize(("block", "before"), named("toml"))
def test_toml_block_is_parsed(block, before, folder):
    assert tomllib.loads(block.code)
    if block.title == "starmodel.toml":
        (folder / block.title).write_text(block.code)
        assert Settings()


@pytest.mark.parametrize(("block", "before"), named("ini"))
def test_environment_block_is_parsed(block, before, folder):
    if block.title.endswith(".env"):
        (folder / ".env").write_text(block.code)
        assert Settings()


@pytest.mark.parametrize(("block", "before"), named("console"))
def test_console_block_names_existing_commands(block, before):
    for line in re.findall(r"^\$ (.+)$", block.code, re.M):
        check_command(line.partition("#")[0].split())


@pytest.mark.parametrize(("block", "before"), [p for p in named("console") if p.values[0].serve])
def test_curl_of_a_served_program_succeeds(block, before, folder):
    program = next(b for b in reversed(before) if b.title == block.serve)
    with served(block.serve, program.code) as url:
        asked = [curl(line, url) for line in re.findall(r"^\$ (curl .+)$", block.code, re.M)]
    if "Idempotency-Key" in block.code:
        assert asked[-1] == asked[-2]  # one record, with one id


def curl(line, url):
    """Output of a shell line, run against the program served at `url`."""
    words = shlex.split(line.replace("http://127.0.0.1:8000", url))
    options = ["-sS", "--fail-with-body"]
    ran = subprocess.run([*words, *options], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def check_command(words):
    while words and "=" in words[0]:
        words = words[1:]  # a variable for this command
    program, *words = words
    program = program.rpartition("/")[2]
    if program == "make":
        assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(), re.M), words
    elif program == "starmodel":
        check_subcommand(words)
    else:
        assert program in KNOWN_PROGRAMS, program


KNOWN_PROGRAMS = {
    "caddy", "cd", "cp", "curl", "mkdir", "nginx", "pip", "pytest", "python", "python3", "sqlite3",
    "sudo", "systemctl", "uvicorn",
}  # fmt: skip


def check_subcommand(words):
    import typer.main

    from starmodel.cli.main import app

    command, path = typer.main.get_command(app), ["starmodel"]
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        path.append(words[0])
        assert words[0] in command.commands, " ".join(path)
        command, words = command.commands[words[0]], words[1:]
    if command.context_settings.get("ignore_unknown_options"):
        return  # they are parameters of an event
    known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)} | {"--help"}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{' '.join(path)} {word}"


def test_path_of_a_click_names_existing_functions():
    names = re.findall(
        r"`(starmodel\.[a-z_.]+\.[A-Za-z_.]+)`", (ROOT / "docs/architecture.md").read_text()
    )
    assert len(names) >= 10
    for name in names:
        parts = name.split(".")
        split = next(i for i, part in enumerate(parts) if part[0].isupper() or i == len(parts) - 1)
        found = importlib.import_module(".".join(parts[:split]))
        for part in parts[split:]:
            found = getattr(found, part)
        assert callable(found), name


def test_readme_shows_both_commands():
    text = (ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text


def test_no_page_names_a_third_party_script():
    for file in (ROOT / "frontend" / "src").rglob("*.js"):
        assert "//cdn" not in file.read_text()


def test_generated_parts_of_documents_are_current():
    pages = [page for page in PAGES if "[[[cog" in page.read_text()]
    cog = [sys.executable, "-m", "cogapp", "-I", "scripts"]
    ran = subprocess.run(
        [*cog, "--check", *map(str, pages)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}\nMake them new: make reference"
    generated = re.search(r"^GENERATED = (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert {str(page.relative_to(ROOT)) for page in pages} == set(generated[1].split())


def test_reference_has_exactly_the_public_names():
    text = "\n".join(p.read_text() for p in (ROOT / "docs/reference").glob("*.md"))
    found = re.findall(r"^::: starmodel\.(\w+)$", text, re.M)
    assert sorted(found) == sorted(starmodel.__all__)
    found = re.findall(r"^::: starmodel\.testing\.(\w+)$", text, re.M)
    assert sorted(found) == sorted(starmodel.testing.__all__)
    found = re.findall(r"^::: starmodel\.sql\.(\w+)$", text, re.M)
    assert sorted(found) == sorted(starmodel.sql.__all__)
    found = re.findall(r"^::: starmodel\.texts\.(\w+)$", text, re.M)
    assert sorted(found) == sorted(starmodel.texts.__all__)
    found = re.findall(r"^::: starmodel\.auth\.(\w+)$", text, re.M)
    assert sorted(found) == sorted(starmodel.auth.__all__)
    found = re.findall(r"^::: starmodel\.access\.(\w+)$", text, re.M)
    assert sorted(found) == sorted(starmodel.access.__all__)
    found = re.findall(r"^::: starmodel\.plugins\.(\w+)$", text, re.M)
    assert sorted(found) == sorted(starmodel.plugins.__all__)
