"""What visitors fill in: inputs, selects and texts, and the forms that they stand in."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from starmodel.testing.browser.dom import attribute, by_id, select, squeeze

if TYPE_CHECKING:
    from bs4 import Tag

CONTROLS = "input, select, textarea"
BUTTONS = ("submit", "button", "reset", "image")
File = tuple[str, bytes]


class Controls:
    """The state of a page's controls that isn't in its HTML: what was typed and chosen.

    Like a browser it survives a patch, unless the patch brings another value.
    """

    def __init__(self) -> None:
        self._typed: dict[int, tuple[Tag, Any]] = {}

    def value(self, tag: Tag) -> Any:
        """What the control holds. Shapes: a bool for check boxes, a list for many choices."""
        kept = self._typed.get(id(tag))
        return initial(tag) if kept is None else kept[1]

    def type(self, tag: Tag, value: Any) -> None:
        """Let the control hold this. Raises: ValueError, saying what it takes."""
        self._typed[id(tag)] = (tag, accepted(tag, value))

    def forget(self, form: Tag) -> None:
        """Put the form's controls back to what the server wrote."""
        for tag in controls(form):
            self._typed.pop(id(tag), None)

    def copy_of(self, roots: list[Tag]) -> dict[tuple[str | None, ...], tuple[Any, Any]]:
        """What was typed into these elements and what stood there before, by control."""
        return {
            _key(tag): (initial(tag), self.value(tag))
            for root in roots
            for tag in _with_self(root)
            if id(tag) in self._typed
        }

    def restore(self, kept: dict[tuple[str | None, ...], tuple[Any, Any]], new: Tag) -> None:
        """Put what was typed back into elements that a patch brought."""
        for tag in _with_self(new) if kept else ():
            before = kept.get(_key(tag))
            if before is not None and before[0] == initial(tag):
                self._typed[id(tag)] = (tag, before[1])


def _with_self(root: Tag) -> Iterator[Tag]:
    if root.name in ("input", "select", "textarea"):
        yield root
    yield from root.find_all(["input", "select", "textarea"])


def _key(tag: Tag) -> tuple[str | None, ...]:
    form = tag.find_parent("form")
    of = None if form is None else attribute(form, "id")
    names = ("id", "name", "data-bind")
    extra = attribute(tag, "value") if attribute(tag, "type") in ("checkbox", "radio") else None
    return (of, *(attribute(tag, name) for name in names), extra)


def initial(tag: Tag) -> Any:
    """What the control holds before anybody touched it."""
    if tag.name == "textarea":
        return tag.get_text().removeprefix("\n")
    if tag.name == "select":
        options = tag.find_all("option")
        chosen = [_option(o) for o in options if "selected" in o.attrs]
        if "multiple" in tag.attrs:
            return chosen
        return chosen[-1] if chosen else _option(options[0]) if options else ""
    if attribute(tag, "type") in ("checkbox", "radio"):
        return "checked" in tag.attrs
    if attribute(tag, "type") == "file":
        return []
    return attribute(tag, "value") or ""


def accepted(tag: Tag, value: Any) -> Any:
    """The value as this control holds it. Raises: ValueError, for what it can't."""
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
        options = {squeeze(o.get_text()): _option(o) for o in tag.find_all("option")}
        known = set(options.values())
        made = [text if text in known else options.get(text, text) for text in texts]
        wrong = [text for text in made if text not in known]
        if wrong:
            offered = ", ".join(repr(text) for text in options.values())
            raise ValueError(f"{wrong[0]!r} is none of its choices: {offered}")
        return made if "multiple" in tag.attrs else made[-1]
    if isinstance(value, list | tuple | set) and tag.name == "textarea":
        return "\n".join(map(as_typed, value))
    return as_typed(value)


def as_typed(value: Any) -> str:
    """A Python value as somebody would type it."""
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


def controls(form: Tag) -> list[Tag]:
    """The form's controls, also those elsewhere that name it."""
    found = list(form.find_all(["input", "select", "textarea"]))
    id = attribute(form, "id")
    if id:
        root = list(form.parents)[-1]
        found += list(root.find_all(["input", "select", "textarea"], form=id))
    return [tag for tag in found if attribute(tag, "form") in (None, id)]


def form_data(form: Tag, state: Controls, submitter: Tag | None) -> list[tuple[str, str | File]]:
    """The pairs that a browser sends for the form."""
    made: list[tuple[str, str | File]] = []
    for tag in controls(form):
        name, kind = attribute(tag, "name"), attribute(tag, "type") or ""
        if not name or kind in BUTTONS or _disabled(tag):
            continue
        value = state.value(tag)
        if kind in ("checkbox", "radio"):
            made += [(name, attribute(tag, "value") or "on")] if value else []
        elif isinstance(value, list):
            made += [(name, item) for item in value] or (
                [(name, ("", b""))] if kind == "file" else []
            )
        else:
            made.append((name, value))
    if submitter is not None and attribute(submitter, "name"):
        made.append((attribute(submitter, "name") or "", attribute(submitter, "value") or ""))
    return made


def labels(root: Tag, tag: Tag) -> list[str]:
    """What people know the control by: its labels, and what stands in it."""
    id, made = attribute(tag, "id"), []
    if id:
        made += [
            squeeze(label.get_text(" ")) for label in root.find_all("label", attrs={"for": id})
        ]
    around = tag.find_parent("label")
    if around is not None:
        made.append(squeeze(around.get_text(" ")))
    made += [
        text for name in ("aria-label", "placeholder", "title") if (text := attribute(tag, name))
    ]
    described = attribute(tag, "aria-labelledby")
    for each in (described or "").split():
        found = by_id(root, each)
        made += [squeeze(found.get_text(" "))] if found is not None else []
    return made


def named(root: Tag, scope: Tag, name: str) -> list[Tag]:
    """The controls that a name can mean: name, id, bound signal or label, the first that fits."""
    found = [tag for tag in select(scope, CONTROLS) if attribute(tag, "type") != "hidden"]
    for fits in _MEANINGS:
        fitting = [tag for tag in found if fits(root, tag, name)]
        if fitting:
            return fitting
    return []


def _binds(tag: Tag) -> str:
    return attribute(tag, "data-bind") or ""


_MEANINGS: list[Callable[[Tag, Tag, str], bool]] = [
    lambda _, tag, name: attribute(tag, "name") in (name, f"{name}[]"),
    lambda _, tag, name: attribute(tag, "id") == name,
    lambda _, tag, name: _binds(tag) == name or f"data-bind:{name}" in tag.attrs,
    lambda _, tag, name: _binds(tag).rpartition(".")[2] == name,
    lambda root, tag, name: name in labels(root, tag),
]


def known_as(root: Tag, tag: Tag) -> str:
    """The shortest name that `named` finds the control by."""
    for name in (attribute(tag, "name"), attribute(tag, "data-bind"), attribute(tag, "id")):
        if name:
            return name
    return next(iter(labels(root, tag)), tag.name)


def _option(option: Tag) -> str:
    value = attribute(option, "value")
    return squeeze(option.get_text()) if value is None else value


def _disabled(tag: Tag) -> bool:
    sets = [parent for parent in tag.parents if parent.name == "fieldset"]
    return "disabled" in tag.attrs or any("disabled" in parent.attrs for parent in sets)
