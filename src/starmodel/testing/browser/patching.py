"""Patches of elements and rows, with what visitors have typed there kept as a browser keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from starmodel.testing.browser.controls import Controls
from starmodel.testing.browser.dom import (
    arrange,
    attribute,
    by_id,
    fragment,
    keyed_attributes,
    patch,
    select,
)

if TYPE_CHECKING:
    from bs4 import Tag

_ONCE = ("data-signals", "data-computed", "data-init")


def patch_elements(
    page: Tag, controls: Controls, data: Mapping[str, str]
) -> tuple[list[Tag], set[str]]:
    """Apply one `datastar-patch-elements`.

    The elements that are new on the page, and what those that they replaced
    had run already, which doesn't run again.

    Raises: NotOnPageError, for a patch without a place.
    """
    html, selector = data.get("elements", ""), data.get("selector", "")
    mode = data.get("mode", "outer")
    olds = _replaced(page, html, selector) if mode in ("outer", "inner") else []
    known = {
        f"{kind} {key} {text}"
        for old in olds
        for tag in [old, *old.find_all(True)]
        for kind in _ONCE
        for key, text in keyed_attributes(tag, kind)
    }
    kept = controls.copy_of(olds)
    new = patch(page, html, selector, mode)
    for tag in new:
        controls.restore(kept, tag)
    return new, known


def patch_rows(page: Tag, controls: Controls, data: Mapping[str, str]) -> list[Tag]:
    """Apply one `starmodel-rows`; the rows that are new on the page."""
    body = by_id(page, data["list"])
    if body is None:
        return []
    order = data["order"].split(" ") if "order" in data else None
    rows = [tag for tag in fragment(data.get("rows", "")) if "data-key" in tag.attrs]
    kept = controls.copy_of([body])
    arrange(body, rows, order)
    for row in rows:
        controls.restore(kept, row)
    body.attrs["data-state"] = data["state"]
    return rows


def _replaced(page: Tag, html: str, selector: str) -> list[Tag]:
    if selector:
        return select(page, selector)
    ids = [attribute(new, "id") for new in fragment(html)]
    return [old for id in ids if id and (old := by_id(page, id)) is not None]
