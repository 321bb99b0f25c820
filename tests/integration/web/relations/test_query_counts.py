"""Rules that follow a relation cost one query for all rows of a list, whoever may read what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration.web.browser import unlisted
from integration.web.relations.desk import queries
from starmodel import Entity, Field, create_app
from starmodel.access import actor, record
from starmodel.testing import Visitor

ROWS = 50
PUBLIC = {"read": "public", "write": "public"}
OF_OWN_SHOP = record.shop.owner == actor.id


@unlisted
class Shop(Entity):
    model_config = {"store": "sql", "path": "/shops", "access": PUBLIC}
    id: str
    owner: str = ""


@unlisted
class Ware(Entity):
    """With a read rule, and a rule of its title, by way of the shop."""

    model_config = {
        "store": "sql", "path": "/wares", "title_field": "label", "list_display": ("label", "cost"),
        "access": {"read": OF_OWN_SHOP | (record.kind == "shown"), "write": "public"},
    }  # fmt: skip
    id: str
    label: str = Field(access={"read": OF_OWN_SHOP | (record.kind != "masked")})
    cost: int = Field(default=7, access={"read": OF_OWN_SHOP})
    kind: str = ""
    shop: Shop | None


@unlisted
class Sale(Entity):
    model_config = {
        "store": "sql", "path": "/sales", "access": PUBLIC, "list_display": ("number", "ware"),
    }  # fmt: skip
    id: str
    number: str
    ware: Ware | None


@unlisted
class Loan(Entity):
    """With a rule that no store decides, a relation and a function."""

    model_config = {
        "store": "sql", "path": "/loans",
        "access": {"read": OF_OWN_SHOP & (lambda actor, loan: loan.kind != "z"), "write": "public"},
    }  # fmt: skip
    id: str
    kind: str = ""
    shop: Shop | None


CLASSES = (Shop, Ware, Sale, Loan)


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    app = create_app(CLASSES, secret_key="k" * 40, database_url="sqlite://")
    with Visitor(app) as visitor:
        visitor.sign_in("ann")
        objects: Any = app.starmodel.objects

        async def fill() -> None:
            for shop, owner in [("mine", "ann"), ("theirs", "bob")]:
                await objects(Shop).create(id=shop, owner=owner)
            for n in range(ROWS):
                shop, kind = ("mine", "theirs")[n % 2], ("", "shown", "masked", "")[n % 4]
                ware = f"w{n:02}"
                await objects(Ware).create(id=ware, label=f"Ware {n}", kind=kind, shop_id=shop)
                await objects(Sale).create(id=f"s{n:02}", number=f"S-{n}", ware_id=ware)
                await objects(Loan).create(id=f"l{n:02}", kind="z" if n == 0 else "", shop_id=shop)

        visitor.run(fill())
        yield visitor


def _seen(visitor: Visitor, url: str) -> tuple[str, list[str]]:
    """The page, and the classes that it has read lists of."""
    with queries(visitor.app, *CLASSES) as asked:
        page = visitor.request("GET", f"{url}?per_page=50", headers={"accept": "text/html"})
    assert page.status == 200
    return page.text, asked


def test_links_to_readable_and_unreadable_records_cost_one_query(visitor: Visitor) -> None:
    page, asked = _seen(visitor, "/sales")
    assert asked == ["Sale", "Ware", "Shop", "Shop"]  # the shops for the rules of two fields
    assert page.count('class="sm-related"') == 38
    assert page.count("Not available") == 12
    assert "Ware 0<" in page


def test_rules_of_fields_cost_one_query_each(visitor: Visitor) -> None:
    page, asked = _seen(visitor, "/wares")
    assert asked == ["Ware", "Shop", "Shop"]
    assert page.count(">7<") == 25


def test_rule_that_no_store_decides_reads_related_records_once(visitor: Visitor) -> None:
    page, asked = _seen(visitor, "/loans")
    assert asked.count("Shop") <= 2
    assert page.count('class="sm-open"') == 24
