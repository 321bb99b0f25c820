"""`starmodel css build`: from source files to the style sheet that pages link."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from starmodel.cli.main import app as command

PROGRAM = """
from fasthtml.common import *
from starmodel import create_app

app = create_app([])


@app.get("/page")
def page():
    return Titled("Page", Div("Own", cls="mt-[13px] bg-primary"))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.py").write_text(PROGRAM)
    return tmp_path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, ["css", *arguments])


async def page(env: str) -> tuple[str, httpx.AsyncClient]:
    scope: dict[str, Any] = {}
    options = f'secret_key="{"k" * 40}", env="{env}"'
    exec(PROGRAM.replace("create_app([]", f"create_app([], {options}"), scope)  # noqa: S102
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(scope["app"]), base_url="http://testserver"
    )
    return (await client.get("/page")).text, client


async def test_css_build_compiles_classes_and_production_links_the_file(folder: Path) -> None:
    (folder / "templates").mkdir()
    (folder / "templates" / "a.html").write_text("<p class='ml-[17px]'>")

    done = run("build")

    assert (done.exit_code, done.stderr) == (0, "")
    assert "static/starmodel-app.css" in done.stdout
    text = (folder / "static" / "starmodel-app.css").read_text()
    for part in ("margin-top: 13px", "margin-left: 17px", "hsl(var(--primary))"):
        assert part in text
    html, client = await page("production")
    found = re.search(r'<link rel="stylesheet" href="(/static/starmodel-app.css\?v=\w{8})">', html)
    assert found
    assert (await client.get(found[1])).text == text
    assert "tailwind" not in html


async def test_production_without_a_build_links_no_style_sheet(folder: Path) -> None:
    html, _ = await page("production")
    assert "starmodel-app.css" not in html
    assert "tailwind" not in html


async def test_development_compiles_classes_in_the_browser(folder: Path) -> None:
    run("build")
    html, _ = await page("development")
    assert "starmodel-app.css" not in html
    assert re.search(r'<script src="/_starmodel/assets/tailwind-\w{8}\.js">', html)


def test_css_build_after_a_change_replaces_the_file(folder: Path) -> None:
    run("build")
    (folder / "main.py").write_text(PROGRAM.replace("13px", "14px"))
    run("build")
    text = (folder / "static" / "starmodel-app.css").read_text()
    assert "14px" in text
    assert "13px" not in text
    assert [file.name for file in (folder / "static").iterdir()] == ["starmodel-app.css"]


def test_css_build_without_an_application_exits_with_a_message(folder: Path) -> None:
    done = run("build", "shop.py")
    assert done.exit_code == 1
    assert done.stderr.startswith("starmodel: No file")


def test_css_build_without_node_exits_with_a_remedy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = run("build")
    assert done.exit_code == 1
    assert "pip install 'starmodel[css]'" in done.stderr
