"""axe-core on a page: what people with disabilities could not use."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

TOOLS = Path(__file__).parent / "tools"


@cache
def _source() -> str:
    """axe-core's script, installed once, as `tools/package-lock.json` has it; none of it ships."""
    script = TOOLS / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("needs npm on PATH, for axe-core: apt-get install npm")
        subprocess.run([npm, "ci"], cwd=TOOLS, check=True, capture_output=True)
    return script.read_text(encoding="utf-8")


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
