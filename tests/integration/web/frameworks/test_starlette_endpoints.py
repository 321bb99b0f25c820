"""`starmodel.starlette.endpoint`: parameters and results of Starlette endpoints."""

import functools
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from integration.web.browser import unlisted
from starmodel import ConfigurationError, Entity, Field, Session, create_app, event
from starmodel.starlette import endpoint
from starmodel.testing import Visitor, memory_stores
from starmodel.testing.browser.asgi import HTML


@unlisted
class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount


@unlisted
class OrderLine(Entity):
    model_config = {"scope": "record", "access": "public"}
    text: str = ""


def test_path_parameters_fill_parameters_of_their_name(starlette):
    @endpoint
    def show(year: int, page: int = 1):
        return {"year": year, "page": page}

    routes = [Route("/{year:int}", show), Route("/{year:int}/{page:int}", show)]
    visitor = starlette(Counter, routes=routes)
    assert visitor.get("/2026").json() == {"year": 2026, "page": 1}
    assert visitor.get("/2026/3").json() == {"year": 2026, "page": 3}


def test_parameter_without_a_value_names_the_remedy(starlette, caplog):
    @endpoint
    async def show(name: str):
        return {}

    visitor = starlette(Counter, routes=[Route("/show", show)])
    assert visitor.get("/show").status == 500
    assert "show(name) has no value: the route has no path parameter {name}" in caplog.text


def test_record_is_found_by_its_class_name_in_the_path(starlette):
    @endpoint
    async def show(order_line: OrderLine):
        return {"text": order_line.text}

    visitor = starlette(OrderLine, routes=[Route("/line/{order_line_id}", show)])
    id = visitor.post("/orderlines", {"text": "Pen"}).json()["entity"]["id"]
    assert visitor.get(f"/line/{id}").json() == {"text": "Pen"}


def test_record_without_a_path_parameter_names_the_remedy(starlette, caplog):
    @endpoint
    async def show(line: OrderLine):
        return {}

    assert starlette(OrderLine, routes=[Route("/show", show)]).get("/show").status == 500
    assert "no path parameter {id} or {order_line_id}" in caplog.text


def test_session_parameters(starlette):
    @endpoint
    async def sign_in(mine: Session, session, request: Request):
        assert mine is session is request.session
        mine.sign_in("ann")

    @endpoint
    async def whoami(mine: Session):
        return {"actor": mine.actor and mine.actor.id}

    routes = [Route("/in", sign_in, methods=["POST"]), Route("/me", whoami)]
    visitor = starlette(Counter, routes=routes)
    assert visitor.post("/in").status == 204
    assert visitor.get("/me").json() == {"actor": "ann"}


def test_methods_of_an_http_endpoint(starlette):
    class Page(HTTPEndpoint):
        @endpoint
        async def get(self, counter: Counter):
            return {"count": counter.count}

        @endpoint
        def post(self, request: Request, counter: Counter):
            return PlainTextResponse(f"{request.method} {counter.count}")

    visitor = starlette(Counter, routes=[Route("/page", Page)])
    visitor.post("/counter/increment", {"amount": 2})
    assert visitor.get("/page").json() == {"count": 2}
    assert visitor.post("/page").text == "POST 2"


def test_endpoint_has_the_name_and_docstring_of_its_function():
    @endpoint
    async def show(counter: Counter):
        """The counter."""

    assert (show.__name__, show.__doc__) == ("show", "The counter.")


@pytest.mark.parametrize("annotation", [Counter | None, list[Counter]])
def test_parameter_that_cannot_be_filled_is_rejected(annotation):
    async def show(counter): ...

    show.__annotations__["counter"] = annotation
    with pytest.raises(ConfigurationError, match=r"can't be injected.*Write counter: Counter"):
        endpoint(show)


def test_annotation_that_does_not_resolve_is_rejected():
    async def show(counter): ...

    show.__annotations__["counter"] = "Missing"
    with pytest.raises(ConfigurationError, match=r"show\(counter\) can't be resolved.*before the"):
        endpoint(show)


def test_result_of_another_type_is_reported(starlette, caplog):
    @endpoint
    async def show():
        return 5

    visitor = starlette(Counter, routes=[Route("/show", show)])
    assert visitor.request("GET", "/show", headers=HTML).status == 500
    assert "show returned int; expected a Response" in caplog.text


def test_endpoint_in_another_application_names_the_remedy(starlette, caplog):
    @endpoint
    async def show(counter: Counter):
        return {}

    client = TestClient(Starlette(routes=[Route("/show", show)]))
    with pytest.raises(ConfigurationError, match=r"passed no StarModel application.*configure_app"):
        client.get("/show")


def test_websocket_endpoint_gets_the_visitors_entity(starlette):
    @endpoint
    async def talk(websocket: WebSocket, counter: Counter):
        await websocket.accept()
        await websocket.send_text(f"count {counter.count}")
        await websocket.close()

    app = starlette(Counter, routes=[WebSocketRoute("/talk", talk)]).app
    headers = {"origin": "http://testserver"}
    with TestClient(app).websocket_connect("/talk", headers=headers) as socket:
        assert socket.receive_text() == "count 0"


def _positional(counter, /): ...


def _open(*names, **more): ...


def _generator():
    yield "text"


async def _stream():
    yield "text"


class _Page:
    def __call__(self): ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (_positional, r"_positional\(counter\) can't be filled"),
        (_open, r"_open\(\*names\) can't be filled"),
        (_generator, "yields"),
        (_stream, "yields"),
        (_Page, "expected a function"),
        (_Page(), "expected a function"),
        (functools.partial(_open), "expected a function"),
        (None, "expected a function"),
        (endpoint(lambda: "text"), "twice"),
    ],
)
def test_endpoint_that_cannot_be_called_is_refused_at_its_definition(function, message):
    with pytest.raises(ConfigurationError, match=message):
        endpoint(function)


def test_dict_of_an_endpoint_is_json_without_what_the_visitor_may_not_read(tmp_path, monkeypatch):
    class Open(Entity):
        model_config = {"scope": "record", "access": "public"}
        hidden: str = Field(default="S3CR", private=True)

    class Closed(Entity):
        model_config = {"scope": "record", "access": "nobody"}

    @endpoint
    def home():
        day = datetime(2026, 11, 30, tzinfo=UTC)
        return {"at": day, "open": Open(id="1"), "closed": Closed(id="2"), "nan": float("nan")}

    monkeypatch.chdir(tmp_path)
    with memory_stores():
        app = create_app([Open, Closed], web="starlette", routes=[Route("/", home)])
        found = Visitor(app).get("/").json()
    assert found == {
        "at": "2026-11-30T00:00:00Z", "open": {"id": "1"}, "closed": None, "nan": None,
    }  # fmt: skip
