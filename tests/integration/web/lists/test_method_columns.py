"""Methods as columns of lists."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest

from integration.web.browser import unlisted
from starmodel import UI, Entity, EntityConfig, Field, Relationship, column
from starmodel.access import role
from starmodel.core.errors import ConfigurationError


@unlisted
class Tree(Entity):
    model_config = EntityConfig(
        store="sql", access="public", list_display=["name", "age", "price"], list_order="name"
    )
    name: str
    planted: int = 2000
    cents: int = Field(default=0, access={"read": role("boss")})

    @column(title="Years", order="-planted")
    def age(self) -> int:
        return 2026 - self.planted

    def price(self) -> Annotated[Decimal, UI(currency="EUR")]:
        return Decimal(self.planted) / 100

    @column(order="cents")
    def worth(self, factor: int = 2) -> int:
        return self.planted * factor


@pytest.fixture
async def app(serve: Any) -> Any:
    app = serve(Tree)
    for name, planted in (("Ash", 2001), ("Box <b>", 1990), ("Elm", 2020)):
        await Tree.objects.create(name=name, planted=planted)
    return app


def names(page: str) -> list[str]:
    return re.findall(r'class="sm-open">([^<]*)', page)


async def test_method_is_a_column_that_sorts_by_its_order(visit: Any, app: Any) -> None:
    browser = visit(app)

    page = (await browser.page("/trees")).text

    heads = re.findall(r'<th scope="col"[^>]*>(?:<a [^>]*>)?([^<]+)', page)
    assert heads[:3] == ["Name", "Years", "Price"]
    assert ">25<" in page
    assert "EUR 20.01" in page
    assert 'href="/trees?order=-planted"' in page  # the youngest first
    young = (await browser.page("/trees?order=-planted")).text
    assert names(young)[0] == "Elm"
    assert re.search(r'aria-sort="ascending"[^>]*><a href="/trees\?order=planted"', young)
    chosen = (await browser.page("/trees?columns=name,worth")).text
    assert ">4002<" in chosen
    assert "order=cents" not in chosen  # a field that is hidden from this visitor
    assert (await browser.call("GET", "/trees?columns=model_dump")).status_code == 400


async def test_export_has_the_values_of_methods(visit: Any, app: Any) -> None:
    browser = visit(app)
    text = (await browser.call("GET", "/trees/_export.csv")).text
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[:2] == [["Name", "Years", "Price"], ["Ash", "25", "20.01"]]
    lines = (await browser.call("GET", "/trees/_export.jsonl")).text.splitlines()
    assert json.loads(lines[0])["age"] == 25


@unlisted
class Leaf(Entity):
    model_config = EntityConfig(store="sql", access="public")
    plant_id: str = Field(foreign_key="plant.id")


@unlisted
class Plant(Entity):
    model_config = EntityConfig(store="sql", access="public")
    name: str
    leaves: list[Leaf] = Relationship()

    @column()
    def number(self) -> int:
        return len(self.leaves)


def test_method_that_reads_a_relation_stops_the_start(serve: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"reads the relation 'leaves'"):
        serve(Plant, Leaf)


def test_order_that_is_no_field_stops_the_start(serve: Any) -> None:
    @unlisted
    class Seed(Entity):
        model_config = EntityConfig(store="sql", access="public")
        sown: date | None = None

        @column(order="sewn")
        def age(self) -> int:
            return 1

    with pytest.raises(ConfigurationError, match=r"@column\(order='sewn'\)"):
        serve(Seed)


def test_methods_with_arguments_and_methods_of_entities_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"it needs 'at'"):

        class Root(Entity):
            model_config = EntityConfig(list_display=["age"])

            def age(self, at: date) -> int:
                return 1

    with pytest.raises(ConfigurationError, match="list_display"):

        class Twig(Entity):
            model_config = EntityConfig(list_display=["model_dump"])

    with pytest.raises(ConfigurationError, match="asynchronous"):

        class Bark(Entity):
            model_config = EntityConfig(list_display=["age"])

            async def age(self) -> int:
                return 1
