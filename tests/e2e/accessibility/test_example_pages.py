"""axe-core finds no violation on the pages of the demo, examples, scaffold and tutorial."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from documentation.blocks import blocks_of
from e2e.accessibility.axe import violations
from e2e.browsing import Visitor
from e2e.serving import PARTS, Server

ROOT = Path(__file__).parents[3]
STARMODEL = str(Path(sys.executable).with_name("starmodel"))
MOST_PAGES = 14  # of one program

Make = Callable[[Path], str]


def example(path: str) -> Make:
    def make(folder: Path) -> str:
        source = ROOT / "examples" / path
        if source.name != "app.py":
            shutil.copy(source, folder)
            return source.name
        name = source.parent.name
        for each in (name, *PARTS.get(name, ())):
            shutil.copytree(
                ROOT / "examples" / each,
                folder / each,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        return path

    return make


def scaffold(*options: str) -> Make:
    def make(folder: Path) -> str:
        command = [STARMODEL, "init", "shop", *options]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        for made in (folder / "shop").iterdir():
            made.rename(folder / made.name)
        return "main.py" if "--minimal" in options else "app/main.py"

    return make


def tutorial(page: str, title: str) -> Make:
    def make(folder: Path) -> str:
        blocks = blocks_of(ROOT / "docs" / "tutorial" / page)
        code = [block.code for block in blocks if block.title == title][-1]
        (folder / title).write_text(code, encoding="utf-8")
        return title

    return make


PROGRAMS = {
    "demo": example("demo/app.py"),
    "hello": example("hello.py"),
    "todo": example("todo.py"),
    "todomvc": example("todomvc/app.py"),
    "hybrid": example("hybrid/app.py"),
    "scaffold": scaffold(),
    "minimal": scaffold("--minimal"),
    "page": tutorial("page.md", "page.py"),
    "styled": tutorial("page.md", "styled.py"),
    "board": tutorial("live.md", "board.py"),
    "access": tutorial("access.md", "shop.py"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_page_of_a_program_has_violations(
    name: str, tmp_path: Path, visit: Callable[..., Visitor]
) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    target = PROGRAMS[name](folder)
    command = (STARMODEL, "run", target, "--no-reload", "--port={port}")
    program = (folder / target).read_text(encoding="utf-8")
    with Server(folder, program, command=command, name=target) as server:
        visitor = visit(server, reduced_motion="reduce")
        visitor.expect_errors("status of 40[134]")
        page = visitor.context.new_page()
        page.goto("/")
        found = violations(page, f"{name} as a guest /")
        page.goto(server.sign_in_url)
        for path in crawled(page, server.url):
            found += violations(page, f"{name} {path}")
            found += unnamed(page, f"{name} {path}")
        page.close()
    assert not found, "\n".join(found)


def crawled(page: Page, url: str) -> Iterator[str]:
    """Every linked page, the current one first; each is open when it is yielded."""
    ahead, seen = [urlsplit(page.url).path], set()
    while ahead and len(seen) < MOST_PAGES:
        path = ahead.pop(0)
        if path in seen:
            continue
        seen.add(path)
        page.goto(path)
        yield path
        links = page.eval_on_selector_all(
            "a[href]:not([download])", "links => links.map((link) => link.href)"
        )
        ahead += [urlsplit(link).path for link in links if link.startswith(f"{url}/")]


def unnamed(page: Page, where: str) -> list[str]:
    """Missing metadata for search engines and screen readers."""
    generated = page.locator("body.sm-page").count()  # the others may have no docstring
    described = page.locator("head meta[name=description]").count() or not generated
    return [
        *([] if page.title().strip() else [f"{where}: no title"]),
        *([] if described else [f"{where}: no description"]),
    ]
