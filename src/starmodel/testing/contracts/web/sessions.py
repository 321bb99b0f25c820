"""The contract of sessions: data, sign-in, sign-out, and the origin of requests."""
# ruff: noqa: S101 - tests assert

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from starmodel.testing.browser.asgi import DATASTAR, JSON, ORIGIN
from starmodel.testing.contracts.web.base import WebContractBase


async def _visit(request: Request) -> PlainTextResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return PlainTextResponse(str(request.session["visits"]))


async def _sign_in(request: Any) -> PlainTextResponse:
    request.session.sign_in(request.path_params["name"])
    return PlainTextResponse("Hello")


async def _sign_out(request: Any) -> PlainTextResponse:
    request.session.sign_out()
    return PlainTextResponse("Bye")


ROUTES = [
    Route("/visit", _visit),
    Route("/sign-in/{name}", _sign_in, methods=["POST"]),
    Route("/sign-out", _sign_out, methods=["POST"]),
]


class SessionsContract(WebContractBase):
    """`request.session` in handlers, and requests of other sites."""

    def test_session_data_belongs_to_one_visitor(self) -> None:
        with self.serving(routes=ROUTES) as site:
            assert [site.visitor.get("/visit").text for _ in range(2)] == ["1", "2"]
            assert site.another().get("/visit").text == "1"

    def test_sign_in_of_a_handler_rotates_the_cookie_and_keeps_entities(self) -> None:
        with self.serving(routes=ROUTES) as site:
            site.visitor.post("/counter/increment")
            before = site.visitor.cookies.header
            site.visitor.post("/sign-in/ann")
            assert site.visitor.cookies.header != before
            assert site.visitor.get("/counter").json()["count"] == 1

    def test_sign_out_of_a_handler_ends_the_session(self) -> None:
        with self.serving(routes=ROUTES) as site:
            site.visitor.post("/counter/increment")
            site.visitor.post("/sign-in/ann")
            site.visitor.post("/sign-out")
            assert site.visitor.get("/counter").json()["count"] == 0

    def test_request_from_another_site_changes_nothing(self) -> None:
        with self.serving(routes=ROUTES) as site:
            site.visitor.get("/visit")
            cookies = dict(site.visitor.cookies)
            for headers in (
                {"origin": "https://other.example"},
                {"sec-fetch-site": "cross-site", "origin": ORIGIN},
            ):
                for path in ("/counter/increment", "/sign-in/ann"):
                    reply = site.visitor.request("POST", path, headers={**JSON, **headers})
                    assert reply.status == 403
                    assert not reply.set_cookies
            assert dict(site.visitor.cookies) == cookies
            assert site.visitor.get("/counter").json()["count"] == 0

    def test_page_of_an_ended_session_is_stale(self) -> None:
        with self.serving(routes=ROUTES) as site:
            headers = {**DATASTAR, "origin": ORIGIN, "starmodel-session": "another"}
            reply = site.visitor.request("POST", "/counter/increment", {}, headers=headers)
            assert reply.headers["starmodel-status"] == "403"
            assert site.visitor.get("/counter").json()["count"] == 0

    def test_page_and_json_of_a_handler_are_not_cached(self) -> None:
        with self.serving(routes=ROUTES) as site:
            assert site.visitor.get("/visit").headers["cache-control"] == "no-store"
