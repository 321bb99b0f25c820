"""A record page lists the records that refer to it, live."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import unlisted
from integration.web.children.entities import ORDER_DESK, Order, OrderLine
from starmodel import ConfigurationError, Entity, create_app
from starmodel.testing import Visitor

ROWS = "#children-lines tbody td.sm-first"


@pytest.fixture
def app(in_memory: Any) -> Any:
    return create_app(ORDER_DESK)


def _order(visitor: Visitor, number: str = "A-1", lines: int = 0) -> Any:
    order = visitor.run(Order.objects.create(number=number))
    for n in range(lines):
        visitor.run(
            OrderLine.objects.create(order_id=order.id, product=f"Pen {n:02}", quantity=n + 1)
        )
    return order


def test_record_lists_its_own_children_without_the_column_of_the_parent(app: Any) -> None:
    visitor = Visitor(app)
    order, other = _order(visitor, lines=2), _order(visitor, "A-2", lines=1)
    page = visitor.open(f"/orders/{order.id}")
    assert sorted(page.texts(ROWS)) == ["Pen 00", "Pen 01"]
    assert page.text("#children-lines h2") == "Lines"
    assert "Order" not in page.texts("#children-lines th")
    assert visitor.open(f"/orders/{other.id}").texts(ROWS) == ["Pen 00"]


def test_children_follow_every_change_in_another_window(app: Any) -> None:
    visitor = Visitor(app)
    order = _order(visitor)
    page = visitor.open(f"/orders/{order.id}")
    assert page.text("#children-lines tbody") == "No lines yet."
    line = visitor.run(OrderLine.objects.create(order_id=order.id, product="Pen"))
    assert page.texts("#children-lines tbody td")[:2] == ["Pen", "1"]
    other = visitor.open(f"/orderlines/{line.id}")
    other.submit(line.do.double())
    assert page.texts("#children-lines tbody td")[:2] == ["Pen", "2"]
    other.submit(line.do.delete())
    assert page.text("#children-lines tbody") == "No lines yet."


def test_more_children_than_a_page_have_pages_an_order_and_the_whole_list(app: Any) -> None:
    visitor = Visitor(app)
    order = _order(visitor, lines=13)
    page = visitor.open(f"/orders/{order.id}?lines.order=-quantity")
    assert page.texts(ROWS)[0] == "Pen 12"
    assert page.text("#children-lines .sm-pages .sm-muted") == "1\u201310 of 13"
    page.click("Next")
    assert page.texts(ROWS) == ["Pen 02", "Pen 01", "Pen 00"]
    assert page.url.startswith(f"/orders/{order.id}?")
    page.click("Previous")
    page.click("Quantity")
    assert page.texts(ROWS)[0] == "Pen 00"
    line = visitor.run(OrderLine.objects.create(order_id=order.id, product="Ink", quantity=9))
    assert page.text("#children-lines .sm-pages .sm-muted") == "1\u201310 of 14"
    page.click("Show all 14 in the list")
    assert page.url == f"/orderlines?order_id={order.id}"
    assert len(page.texts("tbody tr")) == 14
    assert line.product in page.text("tbody")


def test_added_child_has_the_parent_and_leads_back_to_it(app: Any) -> None:
    visitor = Visitor(app)
    order = _order(visitor)
    page = visitor.open(f"/orders/{order.id}")
    page.click("Add order line")
    assert page.title.startswith("New order line for A-1")
    assert not page.has("label:-soup-contains('Order')")
    page.submit("Create", product="P")
    assert page.errors == {"product": "At least 2 characters."}
    page.submit("Create", product="Pen")
    assert page.url.startswith(f"/orders/{order.id}")
    assert page.texts(ROWS) == ["Pen"]


def test_changed_child_leads_back_to_the_list_that_it_was_opened_from(app: Any) -> None:
    visitor = Visitor(app)
    order = _order(visitor, lines=1)
    [line] = visitor.run(OrderLine.objects.list())
    there = f"/orders/{order.id}#children-lines"
    page = visitor.open(f"/orderlines/{line.id}/edit?_place=Order.lines")
    assert f'href="{there}"' in page.html
    page.submit("Save", product="P")
    assert page.errors == {"product": "At least 2 characters."}
    page.submit("Save", product="Ink")
    assert page.url.startswith(f"/orders/{order.id}")
    assert page.texts(ROWS) == ["Ink"]
    assert "/orderlines/%7Bid%7D/edit?_place=Order.lines" in page.html
    page.click("Ink")
    assert page.url == f"/orderlines/{line.id}?_place=Order.lines"
    page.click("Edit")
    page.submit("Save", product="Pen")
    assert page.url.startswith(f"/orders/{order.id}")
    page = visitor.open(f"/orderlines/{line.id}/edit")
    page.submit("Save", product="Cup")
    assert page.url == f"/orderlines/{line.id}"


async def test_plain_form_of_a_child_leads_back_after_a_refusal(visit: Any, in_memory: Any) -> None:
    browser = visit(create_app(ORDER_DESK))
    order = await Order.objects.create(number="A-1")
    line = await OrderLine.objects.create(order_id=order.id, product="Pen")
    sent = {"_place": "Order.lines", "product": "P"}
    reply = await browser.submit(f"/orderlines/{line.id}/update", sent)
    assert reply.status_code == 422
    assert 'name="_place" value="Order.lines"' in reply.text
    reply = await browser.submit(f"/orderlines/{line.id}/update", {**sent, "product": "Ink"})
    assert reply.headers["location"] == f"/orders/{order.id}#children-lines"
    for place in ("Order.nothing", "Customer.orders", "x" * 3000):
        sent = {"_place": place, "product": "Ink"}
        reply = await browser.submit(f"/orderlines/{line.id}/update", sent)
        assert reply.headers["location"] == f"/orderlines/{line.id}"


def test_form_of_an_unknown_parent_is_not_found(app: Any) -> None:
    visitor = Visitor(app, raise_errors=False)
    page = visitor.open("/orderlines/new?_place=Order.lines&order_id=none")
    assert page.status == 404
    for place in ("Order.nothing", "Nothing.lines", "Customer.orders", "x" * 3000):
        assert visitor.open(f"/orderlines/new?_place={place}&order_id=none").status == 200


async def test_plain_form_keeps_the_parent_after_a_refusal(visit: Any, in_memory: Any) -> None:
    browser = visit(create_app(ORDER_DESK))
    order = await Order.objects.create(number="A-1")
    sent = {"_place": "Order.lines", "order_id": order.id, "product": "P"}
    reply = await browser.submit("/orderlines", sent)
    assert reply.status_code == 422
    assert f'name="order_id" value="{order.id}"' in reply.text
    reply = await browser.submit("/orderlines", {**sent, "product": "Pen"})
    assert reply.headers["location"] == f"/orders/{order.id}#children-lines"


def test_children_of_a_class_that_the_visitor_may_not_read_are_no_part_of_the_page(
    in_memory: Any,
) -> None:
    @unlisted
    class Box(Entity):
        model_config = {"store": "memory", "access": "public", "scope": "record"}
        name: str
        parts: list[Part]

    @unlisted
    class Part(Entity):
        model_config = {
            "store": "memory", "scope": "record",
            "access": {"read": "role:staff", "write": "role:staff"},
        }  # fmt: skip
        box: Box
        name: str

    visitor = Visitor(create_app([Box, Part]))
    box = visitor.run(Box.objects.create(name="Red"))
    visitor.run(Part.objects.create(box_id=box.id, name="Screw"))
    page = visitor.open(f"/boxes/{box.id}")
    assert "Screw" not in page.html
    assert not page.has("#children-parts")
    visitor.sign_in("ann", roles=["staff"])
    assert "Screw" in visitor.open(f"/boxes/{box.id}").text("#children-parts")


def test_option_chooses_the_children_and_their_order(in_memory: Any) -> None:
    @unlisted
    class Team(Entity):
        model_config = {"store": "memory", "access": "public", "children": ("games",)}
        name: str
        players: list[Player]
        games: list[Game]

    @unlisted
    class Player(Entity):
        model_config = {"store": "memory", "access": "public"}
        team: Team
        name: str

    @unlisted
    class Game(Entity):
        model_config = {"store": "memory", "access": "public"}
        team: Team
        name: str

    visitor = Visitor(create_app([Team, Player, Game]))
    team = visitor.run(Team.objects.create(name="Reds"))
    page = visitor.open(f"/teams/{team.id}")
    assert page.has("#children-games")
    assert not page.has("#children-players")


def test_option_that_names_no_children_is_refused_at_the_start(in_memory: Any) -> None:
    @unlisted
    class Shelf(Entity):
        model_config = {"store": "memory", "access": "public", "children": ("books",)}
        name: str

    with pytest.raises(ConfigurationError, match=r"Shelf.model_config\['children'\]"):
        create_app([Shelf])


def test_hostile_titles_and_keys_are_escaped(app: Any) -> None:
    visitor = Visitor(app)
    hostile = "<script>alert(1)</script>\"'&"
    order = visitor.run(Order.objects.create(id='a/b"<i>', number=hostile))
    visitor.run(OrderLine.objects.create(order_id=order.id, product=hostile))
    page = visitor.open("/orders/a%2Fb%22%3Ci%3E?lines.page=1&lines.order=-product")
    assert page.texts(ROWS) == [hostile]
    assert "<script>alert" not in page.html
    page.click("Add order line")
    page.submit("Create", product="Pen")
    assert hostile in page.texts(ROWS)


def test_children_are_searched_and_filtered_on_the_page_of_their_parent(app: Any) -> None:
    visitor = Visitor(app)
    order, other = _order(visitor, lines=13), _order(visitor, "A-2", lines=2)
    page = visitor.open(f"/orders/{order.id}?lines.order=-quantity")
    page.fill("lines.search", "pen 1")
    page.click("Apply")
    assert page.texts(ROWS) == ["Pen 12", "Pen 11", "Pen 10"]
    assert "lines.order=-quantity" in page.url
    visitor.run(OrderLine.objects.create(order_id=order.id, product="Pen 1x", quantity=99))
    visitor.run(OrderLine.objects.create(order_id=order.id, product="Ink", quantity=98))
    assert page.texts(ROWS) == ["Pen 1x", "Pen 12", "Pen 11", "Pen 10"]

    page = visitor.open(f"/orders/{order.id}?lines.search=%3Cb%3E")
    assert page.text("#children-lines tbody") == "No lines match."
    page.click("Clear all")
    assert len(page.texts(ROWS)) == 10
    stolen = visitor.open(f"/orders/{other.id}?lines.order_id={order.id}&lines.order_id__in=x")
    assert sorted(stolen.texts(ROWS)) == ["Pen 00", "Pen 01"]
    assert "lines.search" not in stolen.html
    for wrong in ("lines.quantity__gt=x", f"lines.search={'x' * 300}"):
        refused = visitor.request(
            "GET", f"/orders/{other.id}?{wrong}", headers={"accept": "text/html"}
        )
        assert refused.status == 400
