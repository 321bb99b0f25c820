"""What the form of a list's filters sends without JavaScript, as the parameters of the list.

The form has an operator beside the values of a field: `_op.total=lt` with `total__gte=100`. The
address of the list has only the filter itself, `total__lt=100`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starmodel.app.ports.field_kinds import BETWEEN, EMPTY, NOT_EMPTY, kind_of
from starmodel.app.ports.filter_syntax import join_values, split_filter
from starmodel.app.queries.listing import WINDOW, filter_name
from starmodel.core.classes.registry import EntityType
from starmodel.core.fields.field_types import accepts_none

OPERATOR, SEVERAL = "_op.", "_any."
"""Begin the names of inputs for the operator of a field, and for several of its values."""
EMPTY_TEXT = join_values([""])
"""The list of values by which a text without None is empty."""
MAX_PAIRS = 1000


def is_filter_form(names: Iterable[str]) -> bool:
    """Whether a query comes from a form with operators."""
    return any(name.startswith(OPERATOR) for name in names)


def parameters_of_form(entity_type: EntityType, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The parameters of the list that a form asks for; the values may still be wrong.

    Of each field with an operator, the first values are those of the form: one, or two bounds.
    """
    fields = entity_type.cls.__entity__.fields
    operators = {
        name.removeprefix(OPERATOR): op
        for name, op in pairs[:MAX_PAIRS]
        if name.startswith(OPERATOR) and name.removeprefix(OPERATOR) in fields
    }
    values: dict[str, list[str]] = {name: [] for name in operators}
    several: dict[str, list[str]] = {name: [] for name in operators}
    parameters: dict[str, str] = {}
    for name, value in pairs[:MAX_PAIRS]:
        field = split_filter(name, fields)[0]
        if name.startswith(SEVERAL):
            several.get(name.removeprefix(SEVERAL), []).append(value)
        elif (
            field in operators
            and name not in WINDOW
            and len(values[field]) < _inputs(entity_type, field)
        ):
            values[field].append(value)
        elif not name.startswith("_") and value:
            parameters[name] = value
    for field, op in operators.items():
        parameters |= filter_of_form(entity_type, field, op, values[field], several[field])
    return parameters


def filter_of_form(
    entity_type: EntityType, field: str, op: str, values: Sequence[str], several: Sequence[str]
) -> dict[str, str]:
    """The parameters of one field's filter; empty where its form has no value."""
    if op in (EMPTY, NOT_EMPTY):
        return empty_filter(entity_type, field, is_empty=op == EMPTY)
    if op in ("in", "not_in"):
        return {f"{field}__{op}": join_values(several)} if several else {}
    if op == BETWEEN:
        ends = zip(("gte", "lte"), values, strict=False)
        return {f"{field}__{end}": value for end, value in ends if value}
    value = next(filter(None, values), "")
    if not value:
        return {}
    return {filter_name(field) if op == "eq" else f"{field}__{op}": value}


def empty_filter(entity_type: EntityType, field: str, *, is_empty: bool) -> dict[str, str]:
    """The parameter by which a field has no value, or one; a text without None is empty as ''."""
    annotation = entity_type.cls.__entity__.fields[field].info.annotation
    if not accepts_none(annotation):
        return {f"{field}__{'in' if is_empty else 'not_in'}": EMPTY_TEXT}
    return {f"{field}__isnull": "true" if is_empty else "false"}


def _inputs(entity_type: EntityType, field: str) -> int:
    """How many values the form of a field has."""
    if field in foreign_keys(entity_type):
        return 1
    annotation = entity_type.cls.__entity__.fields[field].info.annotation
    return 1 if kind_of(annotation) in ("choice", "bool", "text") else 2


def foreign_keys(entity_type: EntityType) -> frozenset[str]:
    """The foreign keys of a class, whose filters are records."""
    return frozenset([each.local for each in entity_type.to_one.values() if each.remote == "id"])
