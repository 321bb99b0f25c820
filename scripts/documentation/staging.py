"""Stages documents and configuration in the folder from which the site is built."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from documentation.blocks import without_hidden

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "docs"
PICTURES = ROOT / "build" / "pictures"
PICTURE = re.compile(r"!\[([^\]]*)\]\(([./]*)pictures/([\w-]+)\.png\)\n?")
COG = re.compile(r"^<!-- \[\[\[cog.*?\]\]\] -->\n|^<!-- \[\[\[end\]\]\].*?-->\n", re.M | re.S)


def stage(folder: Path) -> None:
    """Update docs/ and zensical.toml of the folder from the current documents.

    Screenshots that were not taken are omitted.
    """
    staged = folder / "docs"
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(SOURCE, staged)
    shutil.copy(ROOT / "CHANGELOG.md", staged / "changelog.md")
    for page in staged.rglob("*.md"):
        text = COG.sub("", without_hidden(page.read_text(encoding="utf-8")))
        page.write_text(PICTURE.sub(_pictures, text), encoding="utf-8")
    if PICTURES.is_dir():
        shutil.copytree(PICTURES, staged / "pictures")
    configuration = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    for path in ('"src"', '"scripts/'):
        configuration = configuration.replace(path, f'"{ROOT}/{path[1:]}')
    (folder / "zensical.toml").write_text(configuration, encoding="utf-8")


def _pictures(found: re.Match[str]) -> str:
    """Return one image per colour scheme, or nothing."""
    text, up, name = found.groups()
    if not (PICTURES / f"{name}-light.png").is_file():
        return ""
    return "".join(
        f"![{text}]({up}pictures/{name}-{scheme}.png#only-{scheme}){{ .picture loading=lazy }}\n"
        for scheme in ("light", "dark")
    )
