"""The filters in use, in words: "Status is shipped", each with a link to the list without it."""

from __future__ import annotations

from typing import Any, NamedTuple

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import A, Nav, Span
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.app.ports.filter_syntax import split_filter, split_values
from starmodel.app.ports.moments import DATES, KINDS, kind_names
from starmodel.app.queries.listing import Listing
from starmodel.app.queries.shown_fields import column_title
from starmodel.core.classes.related_fields import related_field
from starmodel.core.fields.field_types import plain_types
from starmodel.texts.catalogue import Catalogue

MAX_VALUE_CHARS = 60
_MOMENTS = {"lt": "before", "lte": "until", "gt": "after", "gte": "from"}


class FilterWords(NamedTuple):
    """One filter. Shapes: word is its query parameter, value that of the URL."""

    word: str
    field: str
    op: str
    value: str


def filters_of(listing: Listing) -> list[FilterWords]:
    """The filters of a listing."""
    fields = listing.entity_type.cls.__entity__.fields
    return [
        FilterWords(word, *split_filter(word, fields), value)
        for word, value in listing.filters.items()
    ]


def chips(view: ListView, listing: Listing, references: frozenset[str], s: Slots) -> Any:
    """A row with a chip for each filter and the search; None without any.

    Shapes: references are the foreign keys whose titles are slots, see `title_slot`.
    """
    texts, links = view.texts, []
    for each in filters_of(listing):
        if each.field in references and each.op == "eq":
            value = s.text(title_slot(each.field))
        elif each.field in references and each.op in ("in", "not_in"):
            value = texts.text("bulk.chosen", count=len(split_values(each.value)))
        else:
            value = _shown(view, each)
        words = _in_words(view, each, value)
        links.append(_chip(view, words, view.href(listing, **{each.word: None, "page": None})))
    if listing.search:
        words = texts.text("list.searched", words=_cut(listing.search))
        links.append(_chip(view, words, view.href(listing, search=None, page=None)))
    if not links:
        return None
    clear = A(texts.text("list.clear"), href=view.url, cls="sm-clear")
    return Nav(*links, clear, aria_label=texts.text("list.chips"), cls="sm-filter-chips")


def title_slot(field: str) -> str:
    """The slot of the title of the record that the list is filtered by."""
    return f"filter:{field}"


def _chip(view: ListView, words: str, href: str) -> Any:
    title, mark = view.texts.text("list.remove_filter"), icon("close", view.icons_url)
    return A(
        Span(words, dir="auto"), mark, href=href, rel="nofollow", title=title, cls="sm-filter-chip"
    )


def _in_words(view: ListView, each: FilterWords, value: str) -> str:
    texts, title = view.texts, column_title(view.entity_type, each.field)
    if each.op == "isnull":
        key = "filter.empty" if each.value == "true" else "filter.not_empty"
        return texts.text(key, title=title)
    op = each.op
    if op in _MOMENTS and kind_names(_annotation(view, each.field)) & (KINDS | DATES):
        op = _MOMENTS[op]
    return texts.text(f"filter.{op}", title=title, value=value)


def _annotation(view: ListView, name: str) -> Any:
    cls, field = view.entity_type.cls, name
    path = related_field(view.entity_type, name) if "." in name else None
    if path is not None:
        cls, field = path.target, path.field
    spec = cls.__entity__.fields.get(field)
    return str if spec is None else spec.info.annotation  # ids of a relation to many records


def _shown(view: ListView, each: FilterWords) -> str:
    """The value as the list shows it: choices by their labels."""
    annotation = _annotation(view, each.field)
    labels = {choice_key(value): label for value, label in choices_of(annotation)}
    if plain_types(annotation) == [bool]:
        labels = _yes_and_no(view.texts)
    if each.op in ("in", "not_in"):
        values = split_values(each.value)
        return _cut(", ".join(labels.get(value, value) for value in values))
    return _cut(labels.get(each.value, each.value))


def _yes_and_no(texts: Catalogue) -> dict[str, str]:
    return {"true": texts.text("shown.yes"), "false": texts.text("shown.no")}


def _cut(text: str) -> str:
    if len(text) <= MAX_VALUE_CHARS:
        return text
    return f"{text[: MAX_VALUE_CHARS - 1]}\N{HORIZONTAL ELLIPSIS}"
