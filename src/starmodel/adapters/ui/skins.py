"""Skins: a UI adapter with single parts replaced, by the name of the part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starmodel.core.errors import ConfigurationError

PARTS = (
    "page", "page.start", "page.navigation", "page.search", "page.found",
    "list.table", "list.rows", "list.controls", "list.total", "list.views", "list.actions",
    "list.board",
    "record.title", "record.detail", "record.link", "record.events", "record.actions",
    "record.deletion", "record.children", "record.linked", "record.panels", "record.neighbours",
    "value",
    "form", "form.after", "form.field", "form.choices", "form.chosen", "form.errors",
    "form.bulk", "form.bulk_errors", "form.computed",
    "message.toast", "message.progress",
    "component.tile", "component.chart", "component.table", "component.rows", "component.list",
    "error.page", "error.panel",
)  # fmt: skip
"""The parts of generated pages; each is a method of the adapter, with "_" for "."."""


def skin(base: type, parts: Mapping[str, Callable[..., Any]]) -> type:
    """A subclass of an adapter class, with these functions as its methods.

    Shapes: parts maps a name of PARTS to a function of the adapter and the arguments of the part;
    `base.record_detail(ui, …)` is the part that it replaces.
    Raises: ConfigurationError, for an unknown part, with the list of parts.
    """
    check_skin(parts)
    methods = {name.replace(".", "_"): function for name, function in parts.items()}
    return type(f"{base.__name__}Skin", (base,), methods)


def check_skin(option: Any) -> None:
    """Return for a class of UI adapters, parts by name, or None. Raises: ConfigurationError."""
    if option is None or callable(option):
        return
    if not isinstance(option, Mapping):
        raise ConfigurationError(
            f"ui is {option!r}; expected a class of UI adapters, or parts by name, such as "
            "{'record.detail': function}."
        )
    for name, function in option.items():
        if name not in PARTS:
            raise ConfigurationError(
                f"ui names the part {name!r}; expected one of {', '.join(PARTS)}."
            )
        if not callable(function):
            raise ConfigurationError(
                f"The part {name!r} of ui is {function!r}; expected a function."
            )
