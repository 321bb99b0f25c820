"""Queries: filters, search, order and window."""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from starmodel.app.access.conditions.condition import ALWAYS, Condition, decide
from starmodel.app.ports.filter_errors import wrong_value
from starmodel.app.ports.filter_syntax import split_filter, split_values
from starmodel.app.ports.moments import bound_of
from starmodel.app.ports.ordering import Order, Position, position_of, sort_key, value_at
from starmodel.core.classes.related_fields import LinkedField, RelatedField
from starmodel.core.entity import Entity
from starmodel.core.errors import ListQueryError
from starmodel.core.fields.field_types import choice_of, plain_types
from starmodel.core.fields.types import field_adapter, names_by_alias
from starmodel.core.values.bounds import BoundsError, check_numbers
from starmodel.core.values.instants import absolute

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
    "not_in": lambda value, wanted: value not in wanted,
    "not_contains": lambda value, wanted: str(wanted).lower() not in str(value).lower(),
    "not_startswith": lambda value, wanted: not str(value).lower().startswith(str(wanted).lower()),
}
NEGATED = {"not_in": "in", "not_contains": "contains", "not_startswith": "startswith"}
"""The negation of each operator; a negated operator also matches records without a value."""
SHORTHANDS = ("isnull", "range")
"""Shorthands of filters: `eq` or `ne` with None, and `gte` together with `lte`."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`field op value`; eq and ne with None filter by absence.

    None matches no other operator, and so all of the `NEGATED` ones.
    """

    field: str
    op: str
    value: Any

    @property
    def positive(self) -> Filter:
        """The negation of this negated filter."""
        return Filter(self.field, NEGATED[self.op], self.value)

    def matches(self, entity: Entity) -> bool:
        if self.op in NEGATED:
            return not self.positive.matches(entity)
        value = value_at(entity, self.field)
        if value is None or self.value is None:
            return (self.op == "eq" and value is self.value) or (
                self.op == "ne" and value is not self.value
            )
        expected = self.value
        if isinstance(value, datetime) and self.op not in ("contains", "startswith"):
            value, expected = absolute(value), absolute(expected)
        try:
            return OPERATORS[self.op](value, expected)
        except (TypeError, ArithmeticError):
            return False  # such as "less than" of enum members that have no order, or of NaN


@dataclass(frozen=True, slots=True)
class Query:
    """A query for records of one class.

    Shapes: filters are joined by AND; search is a case-insensitive substring
    of any of search_fields; order is (field, descending) pairs, None last in
    both directions, ties by id. The window begins after the position `after`,
    if there is one, and skips `offset` records. where is the condition of an access
    rule, joined by AND as well; the store supports each of its parts. Filters, search and order
    may name fields of related records by a path, "customer.name"; related has these. A related
    record that does not meet the condition of its class in related_where counts as absent; the
    store supports these conditions too. Filters may name many-to-many relations; linked has
    these, and `Windows` makes conditions of them before a store is asked.
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
    where: Condition = ALWAYS
    related: tuple[RelatedField, ...] = ()
    related_where: tuple[tuple[type[Entity], Condition], ...] = ()
    linked: tuple[LinkedField, ...] = ()

    def where_related(self, cls: type[Entity]) -> Condition:
        """The condition on the related records of a class."""
        return next((where for target, where in self.related_where if target is cls), ALWAYS)

    def is_decidable(self, entity: Entity) -> bool:
        """Whether the related records that the query compares are loaded with the snapshot."""
        return not self.linked and all(path.relation in entity.__dict__ for path in self.related)

    def matches(self, entity: Entity) -> bool:
        """Whether a snapshot matches filters, search and condition, without the window.

        A condition on related records is one that only a store decides: it does not match.
        """
        if self.where is not ALWAYS and not decide(self.where, entity):
            return False
        return all(f.matches(entity) for f in self.filters) and (
            not self.search
            or any(
                self.search.lower() in str(value).lower()
                for name in self.search_fields
                if (value := value_at(entity, name)) is not None
            )
        )

    def arrange(self, entities: Iterable[Entity]) -> list[Entity]:
        """The matching snapshots, sorted and cut to the window; for stores that scan in Python."""
        found = filter(self.matches, entities)
        if self.after is not None:
            start = sort_key(self.after, self.order)
            found = filter(lambda entity: self.sort_key(entity) > start, found)
        arranged = sorted(found, key=self.sort_key)
        return arranged[self.offset : None if self.limit is None else self.offset + self.limit]

    def sort_key(self, entity: Entity) -> tuple[Any, ...]:
        """The sort key of a snapshot in this query's order."""
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
    hidden: Container[str] = (),
    related: Callable[[str], RelatedField | None] = lambda name: None,
    linked: Callable[[str], LinkedField | None] = lambda name: None,
) -> Query:
    """A query from parameters such as `price__lt=5` and the order "-price,name".

    Text values are converted to the field's type. Private fields are allowed
    for code only (`private=True`); hidden ones are unknown names.

    Shapes: filters are `field`, `field__op` for an operator, `field__isnull`
    with a bool, and `field__range` with two values, both inclusive. related resolves a relation
    or a path such as "customer.name"; None for any other name; linked resolves a many-to-many
    relation, which is compared with an id, or with several by `__in`.

    Raises: ListQueryError, naming the field or operator and the allowed ones.
    """
    fields = {
        name: spec
        for name, spec in entity.__entity__.fields.items()
        if spec.atomic and (private or not spec.private) and name not in hidden
    }

    paths: dict[str, RelatedField] = {}

    def known(name: str) -> str:
        path = None if name in fields else related(name)
        if path is not None and path.local not in hidden:
            paths[path.name] = path
            return path.name
        if name not in fields:
            raise ListQueryError(
                f"{entity.__name__} can't be filtered or ordered by {name[:80]!r}; its fields are "
                f"{', '.join(fields)}."
            )
        return name

    conditions = []
    links: dict[str, LinkedField] = {}
    for word, value in filters.items():
        name, op = split_filter(word, fields)
        link = None if name in fields else linked(name)
        if link is not None:
            links[name] = link
            conditions.append(_linked_filter(link, op, value))
            continue
        if name not in fields and related(name) is None:
            names = names_by_alias(entity)
            aliases = {alias: name for alias, name in names.items() if name in fields}
            name, op = split_filter(word, aliases)
            name = aliases.get(name, name)
        name = known(name)
        if op not in OPERATORS and op not in SHORTHANDS:
            raise ListQueryError(
                f"{word[:80]}: unknown operator {op[:80]!r}; "
                f"use {', '.join((*OPERATORS, *SHORTHANDS))}."
            )
        path = paths.get(name)
        if path is None:
            conditions += _filters(entity, name, op, value)
        else:
            found = _filters(path.target, path.field, op, value)
            conditions += [replace(each, field=name) for each in found]
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
    texts: tuple[str, ...] = ()
    if search:
        searched = searched_fields(entity)
        others = [name for name in sorted(searched) if name not in entity.__entity__.fields]
        own = [name for name in fields if name in searched]
        texts = (*own, *(known(name) for name in others if related(name) is not None))
    return Query(
        entity, tuple(conditions), search, texts, ordering, offset, limit,
        related=tuple(paths.values()), linked=tuple(links.values()),
    )  # fmt: skip


def _linked_filter(link: LinkedField, op: str, value: Any) -> Filter:
    """The filter by one id of a linked record, or by any of several."""
    if op not in ("eq", "in"):
        raise ListQueryError(
            f"{link.name}__{op[:80]}: a relation is compared by {link.name} with an id, or by "
            f"{link.name}__in with several."
        )
    converted = _converted(link.target, "id", op, value)
    if converted is None:
        raise ListQueryError(f"{link.name} is compared with the id of a record, and got None.")
    return Filter(link.name, op, converted)


def fields_of(query: Query) -> frozenset[str]:
    """The record's own fields that decide its membership and position in the result.

    A path stands for its foreign key.
    """
    searched = query.search_fields if query.search else ()
    names = [*(f.field for f in query.filters), *(name for name, _ in query.order), *searched]
    local = {path.name: path.local for path in query.related}
    return frozenset([local.get(name, name) for name in names])


def searched_fields(entity: type[Entity]) -> frozenset[str]:
    """The fields that a search matches: `search_fields` of the class, or every text field."""
    named = entity.model_config.get("search_fields")
    if named is not None:
        return frozenset(named)
    fields = entity.__entity__.fields.items()
    return frozenset(name for name, spec in fields if str in plain_types(spec.info.annotation))


def _filters(entity: type[Entity], name: str, op: str, value: Any) -> list[Filter]:
    """The filters of one parameter; shorthands are expanded."""
    if op == "isnull":
        truth = value if isinstance(value, bool) else _TRUTHS.get(str(value)[:10].lower())
        if truth is None:
            raise ListQueryError(f"{name}__isnull is {_shown(value)}; expected true or false.")
        return [Filter(name, "eq" if truth else "ne", None)]
    if op == "range":
        ends = _several(name, value)
        if len(ends) != 2:
            raise ListQueryError(
                f"{name}__range has {len(ends)} values; expected the first and the last."
            )
        return [
            Filter(name, end, _converted(entity, name, end, one))
            for end, one in zip(("gte", "lte"), ends, strict=True)
        ]
    return [Filter(name, op, _converted(entity, name, op, value))]


_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def _several(name: str, value: Any) -> list[Any]:
    """The values of a comma-separated list, or of a list from code."""
    try:
        return split_values(value) if isinstance(value, str) else list(value)
    except TypeError:
        raise ListQueryError(f"{name} needs a list of values, and got {_shown(value)}.") from None
    except ValueError as error:
        raise ListQueryError(
            f"{name} can't be compared with {_shown(value)}: it {error}."
        ) from None


def _converted(entity: type[Entity], name: str, op: str, value: Any) -> Any:
    op = NEGATED.get(op, op)
    if value is None or op in ("contains", "startswith"):
        return value
    annotation: Any = entity.__pydantic_fields__[name].annotation
    if op == "in":
        value = _several(name, value)
    try:
        bound = _moments(annotation, op, value)
    except ValueError as error:
        none = f" Records without one are asked for by {name}__isnull=true." if value == "" else ""
        raise wrong_value(
            entity, name,
            f"{entity.__name__}.{name} can't be compared with {_shown(value)}; expected a date "
            f"or moment as the field holds them, such as 2024-06-01T10:00.{none}",
        ) from error  # fmt: skip
    if bound is not None:
        return bound
    if op == "in":
        value = [choice_of(annotation, item) for item in value]
    else:
        value = choice_of(annotation, value)
    several = op == "in"
    try:
        converted = _read(field_adapter(entity, name, several=several), value)
        if converted is _UNREAD:  # a bound may break the rules of stored values
            converted = _bare_adapter(entity, name, several).validate_python(value, strict=False)
        check_numbers(converted)
        return converted
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"]
        if value == "":
            problem += f". Records without a value are asked for by {name}__isnull=true"
        raise _incomparable(entity, name, value, problem) from error
    except BoundsError as error:
        raise _incomparable(entity, name, value, f"it {error}") from error


_UNREAD: Any = object()


def _read(adapter: TypeAdapter[Any], value: Any) -> Any:
    try:
        return adapter.validate_python(value, strict=False)  # addresses hold texts
    except ValidationError:
        return _UNREAD


@lru_cache(maxsize=2048)
def _bare_adapter(entity: type[Entity], name: str, several: bool) -> TypeAdapter[Any]:
    """Validates the type of a field without its constraints."""
    annotation: Any = entity.__pydantic_fields__[name].annotation
    return TypeAdapter(list[annotation] if several else annotation)


def _incomparable(entity: type[Entity], name: str, value: Any, problem: str) -> ListQueryError:
    text = f"{entity.__name__}.{name} can't be compared with {_shown(value)}: {problem}."
    return wrong_value(entity, name, text)


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer that is too long to be written out
        return "this"
    return text if len(text) <= 80 else f"{text[:77]}…"


def _moments(annotation: Any, op: str, value: Any) -> Any:
    """Text values as bounds of a date or datetime field; None for other fields."""
    if op != "in":
        return bound_of(annotation, op, value) if isinstance(value, str) else None
    if not all(isinstance(item, str) for item in value):
        return None
    bounds = [bound_of(annotation, op, item) for item in value]
    return None if None in bounds else bounds
