"""Every code block of the README and of docs/ runs, and what they name exists."""

import importlib
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(BLOCK.findall(page.read_text()), 1)
]


@pytest.mark.parametrize("block", BLOCKS)
async def test_python_block_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from starmodel.core import registry

    monkeypatch.setattr(registry, "_defined", {})
    module = types.ModuleType("documented")
    monkeypatch.setitem(sys.modules, "documented", module)
    exec(compile(block, "documented", "exec"), module.__dict__)
    for name, value in list(vars(module).items()):
        if name.startswith("test_"):
            value()
    if "script" in vars(module):
        pen, cheap = await module.script()
        assert (pen.price, pen.stock, cheap) == (3.0, 3, 1)
        await module.app.starmodel.close()


@pytest.mark.parametrize("page", [p for p in PAGES if 'title="test_' in p.read_text()], ids=str)
def test_titled_tests_of_a_page_pass(page, tmp_path):
    titled = re.findall(r'^```python title="([\w.]+)"\n(.*?)^```', page.read_text(), re.M | re.S)
    for name, code in titled:
        (tmp_path / name).write_text(code)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error"]
    command = [sys.executable, "-m", "pytest", *options]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not list(tmp_path.glob("*.db")), "a test wrote a database"


def test_path_of_a_click_names_functions_that_exist():
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
    for file in (ROOT / "frontend" / "src").glob("*.js"):
        assert "//cdn" not in file.read_text()
