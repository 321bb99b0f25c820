"""Related records stand by their titles in lists and on pages, with one query for each class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from integration.web.browser import unlisted
from integration.web.relations.desk import (
    Account,
    Customer,
    Invoice,
    Order,
    SqlCustomer,
    SqlOrder,
    queries,
)
from starmodel import ConfigurationError, Entity, create_app
from starmodel.testing import Visitor

SECRET = "k" * 40
ORDER_1 = '[data-key="1"] td'


class Desk(NamedTuple):
    app: Any
    visitor: Visitor
    customers: Any
    orders: Any


@pytest.fixture(params=[(Customer, Order), (SqlCustomer, SqlOrder)], ids=["memory", "sql"])
def desk(request: Any) -> Iterator[Desk]:
    customers, orders = request.param
    app = create_app([customers, orders], secret_key=SECRET)
    with Visitor(app) as visitor:
        made = Desk(app, visitor, customers, orders)
        add(made, customers, id="ann", name="Ann <b>Lee</b>", city="Oslo")
        add(made, customers, id="bob", name="Bob Ray")
        add(made, orders, id="1", number="N-1", customer_id="ann")
        add(made, orders, id="2", number="N-2", customer_id=None)
        yield made


def add(desk: Desk, cls: Any, **values: Any) -> None:
    desk.visitor.run(desk.app.starmodel.objects(cls).create(**values))


def change(desk: Desk, cls: Any, id: str, **values: Any) -> None:
    async def work() -> None:
        stored = await desk.app.starmodel.objects(cls).get(id)
        await desk.app.starmodel.dispatch(stored.do.update(**values))

    desk.visitor.run(work())


def test_list_shows_the_title_as_a_link(desk: Desk) -> None:
    page = desk.visitor.open("/orders")

    assert page.text('[data-key="1"] a[href="/customers/ann"]') == "Ann <b>Lee</b>"
    assert page.text('[data-key="2"] [data-label="Customer"]') == "\u2013"
    assert any(title.startswith("Customer") for title in page.texts("th"))
    assert not any("id" in title.lower() for title in page.texts("th"))


def test_list_of_fifty_reads_each_related_class_once(desk: Desk) -> None:
    for number in range(3, 53):
        add(desk, desk.orders, id=str(number), number=f"N-{number}", customer_id="bob")

    with queries(desk.app, desk.orders, desk.customers) as seen:
        page = desk.visitor.request("GET", "/orders?per_page=50", headers={"accept": "text/html"})

    assert page.text.count("Bob Ray") >= 48
    assert seen == [desk.orders.__name__, desk.customers.__name__]


def test_open_list_follows_the_title(desk: Desk) -> None:
    page = desk.visitor.open("/orders")

    change(desk, desk.customers, "ann", name="Ann Moe")
    assert page.text('[data-key="1"] a[href="/customers/ann"]') == "Ann Moe"

    change(desk, desk.orders, "1", customer_id="bob")
    assert page.text('[data-key="1"] a[href="/customers/bob"]') == "Bob Ray"


def test_record_shows_the_title_as_a_link_that_follows(desk: Desk) -> None:
    page = desk.visitor.open("/orders/1")
    assert page.text('dd a[href="/customers/ann"]') == "Ann <b>Lee</b>"

    change(desk, desk.customers, "ann", name="Ann Moe")
    assert page.text('dd a[href="/customers/ann"]') == "Ann Moe"

    change(desk, desk.orders, "1", total=5)
    assert page.text('dd a[href="/customers/ann"]') == "Ann Moe"

    change(desk, desk.orders, "1", customer_id="bob")
    assert page.text('dd a[href="/customers/bob"]') == "Bob Ray"

    change(desk, desk.customers, "bob", name="Bob Poe")
    assert page.text('dd a[href="/customers/bob"]') == "Bob Poe"

    change(desk, desk.orders, "1", customer_id=None)
    assert not page.has('dd a[href^="/customers"]')


def test_list_shows_fields_of_related_records_as_their_reader_sees_them(desk: Desk) -> None:
    change(desk, desk.customers, "ann", code="secret-code")
    page = desk.visitor.open("/orders")
    assert page.text('[data-key="1"] [data-label="City"]') == "Oslo"
    assert "secret-code" not in page.html

    change(desk, desk.customers, "ann", city="Rome")
    assert page.text('[data-key="1"] [data-label="City"]') == "Rome"

    desk.visitor.sign_in("eve", roles=["staff"])
    assert "secret-code" in desk.visitor.open("/orders").html


@pytest.mark.parametrize(
    ("path", "problem"),
    [("customer.town", "no field 'town'"), ("buyer.name", "names 'buyer.name'")],
)
def test_unknown_path_is_an_error_at_the_start(path: str, problem: str) -> None:
    def define() -> Any:
        @unlisted
        class Parcel(Entity):
            model_config = {"scope": "record", "list_display": ("id", path)}
            id: str
            customer: Customer | None

        return create_app([Customer, Parcel], secret_key=SECRET)

    with pytest.raises(ConfigurationError, match=problem):
        define()


@pytest.fixture
def invoices() -> Iterator[Desk]:
    app = create_app([Account, Invoice], secret_key=SECRET)
    with Visitor(app) as visitor:
        visitor.sign_in("ann")
        made = Desk(app, visitor, Account, Invoice)
        add(made, Account, id="a", name="Acme", owner="ann")
        add(made, Account, id="b", name="Beta", owner="bob")
        add(made, Invoice, id="1", number="I-1", account_id="a")
        add(made, Invoice, id="2", number="I-2", account_id="b")
        yield made


def test_title_that_the_reader_may_not_read_is_not_disclosed(invoices: Desk) -> None:
    listed, hidden = invoices.visitor.open("/invoices"), invoices.visitor.open("/invoices/2")

    assert listed.text('[data-key="1"] a[href="/accounts/a"]') == "Acme"
    assert listed.text('[data-key="2"] .sm-none') == "Not available"
    assert hidden.text("dd .sm-none") == "Not available"
    for page in (listed, hidden):
        assert "Beta" not in page.html
        assert "/accounts/b" not in page.html
    query = {"entity": "Account", "element": "ref-0123456789abcdef"}
    answers = [
        invoices.visitor.get("/_starmodel/titles", id=id, **query).text for id in ("b", "none")
    ]
    assert answers[0] == answers[1]
    assert "Not available" in answers[0]


def test_open_pages_lose_the_title_with_the_access(invoices: Desk) -> None:
    listed, shown = invoices.visitor.open("/invoices"), invoices.visitor.open("/invoices/1")

    change(invoices, Account, "a", owner="bob")
    assert listed.text('[data-key="1"] .sm-none') == "Not available"
    assert shown.text("dd .sm-none") == "Not available"
    assert "Acme" not in shown.html

    change(invoices, Account, "a", owner="ann")
    assert listed.text('[data-key="1"] a[href="/accounts/a"]') == "Acme"
    assert shown.text('dd a[href="/accounts/a"]') == "Acme"


@pytest.mark.parametrize("element", ["", "starmodel-live", "ref-0123456789abcdef x", "ref-'"])
def test_titles_are_sent_to_elements_of_titles_only(invoices: Desk, element: str) -> None:
    answer = invoices.visitor.get("/_starmodel/titles", entity="Account", id="a", element=element)
    assert answer.status == 404
