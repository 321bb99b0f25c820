"""The style sheets: Franken UI, parts of daisyUI, and the utility classes that are in use."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from building.node import Node
from building.purging import purged, words

# Tailwind's layer of fallbacks must come before all others, so the order is told at the top.
LAYERS = "@layer properties, theme, base, components, utilities;"
CORE = "node_modules/franken-ui/dist/css/core.min.css"


def style_sheets(
    here: Path, node: Node, monsterui: Path, kept: Path, renderers: Iterable[str]
) -> dict[str, str]:
    """The style sheets by name.

    `starmodel.css` has everything, `pages.css` what generated pages use of it, and `styles.css`
    everything but Franken UI's own part.

    Shapes: monsterui is the wheel whose sources are searched for classes;
    kept is a folder for what is made on the way; renderers are the sources of generated pages.
    """
    with zipfile.ZipFile(monsterui) as wheel:
        sources = [name for name in wheel.namelist() if name.startswith("monsterui/")]
        wheel.extractall(kept, members=sources)
    made = kept / "styles.css"
    cli = "node_modules/@tailwindcss/cli/dist/index.mjs"
    node.run(cli, "--input", "src/starmodel.css", "--output", str(made), "--minify")
    styles = made.read_text(encoding="utf-8")
    # daisyUI means a width by --border, Franken UI a colour.
    styles = styles.replace("border-width:var(--border)", "border-width:1px")
    core = (here / CORE).read_text(encoding="utf-8")
    everything = f"{core}\n{styles}"
    made_of = {
        "starmodel.css": everything, "styles.css": styles,
        "pages.css": purged(_OTHER_PAGES.sub("", everything), words(renderers)),
    }  # fmt: skip
    return {name: f"{LAYERS}{dark_without_scripts(css)}" for name, css in made_of.items()}


# Rules for plain elements of pages without the generated layout.
_OTHER_PAGES = re.compile(r"(?<=[{};])[^{};]*body:not\(\.sm-page\)[^{}]*\{[^{}]*\}")


def dark_without_scripts(css: str) -> str:
    """The style sheet with each dark rule repeated for browsers without JavaScript.

    A script puts the class `dark` on the root before the first paint. Where none runs, the
    system's colour scheme decides.

    >>> dark_without_scripts(".a,.dark .a{top:0}")
    '.a,.dark .a{top:0}@media (prefers-color-scheme:dark) and (scripting:none){:root .a{top:0}}'
    """
    return _RULE.sub(_repeated, css)


# The innermost rules of minified CSS, whose selector follows a brace, a statement or a comment.
_RULE = re.compile(r"(?P<selector>[^{};/]*)\{(?P<body>[^{}]*)\}")
_DARK = re.compile(r"\.dark(?![\w\\-])")
_COMMA = re.compile(r",(?![^(]*\))")
_SYSTEM = "@media (prefers-color-scheme:dark) and (scripting:none)"


def _repeated(rule: re.Match[str]) -> str:
    selectors = [one for one in _COMMA.split(rule["selector"]) if _DARK.search(one)]
    if not selectors:
        return rule[0]
    for_system = ",".join(_DARK.sub(":root", one) for one in selectors)
    return f"{rule[0]}{_SYSTEM}{{{for_system}{{{rule['body']}}}}}"
