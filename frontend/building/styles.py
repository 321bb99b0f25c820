"""The style sheets: Franken UI, parts of daisyUI, and the utility classes that are in use."""

from __future__ import annotations

import zipfile
from pathlib import Path

from building.node import Node

# Tailwind's layer of fallbacks must come before all others, so the order is told at the top.
LAYERS = "@layer properties, theme, base, components, utilities;"
CORE = "node_modules/franken-ui/dist/css/core.min.css"


def style_sheets(here: Path, node: Node, monsterui: Path, kept: Path) -> dict[str, str]:
    """`starmodel.css` with everything, and `styles.css`: the same without Franken UI's own part.

    Shapes: monsterui is the wheel whose sources are searched for classes;
    kept is a folder for what is made on the way.
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
    return {"starmodel.css": f"{LAYERS}{core}\n{styles}", "styles.css": f"{LAYERS}{styles}"}
