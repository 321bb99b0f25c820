"""Listings: equal queries have equal keys, and errors name the allowed values."""

from __future__ import annotations

import enum
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starmodel import Entity, EntityConfig, Field
from starmodel.adapters.encryption import AesCipher
from starmodel.adapters.frontends.datastar.element_ids import rows_id
from starmodel.app.queries.cursors import Cursors
from starmodel.app.queries.listing import Window, listing_of
from starmodel.core.classes.registry import Registry
from starmodel.core.errors import RequestError

CURSORS = Cursors(AesCipher(["a" * 40], "cursor"))


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


def type_of():
    class Book(Entity):
        model_config = EntityConfig(scope="record")
        title: str = ""
        price: Decimal = Decimal(0)
        size: Size = Size.SMALL
        on: bool = True
        day: date | None = None
        cost: int = Field(default=0, private=True)

    return Registry([Book])[Book]


BOOKS = type_of()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"page": "1", "per_page": "25", "search": " ", "order": ""}),
        ({"price__gt": "5"}, {"price__gt": " 5 "}),
        ({"on": "true"}, {"on": "1"}),
        ({"on": "false"}, {"on": "off"}),
        ({"order": "title,-price"}, {"order": " title , -price ,"}),
        ({"search": "pen"}, {"search": "  pen "}),
        ({"title": "a", "price": "1"}, {"price": "1", "title": "a"}),
        ({"size": "2"}, {"size__eq": "2"}),
        ({"size__range": "1,2"}, {"size__lte": "2", "size__gte": "1"}),
        ({"title__in": 'a,"b,c"'}, {"title__in": '"a","b,c"'}),
        ({"size__in": "1,2"}, {"size__in": "1,2"}),
    ],
    ids=str,
)
def test_equal_queries_have_equal_keys(one, other):
    first, second = listing_of(BOOKS, one), listing_of(BOOKS, other)

    assert first == second
    assert hash(first) == hash(second)
    assert (first.words, first.topic) == (second.words, second.topic)
    assert rows_id(first) == rows_id(second)


def test_empty_input_of_a_page_is_no_filter():
    plain = listing_of(BOOKS, {"size": "2"})

    assert listing_of(BOOKS, {"size": "2", "title__contains": ""}, lenient=True) == plain


@pytest.mark.parametrize(
    "parameters",
    [{"title": ""}, {"title__isnull": "true"}, {"title__not_in": "a"},
     {"page": "2"}, {"per_page": "5"}, {"search": "x"}, {"order": "title"}, {"on": "true"},
     {"title": "a&b=c"}, {"title__contains": "é"}],
    ids=str,
)  # fmt: skip
def test_different_queries_have_different_keys(parameters):
    plain, other = listing_of(BOOKS, {}), listing_of(BOOKS, parameters)

    assert plain != other
    assert rows_id(plain) != rows_id(other)
    assert other != parameters


@given(
    st.dictionaries(
        st.sampled_from(
            ["title", "title__contains", "title__not_startswith", "title__ne", "title__not_in"]
        ),
        st.text(min_size=1, max_size=6).filter(lambda text: not text.startswith('"')),
    ),
    st.text(max_size=6),
    st.sampled_from(["", "title", "-price,title", "-on"]),
    st.integers(1, 50),
)
@settings(max_examples=150)
def test_key_parses_to_an_equal_query(filters, search, order, page):
    requested = {**filters, "search": search, "order": order, "page": str(page)}

    listing = listing_of(BOOKS, requested)
    again = listing_of(BOOKS, dict(parse_qsl(listing.words, keep_blank_values=True)))

    assert again == listing
    assert sorted(map(repr, again.query.filters)) == sorted(map(repr, listing.query.filters))
    assert (again.query.search, again.query.order) == (listing.query.search, listing.query.order)


def test_key_encodes_enums_and_booleans_as_filters():
    listing = listing_of(BOOKS, {"size": "2", "on": "1", "size__in": "1,2"})

    assert listing.filters == {"on": "true", "size": "2", "size__in": "1,2"}
    assert next(f.value for f in listing.query.filters if f.op == "eq" and f.field == "size") is (
        Size.LARGE
    )


def test_url_parameters_are_replaced_and_removed():
    listing = listing_of(BOOKS, {"title": "a", "order": "title", "page": "3"})

    assert listing.parameters(page=None, order="-title") == {"title": "a", "order": "-title"}


def test_field_named_like_a_window_parameter_keeps_its_filter():
    class Order(Entity):
        model_config = EntityConfig(scope="record")
        total: int = 0
        cursor: str = ""

    entity_type = Registry([Order])[Order]
    listing = listing_of(entity_type, {"total__eq": "5", "cursor__eq": "a", "total": "1"})

    assert listing.filters == {"total__eq": "5", "cursor__eq": "a"}
    assert listing_of(entity_type, dict(parse_qsl(listing.words))) == listing


def test_cursor_is_taken_only_where_cursors_are_allowed():
    assert listing_of(BOOKS, {"cursor": ""}, cursors=CURSORS).query == listing_of(BOOKS, {}).query
    with pytest.raises(RequestError, match=r"a page of it is asked for by \?page="):
        listing_of(BOOKS, {"cursor": ""})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"search": "x" * 201}, "search has 201 characters; expected at most 200"),
        ({"page": "0"}, "page is '0'; expected a number from 1 to 1000000"),
        ({"page": "1e3"}, "page is '1e3'"),
        ({"page": "\u0661"}, "page is"),
        ({"per_page": "201"}, "per_page is '201'; expected a number from 1 to 200"),
        ({"cost": "1"}, "can't be filtered or ordered by 'cost'"),
        ({"order": "cost"}, "can't be filtered or ordered by 'cost'"),
        ({"title__like": "x"}, "unknown operator 'like'"),
        ({"size": "9"}, "can't be compared with '9'"),
        ({"size__in": "1,9"}, "can't be compared with"),
        ({"day": "soon"}, "can't be compared with 'soon'"),
    ],
)
def test_invalid_query_error_lists_allowed_values(parameters, message):
    with pytest.raises(RequestError, match=message.replace("(", r"\(")):
        listing_of(BOOKS, parameters)


def test_digest_of_a_window_follows_records_order_and_more():
    a, b = BOOKS.cls(id="a"), BOOKS.cls(id="b")

    digests = {
        Window(entities, more).digest
        for entities in ((a, b), (b, a), (a,), ())
        for more in (True, False)
    }

    assert len(digests) == 8
    assert Window((a, b), False).digest == Window((a, b), False).digest
