"""Queries as parameters of pages and handlers: their rows, access and live parts."""

from typing import Annotated

import pytest
from fasthtml.common import Li, P, Ul

from integration.web.browser import unlisted
from starmodel import Actor, ConfigurationError, Entity, Field, create_app, event, live, page, where
from starmodel.access import actor, owner, role
from starmodel.starlette import endpoint
from starmodel.testing import Visitor, memory_stores
from starmodel.testing.browser.asgi import HTML


@unlisted
class Order(Entity):
    model_config = {"scope": "record", "access": "public"}
    number: str = ""
    status: str = "open"
    secret: str = Field("hush", exclude=True)
    cost: int = Field(0, access={"read": role("staff"), "write": "public"})

    @event
    def place(self):
        self.status = "placed"


@unlisted
class Note(Entity):
    model_config = {
        "scope": "record",
        "access": {"read": owner("user_id") | role("staff"), "write": "public"},
    }
    user_id: str = ""
    text: str = ""


@live
def newest(orders: Annotated[list[Order], where()]):
    shown = [Li(f"{order.number} {order.secret!r} {order.cost}") for order in orders]
    return Ul(*shown, P(f"{len(orders)} of them"), id="newest")


@live
def notes_part(notes: list[Note]):
    return Ul(*[Li(note.text) for note in notes], id="notes")


PLACED = Annotated[list[Order], where(status="placed", order="-number", limit=2)]


def pages():
    @page("/newest", access="public")
    def placed(orders: PLACED):
        return newest(orders), P(f"more: {orders.more}", id="more")

    @page("/notes-page", access="signed_in")
    async def own_notes(notes: Annotated[list[Note], where(order="text")]):
        return notes_part(notes)

    @page("/mine", access="public")
    async def mine(notes: Annotated[list[Note], where(user_id=actor.id)]):
        return notes_part(notes)

    return [placed, own_notes, mine]


@pytest.fixture(params=["fasthtml", "starlette"])
def app(request):
    with memory_stores():
        yield create_app([Order, Note], web=request.param, pages=pages())


def order(visitor, number, status="placed", **values):
    made = Order.objects.create(number=number, status=status, secret="deep", **values)
    return visitor.run(made).id


def test_part_follows_created_changed_deleted_and_leaving_records(app):
    with Visitor(app) as ann:
        order(ann, "1")
        shown = ann.open("/newest")
        assert shown.texts("#newest li") == ["1 '' 0"] or shown.texts("#newest li") == [
            "1 'hush' 0"
        ]
        second = order(ann, "2", "open")
        assert len(shown.texts("#newest li")) == 1
        ann.post(f"/orders/{second}/place")
        third = order(ann, "3")
        assert [text[0] for text in shown.texts("#newest li")] == ["3", "2"]
        ann.delete(f"/orders/{third}")
        assert [text[0] for text in shown.texts("#newest li")] == ["2", "1"]
        assert shown.text("#newest p") == "2 of them"


def test_hidden_and_private_values_are_in_no_rendering(app):
    with Visitor(app) as ann:
        order(ann, "1", cost=7)
        shown = ann.open("/newest")
        assert shown.texts("#newest li") == ["1 'hush' 0"]
        order(ann, "2", cost=8)
        assert shown.texts("#newest li") == ["2 'hush' 0", "1 'hush' 0"]
        staff = Visitor(app)
        staff.sign_in(Actor("eve", roles=frozenset({"staff"})))
        seen = staff.open("/newest")
        order(ann, "3", cost=9)
        assert seen.texts("#newest li") == ["3 'hush' 9", "2 'hush' 8"]
        staff.close()


def test_rows_obey_the_rule_of_their_reader(app):
    with Visitor(app) as ann, Visitor(app) as staff:
        ann.sign_in(Actor("ann"))
        staff.sign_in(Actor("eve", roles=frozenset({"staff"})))
        pages = ann.open("/notes-page"), staff.open("/notes-page")
        for user, text in (("ann", "a"), ("bob", "b")):
            staff.post("/notes", {"user_id": user, "text": text})
        assert [each.texts("#notes li") for each in pages] == [["a"], ["a", "b"]]


def test_filter_by_the_reader_is_empty_for_a_guest(app):
    with Visitor(app) as ann:
        assert "<li>" not in ann.request("GET", "/mine", headers=HTML).text.partition("<main")[2]
        ann.sign_in(Actor("ann", roles=frozenset({"staff"})))
        shown = ann.open("/mine")
        ann.post("/notes", {"user_id": "ann", "text": "a"})
        ann.post("/notes", {"user_id": "bob", "text": "b"})
        assert shown.texts("#notes li") == ["a"]


def test_handlers_without_the_layout_take_queries(in_memory):
    app = create_app([Order], pages=[])

    @app.get("/plain")
    def plain(orders: PLACED, q: str = "none"):
        return Ul(*[Li(each.number) for each in orders]), P(q)

    with Visitor(app) as ann:
        order(ann, "<7>")
        html = ann.request("GET", "/plain?q=2", headers=HTML).text
        assert "&lt;7&gt;" in html
        assert "<p>2</p>" in html


def test_starlette_endpoints_take_queries(in_memory):
    from starlette.routing import Route

    @endpoint
    async def numbers(orders: PLACED):
        return {"numbers": [each.number for each in orders]}

    app = create_app([Order], web="starlette", pages=[], routes=[Route("/numbers", numbers)])
    with Visitor(app) as ann:
        order(ann, "7")
        assert ann.get("/numbers").json() == {"numbers": ["7"]}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (lambda: where(state="placed"), "can't be filtered or ordered by 'state'"),
        (lambda: where(secret="hush"), "can't be filtered or ordered by 'secret'"),
        (lambda: where(order="-nothing"), "can't be filtered or ordered by 'nothing'"),
        (lambda: where(status__like="x"), "status__like"),
        (lambda: where(cost="many"), "cost"),
        (lambda: where(nothing=actor.id), "nothing"),
        (lambda: where(limit=201), "limit is 201"),
        (lambda: where(limit=0), "limit is 0"),
    ],
)
def test_senseless_queries_stop_the_start(in_memory, query, message):
    def declare():
        found = query()

        @page("/x")
        def shown(orders: Annotated[list[Order], found]):
            return ""

        create_app([Order], pages=[shown])

    with pytest.raises(ConfigurationError, match=message):
        declare()


def test_query_of_a_class_without_records_stops_the_start(in_memory):
    @unlisted
    class Hits(Entity):
        model_config = {"scope": "app"}
        total: int = 0

    @page("/x")
    def shown(hits: Annotated[list[Hits], where()]):
        return ""

    with pytest.raises(ConfigurationError, match="Hits has no records that a query finds"):
        create_app([Hits], pages=[shown])


def test_filter_by_a_field_that_the_reader_may_not_read_is_refused(in_memory):
    @page("/cheap", access="public")
    def cheap(orders: Annotated[list[Order], where(cost__lt=5)]):
        return newest(orders)

    with Visitor(create_app([Order], pages=[cheap]), raise_errors=False) as ann:
        assert ann.request("GET", "/cheap", headers=HTML).status in (400, 403, 422)
        ann.sign_in(Actor("eve", roles=frozenset({"staff"})))
        assert ann.request("GET", "/cheap", headers=HTML).status == 200


def test_live_part_wants_the_result_of_a_query(in_memory):
    create_app([Order], pages=[])
    with pytest.raises(ConfigurationError, match="shows the result of a query, but got list"):
        newest([Order()])
