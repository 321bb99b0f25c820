"""`where`: a query as a parameter, whose result follows every change for its reader."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Annotated, Any, SupportsIndex, TypeVar, cast

from starmodel.app.access.expressions.comparisons import ActorAttribute, attribute_of
from starmodel.app.access.policy import Actor
from starmodel.app.live.snapshots import snapshot_of
from starmodel.app.ports.filter_syntax import join_values, split_filter
from starmodel.app.ports.query import OPERATORS, SHORTHANDS, make_query
from starmodel.app.queries.listing import Listing, Window, listing_of
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles
from starmodel.app.sessions.scopes import default_snapshot
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import linked_field, queried_field
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, ListQueryError, RequestError
from starmodel.core.fields.annotations import resolved_hints
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import as_seen, hidden_of, version_of, with_related

E = TypeVar("E", bound=Entity)
DEFAULT_LIMIT = 50
MAX_LIMIT = 200
PLACE = "query"
"""The `Listing.place` of the queries of parameters."""


@dataclass(frozen=True, slots=True)
class Where:
    """The filters, the order and the limit of a query. Shapes: as the arguments of `where`."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    order: str = ""
    limit: int = DEFAULT_LIMIT
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        is_number = isinstance(self.limit, int) and not isinstance(self.limit, bool)
        if not is_number or not 1 <= self.limit <= MAX_LIMIT:
            raise ConfigurationError(
                f"{self!r}: limit is {self.limit!r}; expected a number from 1 to {MAX_LIMIT}."
            )
        if not isinstance(self.order, str):
            raise ConfigurationError(
                f"{self!r}: order is {self.order!r}; expected field names such as '-price,name'."
            )

    def __repr__(self) -> str:
        words = [f"{name}={value!r}" for name, value in self.filters.items()]
        return f"where({', '.join([*words, f'order={self.order!r}', f'limit={self.limit!r}'])})"

    def check(self, entity_type: EntityType, described: str) -> None:
        """Refuse fields, operators and values that the class does not have.

        Shapes: described names the parameter in errors.
        Raises: ConfigurationError.
        """
        if not entity_type.is_record or entity_type.in_browser:
            raise ConfigurationError(
                f"{described}: {entity_type.name} has no records that a query finds; expected a "
                "class with the scope 'record' in a store of the server."
            )
        constant = {n: v for n, v in self.filters.items() if not isinstance(v, ActorAttribute)}
        try:
            for name in self.filters.keys() - constant.keys():
                _check_name(entity_type, name)
            replace(self, filters=constant).listing(entity_type, None)
        except (ListQueryError, RequestError) as error:
            raise ConfigurationError(f"{described}: {self!r} is no query: {error}") from error

    def listing(
        self, entity_type: EntityType, actor: Actor | None, hidden: Any = ()
    ) -> Listing | None:
        """The query for one reader; None where an attribute of the actor has no value.

        Shapes: hidden are the fields that the reader may not read on every record.
        Raises: ListQueryError, for a query by one of them.
        """
        words: dict[str, str] = {}
        for name, declared in self.filters.items():
            is_of_actor = isinstance(declared, ActorAttribute)
            value = attribute_of(actor, declared) if is_of_actor else declared
            if is_of_actor and value is None:
                return None
            words.update([_word(name, value)])
        words |= {"order": self.order, "per_page": str(self.limit)}
        words["columns"] = ",".join(self.columns)
        return listing_of(entity_type, words, hidden=hidden, place=PLACE)


def where(
    *, order: str = "", limit: int = DEFAULT_LIMIT, columns: Sequence[str] = (), **filters: Any
) -> Where:
    """Declare the query of a parameter of handlers and pages.

    ```python
    orders: Annotated[list[Order], where(status="placed", order="-id", limit=20)]
    ```

    The filters are those of `objects.list`, without private fields. A value may be an attribute
    of the reader, `user_id=actor.id` of `starmodel.access`; the result is empty for a reader who
    has none. The access rules of the reader apply to the records. The parts of a page that a
    `@live` function renders from the list follow every change of its result.

    Shapes: columns are those that `table` displays, by default those of the class.
    Units: limit is the number of records, 1 to 200.
    Raises: ConfigurationError.
    """
    return Where(filters, order, limit, tuple(columns))


class QueriedRecords(list[E]):
    """Records of a query, or a slice of them, as their reader sees them.

    Shapes: titles are those of related records; columns are those of the query, () for those of
    the class.
    """

    def __init__(
        self,
        entity: type[Entity],
        records: Iterable[E],
        titles: RelatedTitles = NO_TITLES,
        columns: Sequence[str] = (),
    ) -> None:
        super().__init__(records)
        self.entity, self.titles, self.columns = entity, titles, tuple(columns)

    @typing.overload
    def __getitem__(self, index: SupportsIndex) -> E: ...
    @typing.overload
    def __getitem__(self, index: slice) -> QueriedRecords[E]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> E | QueriedRecords[E]:
        found = super().__getitem__(index)
        if not isinstance(index, slice):
            return cast(E, found)
        return QueriedRecords(self.entity, cast(list[E], found), self.titles, self.columns)


class LiveRecords(QueriedRecords[E]):
    """The records of a query, as their reader sees them: without private and hidden values.

    Shapes: listing is None for a query without a reader; more is True when the query has further
    records.
    """

    def __init__(
        self,
        entity: type[Entity],
        listing: Listing | None = None,
        window: Window | None = None,
    ) -> None:
        super().__init__(
            entity,
            map(redacted, window.entities) if window is not None else (),
            NO_TITLES if window is None else window.titles,
            () if listing is None else listing.columns,
        )
        self.listing = listing
        self.more = window is not None and window.more


def query_of(annotation: Any) -> tuple[type[Entity], Where] | None:
    """The class and the query of `list[Order]` or `Annotated[list[Order], where(…)]`."""
    found: Any = Where()
    is_declared = False
    if typing.get_origin(annotation) is Annotated:
        annotation, *metadata = typing.get_args(annotation)
        declared = [each for each in metadata if isinstance(each, Where)]
        is_declared, found = bool(declared), (declared or [found])[-1]
    if typing.get_origin(annotation) is not list:
        if is_declared:
            raise ConfigurationError(
                f"{found!r} stands on {annotation!r}; expected list[…] of an entity class."
            )
        return None
    [item] = typing.get_args(annotation)
    if not (isinstance(item, type) and issubclass(item, Entity)):
        if is_declared:
            raise ConfigurationError(
                f"{found!r} stands on {annotation!r}; expected list[…] of an entity class."
            )
        return None
    return item, found


def query_parameters(function: Callable[..., Any]) -> dict[str, tuple[type[Entity], Where]]:
    """The parameters of a function that are queries, by name. Raises: ConfigurationError."""
    try:
        hints, _ = resolved_hints(function)
    except TypeError:
        return {}
    found = {}
    for name, annotation in hints.items():
        is_query = typing.get_origin(annotation) is Annotated and any(
            isinstance(each, Where) for each in typing.get_args(annotation)[1:]
        )
        query = query_of(annotation) if is_query and name != "return" else None
        if query is not None:
            found[name] = query
    return found


def redacted(entity: Any) -> Any:
    """The record with defaults in the place of private fields and those hidden from its viewer."""
    info, cls = entity.__entity__, type(entity)
    hidden = hidden_of(entity) if info.guarded else frozenset[str]()
    if not info.atomic:  # nested models may have private fields
        state = public_state(entity, hidden)
        made: Any = snapshot_of(cls, entity.id, state, version_of(entity))
        return as_seen(made, hidden) if hidden else made
    names = {*info.private, *hidden}
    if not names:
        return entity
    defaults = default_snapshot(cls, entity.id).__dict__
    values = {name: defaults.get(name) for name in names if name in entity.__dict__}
    made = with_related(entity, values)
    return as_seen(made, hidden) if hidden else made


def _check_name(entity_type: EntityType, name: str) -> None:
    """Raises: ListQueryError, for a filter that the class does not have."""
    fields = entity_type.cls.__entity__.fields
    named, op = split_filter(name, fields)
    is_known = op in OPERATORS or op in SHORTHANDS
    if not is_known or linked_field(entity_type, named) is None:
        # The order is checked in the same way, without a value.
        make_query(
            entity_type.cls, {}, order=named, related=lambda each: queried_field(entity_type, each)
        )
    if not is_known:
        raise ListQueryError(f"{name!r} has an unknown operator.")


def _word(name: str, value: Any) -> tuple[str, str]:
    """A filter as a query parameter. Raises: ListQueryError, for a value without a text."""
    if isinstance(value, Entity):
        value = value.id
    if value is None:
        base, separator, op = name.rpartition("__")
        if separator and op in OPERATORS and op not in ("eq", "ne"):
            raise ListQueryError(f"{name!r} is None; expected a value.")
        field_name = base if separator and op in ("eq", "ne") else name
        return f"{field_name}__isnull", "false" if op == "ne" and separator else "true"
    if isinstance(value, list | tuple | set | frozenset):
        return name, join_values([_text(item) for item in value])
    return name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, Entity):
        value = value.id
    if isinstance(value, Enum):
        value = value.value
    value = plain(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
