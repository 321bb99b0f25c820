"""Routes of plugins: below resources, below /_starmodel, and open ones."""

from __future__ import annotations

from typing import Any

import pytest
from fasthtml.components import P

from integration.plugins.reports import given_reports
from starmodel import AccessDeniedError, Actor, ConfigurationError, Entity, create_app, event
from starmodel.app.access.rules import RulePolicy
from starmodel.app.presentation.resource import Resource
from starmodel.plugins import EventRoute, Page, Plugin, ResourceRoute, Route
from starmodel.testing import Visitor


def is_owner(actor: Actor | None, entity: Any) -> bool:
    return actor is not None and entity.owner == actor.id


class Note(Entity):
    model_config = {"scope": "record", "access": {"read": is_owner, "write": is_owner}}
    id: str
    owner: str = ""

    @event
    def touch(self) -> None:
        pass


class Pen(Entity):
    model_config = {"scope": "record", "access": {"read": "public", "write": "role:staff"}}
    name: str = "Pen"


class Cup(Entity):
    model_config = {"scope": "user"}
    sips: int = 3


class Hidden(Entity):
    model_config = {"scope": "record", "access": "public", "crud": False}
    name: str = ""


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


class History(Plugin):
    """Routes below every resource."""

    name = "history"

    def resource_routes(self, resource):
        if resource.entity_type.is_record:
            yield ResourceRoute("/_all", self.all)
            yield ResourceRoute("/_all", self.all, methods=["POST"])
            yield ResourceRoute("/{id}/history", self.one)
            yield ResourceRoute("/{id}/history", self.one, methods=["POST"])
            yield ResourceRoute("/{id}/open", self.decides, needs="endpoint")
        else:
            yield ResourceRoute("/_own", self.one)

    async def all(self, exchange, resource, entity):
        return {"of": resource.name, "entity": entity}

    async def one(self, exchange, resource, entity):
        return {"of": resource.name, "id": entity.id}

    async def decides(self, exchange, resource, id):
        return {"of": resource.name, "id": id}


def visitor_of(*plugins: Plugin, **options: Any) -> Visitor:
    entities = [Note, Pen, Cup, Hidden]
    app = create_app(entities, plugins=plugins, secret_key="k" * 40, **options)
    return Visitor(app, raise_errors=False)


def test_route_of_a_resource_is_served_for_each_class() -> None:
    with visitor_of(History()) as visitor:
        assert visitor.get("/pens/_all").json() == {"of": "Pen", "entity": None}
        assert visitor.get("/hiddens/_all").json() == {"of": "Hidden", "entity": None}
        visitor.sign_in("ann")
        assert visitor.get("/cup/_own").json()["of"] == "Cup"


def test_record_of_a_route_is_read_with_the_rules_of_the_class() -> None:
    with visitor_of(History()) as visitor:
        visitor.sign_in("ann")
        visitor.run(Note.objects.create(id="a", owner="ann"))
        visitor.run(Note.objects.create(id="b", owner="bob"))
        assert visitor.get("/notes/a/history").json() == {"of": "Note", "id": "a"}
        assert visitor.get("/notes/b/history").status == 404
        assert visitor.get("/notes/none/history").status == 404
        assert visitor.get("/notes/b/open").json() == {"of": "Note", "id": "b"}
        visitor.sign_out()
        assert visitor.get("/notes/a/history").status in (401, 404)


def test_method_that_changes_something_needs_write_access() -> None:
    with visitor_of(History()) as visitor:
        pen = visitor.run(Pen.objects.create(name="Blue"))
        for path in ("/pens/_all", f"/pens/{pen.id}/history"):
            assert visitor.get(path).status == 200
            assert visitor.post(path).status == 401
            visitor.sign_in("ann")
            assert visitor.post(path).status == 403
            visitor.sign_in("bob", roles=["staff"])
            assert visitor.post(path).status == 200
            visitor.sign_out()


def test_route_of_a_resource_follows_the_rules_of_its_address() -> None:
    class Staff(RulePolicy):
        def check(self, entity_type, need, actor, **about):
            if actor is None or "staff" not in actor.roles:
                super().check(entity_type, "write", actor, **about)

    office = Resource(Pen, prefix="/office", policy=Staff())
    with visitor_of(History(), resources=[office]) as visitor:
        assert visitor.get("/pens/_all").status == 200
        assert visitor.get("/office/pens/_all").status == 401
        visitor.sign_in("ann", roles=["staff"])
        assert visitor.get("/office/pens/_all").json()["of"] == "office.Pen"


def test_result_is_sent_by_the_rules_and_the_skin_of_the_address() -> None:
    class Nobody(RulePolicy):
        def check(self, entity_type, need, actor, *, entity=None, **about):
            if entity is not None and entity.name == "Secret":
                raise AccessDeniedError("no")

    class Export(Plugin):
        name = "export"

        def resource_routes(self, resource):
            if resource.entity_type.cls is Pen:
                yield ResourceRoute("/_pens", self.pens)
                yield ResourceRoute("/_page", self.page)

        async def pens(self, exchange, resource, entity):
            return {"pens": await Pen.objects.list()}

        async def page(self, exchange, resource, entity):
            return Page("Labels", P("labels"))

    skin = {"page.navigation": lambda ui, resources, current, entries=(), creatable=(): "the skin"}
    office = Resource(Pen, prefix="/office", policy=Nobody(), ui=skin)
    with visitor_of(Export(), resources=[office]) as visitor:
        for name in ("Blue", "Secret"):
            visitor.run(Pen.objects.create(name=name))
        names = {
            path: [pen["name"] for pen in visitor.get(f"{path}/_pens").json()["pens"]]
            for path in ("/pens", "/office/pens")
        }
        assert names == {"/pens": ["Blue", "Secret"], "/office/pens": ["Blue"]}
        assert "the skin" in visitor.open("/office/pens/_page").text()
        assert "the skin" not in visitor.open("/pens/_page").text()


def test_id_that_begins_as_a_route_of_a_plugin_is_reachable() -> None:
    with visitor_of(History()) as visitor:
        visitor.sign_in("ann")
        made = visitor.run(Note.objects.create(id="_all", owner="ann"))
        resource = visitor.app.starmodel.areas.named("Note")
        path = resource.url_for("record", made.id)
        assert path == "/notes/~_all"
        assert visitor.get(path).json()["id"] == "_all"
        assert visitor.get("/notes/_all").json()["of"] == "Note"


def test_event_route_serves_an_event_of_a_class_without_crud() -> None:
    class Create(Plugin):
        name = "create"

        def resource_routes(self, resource):
            if resource.entity_type.cls is Hidden:
                yield EventRoute("create")

    with visitor_of(Create()) as visitor:
        assert visitor.post("/hiddens", {"name": "x"}).status == 201
        assert visitor.get("/hiddens").status == 405


def test_event_wins_over_a_route_of_a_plugin() -> None:
    class Touch(Plugin):
        name = "touch"

        def resource_routes(self, resource):
            if resource.entity_type.cls is Note:
                yield ResourceRoute("/{id}/touch", self.run, methods=["POST"], needs="endpoint")
                yield EventRoute("touch")

        async def run(self, exchange, resource, id):
            return {"by": "plugin"}

    with visitor_of(Touch()) as visitor:
        (report,) = given_reports(visitor.app)
        assert report.notes == [
            "POST /notes/{id}/touch is a route of Note already.",
            "The event Note.touch is served already.",
        ]


@pytest.mark.parametrize(
    ("routes", "reason"),
    [
        (lambda resource: 1 / 0, "ZeroDivisionError"), (lambda resource: ["x"], "returns 'x'"),
        (lambda resource: [EventRoute("fly")], "which has no such event"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("required", [False, True])
def test_failing_method_is_reported_and_the_application_serves(
    routes: Any, reason: str, required: bool
) -> None:
    class Faulty(Plugin):
        name = "faulty"

        def resource_routes(self, resource):
            return routes(resource)

    if required:
        with pytest.raises(ConfigurationError, match="It is in plugins_required"):
            visitor_of(Faulty(), plugins_required=["faulty"])
        return
    with visitor_of(Faulty()) as visitor:
        (report,) = given_reports(visitor.app)
        assert (report.state, reason in report.reason) == ("failed", True)
        assert visitor.get("/pens").status == 200


class Open(Plugin):
    """Open and internal routes."""

    name = "open"

    def routes(self):
        own = "/_starmodel/open"
        return [
            Route("/enter", self.page, access="public", is_open=True),
            Route("/members", self.page, access="public"),
            Route(own, self.page, access="public", is_open=True, has_session=False, below=True),
            Route(f"{own}/closed", self.page),
            Route(f"{own}/guarded", self.page, access="public"),
        ]

    async def page(self, exchange):
        return {"path": exchange.request.path, "key": bool(exchange.session.key)}


def test_open_route_bypasses_guards() -> None:
    def guard(request, session):
        from starlette.responses import RedirectResponse

        return RedirectResponse("/enter", status_code=303)

    with visitor_of(Open(), before=guard) as visitor:
        assert visitor.get("/members").status == 303
        assert visitor.get("/enter").json()["path"] == "/enter"
        assert visitor.request("HEAD", "/enter").status == 200
        assert visitor.post("/enter").status == 405
        assert visitor.get("/_starmodel/open/guarded").status == 303
        for path in ("/_starmodel/open", "/_starmodel/open/a", "/_starmodel/open/a/b"):
            reply = visitor.get(path)
            assert reply.json()["path"] == path
            assert "set-cookie" not in reply.headers


def test_user_route_wins_over_an_open_route() -> None:
    app = create_app([], plugins=[Open()], secret_key="k" * 40)

    @app.get("/enter")
    def enter():
        return "mine"

    with Visitor(app) as visitor:
        assert visitor.open("/enter").text().strip() == "mine"


def test_internal_route_decides_access() -> None:
    with visitor_of(Open()) as visitor:
        assert visitor.get("/_starmodel/open/closed").status == 401
        visitor.sign_in("ann")
        assert visitor.get("/_starmodel/open/closed").json()["path"].endswith("/closed")
        assert visitor.post("/_starmodel/open/closed").status == 404


@pytest.mark.parametrize("path", ["/_starmodel/stream", "/_starmodel", "/_starmodel/opened"])
def test_internal_path_of_others_is_a_failure_of_the_plugin(path: str) -> None:
    class Thief(Plugin):
        name = "open"

        def routes(self):
            return [Route(path, self.page)]

        async def page(self, exchange):
            pass

    (report,) = given_reports(create_app([], plugins=[Thief()]))
    assert "is reserved: below /_starmodel it may have /_starmodel/open." in report.reason


def test_plugin_named_as_the_stream_does_not_get_its_route() -> None:
    class Stream(Plugin):
        name = "stream"

        def routes(self):
            return [Route("/_starmodel/stream", self.page, access="public")]

        async def page(self, exchange):
            pass

    (report,) = given_reports(create_app([], plugins=[Stream()]))
    assert report.notes == ["GET /_starmodel/stream is a route of StarModel already."]


async def endpoint(exchange):
    pass


INVALID: dict[str, tuple[Any, str]] = {
    "open": (lambda: Route("/x", endpoint, is_open=True), "set access='public'"),
    "session": (lambda: Route("/x", endpoint, access="public", has_session=False), "set is_open"),
    "below": (lambda: Route("/x", endpoint, below=True), "below=True is for paths of /_starmodel"),
    "no prefix": (lambda: ResourceRoute("/export", endpoint), "'/_export'"),
    "two segments": (lambda: ResourceRoute("/{id}/a/b", endpoint), "'/_export'"),
    "record": (lambda: ResourceRoute("/{id}", endpoint), "'/_export'"),
    "none": (lambda: ResourceRoute(None, endpoint), "'/_export'"),
    "function": (lambda: ResourceRoute("list", lambda: None), "a coroutine function"),
    "method": (lambda: ResourceRoute("list", endpoint, methods=["FLY"]), "expected a list of"),
    "needs": (lambda: ResourceRoute("list", endpoint, needs="all"), "needs is 'all'"),
}


@pytest.mark.parametrize(("make", "message"), INVALID.values(), ids=INVALID)
def test_invalid_route_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make()
