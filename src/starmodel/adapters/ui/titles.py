"""The display title of records, and the description of classes and events."""

from __future__ import annotations

from typing import Any

from starmodel.core.classes.titles import MAX_TITLE_CHARS, title_field, title_names, title_of

__all__ = ["MAX_TITLE_CHARS", "first_line", "title_field", "title_names", "title_of"]


def first_line(described: Any) -> str:
    """The first docstring line of a class or function, not inherited; "" for none."""
    is_class = isinstance(described, type)
    text = described.__dict__.get("__doc__") if is_class else described.__doc__
    return str(text or "").strip().partition("\n")[0]
