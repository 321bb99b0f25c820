"""The elements of a page as a browser would hold them, changed by patches."""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from starmodel.core.errors import ConfigurationError
from starmodel.testing.problems import NotOnPageError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

NOT_SHOWN = frozenset({"script", "style", "template", "head", "noscript", "title"})
BLOCKS = frozenset(  # what stands on lines of its own, or apart
    """address article aside blockquote br button dd details dialog div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hr label legend li main nav ol option p pre section
    select summary table tbody td textarea tfoot th thead tr ul""".split()  # noqa: SIM905
)


_WHOLE = re.compile(r"</html\s*>", re.I)


def parse(html: str) -> BeautifulSoup:
    """A whole page. Raises: ConfigurationError, when the parser isn't installed."""
    try:
        importlib.import_module("lxml")  # the parser that Beautiful Soup is told to use
        from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
        from bs4 import MarkupResemblesLocatorWarning as LooksLikeAFile
    except ImportError as error:
        raise ConfigurationError(
            f"Visitor needs {error.name!r} to read pages. Run: pip install 'starmodel[testing]'"
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LooksLikeAFile)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        return BeautifulSoup(html, "lxml", multi_valued_attributes=None)


def fragment(html: str) -> list[Tag]:
    """The elements of a piece of HTML, outside any page."""
    soup = parse(html)
    parents = [parent for parent in (soup.head, soup.body) if parent is not None]
    return [tag.extract() for parent in parents for tag in list(elements(parent))]


def elements(parent: Tag) -> Iterator[Tag]:
    """The element children, without texts between them."""
    from bs4 import Tag

    return (child for child in parent.children if isinstance(child, Tag))


def select(root: Tag, selector: str) -> list[Tag]:
    """What a CSS selector finds, in the page's order; never inside a `<template>`.

    Raises: NotOnPageError, for a selector that can't be read.
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
    return found if found is None else _tag(found)


def attribute(tag: Tag, name: str) -> str | None:
    """One attribute's text, or None."""
    value = tag.get(name)
    return value if value is None or isinstance(value, str) else " ".join(value)


def keyed_attributes(tag: Tag, name: str) -> Iterator[tuple[str, str]]:
    """Datastar's attributes of one kind: `data-on:click__once="…"` gives ("click__once", "…").

    The attribute without a key gives "".
    """
    for each in list(tag.attrs):
        if each == name or each.startswith((f"{name}:", f"{name}__")):
            yield each[len(name) :].removeprefix(":"), attribute(tag, each) or ""


def patch(root: Tag, html: str, selector: str, mode: str) -> list[Tag]:
    """Change the page as `datastar-patch-elements` does; the elements that are new in it.

    Raises: NotOnPageError, when there is nothing to change.
    """
    if not selector and _WHOLE.search(html):  # Datastar then takes it for the page itself
        old, new = root.find("html"), parse(html).find("html")
        return put(_tag(old), [_tag(new).extract()], mode)
    if mode == "remove":
        gone = (
            select(root, selector)
            if selector
            else [t for n in fragment(html) if (t := _same(root, n))]
        )
        for tag in gone:
            tag.decompose()
        return []
    if not selector:
        pairs = [(_same(root, new), new) for new in fragment(html)]
        missing = [new for old, new in pairs if old is None]
        if missing:
            raise NotOnPageError(_no_place(missing[0]))
        return [put(old, [new], mode)[0] for old, new in pairs if old is not None]
    targets = select(root, selector)
    if not targets:
        raise NotOnPageError(f"A patch goes to {selector!r}, which the page doesn't have.")
    return [new for target in targets for new in put(target, fragment(html), mode)]


def put(target: Tag, new: list[Tag], mode: str) -> list[Tag]:
    """Put new elements at, into or beside one that is there."""
    if mode in ("inner",):
        target.clear()
        target.extend(new)
    elif mode == "append":
        target.extend(new)
    elif mode == "prepend":
        for tag in reversed(new):
            target.insert(0, tag)
    elif mode == "after":
        target.insert_after(*new)
    elif mode == "before":
        target.insert_before(*new)
    else:  # outer and replace
        target.insert_before(*new)
        target.decompose()
    return new


def _same(root: Tag, new: Tag) -> Tag | None:
    id = attribute(new, "id")
    return None if id is None else by_id(root, id)


def _no_place(new: Tag) -> str:
    id = attribute(new, "id")
    if id is None:
        return (
            f"A patch brings <{new.name}> without an id and without a selector, so it has no place "
            "on the page. Give it the id of what it replaces, or the event a selector."
        )
    return f"A patch brings <{new.name} id={id!r}>, but the page has no element with that id."


def arrange(body: Tag, new: Iterable[Tag], order: list[str] | None) -> None:
    """Change the rows of a list: put in the new ones, and bring all into this order of keys."""
    rows = {attribute(tag, "data-key"): tag for tag in elements(body) if "data-key" in tag.attrs}
    for row in new:
        key = attribute(row, "data-key")
        if key in rows:
            rows[key].insert_before(row)
            rows[key].decompose()
        rows[key] = row
    if order is None:
        return
    for row in rows.values():
        row.extract()
    body.extend(rows[key] for key in order if key in rows)


def squeeze(text: str) -> str:
    """The text with every run of blanks as one."""
    return " ".join(text.split())


def outline(tag: Tag) -> str:
    """An element in one line, for messages."""
    known = ("id", "name", "type", "class", "href", "action")
    attributes = "".join(f" {k}={attribute(tag, k)!r}" for k in known if k in tag.attrs)
    text = squeeze(tag.get_text(" "))[:40]
    return f"<{tag.name}{attributes}>{f' {text!r}' if text else ''}"


def _tag(found: object) -> Tag:
    from bs4 import Tag

    assert isinstance(found, Tag)  # noqa: S101 - find() by attributes finds elements only
    return found
