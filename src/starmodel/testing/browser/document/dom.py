"""The DOM of a page, parsed by Beautiful Soup: selectors, attributes and element children."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starmodel.core.errors import ConfigurationError
from starmodel.testing.errors import NotOnPageError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

NOT_RENDERED = frozenset({"script", "style", "template", "head", "noscript", "title"})
BLOCKS = frozenset(  # separated from neighbouring text by white space
    """address article aside blockquote br button dd details dialog div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hr label legend li main nav ol option p pre section
    select summary table tbody td textarea tfoot th thead tr ul""".split()  # noqa: SIM905
)


def parse(html: str) -> BeautifulSoup:
    """The DOM of a page. Raises: ConfigurationError, when the HTML parser isn't installed."""
    try:
        importlib.import_module("lxml")  # the parser that BeautifulSoup() is given
        from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
    except ImportError as error:
        raise ConfigurationError(
            f"Visitor needs {error.name!r} to read pages. Run: pip install 'starmodel[testing]'"
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        return BeautifulSoup(html, "lxml", multi_valued_attributes=None)


def fragment(html: str) -> list[Tag]:
    """The top-level elements of an HTML fragment, detached from any page."""
    soup = parse(html)
    parents = [parent for parent in (soup.head, soup.body) if parent is not None]
    return [tag.extract() for parent in parents for tag in list(elements(parent))]


def elements(parent: Tag) -> Iterator[Tag]:
    """The child elements, without text nodes."""
    from bs4 import Tag

    return (child for child in parent.children if isinstance(child, Tag))


def select(root: Tag, selector: str) -> list[Tag]:
    """The elements that match a CSS selector, in document order; none inside a `<template>`.

    Raises: NotOnPageError, for an invalid selector.
    """
    from soupsieve import SelectorSyntaxError

    try:
        found = root.select(selector)
    except SelectorSyntaxError as error:
        reason = str(error).partition("\n")[0]
        raise NotOnPageError(f"{selector!r} is no CSS selector: {reason}") from None
    return [tag for tag in found if tag.find_parent("template") is None]


def by_id(root: Tag, id: str) -> Tag | None:
    """The element with this id, or None."""
    found = root.find(id=id)
    return found if found is None else as_tag(found)


def attribute(tag: Tag, name: str) -> str | None:
    """The value of an attribute, or None."""
    value = tag.get(name)
    return value if value is None or isinstance(value, str) else " ".join(value)


def keyed_attributes(tag: Tag, name: str) -> Iterator[tuple[str, str]]:
    """The key and value of each Datastar attribute of one type.

    `data-on:click__once="…"` gives ("click__once", "…"); without a key it is "".
    """
    for each in list(tag.attrs):
        if each == name or each.startswith((f"{name}:", f"{name}__")):
            yield each[len(name) :].removeprefix(":"), attribute(tag, each) or ""


def squeeze(text: str) -> str:
    """The text with runs of white space collapsed."""
    return " ".join(text.split())


def outline(tag: Tag) -> str:
    """A one-line summary of an element, for error messages."""
    shown_attributes = ("id", "name", "type", "class", "href", "action")
    attributes = "".join(f" {k}={attribute(tag, k)!r}" for k in shown_attributes if k in tag.attrs)
    text = squeeze(tag.get_text(" "))[:40]
    return f"<{tag.name}{attributes}>{f' {text!r}' if text else ''}"


def as_tag(found: object) -> Tag:
    """The result of `find()`, narrowed to an element."""
    from bs4 import Tag

    assert isinstance(found, Tag)  # noqa: S101 - find() by attributes finds elements only
    return found
