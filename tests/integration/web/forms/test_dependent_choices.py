"""Choices that depend on other fields of a form: offered, refused at the commit, in rows too."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest

from integration.web.browser import unlisted
from integration.web.forms.test_record_choices import choices, titles
from starmodel import UI, ConstraintError, Entity, Field, Relationship, create_app, event
from starmodel.access import form, record
from starmodel.core.errors import ConfigurationError
from starmodel.core.values.ids import new_id

PUBLIC = {"scope": "record", "access": "public"}


@unlisted
class Country(Entity):
    model_config = PUBLIC
    id: str = Field(default_factory=new_id)
    name: str


@unlisted
class City(Entity):
    model_config = {"scope": "record", "access": {"read": lambda _, city: city.name != "Hidden"}}
    id: str = Field(default_factory=new_id)
    name: str
    country: Country
    is_open: bool = True


@unlisted
class Address(Entity):
    model_config = PUBLIC
    id: str = Field(default_factory=new_id)
    street: str = ""
    country: Country | None
    city: Annotated[
        City | None, UI(choices=(record.country == form.country) & (record.is_open == True))  # noqa: E712
    ]

    @event
    def move(self, to: str):
        self.city_id = to


@unlisted
class Supplier(Entity):
    model_config = PUBLIC
    id: str
    name: str


@unlisted
class Product(Entity):
    model_config = PUBLIC
    id: str
    name: str
    supplier: Supplier


@unlisted
class Purchase(Entity):
    model_config = PUBLIC | {"inlines": ("items",)}
    id: str = Field(default_factory=new_id)
    supplier: Supplier
    items: list[PurchaseItem] = Relationship(order="id")


@unlisted
class PurchaseItem(Entity):
    model_config = PUBLIC
    id: str = Field(default_factory=new_id)
    purchase: Purchase
    product: Annotated[Product, UI(choices=record.supplier == form.purchase.supplier)]
    count: int = 1


@pytest.fixture
async def ann(visit: Any) -> Any:
    browser = visit(Country, City, Address, Supplier, Product, Purchase, PurchaseItem)
    create = lambda cls, **values: browser.app.starmodel.objects(cls).create(**values)  # noqa: E731
    for id in ("nl", "be"):
        await create(Country, id=id, name=id.upper())
    for id, country in (("Utrecht", "nl"), ("Zwolle", "nl"), ("Gent", "be"), ("Hidden", "nl")):
        await create(City, id=id.lower(), name=id, country_id=country)
    await create(City, id="closed", name="Closed", country_id="nl", is_open=False)
    for id in ("one", "two"):
        await create(Supplier, id=id, name=id)
        await create(Product, id=f"of-{id}", name=f"Of {id}", supplier_id=id)
    return browser


async def test_choices_follow_the_values_of_the_form(ann: Any) -> None:
    about = {"for": "Address.city_id"}
    assert titles(await choices(ann, "/cities", **about, **{"on.country_id": "nl"})) == [
        "Utrecht", "Zwolle",
    ]  # fmt: skip
    assert titles(await choices(ann, "/cities", **about, **{"on.country_id": "be"})) == ["Gent"]
    found = await choices(ann, "/cities", **about, **{"on.country_id": "nl"}, search="w")
    assert titles(found) == ["Zwolle"]
    empty = await choices(ann, "/cities", **about, **{"on.country_id": ""})
    assert titles(empty) == []
    assert empty["note"] == "Choose first: country."
    unknown = await choices(ann, "/cities", **about)
    assert titles(unknown) == ["Closed", "Gent", "Utrecht", "Zwolle"]
    hostile = {"on.country_id": "' OR 1=1 --" + "x" * 500}
    assert titles(await choices(ann, "/cities", **about, **hostile)) == []


async def test_recent_choices_obey_the_form_too(ann: Any) -> None:
    query = {"for": "Address.city_id", "on.country_id": "be", "recent": '["utrecht", "gent"]'}
    assert [each["id"] for each in (await choices(ann, "/cities", **query))["recent"]] == ["gent"]


@pytest.mark.parametrize("name", ["Address.country_id", "Address.nothing", "City", "x" * 5000, "."])
async def test_unknown_rule_is_refused(ann: Any, name: str) -> None:
    answer = await ann.call("GET", f"/cities/_choices?for={name}")
    assert answer.status_code == 400


async def test_choice_that_goes_not_with_the_form_is_refused_at_its_field(ann: Any) -> None:
    for city in ("gent", "closed"):
        answer = await ann.call("POST", "/addresses", {"country_id": "nl", "city_id": city})
        assert answer.status_code == 409
        assert answer.json()["errors"] == {"city_id": "This city doesn't go with: country."}
    made = await ann.call("POST", "/addresses", {"country_id": "nl", "city_id": "utrecht"})
    assert made.status_code == 201
    id = made.json()["entity"]["id"]
    moved = await ann.call("PATCH", f"/addresses/{id}", {"country_id": "be"})
    assert moved.status_code == 409
    both = await ann.call("PATCH", f"/addresses/{id}", {"country_id": "be", "city_id": "gent"})
    assert both.status_code == 200
    none = await ann.call("PATCH", f"/addresses/{id}", {"country_id": "nl", "city_id": None})
    assert none.status_code == 200


async def test_events_and_code_are_checked_at_the_commit(ann: Any) -> None:
    objects = ann.app.starmodel.objects(Address)
    address = await objects.create(country_id="nl", city_id="utrecht")
    assert (
        await ann.call("POST", f"/addresses/{address.id}/move", {"to": "zwolle"})
    ).status_code == 200
    refused = await ann.call("POST", f"/addresses/{address.id}/move", {"to": "gent"})
    assert refused.status_code == 409
    with pytest.raises(ConstraintError):
        await objects.create(country_id="be", city_id="utrecht")


async def test_stored_record_with_an_older_choice_can_be_changed(ann: Any) -> None:
    address = await ann.app.starmodel.objects(Address).create(country_id="nl", city_id="utrecht")
    await ann.app.starmodel.dispatch(
        (await ann.app.starmodel.objects(City).get("utrecht")).do.update(is_open=False)
    )
    kept = await ann.call("PATCH", f"/addresses/{address.id}", {"street": "New"})
    assert kept.status_code == 200


async def test_form_names_what_its_choices_depend_on(ann: Any) -> None:
    page = (await ann.page("/addresses/new")).text
    assert '"for":"Address.city_id","needs":[["on.country_id","country_id"]]' in page


async def test_search_without_javascript_obeys_the_form(ann: Any) -> None:
    sent = {
        "_search.country_id": "NL", "_shown.country_id": "NL", "country_id": "nl",
        "_search.city_id": "e", "_shown.city_id": "", "city_id": "",
    }  # fmt: skip
    step = (await ann.submit("/addresses", sent)).text
    assert re.findall(r'type="radio" name="city_id" value="([^"]*)"', step) == ["utrecht", "zwolle"]


async def test_row_is_checked_against_its_parent(ann: Any) -> None:
    rows = [{"product_id": "of-one"}, {"product_id": "of-two"}]
    answer = await ann.call("POST", "/purchases", {"supplier_id": "one", "items": rows})
    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "items.1.product_id": "This product doesn't go with: supplier."
    }
    made = await ann.call("POST", "/purchases", {"supplier_id": "one", "items": rows[:1]})
    assert made.status_code == 201
    id = made.json()["entity"]["id"]
    [item] = (await ann.call("GET", "/purchaseitems")).json()["items"]
    other = {"supplier_id": "two", "items": [{"_id": item["id"], "count": 2}]}
    assert (await ann.call("PATCH", f"/purchases/{id}", other)).json()["errors"] == {
        "items.0.product_id": "This product doesn't go with: supplier."
    }
    alone = await ann.call("POST", "/purchaseitems", {"purchase_id": id, "product_id": "of-two"})
    assert alone.status_code == 409


async def test_parent_is_checked_against_stored_rows(ann: Any) -> None:
    create = lambda cls, **values: ann.app.starmodel.objects(cls).create(**values)  # noqa: E731
    bought = await create(Purchase, supplier_id="one")
    item = await create(PurchaseItem, purchase_id=bought.id, product_id="of-one")
    refused = await ann.call("PATCH", f"/purchases/{bought.id}", {"supplier_id": "two"})
    assert refused.status_code == 409
    assert refused.json()["errors"] == {
        "supplier_id": "Some purchase items don't go with this supplier."
    }
    rows = [{"_id": item.id, "product_id": "of-two"}]
    both = await ann.call("PATCH", f"/purchases/{bought.id}", {"supplier_id": "two", "items": rows})
    assert both.status_code == 200
    without = {"supplier_id": "one", "items": [{"_id": item.id, "_removed": True}]}
    assert (await ann.call("PATCH", f"/purchases/{bought.id}", without)).status_code == 200


async def test_row_asks_with_the_field_of_its_parent(ann: Any) -> None:
    page = (await ann.page("/purchases/new")).text
    assert '"needs":[["on.purchase_id.supplier_id","supplier_id"]]' in page
    found = await choices(
        ann, "/products", **{"for": "PurchaseItem.product_id", "on.purchase_id.supplier_id": "two"}
    )
    assert titles(found) == ["Of two"]
    made = await ann.call("POST", "/purchases", {"supplier_id": "one"})
    id = made.json()["entity"]["id"]
    found = await choices(
        ann, "/products", **{"for": "PurchaseItem.product_id", "on.purchase_id": id}
    )
    assert titles(found) == ["Of one"]


def _declared(rule: Any, **fields: Any) -> None:
    annotations = {
        "name": str,
        "secret": str,
        "country": Country,
        "city": Annotated[City, UI(choices=rule)],
    }
    body = {
        "__module__": __name__, "__annotations__": annotations, "model_config": PUBLIC,
        "__qualname__": "_declared.<locals>.Wrong",
        "secret": Field("", private=True),
    }  # fmt: skip
    create_app([Country, City, type(Entity)("Wrong", (Entity,), body)])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (record.nothing == form.country, "has no field 'nothing'"),
        (record.country == form.nothing, "expected a field of Wrong"),
        (record.country == form.secret, "private"),
        (record.country == form.city.secret, "expected a field"),
    ],
)
def test_wrong_rule_is_refused_at_the_start(rule: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        _declared(rule)


def test_form_is_no_part_of_access_rules() -> None:
    class Note(Entity):
        model_config = {"scope": "record", "access": record.name == form.name}
        name: str = ""

    with pytest.raises(ConfigurationError, match=r"UI\(choices"):
        create_app([Note])
