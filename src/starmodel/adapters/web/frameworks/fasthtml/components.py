"""Datastar attributes in FastHTML components, as Python keyword arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from fastcore.xml import FT, attrmap, valmap
from fasthtml.components import fh_cfg

from starmodel.core.signals import Signal
from starmodel.core.values.signal_names import INHERITED, signal_name

_KEYED = re.compile(
    r"data_(on(?=_+)|attr|bind|class|computed|indicator|ref|signals|style)(?:(?<=on)_+|_)(?!_)(.+)",
    re.I,
)
_NOT_KEYED = re.compile(r"data_on_(intersect|interval|signal_patch)(_|$)|data_signals__", re.I)
_PATHS = ("data-bind", "data-ref", "data-indicator")
_SIGNALS = ("data-signals", "data-computed")
# Custom elements that render in the browser; a patch would remove their content and state.
_BUILT_IN_THE_BROWSER = frozenset(
    f"uk-{name}"
    for name in (
        "calendar", "command", "input-date", "input-pin", "input-range", "input-tag",
        "input-time", "keyval", "lsh", "select", "theme-switcher",
    )
)  # fmt: skip


def datastar_attribute(name: str) -> str:
    """The HTML attribute that Datastar 1.x parses, from a Python keyword.

    >>> datastar_attribute("data_on_click"), datastar_attribute("data_on_input__debounce_500ms")
    ('data-on:click', 'data-on:input__debounce.500ms')
    """
    found = None if _NOT_KEYED.match(name) else _KEYED.fullmatch(name)
    if found is None:
        plain, *modifiers = name.split("__") if name.startswith("data_") else [name]
        return "__".join([attrmap(plain), *(m.replace("_", ".", 1) for m in modifiers)])
    key, *modifiers = found[2].split("__")
    attribute = "__".join([key.replace("_", "-"), *(m.replace("_", ".", 1) for m in modifiers)])
    return f"data-{found[1].lower()}:{attribute}"


def _value(value: Any) -> Any:
    return value if isinstance(value, dict) else valmap(value)


def signal_path(path: str) -> str:
    """Validate a dotted signal path; no segment may reach a JavaScript prototype."""
    return ".".join(
        signal_name(part, local=True) if part in INHERITED or part.startswith("__") else part
        for part in path.split(".")
    )


def configure_components(
    script_json: Callable[[Any], str], signals_json: Callable[[Mapping[Any, Any]], str]
) -> None:
    """Render Datastar attributes in every FastHTML component of this process.

    Only FastHTML's process-wide configuration applies to all components. A dict
    is encoded by `script_json` in `data-*` attributes, by `signals_json` in
    `data-signals`; in any other attribute it stays CSS.
    """

    def encoded(name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            if name.startswith(_SIGNALS):
                return signals_json(value)
            return script_json(value) if name.startswith("data-") else valmap(dict(value))
        if name.startswith(_PATHS) and isinstance(value, str | Signal):
            return value.path if isinstance(value, Signal) else signal_path(value)
        return value

    class DatastarFT(FT):  # type: ignore[misc]  # fastcore has no types
        def __init__(
            self, tag: str, cs: tuple[Any, ...], attrs: Any = None, **options: Any
        ) -> None:
            attributes = {name: encoded(name, value) for name, value in (attrs or {}).items()}
            if tag in _BUILT_IN_THE_BROWSER:
                attributes.setdefault("data-ignore-morph", True)
            super().__init__(tag, cs, attributes, **options)

    fh_cfg["attrmap"], fh_cfg["valmap"], fh_cfg["ft_cls"] = datastar_attribute, _value, DatastarFT
