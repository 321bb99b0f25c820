"""The contract of routes: the user's come first, generated ones are late fallbacks."""
# ruff: noqa: S101 - tests assert

from typing import Any

from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from starmodel.adapters.web.pages.assets import asset_urls
from starmodel.testing.contracts.web.base import WebContractBase


async def own(request: Any) -> PlainTextResponse:
    return PlainTextResponse(f"own {request.url.path}")


class RoutesContract(WebContractBase):
    """Precedence of the user's routes, and the methods of generated ones."""

    def test_user_route_takes_precedence_on_the_same_path(self) -> None:
        routes = [Route("/", own), Route("/counter", own), Route("/products/{pid}", own)]
        with self.serving(routes=routes) as site:
            for path in ("/", "/counter", "/products/7"):
                assert site.page(path).text == f"own {path}"
            assert site.visitor.get("/products").json()["items"] == []

    def test_other_methods_of_a_user_path_stay_generated(self) -> None:
        with self.serving(routes=[Route("/products", own, methods=["POST"])]) as site:
            assert site.visitor.post("/products", {"name": "Pen"}).text == "own /products"
            assert site.visitor.get("/products").json()["items"] == []

    def test_mount_of_the_user_takes_all_paths_below_it(self) -> None:
        inner = Mount("/products", routes=[Route("/{rest:path}", own)])
        with self.serving(routes=[inner]) as site:
            assert site.page("/products/7/parts").text == "own /products/7/parts"
            assert site.visitor.get("/counter").json()["count"] == 0

    def test_route_added_after_the_first_request_takes_precedence(self) -> None:
        with self.serving() as site:
            assert site.visitor.get("/counter").json()["count"] == 0
            site.app.router.routes.append(Route("/counter", own))
            assert site.visitor.get("/counter").text == "own /counter"

    def test_route_with_a_convertor_matches_only_its_paths(self) -> None:
        with self.serving(routes=[Route("/products/{n:int}", own)]) as site:
            assert site.page("/products/7").text == "own /products/7"
            assert site.page("/products/none").status == 404

    def test_head_of_a_generated_page_has_no_body(self) -> None:
        with self.serving() as site:
            get, head = site.page("/counter"), site.page("/counter", "HEAD")
            assert (head.status, head.body) == (200, b"")
            assert head.headers["content-type"] == get.headers["content-type"]

    def test_head_and_options_of_a_user_route_are_the_frameworks(self) -> None:
        with self.serving(routes=[Route("/own", own)]) as site:
            assert site.page("/own", "HEAD").status == 200
            assert site.page("/own", "OPTIONS").status == 405

    def test_wrong_method_names_the_allowed_ones(self) -> None:
        with self.serving(routes=[Route("/own", own)]) as site:
            for path, allowed in (("/counter/increment", {"POST"}), ("/own", {"GET", "HEAD"})):
                reply = site.visitor.put(path)
                assert reply.status == 405
                assert set(reply.headers["allow"].split(", ")) == allowed

    def test_generated_path_with_superfluous_slashes_is_normalised(self) -> None:
        with self.serving() as site:
            reply = site.page("/counter/")
            assert (reply.status, reply.headers["location"]) == (308, "/counter")

    def test_assets_and_health_are_served(self) -> None:
        with self.serving() as site:
            assert site.visitor.get("/_starmodel/health").json() == {"status": "ok"}
            asset = site.visitor.get(asset_urls()["starmodel.js"])
            assert "immutable" in asset.headers["cache-control"]
            assert site.visitor.get("/_starmodel/none").status == 404
