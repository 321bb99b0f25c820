"""Components of `starmodel.ui` on pages of the application's own."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Annotated

import pytest
from fasthtml.common import Div, Span

from integration.web.browser import unlisted
from starmodel import (
    UI,
    Actor,
    ConfigurationError,
    Entity,
    Field,
    create_app,
    dispatch,
    event,
    live,
    page,
    where,
)
from starmodel.access import role
from starmodel.testing import ServerFailedError, Visitor
from starmodel.testing.browser.asgi import HTML
from starmodel.ui import chart, columns, form, list_of, section, table, tile

HOSTILE = '</script><img src=x onerror=alert(1)>"'


@unlisted
class Customer(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str = ""


@unlisted
class Order(Entity):
    model_config = {
        "store": "sql",
        "access": {"read": "public", "create": "role:staff", "write": "public"},
        "list_display": ["number", "customer_id", "total"],
    }
    number: str = ""
    customer_id: str | None = Field(None, foreign_key="customer.id")
    status: str = "placed"
    total: Annotated[Decimal, UI(currency="EUR")] = Decimal(0)
    cost: int = Field(5, access=role("staff"))

    @event
    def ship(self, note: str = ""):
        """Send it."""
        self.status = "shipped"


@unlisted
class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount


@live
def totals(orders: list[Order]):
    return Div(
        tile("Orders", len(orders)),
        chart([(each.number, each.total) for each in orders], "bar", title="Totals"),
        table(orders),
        id="totals",
    )


def shown(content, *entities, **options):
    """A visitor of a page with this content."""

    @page("/shown", access="public")
    async def shown_page():
        made = content()
        return await made if hasattr(made, "__await__") else made

    classes = entities or (Customer, Order, Counter)
    return Visitor(create_app(classes, pages=[shown_page], **options))


def main_of(html):
    return html.partition("<main")[2].partition("</main>")[0]


def body(visitor, path="/shown"):
    reply = visitor.request("GET", path, headers=HTML)
    assert reply.status == 200, reply.text
    return main_of(reply.text)


def test_tile_shows_numbers_changes_and_escaped_texts(in_memory):
    def content():
        return columns(
            tile("Revenue", Decimal("1234.5"), currency="EUR", change=-0.031, note=HOSTILE),
            tile(HOSTILE, HOSTILE, link="/orders", change=0.12),
            tile("Cups", Span("7", id="cups"), change=0),
            tile("Day", date(2026, 5, 1)),
            tile("Average", 6.777419354838710, currency="EUR"),
        )

    with shown(content) as ann:
        html = body(ann)
    assert "1,234.50" in html
    assert "6.78" in html
    assert "6.777" not in html
    assert "Down 3.1%" in html
    assert "Up 12%" in html
    assert "No change" in html
    assert '<span id="cups">7</span>' in html
    assert "<img" not in html


def test_chart_embeds_data_that_cannot_end_its_script(in_memory):
    def content():
        return chart(
            [{"day": HOSTILE, "in": 1, "out": 2.5}], "line", x="day", y=["in", "out"], title=HOSTILE
        )

    with shown(content) as ann:
        html = body(ann)
    [options] = re.findall(r'<script type="application/json">(.*?)</script>', html)
    drawn = json.loads(options)
    [label] = drawn["xaxis"]["categories"]
    assert label.replace("\u200b", "") == HOSTILE
    assert [each["data"] for each in drawn["series"]] == [[1], [2.5]]
    assert "<img" not in html
    assert re.search(r"<details>.*<th scope=\"col\" class=\"sm-number\">Out</th>", html)


@pytest.mark.parametrize("kind", ["line", "bar", "area", "pie"])
@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "&lt;img src=x&gt;", "R&D"])
def test_names_in_charts_are_no_markup_where_the_library_writes_html(in_memory, kind, name):
    def content():
        return chart([{"x": name, name: 1}], kind, x="x", y=name, title="Chart")

    with shown(content) as ann:
        html = body(ann)
    [options] = re.findall(r'<script type="application/json">(.*?)</script>', html)
    drawn = json.loads(options)
    pie = kind == "pie"
    names = drawn["labels"] if pie else [*drawn["xaxis"]["categories"], drawn["series"][0]["name"]]
    for each in names:
        assert each.replace("\u200b", "") == name
        assert not re.search("[<&](?!\u200b)", each)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([("a", "b")], {}, "expected a number"),
        ([{"label": "a"}], {}, "has no such field"),
        ([("a", 1)], {"kind": "radar"}, "expected one of line, bar, area, pie"),
        ([("a", 1)], {"y": ["in", "out"]}, "expected a label and 2 values"),
        ([(n, n) for n in range(1001)], {}, "at most 1000"),
    ],
)
def test_senseless_charts_say_what_they_expect(in_memory, rows, options, message):
    with (
        shown(lambda: chart(rows, title="x", **options)) as ann,
        pytest.raises(ServerFailedError, match=message),
    ):
        ann.request("GET", "/shown", headers=HTML)


def test_empty_components_have_a_notice(in_memory):
    def content():
        return chart({}, title="Nothing"), table([])

    with shown(content) as ann:
        html = body(ann)
    assert "There is nothing to draw yet." in html
    assert "There is nothing here yet." in html


def test_table_of_mappings_renders_values_as_people_write_them(in_memory):
    rows = [{"name": HOSTILE, "amount": 12345.5, "day": date(2026, 5, 1)}, {"name": ["<b>"]}]

    with shown(lambda: table(rows, label="Rows")) as ann:
        html = body(ann)
    assert "12,345.5" in html
    assert "2026-05-01" in html
    assert "<img" not in html
    assert "<b>" not in html


def test_table_of_records_has_generated_cells_without_hidden_fields(in_memory):
    @page("/tabled", access="public")
    def tabled(orders: Annotated[list[Order], where(columns=["number", "customer_id", "cost"])]):
        return table(orders[:5])

    with Visitor(create_app([Customer, Order], pages=[tabled])) as ann:
        nord = ann.run(Customer.objects.create(name="<i>Nord"))
        ann.run(Order.objects.create(number="7", customer_id=nord.id, cost=98765))
        html = body(ann, "/tabled")
        assert "&lt;i&gt;Nord" in html
        assert "98,765" not in html
        ann.sign_in(Actor("eve", roles=frozenset({"staff"})))
        assert "98,765" in body(ann, "/tabled")


def test_parts_of_a_query_follow_its_result(in_memory):
    @page("/totals", access="public")
    def page_of_totals(orders: Annotated[list[Order], where(status="placed", order="number")]):
        return totals(orders)

    with Visitor(create_app([Customer, Order], pages=[page_of_totals])) as ann:
        tab = ann.open("/totals")
        assert tab.text("#totals .own-figure") == "0"
        nord = ann.run(Customer.objects.create(name="Nord"))
        order = ann.run(Order.objects.create(number="7", customer_id=nord.id, total=Decimal(3)))
        assert tab.text("#totals .own-figure") == "1"
        assert '"data":[3.0]' in tab.html
        assert "Nord" in tab.text("#totals .sm-list")
        ann.run(dispatch(order.do.ship()))
        assert tab.text("#totals .own-figure") == "0"


def test_list_is_live_and_links_to_the_whole_list(in_memory):
    async def content():
        return section("Placed", await list_of(Order, "status=placed&order=-number", limit=2))

    with shown(content) as ann:
        ann.run(Order.objects.create(number="1"))
        tab = ann.open("/shown")
        assert 'href="/orders?status=placed&amp;order=-number"' in tab.html
        for number in "23":
            ann.run(Order.objects.create(number=number))
        assert tab.texts(".own-list .sm-open") == ["3", "2"]


def test_list_with_an_unknown_filter_says_so(in_memory):
    with (
        shown(lambda: list_of(Order, "state=x")) as ann,
        pytest.raises(ServerFailedError, match="can't be filtered or ordered by 'state'"),
    ):
        ann.request("GET", "/shown", headers=HTML)


def test_form_runs_its_event_and_is_left_out_without_permission(in_memory):
    made = {}

    async def content():
        return await form(Counter.increment), await form(Order), await form(made["order"].do.ship)

    with shown(content) as ann:
        made["order"] = ann.run(Order.objects.create(number="1"))
        html = body(ann)
        assert 'action="/counter/increment"' in html
        assert 'action="/orders"' not in html
        assert f'action="/orders/{made["order"].id}/ship"' in html
        ann.sign_in(Actor("eve", roles=frozenset({"staff"})))
        assert 'action="/orders"' in body(ann)


def test_components_outside_a_request_say_so():
    with pytest.raises(ConfigurationError, match="rendered in a request"):
        tile("Orders", 1)
