"""What the site is built from: the documents, made ready in a folder of their own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from documentation.blocks import without_hidden

ROOT = Path(__file__).parents[2]
SOURCE, STAGED = ROOT / "docs", ROOT / "build" / "docs"
PICTURES = ROOT / "build" / "pictures"
PICTURE = re.compile(r"!\[([^\]]*)\]\(([./]*)pictures/([\w-]+)\.png\)\n?")
COG = re.compile(r"^<!-- \[\[\[cog.*?\]\]\] -->\n|^<!-- \[\[\[end\]\]\].*?-->\n", re.M | re.S)


def stage() -> None:
    """Make STAGED what the documents are now; pictures that were not taken are left out."""
    shutil.rmtree(STAGED, ignore_errors=True)
    shutil.copytree(SOURCE, STAGED)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (STAGED / "changelog.md").write_text(changes.replace("# Changelog", "# Changes", 1), "utf-8")
    for page in STAGED.rglob("*.md"):
        text = COG.sub("", without_hidden(page.read_text(encoding="utf-8")))
        page.write_text(PICTURE.sub(_pictures, text), encoding="utf-8")
    if PICTURES.is_dir():
        shutil.copytree(PICTURES, STAGED / "pictures")


def _pictures(found: re.Match[str]) -> str:
    """One picture for each colour scheme, or nothing."""
    text, up, name = found.groups()
    if not (PICTURES / f"{name}-light.png").is_file():
        return ""
    return "".join(
        f"![{text}]({up}pictures/{name}-{scheme}.png#only-{scheme}){{ .picture loading=lazy }}\n"
        for scheme in ("light", "dark")
    )
