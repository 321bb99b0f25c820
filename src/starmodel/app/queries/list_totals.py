"""The totals and the grouping that a list offers, checked when the application starts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from starmodel.app.ports.field_kinds import kind_of
from starmodel.app.ports.summaries import FUNCTIONS, Grouping, Measure
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import foreign_key_of, queried_field
from starmodel.core.errors import ConfigurationError

MAX_TOTALS = 8


def measures_of(entity_type: EntityType, hidden: Container[str] = ()) -> tuple[Measure, ...]:
    """The totals that the list of a class shows, without fields that are hidden."""
    declared = entity_type.cls.model_config.get("list_totals") or ()
    named: Mapping[str, Any] = (
        declared if isinstance(declared, Mapping) else dict.fromkeys(declared, "sum")
    )
    return tuple([Measure(name, how) for name, how in named.items() if name not in hidden])


def check_totals(entity_type: EntityType) -> None:
    """Check `list_totals` of a class. Raises: ConfigurationError, naming the field."""
    cls, info = entity_type.cls, entity_type.cls.__entity__
    numbers = [
        name
        for name, spec in info.fields.items()
        if spec.atomic and not spec.private and kind_of(spec.info.annotation) == "number"
    ]
    measures = measures_of(entity_type)
    if len(measures) > MAX_TOTALS:
        raise ConfigurationError(
            f"{cls.__name__}.model_config['list_totals'] has {len(measures)} fields; expected at "
            f"most {MAX_TOTALS}."
        )
    for name, function in measures:
        where = f"{cls.__name__}.model_config['list_totals'] names {name!r}"
        if name in info.related_computed or name in info.computed:
            raise ConfigurationError(
                f"{where}, which is computed in Python: no database can total it. Store the value "
                "in a field, and total that."
            )
        if name not in numbers:
            raise ConfigurationError(
                f"{where}; expected number fields: {', '.join(numbers) or 'none'}."
            )
        if function not in FUNCTIONS:
            raise ConfigurationError(
                f"{where} with {function!r}; expected one of {', '.join(FUNCTIONS)}."
            )


def grouping_of(entity_type: EntityType, name: str, shown: Sequence[str]) -> Grouping | None:
    """How a list is grouped by a field; None for a field that no list is grouped by.

    Choices, booleans, dates and moments by their months, and foreign keys that the list has a
    column of.

    Shapes: shown are the columns of the list.
    """
    name = foreign_key_of(entity_type, name)
    spec = entity_type.cls.__entity__.fields.get(name)
    if spec is None or spec.private or not spec.atomic:
        return None
    if is_reference(entity_type, name):
        return Grouping(name) if name in shown else None
    kind = kind_of(spec.info.annotation)
    if kind in ("date", "moment"):
        return Grouping(name, by_month=True)
    return Grouping(name) if kind in ("choice", "bool") else None


def grouping_order(entity_type: EntityType, by: Grouping, order: str) -> list[str]:
    """The terms of an order that put the records of a group together.

    The newest month is first, unless the order begins with the same field.
    """
    for term in (term.strip() for term in order.split(",")[:1]):
        if foreign_key_of(entity_type, term.removeprefix("-")) == by.field:
            down = term.startswith("-")
            break
    else:
        down = by.by_month
    sign = "-" if down else ""
    relation = next(
        (name for name, each in entity_type.to_one.items() if each.local == by.field), None
    )
    if relation is not None and queried_field(entity_type, relation) is not None:
        return [f"{sign}{relation}", f"{sign}{by.field}"]
    return [f"{sign}{by.field}"]


def is_reference(entity_type: EntityType, name: str) -> bool:
    """Whether a field is the foreign key of a relation to one record."""
    return any(each.local == name and each.remote == "id" for each in entity_type.to_one.values())
