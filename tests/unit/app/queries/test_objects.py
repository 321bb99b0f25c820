"""`Product.objects` and its queries."""

import enum
from datetime import date
from typing import Any

import pytest

from starmodel import BindingError, Entity, EntityConfig, Field, NotFoundError
from starmodel.app.ports.query import make_query
from starmodel.core.errors import RequestError
from starmodel.testing.fakes import fake_application


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


def _entity():
    class Product(Entity):
        model_config = EntityConfig(scope="record")
        name: str
        price: float = 0.0
        size: Size | None = None
        sold_on: date | None = None
        tags: list[str] = Field(default_factory=list)
        cost: int = Field(default=0, private=True)

    return Product


Product = _entity()


@pytest.fixture
async def app():
    app = fake_application(Product)
    for n, name in enumerate(["Pen", "ink", "Paper", "glue"]):
        await Product.objects.create(
            id=f"p{n}", name=name, price=n, cost=10 - n,
            size=[None, Size.SMALL, Size.LARGE, Size.SMALL][n],
            sold_on=date(2024, 1, n + 1) if n else None,
        )  # fmt: skip
    return app


async def names(**question: Any):
    return [p.name for p in await Product.objects.list(**question)]


async def test_get_raises_and_find_gives_none(app):
    assert (await Product.objects.get("p1")).name == "ink"
    assert await Product.objects.find("nothing") is None
    with pytest.raises(NotFoundError, match="'nothing'"):
        await Product.objects.get("nothing")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"price": 1}, ["ink"]),
        ({"price__lt": "1.5", "order": "-price"}, ["ink", "Pen"]),
        ({"price__in": [0, 3], "order": "name"}, ["Pen", "glue"]),
        ({"name__contains": "P", "order": "price"}, ["Pen", "Paper"]),
        ({"name__startswith": "g"}, ["glue"]),
        ({"sold_on": None}, ["Pen"]),
        ({"sold_on__gte": "2024-01-03", "order": "price"}, ["Paper", "glue"]),
        ({"search": "NK"}, ["ink"]),
        ({"order": "price", "limit": 2, "offset": 1}, ["ink", "Paper"]),
        ({"order": "-sold_on"}, ["glue", "Paper", "ink", "Pen"]),
        ({"size": Size.LARGE}, ["Paper"]),
        ({"order": "-size,name"}, ["Paper", "glue", "ink", "Pen"]),
        ({"size__gte": Size.LARGE}, []),
        ({"cost__lte": 8, "order": "cost"}, ["glue", "Paper"]),
    ],
)
async def test_list_returns_matching_records(app, question, expected):
    assert await names(**question) == expected
    if not {"limit", "order"} & question.keys():
        assert await Product.objects.count(**question) == len(expected)


async def test_create_unknown_field_is_rejected(app):
    with pytest.raises(BindingError, match="'colour' is unknown"):
        await Product.objects.create(name="x", colour="red")


async def test_returned_records_share_nothing_mutable(app):
    (await Product.objects.get("p1")).tags.append("x")
    assert (await Product.objects.get("p1")).tags == []


@pytest.mark.parametrize(
    ("filters", "more", "message"),
    [
        ({"colour": 1}, {}, "can't be filtered or ordered by 'colour'"),
        ({"cost": 1}, {}, "can't be filtered or ordered by 'cost'"),
        ({"tags": "x"}, {}, "can't be filtered or ordered by 'tags'"),
        ({"price__near": 1}, {}, "unknown operator 'near'"),
        ({"price": "cheap"}, {}, "can't be compared with 'cheap'"),
        ({}, {"order": "cost"}, "can't be filtered or ordered by 'cost'"),
        ({}, {"limit": -1}, "limit is -1"),
        ({}, {"offset": -1}, "offset is -1"),
    ],
)
def test_make_query_invalid_argument_names_the_reason(filters, more, message):
    with pytest.raises(RequestError, match=message):
        make_query(Product, filters, **more)


def test_make_query_error_does_not_name_private_fields():
    with pytest.raises(RequestError) as caught:
        make_query(Product, {"colour": 1})
    assert "cost" not in str(caught.value)


async def test_stream_yields_the_records_of_list(app):
    for question in ({}, {"order": "-name"}, {"price__gt": 0, "order": "size"}, {"search": "E"}):
        listed = await Product.objects.list(**question)
        for batch in (1, 3, 1000):
            streamed = [p async for p in Product.objects.stream(batch=batch, **question)]
            assert streamed == listed, question


async def test_stream_tolerates_break_and_concurrent_changes(app):
    seen = []
    async for product in Product.objects.stream(order="name", batch=1):
        seen.append(product.name)
        await app.dispatch(product.do.update(price=99))
        if product.name == "ink":
            break

    assert seen == ["Paper", "Pen", "glue", "ink"]
    assert await Product.objects.count(price=99) == 4


@pytest.mark.parametrize("batch", [0, -1, 1001])
async def test_stream_rejects_invalid_batch_size(app, batch):
    with pytest.raises(RequestError, match=f"batch is {batch}; expected 1 to 1000"):
        await anext(Product.objects.stream(batch=batch))


async def test_stream_rejects_the_queries_that_list_rejects(app):
    with pytest.raises(RequestError, match="can't be filtered or ordered by 'colour'"):
        await anext(Product.objects.stream(colour="red"))
