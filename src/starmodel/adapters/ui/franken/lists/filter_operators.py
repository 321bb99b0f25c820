"""The operator of a filter: which one a list uses, and the choice of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starmodel.adapters.ui.elements import Option, Select
from starmodel.app.ports.field_kinds import BETWEEN, EMPTY, NOT_EMPTY, operator_word
from starmodel.app.ports.filter_syntax import split_filter
from starmodel.app.queries.filter_forms import EMPTY_TEXT, OPERATOR
from starmodel.app.queries.listing import filter_name
from starmodel.core.classes.registry import EntityType
from starmodel.texts.catalogue import Catalogue


class UsedFilter(NamedTuple):
    """What a list is filtered by in one field.

    Shapes: op is an operator of the form; values are one, or the two bounds; words are the query
    parameters.
    """

    op: str
    values: tuple[str, ...]
    words: frozenset[str]


def used_filter(
    entity_type: EntityType, name: str, given: Mapping[str, str], usual: str = "eq"
) -> UsedFilter:
    """The filter of a field that a list has, the first of several; the usual one without any."""
    fields, found = entity_type.cls.__entity__.fields, dict[str, str]()
    for word, value in given.items():
        field, op = split_filter(word, fields)
        if field == name:
            found[op] = value
    if "gte" in found and ("lte" in found or usual == BETWEEN):
        return UsedFilter(
            BETWEEN, (found["gte"], found.get("lte", "")), _words(name, ("gte", "lte"))
        )
    if usual == BETWEEN and "lte" in found:
        return UsedFilter(BETWEEN, ("", found["lte"]), _words(name, ("gte", "lte")))
    op, value = next(iter(found.items()), (usual, ""))
    words = _words(name, ("gte", "lte") if op == BETWEEN else (op,))
    if op == "isnull":
        op, value = (EMPTY if value == "true" else NOT_EMPTY), ""
    elif op in ("in", "not_in") and value == EMPTY_TEXT:
        op, value = (EMPTY if op == "in" else NOT_EMPTY), ""
    return UsedFilter(op, (value,), words)


def _words(name: str, ops: Sequence[str]) -> frozenset[str]:
    return frozenset([filter_name(name) if op == "eq" else f"{name}__{op}" for op in ops])


def operator_select(
    texts: Catalogue, name: str, title_id: str, used: str, ops: Sequence[str], annotation: Any
) -> Any:
    """The choice of an operator; None where there is one alone."""
    if len(ops) < 2:
        return None
    options = [
        Option(
            texts.text(f"operator.{operator_word(annotation, op)}"), value=op, selected=op == used
        )
        for op in ops
    ]
    return Select(
        *options, name=f"{OPERATOR}{name}", aria_label=texts.text("filter.operator"),
        aria_describedby=title_id, data_op=True, cls="sm-op",
    )  # fmt: skip
