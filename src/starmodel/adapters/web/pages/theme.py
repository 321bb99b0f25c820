"""The look that a page starts with: dark or light, and the theme's classes."""

from __future__ import annotations

import re

_LOOK = ("uk-radii-md", "uk-shadows-sm", "uk-font-sm")

# Runs before the first paint, so that nothing flashes; see `theme_script`.
_SCRIPT = """
(() => {
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let kept = {};
    try { kept = JSON.parse(localStorage.getItem("__FRANKEN__")) ?? {}; } catch {}
    root.classList.toggle("dark", kept.mode ? kept.mode === "dark" : system.matches);
    for (const name of NAMES) {
      const part = name.split("-")[1], chosen = kept[part] ?? name;
      root.classList.remove(...[...root.classList].filter((c) => c.startsWith(`uk-${part}-`)));
      if (/^[\\w-]+$/.test(chosen)) root.classList.add(chosen);
    }
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", (event) => event.key === "__FRANKEN__" && apply());
})();
"""


def theme_classes(theme: str) -> str:
    """The classes of <html> where no script runs.

    >>> theme_classes("blue")
    'uk-theme-blue uk-radii-md uk-shadows-sm uk-font-sm'
    """
    return " ".join([f"uk-theme-{theme}", *_LOOK])


def theme_script(theme: str) -> str:
    """The text of the inline script that chooses the look before the first paint.

    What the visitor chose wins (kept by the browser, in the place of
    MonsterUI's ThemePicker), then the system's colour scheme, which is
    followed when it changes.
    """
    names = ",".join(f'"{name}"' for name in theme_classes(theme).split())
    return re.sub(r"\n\s*", "\n", _SCRIPT.replace("NAMES", f"[{names}]")).strip()
