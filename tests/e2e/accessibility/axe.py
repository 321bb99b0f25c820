"""Accessibility violations that axe-core finds on a page."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from node_tools import tool

# An element that inherits a colour starts its own transition only when that of its parent
# ends, so transitions are finished frame by frame until two frames have none.
FINISH_TRANSITIONS = """async () => {
  for (let quiet = 0, frame = 0; quiet < 2; frame++) {
    if (frame > 300) throw new Error("Transitions start again without end.");
    await new Promise((next) => requestAnimationFrame(next));
    const running = document.getAnimations().filter((one) => one instanceof CSSTransition);
    quiet = running.length ? 0 : quiet + 1;
    for (const one of running) one.finish();
  }
}"""


@cache
def _source() -> str:
    return tool("axe-core/axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, where: str) -> list[str]:
    """Violations of axe-core's default rules, in light and in dark."""
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
    """Texts with insufficient contrast in one theme, light and dark."""
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
    page.evaluate(FINISH_TRANSITIONS)
    made: Any = page.evaluate("options => axe.run(document, options)", options)
    found = []
    for rule in made["violations"]:
        for node in rule["nodes"]:
            told = [check["message"] for check in node["any"] + node["all"] + node["none"]]
            found.append(f"{where}: {rule['id']}: {node['html'][:200]} {told[:1]}")
    return found
