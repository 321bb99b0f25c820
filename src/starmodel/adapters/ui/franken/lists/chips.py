"""The filters in use, in words: "Status is shipped", each with a link to the list without it and
with other operators."""

from __future__ import annotations

from typing import Any, NamedTuple

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import A, Details, Div, Nav, Span, Summary
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.app.ports.field_kinds import (
    BETWEEN,
    EMPTY,
    NOT_EMPTY,
    operator_word,
    operators_of,
    record_operators,
)
from starmodel.app.ports.filter_syntax import split_filter, split_values
from starmodel.app.queries.filter_forms import EMPTY_TEXT, empty_filter, foreign_keys
from starmodel.app.queries.listing import Listing, filter_name
from starmodel.app.queries.shown_fields import column_title
from starmodel.core.classes.related_fields import related_field
from starmodel.core.fields.field_types import plain_types
from starmodel.texts.catalogue import Catalogue

MAX_VALUE_CHARS = 60
SEVERAL_VALUES = ("in", "not_in")


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

    A chip is a link to the list without its filter, beside a menu with other operators.

    Shapes: references are the foreign keys whose titles are slots, see `title_slot`.
    """
    texts, links = view.texts, []
    filters = filters_of(listing)
    by_word = {(each.field, each.op): each for each in filters}
    for each in filters:
        upper = by_word.get((each.field, "lte")) if each.op == "gte" else None
        if each.op == "lte" and (each.field, "gte") in by_word:
            continue  # shown with its other bound
        if each.field in references and each.op in ("eq", "ne"):
            value = s.text(title_slot(each.field))
        elif each.field in references and each.op in ("in", "not_in"):
            value = texts.text("bulk.chosen", count=len(split_values(each.value)))
        else:
            value = _shown(view, each)
        without = {each.word: None, "page": None}
        if upper is None:
            words = _in_words(view, each, value)
            others = operator_links(view, listing, each)
        else:
            without[upper.word] = None
            title = column_title(view.entity_type, each.field)
            words = texts.text("filter.range", title=title, first=value, last=_shown(view, upper))
            others = None
        links.append(
            Span(_chip(view, words, view.href(listing, **without)), others, cls="sm-filter-pair")
        )
    if listing.search:
        words = texts.text("list.searched", words=_cut(listing.search))
        links.append(_chip(view, words, view.href(listing, search=None, page=None)))
    if not links:
        return None
    clear = A(texts.text("list.clear"), href=view.url, cls="sm-clear")
    return Nav(*links, clear, aria_label=texts.text("list.chips"), cls="sm-filter-chips")


def operator_links(view: ListView, listing: Listing, each: FilterWords) -> Any:
    """A menu with the other operators that a filter's value fits; None without any."""
    spec = view.entity_type.cls.__entity__.fields.get(each.field)
    if spec is None:
        return None
    texts, annotation = view.texts, spec.info.annotation
    is_record = each.field in foreign_keys(view.entity_type)
    ops = record_operators(annotation) if is_record else operators_of(annotation)
    links = []
    for op in ops:
        word = _replaced(view, each, op)
        if word is None or op == _form_operator(each):
            continue
        name, value = word
        href = view.href(listing, **{each.word: None, "page": None, name: value})
        label = texts.text(f"operator.{operator_word(str if is_record else annotation, op)}")
        links.append(A(label, href=href, rel="nofollow", cls="sm-item"))
    if not links:
        return None
    mark = Span("\N{BLACK DOWN-POINTING SMALL TRIANGLE}", aria_hidden="true")
    title = texts.text("filter.change")
    return Details(
        Summary(mark, title=title, aria_label=title), Div(*links, cls="sm-tool-box"),
        cls="sm-tool sm-chip-tool",
    )  # fmt: skip


def _form_operator(each: FilterWords) -> str:
    if each.op == "isnull":
        return EMPTY if each.value == "true" else NOT_EMPTY
    if each.op in ("in", "not_in") and each.value == EMPTY_TEXT:
        return EMPTY if each.op == "in" else NOT_EMPTY
    return each.op


def _replaced(view: ListView, each: FilterWords, op: str) -> tuple[str, str] | None:
    """The parameter of a filter with another operator; None where its value does not fit."""
    now = _form_operator(each)
    if op in (EMPTY, NOT_EMPTY):
        [word] = empty_filter(view.entity_type, each.field, is_empty=op == EMPTY).items()
        return word
    if now in (EMPTY, NOT_EMPTY) or op == BETWEEN:
        return None
    if (op in SEVERAL_VALUES) != (now in SEVERAL_VALUES):
        return None
    return (filter_name(each.field) if op == "eq" else f"{each.field}__{op}"), each.value


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
    op = _form_operator(each)
    if op in (EMPTY, NOT_EMPTY):
        return texts.text(f"filter.{op}", title=title)
    op = operator_word(_annotation(view, each.field), op)
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
