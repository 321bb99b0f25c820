"""One question to a repository: filters, search, order and window."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from starmodel.app.moments import bound_of
from starmodel.app.ordering import Order, Position, position_of, sort_key
from starmodel.core.bounds import BoundsError, check_numbers
from starmodel.core.entity import Entity
from starmodel.core.errors import ListQueryError
from starmodel.core.fields import choice_of, plain_types

MAX_ORDER_TERMS = 16
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "in": lambda value, wanted: value in wanted,
    "contains": lambda value, wanted: str(wanted).lower() in str(value).lower(),
    "startswith": lambda value, wanted: str(value).lower().startswith(str(wanted).lower()),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """`field op value`; eq and ne with None ask for absence. None matches no other operator."""

    field: str
    op: str
    value: Any

    def matches(self, entity: Entity) -> bool:
        value = getattr(entity, self.field)
        if value is None or self.value is None:
            return (self.op == "eq" and value is self.value) or (
                self.op == "ne" and value is not self.value
            )
        try:
            return OPERATORS[self.op](value, self.value)
        except (TypeError, ArithmeticError):
            return False  # such as "less than" of enum members that have no order, or of NaN


@dataclass(frozen=True, slots=True)
class Query:
    """What to list of one class.

    Shapes: filters all hold; search is found in any of search_fields,
    whatever the case; order is (field, descending) pairs, None last
    either way, ties by id. The window begins behind the position `after`,
    when there is one, and leaves out `offset` records more.
    Units: limit and offset count records; limit None means all.
    """

    entity: type[Entity]
    filters: tuple[Filter, ...] = ()
    search: str = ""
    search_fields: tuple[str, ...] = ()
    order: Order = ()
    offset: int = 0
    limit: int | None = None
    after: Position | None = None

    def matches(self, entity: Entity) -> bool:
        """Whether a snapshot belongs to the answer, the window aside."""
        return all(f.matches(entity) for f in self.filters) and (
            not self.search
            or any(
                self.search.lower() in str(value).lower()
                for name in self.search_fields
                if (value := getattr(entity, name)) is not None
            )
        )

    def arrange(self, entities: Iterable[Entity]) -> list[Entity]:
        """The matching snapshots in order, cut to the window; for stores that can't ask."""
        found = filter(self.matches, entities)
        if self.after is not None:
            start = sort_key(self.after, self.order)
            found = filter(lambda entity: self.sort_key(entity) > start, found)
        arranged = sorted(found, key=self.sort_key)
        return arranged[self.offset : None if self.limit is None else self.offset + self.limit]

    def sort_key(self, entity: Entity) -> tuple[Any, ...]:
        """What snapshots are sorted by in this query's order."""
        return sort_key(position_of(entity, self.order), self.order)


def make_query(
    entity: type[Entity],
    filters: Mapping[str, Any],
    *,
    search: str = "",
    order: str = "",
    limit: int | None = None,
    offset: int = 0,
    private: bool = False,
) -> Query:
    """A query from words: `price__lt=5`, order "-price,name".

    Text values are converted to the field's type. Private fields can be
    asked only by code (`private=True`).

    Raises: ListQueryError, naming the field or operator and what there is.
    """
    fields = {
        name: spec
        for name, spec in entity.__entity__.fields.items()
        if spec.atomic and (private or not spec.private)
    }

    def known(name: str) -> str:
        if name not in fields:
            raise ListQueryError(
                f"{entity.__name__} can't be asked by {name[:80]!r}; its fields are "
                f"{', '.join(fields)}."
            )
        return name

    made = []
    for word, value in filters.items():
        name, _, op = word.partition("__")
        op = op or "eq"
        if op not in OPERATORS:
            raise ListQueryError(
                f"{word[:80]}: unknown operator {op[:80]!r}; use {', '.join(OPERATORS)}."
            )
        made.append(Filter(known(name), op, _converted(entity, name, op, value)))
    if order.count(",") >= MAX_ORDER_TERMS:
        raise ListQueryError(
            f"order has {order.count(',') + 1} terms; expected at most {MAX_ORDER_TERMS}."
        )
    ordering = tuple(
        (known(part.lstrip("-")), part.startswith("-"))
        for part in filter(None, map(str.strip, order.split(",")))
    )
    for what, number in (("limit", limit), ("offset", offset)):
        if number is not None and number < 0:
            raise ListQueryError(f"{what} is {number}; expected 0 or more.")
    search = search.strip()
    texts = tuple(name for name in fields if name in searched_fields(entity)) if search else ()
    return Query(entity, tuple(made), search, texts, ordering, offset, limit)


def searched_fields(entity: type[Entity]) -> frozenset[str]:
    """The fields in which a search looks: those the class names, else all its texts."""
    named = entity.model_config.get("search_fields")
    if named is not None:
        return frozenset(named)
    fields = entity.__entity__.fields.items()
    return frozenset(name for name, spec in fields if str in plain_types(spec.info.annotation))


def _converted(entity: type[Entity], name: str, op: str, value: Any) -> Any:
    if value is None or op in ("contains", "startswith"):
        return value
    annotation: Any = entity.__pydantic_fields__[name].annotation
    try:
        bound = _moments(annotation, op, value)
    except ValueError as error:
        raise ListQueryError(
            f"{entity.__name__}.{name} can't be compared with {value!r}; expected a date "
            "or moment as the field holds them, such as 2024-06-01T10:00."
        ) from error
    if bound is not None:
        return bound
    if op == "in":
        value = value.split(",") if isinstance(value, str) else list(value)
        value = [choice_of(annotation, item) for item in value]
        annotation = list[annotation]
    else:
        value = choice_of(annotation, value)
    try:
        made = TypeAdapter(annotation).validate_python(value)
        check_numbers(made)
        return made
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"]
        raise _incomparable(entity, name, value, problem) from error
    except BoundsError as error:
        raise _incomparable(entity, name, value, f"it {error}") from error


def _incomparable(entity: type[Entity], name: str, value: Any, problem: str) -> ListQueryError:
    try:
        shown = repr(value)
    except ValueError:  # an integer that is too long to be written out
        shown = "this"
    shown = shown if len(shown) <= 80 else f"{shown[:77]}…"
    return ListQueryError(f"{entity.__name__}.{name} can't be compared with {shown}: {problem}.")


def _moments(annotation: Any, op: str, value: Any) -> Any:
    """A text for a field of dates or moments as its bound; None for everything else."""
    if not isinstance(value, str):
        return None
    if op != "in":
        return bound_of(annotation, op, value)
    bounds = [bound_of(annotation, op, item) for item in value.split(",")]
    return None if None in bounds else bounds
