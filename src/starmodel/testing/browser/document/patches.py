"""Applies patches of elements and list rows; values typed into controls survive as in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from starmodel.testing.browser.document.controls import Controls
from starmodel.testing.browser.document.dom import (
    as_tag,
    attribute,
    by_id,
    elements,
    fragment,
    keyed_attributes,
    parse,
    select,
)
from starmodel.testing.errors import NotOnPageError

if TYPE_CHECKING:
    from bs4 import Tag

_INITIALISERS = ("data-signals", "data-computed", "data-init")
_WHOLE_PAGE = re.compile(r"</html\s*>", re.I)


def patch_elements(
    page: Tag, controls: Controls, data: Mapping[str, str]
) -> tuple[list[Tag], set[str]]:
    """Apply one `datastar-patch-elements` event.

    Returns the new elements, and the initialising attributes of the replaced
    ones: a browser doesn't evaluate equal attributes again.

    Raises: NotOnPageError, when the patch has no target.
    """
    html, selector = data.get("elements", ""), data.get("selector", "")
    mode = data.get("mode", "outer")
    replaced = _replaced(page, html, selector) if mode in ("outer", "inner") else []
    executed = {
        f"{kind} {key} {text}"
        for old in replaced
        for tag in [old, *old.find_all(True)]
        for kind in _INITIALISERS
        for key, text in keyed_attributes(tag, kind)
    }
    typed = controls.typed_values(replaced)
    new = patch(page, html, selector, mode)
    for tag in new:
        controls.restore(typed, tag)
    return new, executed


def patch_rows(page: Tag, controls: Controls, data: Mapping[str, str]) -> list[Tag]:
    """Apply one `starmodel-rows` event; returns the new rows."""
    body = by_id(page, data["list"])
    if body is None:
        return []
    order = data["order"].split(" ") if "order" in data else None
    rows = [tag for tag in fragment(data.get("rows", "")) if "data-key" in tag.attrs]
    typed = controls.typed_values([body])
    arrange(body, rows, order)
    for row in rows:
        controls.restore(typed, row)
    body.attrs["data-state"] = data["state"]
    return rows


def patch(root: Tag, html: str, selector: str, mode: str) -> list[Tag]:
    """Patch the DOM as Datastar does; returns the new elements.

    Raises: NotOnPageError, when the patch has no target.
    """
    if not selector and _WHOLE_PAGE.search(html):  # Datastar replaces the document element
        new_page = as_tag(parse(html).find("html"))
        return insert(as_tag(root.find("html")), [new_page.extract()], mode)
    if mode == "remove":
        for tag in select(root, selector) if selector else _replaced(root, html, ""):
            tag.decompose()
        return []
    if not selector:
        pairs = [(_with_same_id(root, new), new) for new in fragment(html)]
        unmatched = [new for old, new in pairs if old is None]
        if unmatched:
            raise NotOnPageError(_no_target(unmatched[0]))
        return [insert(old, [new], mode)[0] for old, new in pairs if old is not None]
    targets = select(root, selector)
    if not targets:
        raise NotOnPageError(f"A patch goes to {selector!r}, which the page doesn't have.")
    return [new for target in targets for new in insert(target, fragment(html), mode)]


def insert(target: Tag, new: list[Tag], mode: str) -> list[Tag]:
    """Insert elements relative to the target: Datastar's patch modes."""
    if mode == "inner":
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
        if mode != "replace":
            _keep_unmorphed(target, new)
        target.insert_before(*new)
        target.decompose()
    return new


def _keep_unmorphed(target: Tag, new: list[Tag]) -> None:
    """Put elements that a morph leaves alone in the place of new ones with their ids."""
    for tag in new:
        for inside in select(tag, "[id][data-ignore-morph]"):
            old = by_id(target, str(inside["id"]))
            if old is not None and "data-ignore-morph" in old.attrs:
                inside.replace_with(old.extract())


def arrange(body: Tag, new: Iterable[Tag], order: list[str] | None) -> None:
    """Insert or replace list rows by `data-key`, then sort all rows by the given keys."""
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


def _replaced(page: Tag, html: str, selector: str) -> list[Tag]:
    if selector:
        return select(page, selector)
    return [old for new in fragment(html) if (old := _with_same_id(page, new)) is not None]


def _with_same_id(root: Tag, new: Tag) -> Tag | None:
    id = attribute(new, "id")
    return None if id is None else by_id(root, id)


def _no_target(new: Tag) -> str:
    id = attribute(new, "id")
    if id is None:
        return (
            f"A patch brings <{new.name}> without an id and without a selector, so it has no "
            "target on the page. Give it the id of the element that it replaces, or the event a "
            "selector."
        )
    return f"A patch brings <{new.name} id={id!r}>, but the page has no element with that id."
