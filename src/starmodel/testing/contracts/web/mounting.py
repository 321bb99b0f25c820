"""The contract of applications below a prefix, and of the root path of a proxy."""
# ruff: noqa: S101 - tests assert

from contextlib import asynccontextmanager
from html import unescape
from typing import Any

from fastcore.xml import FT
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from starmodel.testing.browser.asgi import HTML, Cookies, send
from starmodel.testing.contracts.web.base import SECRET, WebContractBase, entities
from starmodel.testing.stores import memory_stores
from starmodel.testing.visitor import Visitor


async def _client(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.client and request.client.host} {request.url.scheme}")


class MountingContract(WebContractBase):
    """URLs of pages, redirects and streams below a prefix."""

    def test_application_below_a_mount_has_its_prefix_in_all_urls(self) -> None:
        with memory_stores():
            classes = entities()
            app = self.make_app(classes, secret_key=SECRET)
            Counter = classes[0]  # noqa: N806 - a class

            async def mine(counter: Counter) -> Any:  # type: ignore[valid-type]
                action = {"data-on:click": str(Counter.increment(1))}
                return counter, FT("button", ("+1",), action)

            self.add_page(app, "/mine", mine)

            @asynccontextmanager
            async def lifespan(parent: Any) -> Any:
                async with app.router.lifespan_context(app):
                    yield

            visitor = Visitor(Starlette(routes=[Mount("/shop", app=app)], lifespan=lifespan))
            try:
                for path in ("/shop/mine", "/shop/counter", "/shop/", "/shop/products"):
                    html = unescape(visitor.request("GET", path, headers=HTML).text)
                    for start in ('href="/', 'src="/', 'action="/', "@post('/", "@live('/"):
                        urls = html.split(start)[1:]
                        assert all(url.startswith("shop/") for url in urls), (path, start)
                page, other = visitor.open("/shop/mine"), visitor.open("/shop/counter")
                page.click("+1")
                assert other.signals["Counter.count"] == 1
                made = visitor.post("/shop/products", {"name": "Pen"})
                assert made.headers["location"].startswith("/shop/products/")
                assert visitor.request("GET", "/shop/none", headers=HTML).status == 404
            finally:
                visitor.close()

    def test_root_path_of_a_proxy_is_before_all_urls(self) -> None:
        with self.serving() as site:

            async def work() -> str:
                async def proxied(scope: Any, receive: Any, send_: Any) -> None:
                    path = f"/shop{scope['path']}"
                    await site.app({**scope, "root_path": "/shop", "path": path}, receive, send_)

                return (await send(proxied, "GET", "/counter", HTML, Cookies())).text

            html = unescape(site.visitor.run(work()))
            assert "@live('/shop/_starmodel/stream" in html
            assert 'action="/shop/counter/increment"' in html

    def test_client_and_scheme_are_those_that_a_trusted_proxy_names(self) -> None:
        headers = {"x-forwarded-for": "6.6.6.6, 1.2.3.4", "x-forwarded-proto": "https"}
        for networks, expected in (([], "127.0.0.1 http"), (["127.0.0.0/8"], "1.2.3.4 https")):
            routes = [Route("/client", _client)]
            with self.serving(routes=routes, trusted_proxies=networks) as site:
                reply = site.visitor.request("GET", "/client", headers=headers)
                assert reply.text == expected
