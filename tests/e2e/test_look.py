"""The look: dark before the first paint, the theme's colours, and an application's own classes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Visitor
from e2e.serving import Server
from e2e.test_monsterui import monster as monster  # noqa: PLC0414 - a fixture

Visit = Callable[..., Visitor]

# Runs in a page before its scripts; keeps the classes of <html> at the first frame.
FIRST_FRAME = """
requestAnimationFrame(() => { window.firstClasses = document.documentElement.className; });
"""


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("path", ["/desk", "/plain"])
def test_page_is_dark_before_its_first_paint(monster: Server, visit: Visit, path: str) -> None:
    ann = visit(monster, color_scheme="dark")
    ann.context.add_init_script(FIRST_FRAME)
    page = ann.open(path)
    assert "dark" in page.evaluate("window.firstClasses").split()
    assert background(page) == "rgb(10, 10, 10)"


def test_page_follows_the_system_while_nothing_is_chosen(monster: Server, visit: Visit) -> None:
    page = visit(monster, color_scheme="light").open("/plain")
    assert background(page) == "rgb(255, 255, 255)"

    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark")).to_be_attached()
    assert background(page) == "rgb(10, 10, 10)"

    page.evaluate("localStorage.setItem('__FRANKEN__', JSON.stringify({mode: 'light'}))")
    page.reload()
    expect(page.locator("html.dark")).not_to_be_attached()


def test_choice_of_a_theme_is_followed_in_every_tab(monster: Server, visit: Visit) -> None:
    ann = visit(monster, color_scheme="light")
    first, second = ann.open("/plain"), ann.open("/plain")
    look = {"mode": "dark", "theme": "uk-theme-green"}

    first.evaluate("look => localStorage.setItem('__FRANKEN__', JSON.stringify(look))", look)

    expect(second.locator("html.dark.uk-theme-green:not(.uk-theme-blue)")).to_be_attached()
    first.reload()
    expect(first.locator("html.dark.uk-theme-green:not(.uk-theme-blue)")).to_be_attached()


def test_own_classes_are_compiled_in_development(monster: Server, visit: Visit) -> None:
    ann = visit(monster, color_scheme="light")
    page = ann.open("/desk")
    own = page.locator("#own")
    expect(own).to_have_css("margin-top", "13px")
    expect(own).to_have_css("background-color", "rgb(37, 99, 235)")
    expect(own).to_have_css("color", "rgb(115, 115, 115)")
    assert any("/tailwind-" in request.url for request in ann.requests)
