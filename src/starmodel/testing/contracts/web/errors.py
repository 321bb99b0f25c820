"""The contract of errors: pages, JSON and patches, and the user's exception handlers."""
# ruff: noqa: S101 - tests assert

import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from starmodel.core.errors import NotFoundError
from starmodel.plugins.built_in.dev_sign_in.links import sign_in_token
from starmodel.testing.browser.asgi import HTML
from starmodel.testing.contracts.web.base import SECRET, WebContractBase


async def _crash(request: Any) -> PlainTextResponse:
    raise RuntimeError("internal detail")


async def _missing(request: Any) -> PlainTextResponse:
    raise NotFoundError("Product", "7")


async def _teapot(request: Any) -> PlainTextResponse:
    raise HTTPException(418, "Only tea here.", {"x-kind": "tea"})


ROUTES = [Route("/crash", _crash), Route("/missing", _missing), Route("/teapot", _teapot)]


class ErrorsContract(WebContractBase):
    """Error responses in the representation that a request accepts."""

    def test_errors_are_pages_for_browsers_and_problems_for_clients(self) -> None:
        with self.serving(routes=ROUTES) as site:
            for path, status in (
                ("/none", 404), ("/products/none", 404), ("/missing", 404), ("/crash", 500),
                ("/teapot", 418), ("/counter/increment", 405),
            ):  # fmt: skip
                page, problem = site.page(path), site.visitor.get(path)
                assert (page.status, problem.status) == (status, status), path
                assert page.headers["content-type"].startswith("text/html")
                assert "content-security-policy" in page.headers
                assert f">{status}<" in page.text
                assert problem.headers["content-type"] == "application/problem+json"
                assert problem.json()["status"] == status
                assert page.headers["cache-control"] == "no-store"

    def test_refused_event_is_a_problem_or_a_patch(self) -> None:
        with self.serving() as site:
            problem, patch = site.visitor.post("/counter/refuse"), site.click("/counter/refuse")
            assert (problem.status, problem.json()["detail"]) == (422, "The counter is full.")
            assert (patch.http_status, patch.status) == (200, 422)
            assert "The counter is full." in patch.text

    def test_error_of_a_handler_is_a_patch_for_a_click(self) -> None:
        with self.serving(routes=[Route("/crash", _crash, methods=["POST"])]) as site:
            patch = site.click("/crash")
            assert (patch.http_status, patch.status) == (200, 500)
            assert "datastar-patch" in patch.text

    def test_details_of_an_exception_are_for_the_developer_only(self) -> None:
        with self.serving(routes=ROUTES, env="development") as site:
            for path in ("/crash", "/counter/crash"):
                method = "POST" if path.startswith("/counter") else "GET"
                assert "internal detail" not in site.visitor.request(method, path).text
            assert site.page(f"/?token={sign_in_token(SECRET)}").status == 303
            page = site.page("/crash")
            assert page.status == 500
            assert "internal detail" in page.text
            assert "internal detail" in site.click("/counter/crash").text

    def test_http_exception_of_a_handler_has_its_text_and_headers(self) -> None:
        with self.serving(routes=ROUTES) as site:
            reply = site.visitor.get("/teapot")
            assert reply.json()["detail"] == "Only tea here."
            assert reply.headers["x-kind"] == "tea"

    def test_exception_handlers_of_the_user_take_precedence(self) -> None:
        async def handle(request: Any, error: Exception) -> PlainTextResponse:
            return PlainTextResponse(f"mine: {type(error).__name__}", status_code=400)

        for kind, path, name in (
            (404, "/none", "HTTPException"), (HTTPException, "/teapot", "HTTPException"),
            (NotFoundError, "/missing", "NotFoundError"), (Exception, "/crash", "RuntimeError"),
            (500, "/crash", "RuntimeError"),
        ):  # fmt: skip
            with self.serving(routes=ROUTES, exception_handlers={kind: handle}) as site:
                reply = site.page(path)
                assert (reply.status, reply.text) == (400, f"mine: {name}")

    def test_error_page_has_no_details_of_the_server(self) -> None:
        with self.serving(routes=ROUTES) as site:
            for path in ("/crash", "/none", "/counter/increment"):
                text = site.visitor.request("GET", path, headers=HTML).text
                assert not re.search(r"Traceback|starlette|fasthtml|RuntimeError", text)
