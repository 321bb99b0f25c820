"""Initialises `data-signals`, `data-computed`, `data-bind` and `data-init` of new elements."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from starmodel.testing.browser.datastar.binding import BoundPage, bound_path, initialise_signal
from starmodel.testing.browser.datastar.expressions import Scope, evaluate
from starmodel.testing.browser.document.dom import keyed_attributes
from starmodel.testing.errors import UnreadableExpressionError

if TYPE_CHECKING:
    from bs4 import Tag


class InitialisedPage(Scope, BoundPage, Protocol):
    """A page with signals and controls. Shapes: skipped are the unsupported expressions."""

    skipped: list[str]
    element: Tag | None


def initialise(page: InitialisedPage, roots: list[Tag], executed: set[str]) -> None:
    """Evaluate the attributes of these elements and their descendants once.

    Unsupported expressions are listed in `page.skipped`.

    Shapes: executed has the attributes of the elements that a patch replaced;
    equal ones are not evaluated again, except `data-bind`.
    """
    elements = [tag for root in roots for tag in [root, *root.find_all(True)]]
    for tag in [tag for tag in elements if tag.find_parent("template") is None]:
        for kind, handler in _HANDLERS.items():
            for key, expression in keyed_attributes(tag, kind):
                if f"{kind} {key} {expression}" not in executed or kind == "data-bind":
                    page.element = tag
                    try:
                        handler(page, tag, key, expression)
                    except UnreadableExpressionError:
                        page.skipped.append(expression)


def _signals(page: InitialisedPage, tag: Tag, key: str, expression: str) -> None:
    name, *modifiers = key.split("__")
    value = evaluate(expression, page) if expression else ""
    if name:
        value = _nested(_camel_case(name), value)
    if isinstance(value, dict):
        page.signals.merge(value, only_missing="ifmissing" in modifiers)


def _computed(page: InitialisedPage, tag: Tag, key: str, expression: str) -> None:
    if not key:
        raise UnreadableExpressionError(expression)
    path = _camel_case(key.partition("__")[0])
    page.signals.compute(path, lambda: evaluate(expression, page))


def _bind(page: InitialisedPage, tag: Tag, key: str, expression: str) -> None:
    initialise_signal(page, tag, bound_path(tag) or "")


def _init(page: InitialisedPage, tag: Tag, key: str, expression: str) -> None:
    evaluate(expression, page)


_HANDLERS: dict[str, Callable[[InitialisedPage, Tag, str, str], None]] = {
    "data-signals": _signals,
    "data-computed": _computed,
    "data-bind": _bind,
    "data-init": _init,
}


def _nested(path: str, value: Any) -> Any:
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


def _camel_case(name: str) -> str:
    return re.sub(r"-(\w)", lambda match: match[1].upper(), name)
