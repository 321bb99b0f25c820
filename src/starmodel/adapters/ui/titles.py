"""The display title of records, and the description of classes and events."""

from __future__ import annotations

from typing import Any

from starmodel.core.classes.titles import MAX_TITLE_CHARS, title_field, title_names, title_of
from starmodel.core.translations import translated

__all__ = ["MAX_TITLE_CHARS", "first_line", "title_field", "title_names", "title_of"]


def first_line(described: Any) -> str:
    """The first docstring line of a class or function, in the visitor's language.

    Not inherited; "" for none.
    """
    is_class = isinstance(described, type)
    text = described.__dict__.get("__doc__") if is_class else described.__doc__
    return translated(str(text or "").strip().partition("\n")[0])
