"""Themes: dark before the first paint, theme colours, and application classes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

import starmodel
from e2e.apps.monsterui import MONSTER
from e2e.browsing import Visitor
from e2e.serving import Server
from starmodel.adapters.web.pages.assets import asset_urls

Visit = Callable[..., Visitor]
STATIC = Path(starmodel.__file__).parent / "static"

# Runs in a page before its scripts; records the classes of <html> at the first frame.
FIRST_FRAME = """
requestAnimationFrame(() => { window.firstClasses = document.documentElement.className; });
"""


@pytest.fixture(scope="module")
def monster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("monster"), MONSTER) as server:
        yield server


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("path", ["/desk", "/plain"])
def test_page_is_dark_before_its_first_paint(monster: Server, visit: Visit, path: str) -> None:
    ann = visit(monster, color_scheme="dark")
    ann.context.add_init_script(FIRST_FRAME)
    page = ann.open(path)
    assert "dark" in page.evaluate("window.firstClasses").split()
    assert background(page) == "rgb(10, 10, 10)"


def test_page_uses_the_system_theme_by_default(monster: Server, visit: Visit) -> None:
    page = visit(monster, color_scheme="light").open("/plain")
    assert background(page) == "rgb(255, 255, 255)"

    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark")).to_be_attached()
    assert background(page) == "rgb(10, 10, 10)"

    page.evaluate("localStorage.setItem('__FRANKEN__', JSON.stringify({mode: 'light'}))")
    page.reload()
    expect(page.locator("html.dark")).not_to_be_attached()


@pytest.mark.parametrize(
    ("scheme", "colour"), [("dark", "rgb(10, 10, 10)"), ("light", "rgb(255, 255, 255)")]
)
def test_page_without_javascript_has_the_system_theme(
    monster: Server, visit: Visit, scheme: str, colour: str
) -> None:
    ann = visit(monster, color_scheme=scheme, java_script_enabled=False)
    page = ann.context.new_page()
    page.goto("/plain")
    assert background(page) == colour
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == scheme


def test_theme_choice_applies_in_every_tab(monster: Server, visit: Visit) -> None:
    ann = visit(monster, color_scheme="light")
    first, second = ann.open("/plain"), ann.open("/plain")
    look = {"mode": "dark", "theme": "uk-theme-green"}

    first.evaluate("look => localStorage.setItem('__FRANKEN__', JSON.stringify(look))", look)

    expect(second.locator("html.dark.uk-theme-green:not(.uk-theme-blue)")).to_be_attached()
    first.reload()
    expect(first.locator("html.dark.uk-theme-green:not(.uk-theme-blue)")).to_be_attached()


def test_theme_picker_and_the_first_paint_agree(monster: Server, visit: Visit) -> None:
    ann = visit(monster, color_scheme="light")
    page = ann.open("/look")
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("html.dark")).to_be_attached()

    ann.context.add_init_script(FIRST_FRAME)
    page.reload()

    assert "dark" in page.evaluate("window.firstClasses").split()


def test_application_classes_are_compiled_in_development(monster: Server, visit: Visit) -> None:
    ann = visit(monster, color_scheme="light")
    page = ann.open("/desk")
    own = page.locator("#own")
    expect(own).to_have_css("margin-top", "13px")
    expect(own).to_have_css("background-color", "rgb(37, 99, 235)")
    expect(own).to_have_css("color", "rgb(115, 115, 115)")
    assert any("/tailwind-" in request.url for request in ann.requests)


def test_application_classes_are_built_for_production(
    serve: Callable[..., Server], visit: Visit
) -> None:
    server = serve(MONSTER)
    server.stop()
    command = [sys.executable, "-c", "from starmodel.cli.main import main; main()", "css", "build"]
    subprocess.run(command, cwd=server.folder, check=True, capture_output=True)
    server.start(STARMODEL_ENV="production", STARMODEL_SECRET_KEY="k" * 40)
    ann = visit(server, color_scheme="light")

    page = ann.open("/desk")

    own = page.locator("#own")
    expect(own).to_have_css("margin-top", "13px")
    expect(own).to_have_css("background-color", "rgb(37, 99, 235)")
    expect(page.locator("#desk > uk-icon svg")).to_be_visible()
    assert not [request.url for request in ann.requests if "/tailwind-" in request.url]


def test_cdn_serves_third_party_assets_when_configured(
    serve: Callable[..., Server], visit: Visit
) -> None:
    server = serve(MONSTER.replace("create_app()", 'create_app(assets="cdn")'))
    ann = visit(server, color_scheme="light")
    asked = list[str]()

    def answer(route: Route) -> None:
        """Local copies of the CDN files: tests have no internet."""
        asked.append(route.request.url.rpartition("/")[2])
        name = {
            "datastar.js": "datastar.js",
            "core.iife.js": "franken-core.js",
            "icon.iife.js": "franken-icons.js",
            "chart.iife.js": "franken-charts.js",
            "core.min.css": "starmodel.css",
        }[asked[-1]]
        headers = {"access-control-allow-origin": "*"}
        route.fulfill(path=STATIC / asset_urls()[name].rpartition("/")[2], headers=headers)

    ann.context.route("https://cdn.jsdelivr.net/**", answer)

    page = ann.open("/desk")
    expect(page.locator("#desk > uk-icon svg")).to_be_visible()
    page.get_by_role("button", name="+1").click()
    expect(page.get_by_role("heading", name="Count 1")).to_be_visible()

    names = {"datastar.js", "core.iife.js", "icon.iife.js", "chart.iife.js", "core.min.css"}
    assert set(asked) == names
    ours = {request.url.rpartition("/")[2].rpartition("-")[0] for request in ann.requests}
    assert "starmodel" in ours
    assert not ours & {"datastar", "franken-core", "franken-icons", "franken-charts"}
    ann.open("/board")  # a generated page, whose policy must let all of it pass
    ann.complaints[:] = [c for c in ann.complaints if "https://cdn.jsdelivr.net/" not in c]
