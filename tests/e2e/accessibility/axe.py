"""axe-core on a page: what people with disabilities could not use."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from node_tools import tool


@cache
def _source() -> str:
    return tool("axe-core/axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, where: str) -> list[str]:
    """All that axe-core finds, by every rule it runs by default, in light and in dark."""
    found = []
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_source())
    for look, options in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=look)  # type: ignore[arg-type]
        dark = str(look == "dark").lower()
        page.wait_for_function(f"document.documentElement.classList.contains('dark') === {dark}")
        found += _found(page, f"{where} ({look})", options)
    page.emulate_media(color_scheme="light")
    return found


def unreadable(page: Page, theme: str) -> list[str]:
    """Texts of too little contrast in one theme, light and dark."""
    found = []
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_source())
    for dark in (False, True):
        page.evaluate(
            "([theme, dark]) => { const all = document.documentElement.classList;"
            " all.remove(...[...all].filter((name) => name.startsWith('uk-theme-')));"
            " all.add(`uk-theme-${theme}`); all.toggle('dark', dark) }",
            [theme, dark],
        )
        found += _found(page, f"{theme}{' dark' * dark}", {"runOnly": ["color-contrast"]})
    return found


def _found(page: Page, where: str, options: Any) -> list[str]:
    # What changes in no time still takes frames, one for each element that inherits it.
    page.evaluate("() => new Promise((on) => setTimeout(() => requestAnimationFrame(on), 60))")
    page.wait_for_function("!document.getAnimations().some((at) => at instanceof CSSTransition)")
    made: Any = page.evaluate("options => axe.run(document, options)", options)
    found = []
    for rule in made["violations"]:
        for node in rule["nodes"]:
            told = [check["message"] for check in node["any"] + node["all"] + node["none"]]
            found.append(f"{where}: {rule['id']}: {node['html'][:200]} {told[:1]}")
    return found
