"""A list as its URL describes it: filters, search, order and window."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starmodel.app.ports.filter_syntax import join_values, split_filter
from starmodel.app.ports.ordering import order_words
from starmodel.app.ports.query import NEGATED, OPERATORS, SHORTHANDS, Query, make_query
from starmodel.app.ports.summaries import Grouping
from starmodel.app.queries.cursors import Cursors
from starmodel.app.queries.list_totals import grouping_of, grouping_order
from starmodel.app.queries.related_titles import NO_TITLES, RelatedTitles
from starmodel.app.queries.shown_fields import possible_columns, shown_fields
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import linked_field, queried_field
from starmodel.core.commands import plain
from starmodel.core.definition.boards import board_of
from starmodel.core.definition.related_computed import related_values
from starmodel.core.entity import Entity
from starmodel.core.errors import ListQueryError, RequestError
from starmodel.core.snapshot import version_of

PER_PAGE = 25
MAX_PER_PAGE = 200
MAX_PAGE = 1_000_000
MAX_SEARCH_CHARS = 200
MAX_NUMBER_CHARS = 18
MAX_FILTER_CHARS = 1000
MAX_CHOICES = 1000
MAX_COLUMN_CHARS = 2000
MAX_WORDS_CHARS = 8000
PLACE = "_place"
"""The parameter of `Listing.place`, in the words of a list that a page shows."""
BOARD = "board"
"""The place of a board's columns, and the `Listing.view` of a board."""
FIGURES = "figures"
"""The place of one record's computed fields that other records change, on its page."""
MAX_PLACE_CHARS = 200
# "datastar" is the query parameter of Datastar's signals.
WINDOW = (
    "search", "order", "page", "per_page", "cursor", "total", "columns", "group", "view",
    "datastar",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """The query of a list page or API request.

    Shapes: query has the window as offset and limit, or begins after the
    position of the cursor, "" for the start; filters are its filters as query
    parameters, such as {"price__lt": "5"}; words is the canonical query
    string, so that equal listings have equal words; place names the part of a page that shows
    the list, such as "Order.lines", "" for the list page of the class; columns are those that
    the visitor has chosen, empty for those of the class; group is the field whose values have
    headings, "" for none, and the query begins with its order; view is `BOARD` for a board.
    """

    entity_type: EntityType
    query: Query
    page: int
    per_page: int
    search: str
    order: str
    filters: Mapping[str, str]
    cursor: str | None = None
    words: str = ""
    place: str = ""
    columns: tuple[str, ...] = ()
    group: str = ""
    view: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Listing) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Any, str]:
        return self.entity_type.cls, self.words

    @property
    def nbytes(self) -> int:
        """The approximate memory of the listing."""
        return 3000 + 12 * len(self.words)

    @property
    def topic(self) -> str:
        """The subscription topic of this list: "Product?order=-price"."""
        return f"{self.entity_type.name}?{self.words}"

    @property
    def is_narrowed(self) -> bool:
        """Whether the list may omit records of the class, or children of its parent."""
        own = 1 if self.place else 0  # the filter by the parent
        return bool(len(self.filters) > own or self.search or self.page > 1 or self.cursor)

    def parameters(self, **instead: Any) -> dict[str, str]:
        """The query parameters by name, some of them replaced; None removes one."""
        named = {
            **self.filters,
            "search": self.search,
            "order": self.order,
            "page": "" if self.page == 1 else str(self.page),
            "per_page": "" if self.per_page == PER_PAGE else str(self.per_page),
            "cursor": self.cursor or "",
            "columns": ",".join(self.columns),
            "group": self.group,
            "view": self.view,
            PLACE: self.place,
        }
        parameters = {name: word for name, word in named.items() if word or name in self.filters}
        for name, value in instead.items():
            parameters.pop(name, None)
            if value not in (None, ""):
                parameters[name] = str(value)
        return parameters


@dataclass(frozen=True, slots=True)
class Window:
    """The readable records of a listing's page, and whether more follow.

    Shapes: decisive has the ids, as text, of the readable records up to the
    first one after this window, earlier pages included; None if those are
    unknown, and empty if every record is readable. total is the number of
    readable matches on all pages, None unless requested. titles are those of the
    related records that the list shows.
    """

    entities: tuple[Entity, ...]
    more: bool
    decisive: frozenset[str] | None = frozenset()
    total: int | None = None
    titles: RelatedTitles = NO_TITLES

    @property
    def digest(self) -> str:
        """A hash of ids, versions, order, titles shown, `more` and a requested total."""
        rows = [f"{entity.id}:{row_state(entity)}" for entity in self.entities]
        if self.titles is not NO_TITLES:
            rows += map(repr, self.titles.shown_with(self.entities))
        total = [] if self.total is None else [str(self.total)]
        return _digest("\n".join([*rows, str(self.more), *total]))


def row_state(entity: Entity) -> str:
    """The version of a record, with the computed fields of its row that other records change."""
    if not entity.__entity__.related_computed:
        return str(version_of(entity))
    return f"{version_of(entity)} {related_values(entity)}"


def filter_name(field: str) -> str:
    """The query parameter that filters by equality: "name", or "page__eq" for a field "page"."""
    return f"{field}__eq" if field in WINDOW else field


def listing_of(
    entity_type: EntityType,
    parameters: Mapping[str, str],
    *,
    cursors: Cursors | None = None,
    reader: str = "",
    lenient: bool = False,
    hidden: Container[str] = (),
    place: str = "",
) -> Listing:
    """The listing of a URL's query parameters.

    Shapes: cursors decodes a cursor, None if cursors are not supported; reader
    is the owner of its cursors. lenient is for pages: it ignores parameters that
    name no field, such as "utm_source", and empty ones, which a form sends for
    its empty inputs. hidden are fields that the reader may not read on every record, which
    no parameter can name. place is `Listing.place`.

    Raises: ListQueryError, naming the invalid parameter and the allowed values.
    """
    cursor = parameters.get("cursor")
    if cursor is not None and cursors is None:
        raise RequestError(
            "cursor goes through a list in JSON (Accept: application/json); "
            "a page of it is asked for by ?page=."
        )
    if cursor is not None and parameters.get("page"):
        raise ListQueryError("A list goes by page or by cursor; leave one of them out.")
    page = _number(parameters, "page", 1, MAX_PAGE)
    per_page = _number(parameters, "per_page", PER_PAGE, MAX_PER_PAGE)
    own_order = _own_order(entity_type, hidden)
    search, order = parameters.get("search", "").strip(), parameters.get("order") or own_order
    if len(search) > MAX_SEARCH_CHARS:
        raise ListQueryError(
            f"search has {len(search)} characters; expected at most {MAX_SEARCH_CHARS}."
        )
    filters = {
        name: word
        for name, word in parameters.items()
        if name not in WINDOW
        and not (lenient and (word == "" or _is_foreign(entity_type, name, hidden)))
    }
    for name, word in filters.items():
        _check_filter(_named(entity_type, hidden), name, word)
    query = make_query(
        entity_type.cls,
        filters,
        search=search,
        order=order,
        limit=per_page,
        offset=(page - 1) * per_page,
        hidden=hidden,
        related=partial(queried_field, entity_type),
        linked=partial(linked_field, entity_type),
    )
    columns = _columns(entity_type, parameters.get("columns", ""), hidden, lenient=lenient)
    order = order_words(query.order)
    by = None
    if parameters.get("group"):
        by = _grouping(entity_type, parameters["group"], hidden, columns)
        terms = ",".join([*grouping_order(entity_type, by, order), order])
        query = _ordered(query, terms, entity_type, hidden)
    if cursor is not None and cursors is not None:
        query = replace(query, after=cursors.position(query, cursor, reader))
    if order == own_order:
        order = ""
    asked = parameters.get("view", "")
    view = _view(entity_type, asked, hidden, lenient=lenient) if asked else ""
    listing = Listing(
        entity_type, query, page, per_page, search, order, _words(query), cursor, place=place,
        columns=columns, group="" if by is None else by.field, view=view,
    )  # fmt: skip
    words = urlencode(listing.parameters())
    if len(words) > MAX_WORDS_CHARS + len(cursor or ""):
        raise ListQueryError(f"The question has more than {MAX_WORDS_CHARS} characters.")
    return replace(listing, words=words)


def _view(entity_type: EntityType, name: str, hidden: Container[str], *, lenient: bool) -> str:
    """The view of a list, "" for its rows. Raises: ListQueryError, for an unknown one."""
    board = board_of(entity_type.cls.__entity__) if name == BOARD else None
    if board is not None and board.by not in hidden:
        return BOARD
    if not lenient:
        raise ListQueryError(f"view is {name[:80]!r}; expected 'board', of a class with a board.")
    return ""


def _grouping(
    entity_type: EntityType,
    name: str,
    hidden: Container[str],
    columns: tuple[str, ...],
) -> Grouping:
    """How the list is grouped. Raises: ListQueryError, for a field that groups no list."""
    by = grouping_of(entity_type, name, shown_fields(entity_type, hidden, columns))
    if by is not None and by.field not in hidden:
        return by
    raise ListQueryError(
        f"group is {name[:80]!r}; expected a choice, a boolean, a date, or a relation to one "
        "record that the list has a column of."
    )


def _ordered(query: Query, order: str, entity_type: EntityType, hidden: Container[str]) -> Query:
    """The query in another order, each field once."""
    made = make_query(
        entity_type.cls, {}, order=order, hidden=hidden,
        related=partial(queried_field, entity_type),
    )  # fmt: skip
    terms = dict(reversed(made.order))
    ordered = tuple((name, terms[name]) for name in dict.fromkeys(n for n, _ in made.order))
    paths = {path.name: path for path in (*query.related, *made.related)}
    return replace(query, order=ordered, related=tuple(paths.values()))


def _own_order(entity_type: EntityType, hidden: Container[str]) -> str:
    """The order of the class, without fields that the reader may not read on every record."""
    words = str(entity_type.cls.model_config.get("list_order") or "")
    terms = [term for term in map(str.strip, words.split(",")) if term]
    return ",".join(term for term in terms if term.removeprefix("-") not in hidden)


def _columns(
    entity_type: EntityType, text: str, hidden: Container[str], *, lenient: bool
) -> tuple[str, ...]:
    """The chosen columns, empty for those of the class. Raises: ListQueryError."""
    if not text:
        return ()
    if len(text) > MAX_COLUMN_CHARS:
        raise ListQueryError(
            f"columns has {len(text)} characters; expected at most {MAX_COLUMN_CHARS}."
        )
    # Columns of fields that are hidden on some records are shown, with empty cells.
    possible = possible_columns(entity_type)
    chosen = [name.strip() for name in text.split(",")]
    unknown = [name for name in chosen if name not in possible]
    if unknown and not lenient:
        shown = ", ".join(name for name in possible if name not in hidden)
        raise ListQueryError(f"columns has {unknown[0][:80]!r}; expected some of {shown}.")
    known = tuple(dict.fromkeys(name for name in chosen if name in possible))
    return () if known == tuple(shown_fields(entity_type)) else known


def _named(entity_type: EntityType, hidden: Container[str]) -> frozenset[str]:
    """The fields that parameters can name."""
    fields = entity_type.cls.__entity__.fields.items()
    return frozenset([name for name, spec in fields if not spec.private and name not in hidden])


def _check_filter(fields: Container[str], name: str, word: str) -> None:
    """Check the size of a filter. Raises: ListQueryError."""
    op = split_filter(name, fields)[1]
    op = NEGATED.get(op, op)
    if op in ("contains", "startswith") and not word:
        raise ListQueryError(f"{name[:80]!r} is empty, which is part of every text; leave it out.")
    if op == "in":
        if word.count(",") >= MAX_CHOICES:
            raise ListQueryError(f"{name[:80]!r} has more than {MAX_CHOICES} values.")
    elif len(word) > MAX_FILTER_CHARS:
        raise ListQueryError(
            f"{name[:80]!r} has {len(word)} characters; expected at most {MAX_FILTER_CHARS}."
        )


def wants_total(parameters: Mapping[str, str]) -> bool:
    """The boolean of the parameter `?total=`. Raises: ListQueryError."""
    text = parameters.get("total", "").lower()
    if text not in _YES + _NO:
        raise ListQueryError(
            f"total is {text[:80]!r}; expected 1 or 0. A field of that name is asked by total__eq."
        )
    return text in _YES


_YES, _NO = ("1", "true"), ("", "0", "false")


def _words(query: Query) -> dict[str, str]:
    """The filters in canonical order. Raises: ListQueryError, for a duplicate."""
    words: dict[str, str] = {}
    for item in sorted(query.filters, key=lambda item: (item.field, item.op)):
        name = filter_name(item.field) if item.op == "eq" else f"{item.field}__{item.op}"
        if item.value is None:
            name, word = f"{item.field}__isnull", "true" if item.op == "eq" else "false"
        elif NEGATED.get(item.op, item.op) == "in":
            word = join_values(map(_word, item.value))
        else:
            word = _word(item.value)
        if name in words:
            raise ListQueryError(f"{name[:80]!r} is asked for twice; leave one of them out.")
        words[name] = word
    return words


def _is_foreign(entity_type: EntityType, name: str, hidden: Container[str]) -> bool:
    """Whether the parameter is neither a filter nor a misspelt one."""
    fields = _named(entity_type, hidden)
    field, op = split_filter(name, fields)
    if queried_field(entity_type, field) is not None or linked_field(entity_type, field):
        return False
    return field not in fields and not (field != name and field and op in (*OPERATORS, *SHORTHANDS))


def _word(value: Any) -> str:
    value = plain(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(parameters: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = parameters.get(name) or str(default)
    number = int(text) if len(text) <= MAX_NUMBER_CHARS and text.isascii() and text.isdigit() else 0
    if not 1 <= number <= most:
        raise ListQueryError(f"{name} is {text[:40]!r}; expected a number from 1 to {most}.")
    return number


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
