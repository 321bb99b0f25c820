"""Forms: their controls, the payload of a submission, and controls by name or label."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starmodel.testing.browser.document.controls import Controls, File
from starmodel.testing.browser.document.dom import attribute, by_id, select, squeeze

if TYPE_CHECKING:
    from bs4 import Tag

CONTROLS = "input, select, textarea"
SUBMIT_BUTTONS = "button:not([type=button], [type=reset]), input[type=submit]"
_BUTTON_TYPES = ("submit", "button", "reset", "image")


def form_controls(form: Tag) -> list[Tag]:
    """The controls inside the form, and those associated by a `form` attribute."""
    found = list(form.find_all(["input", "select", "textarea"]))
    id = attribute(form, "id")
    if id:
        root = list(form.parents)[-1]
        found += list(root.find_all(["input", "select", "textarea"], form=id))
    own = (tag for tag in found if attribute(tag, "form") in (None, id))
    return [tag for tag in own if tag.find_parent("template") is None]


def form_data(form: Tag, values: Controls, submitter: Tag | None) -> list[tuple[str, str | File]]:
    """The name and value pairs of the form's payload."""
    pairs: list[tuple[str, str | File]] = []
    for tag in form_controls(form):
        name, kind = attribute(tag, "name"), attribute(tag, "type") or ""
        if not name or kind in _BUTTON_TYPES or _disabled(tag):
            continue
        value = values.value(tag)
        if kind in ("checkbox", "radio"):
            pairs += [(name, attribute(tag, "value") or "on")] if value else []
        elif isinstance(value, list):
            pairs += [(name, item) for item in value] or (
                [(name, ("", b""))] if kind == "file" else []
            )
        else:
            pairs.append((name, value))
    if submitter is not None and attribute(submitter, "name"):
        pairs.append((attribute(submitter, "name") or "", attribute(submitter, "value") or ""))
    return pairs


def labels(root: Tag, tag: Tag) -> list[str]:
    """The accessible names of the control: its labels, ARIA attributes, placeholder and title."""
    id, names = attribute(tag, "id"), []
    if id:
        names += [
            squeeze(label.get_text(" ")) for label in root.find_all("label", attrs={"for": id})
        ]
    around = tag.find_parent("label")
    if around is not None:
        names.append(squeeze(around.get_text(" ")))
    names += [
        text for name in ("aria-label", "placeholder", "title") if (text := attribute(tag, name))
    ]
    described = attribute(tag, "aria-labelledby")
    for each in (described or "").split():
        found = by_id(root, each)
        names += [squeeze(found.get_text(" "))] if found is not None else []
    return names


def named(root: Tag, scope: Tag, name: str) -> list[Tag]:
    """The controls with this name, id, bound signal or label; the first kind that matches wins."""
    found = [tag for tag in select(scope, CONTROLS) if attribute(tag, "type") != "hidden"]
    for matches in _MATCHERS:
        matching = [tag for tag in found if matches(root, tag, name)]
        if matching:
            return matching
    return []


def _binds(tag: Tag) -> str:
    return attribute(tag, "data-bind") or ""


_MATCHERS: list[Callable[[Tag, Tag, str], bool]] = [
    lambda _, tag, name: attribute(tag, "name") in (name, f"{name}[]"),
    lambda _, tag, name: attribute(tag, "id") == name,
    lambda _, tag, name: _binds(tag) == name or f"data-bind:{name}" in tag.attrs,
    lambda _, tag, name: _binds(tag).rpartition(".")[2] == name,
    lambda root, tag, name: name in labels(root, tag),
]


def display_name(root: Tag, tag: Tag) -> str:
    """The shortest name by which `named` finds the control."""
    for name in (attribute(tag, "name"), attribute(tag, "data-bind"), attribute(tag, "id")):
        if name:
            return name
    return next(iter(labels(root, tag)), tag.name)


def _disabled(tag: Tag) -> bool:
    fieldsets = [parent for parent in tag.parents if parent.name == "fieldset"]
    return "disabled" in tag.attrs or any("disabled" in parent.attrs for parent in fieldsets)
