"""The root element of a live view: the element that the next rendering replaces."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

from starmodel.adapters.frontends.datastar.elements import namespace_of
from starmodel.app.commands.elements import Namespace
from starmodel.app.live.live_queries import LiveRecords
from starmodel.app.live.views import LiveView, Shown
from starmodel.core.errors import ConfigurationError

PART = "data-live-part"
# HTML parsers foster-parent these elements out of a <span>.
_NOT_IN_A_SPAN = frozenset({
    "caption", "col", "colgroup", "optgroup", "option", "tbody", "td", "tfoot", "th", "thead",
    "title", "tr",
})  # fmt: skip
_WHOLE_PAGE = frozenset({"body", "head", "html"})
_WRAPPERS: dict[Namespace | None, tuple[str, str]] = {
    None: ('<span style="display:contents"', "</span>"),
    "svg": ("<g", "</g>"),
    "mathml": ("<mrow", "</mrow>"),
}


class Part(NamedTuple):
    """A rendering of a live view and the CSS selector of its root element.

    Shapes: selector is None for elements that are patched by their ids;
    namespace is that of the root element, None for HTML.
    """

    component: Any
    selector: str | None
    namespace: Namespace | None = None


class _Html(str):
    """HTML that is rendered unescaped."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def live_part(view: LiveView, shown: Shown) -> Part:
    """Render a snapshot, or records, with a root element. Raises: ConfigurationError."""
    component = view.render(shown)
    return Part(component, None) if view.by_id else part_of(component, view.name, id_of(shown))


def id_of(shown: Shown) -> Any:
    """What tells the parts of one view apart: the id of the entity, or the query."""
    if isinstance(shown, LiveRecords):
        return "" if shown.listing is None else shown.listing.topic
    return shown.id


def part_of(component: Any, view: str, id: Any) -> Part:
    """Add a root element to the component that a view returned.

    A single element is the root. An empty component becomes a <template>;
    several elements and text get a wrapper with `display: contents`.

    Raises: ConfigurationError, for elements that no wrapper may contain.
    """
    key = _key(view, id)
    selector, mark = selector_of(view, id), f' {PART}="{key}"'
    nodes = list(_nodes(component))
    if not nodes:
        return Part(_Html(f"<template{mark}></template>"), selector)
    tags = [_tag(node) for node in nodes]
    if whole := _WHOLE_PAGE.intersection(filter(None, tags)):
        raise ConfigurationError(f"@live {view} returned <{min(whole)}>; expected part of a page.")
    namespace = namespace_of(tags)
    if len(nodes) == 1 and tags[0] is not None:
        root = copy.copy(nodes[0])
        root.attrs = {**root.attrs, PART: key}
        return Part(root, selector, namespace)
    if loose := _NOT_IN_A_SPAN.intersection(filter(None, tags)):
        if all(_attribute(node, "id") for node in nodes):
            return Part(component, None)
        raise ConfigurationError(
            f"@live {view} returned several elements with <{min(loose)}> among them, which no "
            "wrapper can hold. Return the one element around them, or give each of them an id."
        )
    start, end = _WRAPPERS[namespace]
    return Part((_Html(f"{start}{mark}>"), *nodes, _Html(end)), selector, namespace)


def selector_of(view: str, id: Any) -> str:
    """The selector of the root elements of a view of one entity."""
    return f'[{PART}="{_key(view, id)}"]'


def _key(view: str, id: Any) -> str:
    return blake2b(f"{view}\n{id}".encode(), digest_size=8).hexdigest()


def _nodes(component: Any) -> Iterator[Any]:
    """The outermost elements and texts of a component, without None, False and blank text."""
    if (
        component is None
        or component is False
        or (isinstance(component, str) and not component.strip())
    ):
        return
    if isinstance(component, list | tuple):
        for item in component:
            yield from _nodes(item)
    elif _tag(component) is None and hasattr(component, "__ft__"):
        yield from _nodes(component.__ft__())
    else:
        yield component


def _tag(node: Any) -> str | None:
    """The tag of a component with attributes; None for text and rendered HTML."""
    tag = None if isinstance(node, str) else getattr(node, "tag", None)
    is_element = isinstance(tag, str) and tag and isinstance(getattr(node, "attrs", None), dict)
    return tag if is_element else None


def _attribute(node: Any, name: str) -> Any:
    return getattr(node, "attrs", {}).get(name)
