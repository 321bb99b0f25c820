"""The contract of middleware: it wraps generated routes, streams and browser states."""
# ruff: noqa: S101 - tests assert

from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from starmodel.testing.contracts.web.base import WebContractBase
from starmodel.testing.contracts.web.routes import own

STREAM = "/_starmodel/stream"


class Closing:
    """Rejects each request without the cookie `pass`, as plain ASGI middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        cookies = dict(scope.get("headers", ())).get(b"cookie", b"")
        if scope["type"] == "http" and b"pass=" not in cookies:
            await PlainTextResponse("closed", status_code=401)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class Stamping(BaseHTTPMiddleware):
    """Adds a header to each response, and records its path."""

    async def dispatch(self, request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-stamp"] = request.url.path
        return response


class MiddlewareContract(WebContractBase):
    """Middleware of the user."""

    def test_middleware_wraps_every_response(self) -> None:
        stamping = [Middleware(Stamping), Middleware(GZipMiddleware)]
        with self.serving(middleware=stamping, routes=[Route("/own", own)]) as site:
            replies = [
                site.page("/"), site.page("/counter"), site.page("/none"), site.page("/own"),
                site.click("/counter/increment"), site.click("/counter/refuse"),
                site.visitor.post("/products", {"name": "Pen"}),
            ]  # fmt: skip
            assert [reply.status for reply in replies] == [200, 200, 404, 200, 200, 422, 201]
            assert all("x-stamp" in reply.headers for reply in replies)
            assert site.visitor.get("/counter").json()["count"] == 1

    def test_generated_responses_are_equal_with_and_without_middleware(self) -> None:
        names = ("content-type", "location", "cache-control", "starmodel-status")
        seen = []
        for middleware in ([], [Middleware(Stamping)]):
            with self.serving(middleware=middleware) as site:
                replies = [
                    site.page("/counter"), site.visitor.get("/counter"),
                    site.click("/counter/increment"), site.click("/counter/refuse"),
                    site.page("/products"), site.page("/counter/"), site.visitor.put("/counter"),
                ]  # fmt: skip
                seen.append(
                    [(r.http_status, *(r.headers.get(name) for name in names)) for r in replies]
                )
        assert seen[0] == seen[1]

    def test_middleware_blocks_pages_events_and_streams(self) -> None:
        with self.serving(middleware=[Middleware(Closing)], routes=[Route("/own", own)]) as site:
            site.visitor.cookies["pass"] = "1"  # noqa: S105 - no secret
            page = site.visitor.open("/board")
            page.click("Add")
            assert page.signals["Board.notes"] == 1
            stream = page.html.partition("@live('")[2].partition("'")[0]
            assert stream.startswith(STREAM)
            del site.visitor.cookies["pass"]
            for path in ("/board", "/own", stream):
                assert site.page(path).status == 401
            assert site.click("/board/add").http_status == 401
            states = site.visitor.request("POST", "/_starmodel/browser_state", {"_browser": {}})
            assert states.status == 401

    def test_middleware_does_not_see_assets_and_health(self) -> None:
        with self.serving(middleware=[Middleware(Closing)]) as site:
            assert site.visitor.get("/_starmodel/health").status == 200

    def test_session_is_stored_behind_middleware(self) -> None:
        with self.serving(middleware=[Middleware(Stamping)]) as site:
            site.visitor.post("/counter/increment", {"amount": 2})
            assert len(site.visitor.cookies) == 1
            assert site.visitor.get("/counter").json()["count"] == 2

    def test_stream_through_middleware_ends_with_its_page(self) -> None:
        with self.serving(middleware=[Middleware(Stamping)]) as site:
            page = site.visitor.open("/board")
            other = site.another().open("/board")
            other.click("Add")
            assert page.signals["Board.notes"] == 1
            hub = site.app.starmodel.hub
            assert len(hub) == 2
            page.close()
            assert len(hub) == 1
