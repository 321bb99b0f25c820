"""Routes, entities and hooks of plugins in a running application."""

from __future__ import annotations

import asyncio

import pytest
from fasthtml.components import P
from starlette.applications import Starlette
from starlette.routing import Mount

from starmodel import (
    Actor,
    ConfigurationError,
    Entity,
    Redirect,
    create_app,
    dispatch,
    event,
)
from starmodel.plugins import NavEntry, Page, Plugin, Route
from starmodel.testing import Visitor, memory_stores

PUBLIC = {"read": "public", "write": "public"}


class Note(Entity):
    model_config = {"plugin": "audit", "access": "role:auditor", "scope": "record"}
    text: str

    @event
    def shout(self):
        self.text = self.text.upper()


class Audit(Plugin):
    """Notes for auditors."""

    name = "audit"

    def __init__(self, **settings):
        super().__init__(**settings)
        self.calls = []

    def entities(self):
        return [Note]

    def routes(self):
        return [
            Route("/audit/page", self.page, access="public"),
            Route("/audit/data", self.data),
            Route("/audit/go", self.go, methods=["POST"], access="public"),
            Route("/audit/boom", self.boom, access="public"),
        ]

    async def page(self, exchange):
        return Page("Audit", P("<b>of</b> everything"))

    async def data(self, exchange):
        notes = await Note.objects.list()
        return {"actor": exchange.session.actor.id, "notes": notes}

    async def go(self, exchange):
        return Redirect("/audit/page")

    async def boom(self, exchange):
        raise RuntimeError("secret")

    async def on_startup(self, application):
        self.calls.append("start")
        await Note.objects.create(text="first")

    async def on_shutdown(self, application):
        self.calls.append("stop")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


def build(*plugins, entities=(), **options):
    return create_app(list(entities), plugins=plugins, secret_key="k" * 40, **options)


def test_plugin_adds_routes_entities_and_hooks():
    audit = Audit()
    with memory_stores(), Visitor(build(audit)) as visitor:
        page = visitor.open("/audit/page")
        assert page.title == "Audit · StarModel"
        assert "<b>of</b> everything" in page.text()
        assert audit.calls == ["start"]
        visitor.sign_in("ann", roles=["auditor"])
        (note,) = visitor.get("/audit/data").json()["notes"]
        assert note["text"] == "first"
        record = visitor.open(f"/audit/notes/{note['id']}")
        record.click("Shout")
        assert "FIRST" in record.text()
    assert audit.calls == ["start", "stop"]


def test_entities_and_routes_of_a_plugin_are_closed_by_default():
    with Visitor(build(Audit()), raise_errors=False) as visitor:
        assert visitor.get("/audit/data").status == 401
        assert visitor.get("/audit/notes").status == 401
        visitor.sign_in("bob")
        assert visitor.get("/audit/notes").status == 403
        assert visitor.get("/audit/data").json() == {"actor": "bob", "notes": []}


def test_error_of_an_endpoint_is_logged_and_not_sent(caplog):
    with Visitor(build(Audit()), raise_errors=False) as visitor:
        reply = visitor.get("/audit/boom")
        assert reply.status == 500
        assert "secret" not in reply.text
    assert "secret" in caplog.text


def test_route_of_the_application_wins_over_one_of_a_plugin():
    app = build(Audit())

    @app.get("/audit/page")
    def own():
        return P("own")

    with Visitor(app) as visitor:
        assert "own" in visitor.open("/audit/page").text()


def test_second_plugin_with_a_route_or_slot_is_noted_and_the_first_wins(caplog):
    class Other(Plugin):
        name = "other"

        def routes(self):
            return [Route("/audit/page", self.page, access="public"), Route("/", self.page)]

        async def page(self, exchange):
            return Page("Other")

    app = build(Other(), Audit())
    notes = {report.name: report.notes for report in app.starmodel.plugins.reports}
    assert notes["other"] == [
        "GET /audit/page is a route of the plugin 'audit' already.",
        "GET / is a route of StarModel already.",
    ]
    assert notes["audit"] == []
    with Visitor(app) as visitor:
        assert visitor.open("/audit/page").title == "Audit · StarModel"


def test_failing_plugin_leaves_the_application_running(caplog):
    class Broken(Plugin):
        name = "broken"

        def routes(self):
            raise RuntimeError("no")

    with Visitor(build(Broken(), Audit())) as visitor:
        assert visitor.open("/audit/page").status == 200
    assert "The plugin 'broken' of create_app(plugins=…) is not loaded" in caplog.text


@pytest.mark.parametrize("failure", [RuntimeError("no"), SystemExit("no")], ids=type)
@pytest.mark.parametrize("required", [False, True])
async def test_failing_startup_hook_is_reported_and_stops_the_start_of_a_required_plugin(
    required, failure
):
    class Broken(Plugin):
        name = "broken"

        async def on_startup(self, application):
            raise failure

    app = build(Broken(), Audit(), plugins_required=["broken"] if required else [])
    if required:
        with pytest.raises(ConfigurationError, match=r"in on_startup\(\).* plugins_required"):
            await app.starmodel.ready()
        assert not app.starmodel.is_ready
    else:
        await app.starmodel.ready()
        await app.starmodel.close()
    report = app.starmodel.plugins.report("broken")
    assert report.state == "failed"
    assert "has failed" in report.sentence


class Hanging(Plugin):
    name = "hanging"
    startup_limit_s = shutdown_limit_s = 0.01

    async def on_startup(self, application):
        await asyncio.Event().wait()

    on_shutdown = on_startup


async def test_hanging_startup_hook_is_cancelled_and_reported_and_the_application_starts(caplog):
    audit = Audit()
    app = build(Hanging(), audit)
    await app.starmodel.ready()
    report = app.starmodel.plugins.report("hanging")
    assert report.state == "failed"
    assert report.reason == "its on_startup() was cancelled after 0.01 s."
    assert "startup_limit_s" in report.remedy
    assert "test_connected.py:" in report.where
    assert audit.calls == ["start"]
    await app.starmodel.close()
    assert "its on_shutdown() was cancelled after 0.01 s." in caplog.text


async def test_hanging_startup_hook_of_a_required_plugin_stops_the_start():
    app = build(Hanging(), plugins_required=["hanging"])
    with pytest.raises(ConfigurationError, match=r"on_startup\(\) was cancelled after 0.01 s"):
        await app.starmodel.ready()
    assert not app.starmodel.is_ready


async def test_timeout_of_a_hooks_own_is_reported_as_its_exception():
    class Slow(Plugin):
        name = "slow"

        async def on_startup(self, application):
            raise TimeoutError("of a query")

    app = build(Slow())
    await app.starmodel.ready()
    assert "TimeoutError: of a query" in app.starmodel.plugins.report("slow").reason
    await app.starmodel.close()


async def test_cancelled_start_of_the_server_is_no_failure_of_a_plugin():
    class Waiting(Plugin):
        name = "waiting"

        async def on_startup(self, application):
            await asyncio.Event().wait()

    app = build(Waiting())
    start = asyncio.create_task(app.starmodel.ready())
    await asyncio.sleep(0)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert app.starmodel.plugins.report("waiting").state == "on"


def test_plugin_that_is_enabled_and_disabled_stops_the_start():
    with pytest.raises(ConfigurationError, match="'audit' is in plugins_enabled and in"):
        build(plugins_enabled=["audit"], plugins_disabled=["audit"])


def test_classes_of_a_plugin_that_is_not_loaded_are_not_served():
    app = build(Audit(), entities=[Note], plugins_disabled=["audit"])
    assert list(app.starmodel.registry) == []


async def test_plugin_dispatches_events_as_itself():
    class Pen(Entity):
        model_config = {"scope": "record", "access": "role:staff"}
        author: str = ""

        @event
        def create(self, actor: Actor):
            self.author = str(actor.id)

    class Robot(Plugin):
        name = "robot"

        async def on_startup(self, application):
            await dispatch(Pen.create(), actor=self.actor)

    app = build(Robot(), entities=[Pen])
    await app.starmodel.ready()
    assert [pen.author for pen in await Pen.objects.list()] == ["plugin:robot"]
    await app.starmodel.close()


class Translated(Plugin):
    name = "audit"
    texts = {"title": "Audit notes", "of": "Notes of {year}"}

    def nav(self):
        return [NavEntry(self.text("title"), "/audit", access="public")]

    def routes(self):
        return [Route("/audit", self.page, access="public")]

    async def page(self, exchange):
        return Page(self.text("of", year=2026))


def test_titles_of_a_plugin_are_in_the_words_of_the_application():
    for texts, title, nav in (
        ({}, "Notes of 2026", "Audit notes"),
        (
            {"audit.title": "Protokoll", "audit.of": "Protokoll {year}"},
            "Protokoll 2026",
            "Protokoll",
        ),
    ):
        page = Visitor(build(Translated(), texts=texts)).open("/audit")
        assert page.title == f"{title} · StarModel"
        assert page.text("h1") == title
        assert nav in page.text("nav")
    with pytest.raises(ConfigurationError, match=r"the nearest is 'audit\.title'"):
        build(Translated(), texts={"audit.titel": "x"})
    build(Translated(), texts={"audit.title": "x"}, plugins_disabled=["audit"])


@pytest.mark.parametrize("texts", [{"title": "{0}"}, {"title": 3}, ["title"], None])
def test_invalid_texts_are_a_failure_of_the_plugin(texts):
    made = type("Broken", (Plugin,), {"name": "broken", "texts": texts})()
    report = build(made, Audit()).starmodel.plugins.report("broken")
    assert report.state == "failed"
    assert "Broken.texts" in report.reason


class Greeter(Plugin):
    """Remembers when a server starts to serve."""

    name = "greeter"

    def __init__(self, *, fails=False, **settings):
        super().__init__(**settings)
        self.fails, self.served = fails, []

    def on_serve(self, root_path):
        self.served.append((root_path, self.services.derived_key("greeting")))
        if self.fails:
            raise RuntimeError("no greeting")


def test_serving_starts_once_with_the_mount_path():
    for prefix in ("", "/shop"):
        greeter = Greeter()
        app = build(greeter)
        with Visitor(Starlette(routes=[Mount(prefix, app)]) if prefix else app) as visitor:
            for _ in range(3):
                assert visitor.get(f"{prefix}/_starmodel/health").status == 200
        ((root_path, key),) = greeter.served
        assert (root_path, len(key)) == (prefix, 32)


async def test_scripts_do_not_serve():
    greeter = Greeter()
    app = build(greeter)
    await app.starmodel.ready()
    await app.starmodel.close()
    assert greeter.served == []


def test_failing_hook_of_serving_is_reported_and_the_application_serves(caplog):
    app = build(Greeter(fails=True))
    with Visitor(app) as visitor:
        assert visitor.get("/_starmodel/health").status == 200
    report = app.starmodel.plugins.report("greeter")
    assert (report.state, "no greeting" in report.reason) == ("failed", True)
    assert "in on_serve()" in caplog.text


def test_services_exist_once_the_application_does():
    with pytest.raises(ConfigurationError, match="The plugin 'greeter' has no services yet"):
        _ = Greeter().services
