"""The contract of handlers: entities as parameters, components as pages, results."""
# ruff: noqa: S101 - tests assert

from typing import Any

from fastcore.xml import FT
from starlette.requests import Request

from starmodel.adapters.web.pages.assets import asset_urls
from starmodel.core.events.results import Redirect
from starmodel.testing.browser.asgi import DATASTAR, HTML, JSON
from starmodel.testing.contracts.web.base import Site, WebContractBase


class HandlersContract(WebContractBase):
    """Handlers of user routes."""

    def _add_counter_page(self, site: Site) -> None:
        Counter = site.Counter  # noqa: N806 - a class

        async def home(counter: Counter) -> Any:  # type: ignore[valid-type]
            heading = FT("h2", (), {"data-text": str(Counter.count_signal)})
            button = FT("button", ("+1",), {"data-on:click": str(Counter.increment(1))})
            return counter, heading, button

        self.add_page(site.app, "/own", home)

    def test_entity_parameter_is_the_visitors_own(self) -> None:
        with self.serving() as site:
            Counter = site.Counter  # noqa: N806 - a class

            async def show(request: Request, counter: Counter) -> Any:  # type: ignore[valid-type]
                return {"count": counter.count, "path": request.url.path}  # type: ignore[attr-defined]

            self.add_page(site.app, "/show", show)
            site.visitor.post("/counter/increment", {"amount": 3})
            assert site.visitor.get("/show").json() == {"count": 3, "path": "/show"}
            assert site.another().get("/show").json()["count"] == 0

    def test_synchronous_handler_gets_the_same_parameters(self) -> None:
        with self.serving() as site:
            Counter = site.Counter  # noqa: N806 - a class

            def show(counter: Counter) -> Any:  # type: ignore[valid-type]
                return {"count": counter.count}  # type: ignore[attr-defined]

            self.add_page(site.app, "/show", show)
            assert site.visitor.get("/show").json() == {"count": 0}

    def test_record_parameter_is_loaded_by_the_path(self) -> None:
        with self.serving() as site:
            Product = site.Product  # noqa: N806 - a class

            async def show(product: Product) -> Any:  # type: ignore[valid-type]
                return {"name": product.name}  # type: ignore[attr-defined]

            self.add_page(site.app, "/shop/{product_id}", show)
            self.add_page(site.app, "/item/{id}", show)
            id = site.visitor.post("/products", {"name": "Pen"}).json()["entity"]["id"]
            for path in ("/shop", "/item"):
                assert site.visitor.get(f"{path}/{id}").json() == {"name": "Pen"}
                assert site.visitor.get(f"{path}/none").status == 404

    def test_record_parameter_without_a_path_parameter_is_an_error(self) -> None:
        with self.serving() as site:
            Product = site.Product  # noqa: N806 - a class

            async def show(product: Product) -> Any:  # type: ignore[valid-type]
                return {}

            self.add_page(site.app, "/show", show)
            assert site.visitor.get("/show").status == 500

    def test_own_page_is_live(self) -> None:
        with self.serving() as site:
            self._add_counter_page(site)
            first, second = site.visitor.open("/own"), site.visitor.open("/own")
            first.click("+1")
            assert [page.text("h2") for page in (first, second)] == ["1", "1"]

    def test_own_page_has_head_and_one_stream(self) -> None:
        with self.serving() as site:
            self._add_counter_page(site)
            html = site.page("/own").text
            assert html.count('id="starmodel-live"') == 1
            assert html.index("data-signals") < html.index('id="starmodel-live"')
            assert asset_urls()["starmodel.js"] in html
            assert html.count("<title>") == 1
            assert html.lower().startswith("<!doctype html>")
            assert "https://" not in html

    def test_components_for_a_click_come_without_the_page(self) -> None:
        with self.serving() as site:

            async def part() -> Any:
                return FT("p", ("new",), {"id": "part"})

            self.add_page(site.app, "/part", part)
            reply = site.visitor.request("GET", "/part", headers=DATASTAR)
            assert reply.text.strip() == '<p id="part">new</p>'
            assert "Datastar-Request" in reply.headers["vary"]
            assert "<html" in site.page("/part").text

    def test_redirect_navigates_browsers_and_pages(self) -> None:
        with self.serving() as site:

            async def go() -> Any:
                return Redirect("/counter?a=1")

            self.add_page(site.app, "/go", go)
            reply = site.page("/go")
            assert (reply.status, reply.headers["location"]) == (303, "/counter?a=1")
            reply = site.visitor.request("GET", "/go", headers=DATASTAR)
            assert reply.http_status == 200
            assert "window.location" in reply.text
            assert "counter" in reply.text

    def test_redirect_to_another_site_is_rejected(self) -> None:
        with self.serving() as site:

            async def go() -> Any:
                return Redirect("https://other.example/")

            self.add_page(site.app, "/go", go)
            assert site.page("/go").status == 400

    def test_entity_as_result_is_a_page_or_json(self) -> None:
        with self.serving() as site:
            Counter = site.Counter  # noqa: N806 - a class

            async def show(counter: Counter) -> Any:  # type: ignore[valid-type]
                return counter

            self.add_page(site.app, "/show", show)
            assert site.visitor.request("GET", "/show", headers=JSON).json()["count"] == 0
            page = site.visitor.request("GET", "/show", headers=HTML).text
            assert "<title>Counter</title>" in page
            assert 'id="starmodel-live"' in page

    def test_entity_parameter_is_subject_to_the_access_policy(self) -> None:
        with self.serving() as site:
            Vault = site.Vault  # noqa: N806 - a class

            async def show(vault: Vault) -> Any:  # type: ignore[valid-type]
                return {"sum": vault.sum}  # type: ignore[attr-defined]

            self.add_page(site.app, "/show", show)
            assert site.visitor.get("/show").status == 401
            site.visitor.sign_in("ann")
            assert site.visitor.get("/show").status == 403
            site.visitor.sign_in("bob", roles=["keeper"])
            assert site.visitor.get("/show").json() == {"sum": 7}
