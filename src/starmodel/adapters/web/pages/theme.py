"""The initial theme of a page: dark or light mode, and the theme's classes."""

from __future__ import annotations

import re

_LOOK = ("uk-radii-md", "uk-shadows-sm", "uk-font-sm")

# Runs before the first paint, so that nothing flashes; see `theme_script`.
_SCRIPT = """
(() => {
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let stored = {};
    try { stored = JSON.parse(localStorage.getItem("__FRANKEN__")) ?? {}; } catch {}
    root.classList.toggle("dark", stored.mode ? stored.mode === "dark" : system.matches);
    for (const name of NAMES) {
      const part = name.split("-")[1], chosen = stored[part] ?? name;
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
    """The classes of <html> without JavaScript.

    >>> theme_classes("blue")
    'uk-theme-blue uk-radii-md uk-shadows-sm uk-font-sm'
    """
    return " ".join([f"uk-theme-{theme}", *_LOOK])


def theme_script(theme: str) -> str:
    """The text of the inline script that applies the theme before the first paint.

    The visitor's choice in localStorage wins (under the key of MonsterUI's
    ThemePicker), then the system's colour scheme, including later changes
    of it.
    """
    names = ",".join(f'"{name}"' for name in theme_classes(theme).split())
    return re.sub(r"\n\s*", "\n", _SCRIPT.replace("NAMES", f"[{names}]")).strip()
