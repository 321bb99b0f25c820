"""The contents of slots, each in an element of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import Div, P, Section, render
from starmodel.app.failures import is_failure
from starmodel.app.presentation.slots import FAILED, Filled, Place
from starmodel.app.presentation.ui import Services

HEAD_TAGS = ("meta", "link", "script", "style")
log = logging.getLogger("starmodel.plugins")


def slot(services: Services, place: Place) -> list[Any]:
    """The contents of one slot that the actor may see; a failed one is an error card."""
    filled = services.extensions.slots.fill(place)
    return [slot_content(services, content, place) for content in filled]


def head_slot(services: Services, place: Place) -> str:
    """The contents of the <head> that the actor may see; a failed one is logged and left out."""
    parts = []
    for filled in services.extensions.slots.fill(place):
        try:
            parts += [_head_element(each) for each in _components(filled.component)]
        except BaseException as error:  # a failing plugin must not fail the page
            if not is_failure(error):
                raise
            log.exception("The content %s failed", filled.id)
    return "".join(parts)


def _head_element(component: Any) -> str:
    """The HTML of an element of the <head>. Raises: TypeError, for others."""
    made = component.__ft__() if hasattr(component, "__ft__") else component
    tag = str(getattr(made, "tag", "")).lower()
    if tag not in HEAD_TAGS:
        raise TypeError(f"It has {component!r:.80}; expected one of {', '.join(HEAD_TAGS)}.")
    return render(made)


def slot_content(services: Services, filled: Filled, place: Place) -> Any:
    """The element of one content, which is requested again when its data changes."""
    message, inside = filled.error, ""
    if message is None:
        try:
            inside = render(tuple(_components(filled.component)))
        except BaseException as error:  # a failing plugin must not fail the page
            if not is_failure(error):
                raise
            log.exception("The content %s failed", filled.id)
            message = FAILED
    if message is not None:
        card = P(services.texts.render(message), role="status", cls="uk-card sm-slot-error")
        inside = render(card)
    classes = services.extensions.slots.refreshed_by(filled.content)
    refresh = None
    if classes:
        services.frontend.show_slot(filled.id, classes, place)
        refresh = Div(id=f"{filled.id}-refresh", hidden=True)
    return Section(Safe(inside), refresh, id=filled.id, cls="sm-slot")


def _components(value: Any) -> Iterator[Any]:
    """The components of a content, lists of them flattened. Raises: TypeError, for others."""
    if value is None or value is False:
        return
    if isinstance(value, list | tuple):
        for item in value:
            yield from _components(item)
    elif (
        isinstance(value, str | int | float)
        or (
            not isinstance(value, type) and (hasattr(value, "__ft__") or hasattr(value, "__html__"))
        )
        or hasattr(value, "attrs")
    ):
        yield value
    else:
        raise TypeError(
            f"It returned a value of type {type(value).__name__}; expected a component, text, "
            "a list of them, or None."
        )
