"""Form controls: their values, and the values that each type accepts."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from starmodel.testing.browser.document.dom import attribute, squeeze

if TYPE_CHECKING:
    from bs4 import Tag

File = tuple[str, bytes]


class Controls:
    """The current values of controls, where they differ from the HTML.

    A value survives a patch unless the patch changes the initial value.
    """

    def __init__(self) -> None:
        self._typed: dict[int, tuple[Tag, Any]] = {}

    def value(self, tag: Tag) -> Any:
        """The current value. Shapes: a bool for check boxes, a list for multiple choice."""
        typed = self._typed.get(id(tag))
        return initial_value(tag) if typed is None else typed[1]

    def set(self, tag: Tag, value: Any) -> None:
        """Change the value. Raises: ValueError, with the values that the control accepts."""
        self._typed[id(tag)] = (tag, accepted_value(tag, value))

    def reset(self, tags: list[Tag]) -> None:
        """Restore the initial values of these controls."""
        for tag in tags:
            self._typed.pop(id(tag), None)

    def typed_values(self, roots: list[Tag]) -> dict[tuple[str | None, ...], tuple[Any, Any]]:
        """The initial and typed values of changed controls, by a key that survives a patch."""
        return {
            _key(tag): (initial_value(tag), self.value(tag))
            for root in roots
            for tag in _with_self(root)
            if id(tag) in self._typed
        }

    def restore(self, typed: dict[tuple[str | None, ...], tuple[Any, Any]], new: Tag) -> None:
        """Apply typed values to new elements whose initial value is unchanged."""
        for tag in _with_self(new) if typed else ():
            values = typed.get(_key(tag))
            if values is not None and values[0] == initial_value(tag):
                self._typed[id(tag)] = (tag, values[1])


def _with_self(root: Tag) -> Iterator[Tag]:
    if root.name in ("input", "select", "textarea"):
        yield root
    yield from root.find_all(["input", "select", "textarea"])


def _key(tag: Tag) -> tuple[str | None, ...]:
    form = tag.find_parent("form")
    form_id = None if form is None else attribute(form, "id")
    names = ("id", "name", "data-bind")
    extra = attribute(tag, "value") if attribute(tag, "type") in ("checkbox", "radio") else None
    return (form_id, *(attribute(tag, name) for name in names), extra)


def initial_value(tag: Tag) -> Any:
    """The value that the HTML gives the control."""
    if tag.name == "textarea":
        return tag.get_text().removeprefix("\n")
    if tag.name == "select":
        options = tag.find_all("option")
        chosen = [option_value(o) for o in options if "selected" in o.attrs]
        if "multiple" in tag.attrs:
            return chosen
        return chosen[-1] if chosen else option_value(options[0]) if options else ""
    if attribute(tag, "type") in ("checkbox", "radio"):
        return "checked" in tag.attrs
    if attribute(tag, "type") == "file":
        return []
    return attribute(tag, "value") or ""


def accepted_value(tag: Tag, value: Any) -> Any:
    """The value converted to the control's type. Raises: ValueError, for an invalid one."""
    kind = attribute(tag, "type") or ""
    if kind in ("checkbox", "radio"):
        return bool(value)
    if kind == "file":
        files = value if isinstance(value, list) else [value]
        if not all(isinstance(f, tuple) and len(f) == 2 for f in files):
            raise ValueError("a file is given as (name, bytes)")
        return files
    if tag.name == "select":
        texts = [as_typed(item) for item in (value if isinstance(value, list) else [value])]
        options = {squeeze(o.get_text()): option_value(o) for o in tag.find_all("option")}
        values = set(options.values())
        chosen = [text if text in values else options.get(text, text) for text in texts]
        invalid = [text for text in chosen if text not in values]
        if invalid:
            offered = ", ".join(repr(text) for text in options.values())
            raise ValueError(f"{invalid[0]!r} is none of its choices: {offered}")
        return chosen if "multiple" in tag.attrs else chosen[-1]
    if isinstance(value, list | tuple | set) and tag.name == "textarea":
        return "\n".join(map(as_typed, value))
    return as_typed(value)


def as_typed(value: Any) -> str:
    """A Python value as the text that a user types."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="auto")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value.id) if hasattr(value, "__entity__") else str(value)


def option_value(option: Tag) -> str:
    """The value of an `<option>`, by default its text."""
    value = attribute(option, "value")
    return squeeze(option.get_text()) if value is None else value
