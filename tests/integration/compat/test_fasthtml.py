"""The undocumented behaviour of FastHTML that the web adapter relies on."""

from dataclasses import dataclass
from typing import Any

import pytest
from fasthtml.components import Meta, P
from fasthtml.core import APIRouter, Beforeware, FastHTML
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from starmodel.adapters.web._compat.fasthtml import (
    CheckedRoutes,
    handler_of,
    is_conversion_error,
    missing_parameter,
    run_before,
)
from starmodel.adapters.web._compat.starlette import request_with_body
from starmodel.adapters.web.frameworks.fasthtml import application as fasthtml_application
from starmodel.adapters.web.frameworks.starlette import application as starlette_application
from starmodel.bootstrap.web import FASTHTML_ONLY


@dataclass
class Order:
    amount: int


def client(app: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def request_for(app: FastHTML, query: bytes = b"") -> Request:
    scope = {
        "type": "http", "method": "GET", "path": "/page", "query_string": query, "headers": [],
        "root_path": "", "path_params": {}, "session": {}, "app": app,
    }  # fmt: skip
    return request_with_body(scope, b"")


class Recording(CheckedRoutes):
    checked: list[str] = []

    def check_handler(self, handler: Any) -> None:
        self.checked.append(handler.__name__)


def test_add_route_and_endp_are_called_for_each_handler() -> None:
    app, router = Recording(secret_key="k"), APIRouter()
    Recording.checked.clear()

    @app.get("/a")
    def first() -> str:
        """The first page."""
        return "a"

    @router.get("/b")
    def second() -> str:
        return "b"

    router.to_app(app)

    called = "FastHTML no longer adds routes by FastHTML._add_route(func, …)"
    assert Recording.checked == ["first", "second"], called
    endpoint = next(r.endpoint for r in app.router.routes if getattr(r, "path", "") == "/a")
    made = "FastHTML no longer makes endpoints by FastHTML._endp(f, …)"
    assert endpoint.__doc__ == "The first page.", made
    assert client(app).get("/a").text == "a"


def test_handler_is_in_the_closure_of_its_endpoint() -> None:
    app = FastHTML(secret_key="k")

    @app.get("/a")
    def page() -> str:
        return "a"

    @app.ws("/ws")
    async def receive(message: str) -> str:
        return message

    endpoints = {getattr(r, "path", ""): r.endpoint for r in app.router.routes}
    handlers = [handler_of(endpoints[path]).__qualname__ for path in ("/a", "/ws")]
    closures = "FastHTML's endpoints no longer have their handler as `f`, or `recv` of on_receive"
    assert handlers == [
        f"{test_handler_is_in_the_closure_of_its_endpoint.__qualname__}.<locals>.{name}"
        for name in ("page", "receive")
    ], closures


def test_endpoint_of_another_framework_is_its_own_handler() -> None:
    async def endpoint(request: Request) -> None: ...

    app = Starlette()
    app.add_route("/a", endpoint)
    assert handler_of(app.routes[0].endpoint) is endpoint


async def test_before_functions_get_parameters_and_return_responses() -> None:
    seen: list[Any] = []

    def remember(req: Request, n: int) -> None:
        seen.append((req.url.path, n))

    def skipped() -> str:
        raise AssertionError

    def refuse() -> str:
        return "Sign in first."

    app = FastHTML(before=[remember, Beforeware(skipped, skip=["/page"]), refuse], secret_key="k")
    response = await run_before(app, request_for(app, b"n=5"))

    assert seen == [("/page", 5)], "FastHTML's _wrap_call no longer injects parameters"
    assert response is not None
    assert b"Sign in first." in response.body, "FastHTML's _resp no longer makes a response"


async def test_components_of_before_functions_become_a_page() -> None:
    app = FastHTML(
        before=[lambda: P("Closed.")], hdrs=(Meta(name="own"),), default_hdrs=False, secret_key="k"
    )
    response = await run_before(app, request_for(app))

    assert response is not None
    page = "FastHTML's _resp no longer takes hdrs, ftrs, htmlkw, bodykw, body_wrap of the request"
    assert b"<p>Closed.</p>" in response.body, page
    assert b'<meta name="own">' in response.body, page


async def test_before_functions_without_a_result_let_the_request_pass() -> None:
    app = FastHTML(before=[lambda: None], secret_key="k")
    assert await run_before(app, request_for(app)) is None


@pytest.mark.parametrize(("sent", "expected"), [("ten", True), ("10", False)])
def test_conversion_error_is_raised_inside_wrap_req(sent: str, expected: bool) -> None:
    errors: list[Exception] = []
    app = FastHTML(secret_key="k")

    @app.post("/a")
    def order(form: Order) -> str:
        raise ValueError(form)

    async def handler(request: Any, error: Exception) -> Response:
        errors.append(error)
        return Response(status_code=400)

    app.exception_handlers[Exception] = handler
    client(app).post("/a", data={"amount": sent})

    changed = "FastHTML no longer converts parameters inside _wrap_req"
    assert [is_conversion_error(error) for error in errors] == [expected], changed


@pytest.mark.parametrize(("path", "expected"), [("/a", "amount"), ("/b", ""), ("/c", "")])
def test_missing_parameter_is_found_inside_find_p(path: str, expected: str) -> None:
    found: list[str] = []
    app = FastHTML(secret_key="k")

    @app.post("/a")
    def order(amount: int) -> str:
        raise AssertionError(amount)

    @app.post("/b")
    def refuse() -> str:
        raise HTTPException(400, "own")

    @app.post("/c")
    def default(amount: int = 3) -> str:
        raise HTTPException(400, str(amount))

    async def handler(request: Any, error: HTTPException) -> Response:
        found.append(missing_parameter(error))
        return Response(status_code=400)

    app.exception_handlers[HTTPException] = handler
    client(app).post(path)

    changed = "FastHTML no longer reads parameters inside _find_p, or names them differently"
    assert found == [expected], changed


def test_options_that_starlette_lacks_are_those_of_fasthtml() -> None:
    options = fasthtml_application.OPTIONS - starlette_application.OPTIONS
    assert options >= FASTHTML_ONLY, "FastHTML no longer takes these options"
