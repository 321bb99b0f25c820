"""Renders the texts for visitors as Markdown, for the cog block in docs/reference/texts.md."""

from __future__ import annotations

from starmodel.texts.english import PLACES, Text


def reference() -> str:
    """Return one heading and one table for each part of the interface with texts."""
    parts = []
    for place, texts in PLACES.items():
        rows = [f"| `{key}` | {_cell(text)} |" for key, text in texts.items()]
        parts.append("\n".join([f"## {place}\n", "| key | text |", "|---|---|", *rows]))
    return "\n" + "\n\n".join(parts) + "\n"


def _cell(text: Text) -> str:
    if isinstance(text, str):
        return f"`{text}`"
    return "<br>".join(f"{name}: `{form}`" for name, form in text.items())
