"""The built-in plugins: switched off, replaced, and in every framework."""

from __future__ import annotations

from typing import Any

import pytest
from fasthtml.components import P
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.routing import Route as StarletteRoute

from integration.plugins.reports import given_reports
from starmodel import ConfigurationError, Entity, configure_app, create_app, event
from starmodel.auth import Auth
from starmodel.plugins import Page, Plugin, ResourceRoute, Route
from starmodel.testing import Visitor


class Pen(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str = "Pen"

    @event
    def refill(self) -> None:
        self.name += " refilled"


class Cup(Entity):
    model_config = {"scope": "session"}
    sips: int = 0

    @event
    def sip(self) -> None:
        self.sips += 1


class Prefs(Entity):
    model_config = {"store": "local_storage"}
    dark: bool = False


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


def build(*off: str, entities: Any = (Pen, Cup), **options: Any) -> Any:
    return create_app(list(entities), plugins_disabled=list(off), secret_key="k" * 40, **options)


async def index(request: Any) -> PlainTextResponse:
    return PlainTextResponse("own page")


@pytest.fixture(params=["fasthtml", "starlette", "configured fasthtml", "configured starlette"])
def make(request: pytest.FixtureRequest) -> Any:
    """Makes an application with the user's page /own, in each way to make one."""

    def made(*off: str, **options: Any) -> Any:
        options |= {"plugins_disabled": list(off), "secret_key": "k" * 40}
        routes, entities = [StarletteRoute("/own", index)], [Pen, Cup]
        if request.param == "configured fasthtml":
            from fasthtml.core import FastHTML

            app = FastHTML(secret_key="k" * 40, routes=routes)
            return configure_app(app, entities, **options)
        if request.param == "configured starlette":
            return configure_app(Starlette(routes=routes), entities, **options)
        return create_app(entities, web=request.param, routes=routes, **options)

    return made


def test_application_without_crud_keeps_events_and_own_pages(make: Any) -> None:
    with Visitor(make("crud"), raise_errors=False) as visitor:
        assert visitor.get("/own").text == "own page"
        assert visitor.post("/cup/sip").json()["entity"]["sips"] == 1
        for path in ("/", "/pens", "/pens/new", "/pens/1", "/pens/1/edit", "/cup"):
            assert visitor.get(path).status == 404, path
        assert visitor.post("/pens", {"name": "Blue"}).status == 404
        assert visitor.post("/pens/_bulk", {"event": "refill", "id": ["1"]}).status == 404
        assert visitor.post("/pens/1/refill").status == 404  # no such record
        assert visitor.get("/_starmodel/health").json() == {"status": "ok"}


def test_class_without_crud_has_no_routes_of_records() -> None:
    class Draft(Entity):
        model_config = {"scope": "record", "access": "public", "crud": False}

        @event
        def send(self) -> None:
            pass

    with Visitor(build(entities=[Draft]), raise_errors=False) as visitor:
        for path in ("/drafts", "/drafts/1", "/drafts/new", "/drafts/1/edit"):
            assert visitor.get(path).status == 404, path
        assert visitor.delete("/drafts/1").status == 404


async def test_records_of_an_application_without_crud_are_changed_by_events() -> None:
    app = build("crud")
    await app.starmodel.ready()
    pen = await Pen.objects.create(name="Blue")
    await app.starmodel.close()
    with Visitor(app) as visitor:
        reply = visitor.post(f"/pens/{pen.id}/refill")
        assert reply.json()["entity"]["name"] == "Blue refilled"


def test_pages_of_other_plugins_without_crud_have_no_links_to_its_pages() -> None:
    class Shelf(Plugin):
        name = "shelf"

        def routes(self):
            return [Route("/shelf", self.page, access="public")]

        def resource_routes(self, resource):
            if resource.entity_type.is_record:
                yield ResourceRoute("/{id}/label", self.label)

        async def page(self, exchange):
            return Page("Shelf", P("Pens here"))

        async def label(self, exchange, resource, entity):
            ui = resource.ui
            return Page(entity.name, ui.record_detail(resource, entity),
                        ui.record_actions(resource, entity, None))  # fmt: skip

    with Visitor(build("crud", plugins=[Shelf()])) as visitor:
        page = visitor.open("/shelf")
        assert "Pens here" in page.text()
        assert not page.has('a[href="/pens"]')


def test_application_without_health_has_none(make: Any) -> None:
    with Visitor(make("health"), raise_errors=False) as visitor:
        assert visitor.get("/_starmodel/health").status == 404
        assert visitor.get("/pens").status == 200


def test_application_without_development_sign_in_prints_no_link(make: Any, caplog: Any) -> None:
    with Visitor(make("dev_sign_in")) as visitor:
        assert visitor.get("/own").text == "own page"
        assert visitor.open("/pens?token=x").status == 200
    assert "?token=" not in caplog.text


def test_application_without_browser_state_serves_no_states() -> None:
    with Visitor(build("browser_state", entities=[Prefs]), raise_errors=False) as visitor:
        assert visitor.post("/_starmodel/browser_state", {}).status == 404


def test_assets_cannot_be_switched_off() -> None:
    with pytest.raises(ConfigurationError, match=r"'assets' can't be switched off: Every page loa"):
        build("assets")


def test_required_built_in_plugin_that_is_off_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="'crud' is in plugins_required and switched off"):
        build("crud", plugins_required=["crud"])


def test_plugin_of_the_same_name_replaces_a_built_in_one() -> None:
    class Health(Plugin):
        name = "health"

        def routes(self):
            path = "/_starmodel/health"
            return [Route(path, self.show, access="public", is_open=True, has_session=False)]

        async def show(self, exchange):
            return {"status": "fine"}

    app = build(plugins=[Health()])
    report = app.starmodel.plugins.report("health")
    assert report.notes == ["It is also part of StarModel, which is ignored."]
    with Visitor(app) as visitor:
        assert visitor.get("/_starmodel/health").json() == {"status": "fine"}


def test_built_in_plugin_with_arguments_is_no_duplicate(caplog: pytest.LogCaptureFixture) -> None:
    app = build(auth=Auth(registration="open"))
    assert app.starmodel.plugins.report("auth").notes == []
    assert "ignored" not in caplog.text


def test_plugin_cannot_replace_an_essential_one(caplog: pytest.LogCaptureFixture) -> None:
    class Assets(Plugin):
        name = "assets"

    app = build(plugins=[Assets()])
    assert given_reports(app) == []
    assert "It is also in create_app(plugins=…), which is ignored." in caplog.text
    with Visitor(app) as visitor:
        for link in visitor.open("/").all("link[rel=stylesheet], script[src]"):
            assert visitor.get(link["href"] or link["src"]).status == 200


@pytest.mark.parametrize("before", [(), ("crud",)])
def test_plugin_before_crud_replaces_its_pages(before: Any) -> None:
    class Start(Plugin):
        name = "start"

        def routes(self):
            return [Route("/", self.page, access="public")]

        def resource_routes(self, resource):
            if resource.entity_type.cls is Pen:
                yield ResourceRoute("list", self.pens)

        async def page(self, exchange):
            return Page("Mine", P("my start page"))

        async def pens(self, exchange, resource, entity):
            return {"mine": True}

    Start.before = before
    app = build(plugins=[Start()])
    is_first = bool(before)
    with Visitor(app) as visitor:
        assert ("my start page" in visitor.open("/").text()) is is_first
        assert ("mine" in visitor.get("/pens").json()) is is_first
    loser = app.starmodel.plugins.report("crud" if is_first else "start")
    winner = "the plugin 'start'" if is_first else "StarModel"
    assert loser.notes == [
        f"GET / is a route of {winner} already.",
        f"GET /pens is a route of {winner} already.",
    ]


def test_generated_page_at_the_path_of_an_event_stops_the_start() -> None:
    class Sheet(Entity):
        model_config = {"scope": "record", "access": "public"}

        @event(path="edit", method="get")
        def change(self) -> None:
            pass

    with pytest.raises(ConfigurationError, match=r"/sheets/\{id\}/edit is asked for twice"):
        build(entities=[Sheet])
    assert build("crud", entities=[Sheet])


def test_built_in_plugins_come_first_in_the_order_of_their_names() -> None:
    class Alpha(Plugin):
        name = "alpha"

    names = [made.plugin.name for made in build(plugins=[Alpha()]).starmodel.plugins.loaded]
    assert names == ["assets", "browser_state", "crud", "dev_sign_in", "health", "mail", "alpha"]


def test_built_in_plugins_serve_below_a_mount() -> None:
    outer = Starlette(routes=[Mount("/shop", build())])
    with Visitor(outer, raise_errors=False) as visitor:
        assert visitor.get("/shop/_starmodel/health").json() == {"status": "ok"}
        assert visitor.get("/shop/pens").json()["items"] == []
        for link in visitor.open("/shop/pens").all("link[rel=stylesheet], script[src]"):
            assert visitor.get(link["href"] or link["src"]).status == 200
