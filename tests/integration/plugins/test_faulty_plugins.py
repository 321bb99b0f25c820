"""Whatever a plugin declares or returns, the application starts and its pages are served."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fasthtml.components import P

from integration.plugins.reports import given_reports
from starmodel import ConfigurationError, Entity, create_app
from starmodel.app.presentation.resource import Resource
from starmodel.plugins import Asset, NavEntry, Page, Plugin, Route, SlotContent
from starmodel.testing import Visitor


class Pen(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str = "Pen"


class AuditNote(Entity):
    model_config = {"store": "sql"}


def plugin_class(name: str = "Note", **config: Any) -> type[Entity]:
    return type(Entity)(
        name, (Entity,),
        {"model_config": {"plugin": "faulty", **config}, "__module__": __name__,
         "__qualname__": f"<locals>.{name}"},
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


def plugin(**members: Any) -> Plugin:
    methods = {
        name: (lambda self, value=value: value() if callable(value) else value)
        for name, value in members.items()
        if name not in ATTRIBUTES
    }
    attributes = {name: value for name, value in members.items() if name in ATTRIBUTES}
    return type("Faulty", (Plugin,), {"name": "faulty", **methods, **attributes})()


ATTRIBUTES = ("name", "version", "starmodel", "requires", "before", "after", "Settings",
              "startup_limit_s", "shutdown_limit_s")  # fmt: skip


def build(*plugins: Any, entities=(Pen,), **options: Any) -> Any:
    return create_app(list(entities), plugins=plugins, secret_key="k" * 40, **options)


async def endpoint(exchange):
    return Page("Page", P("page"))


def never():
    raise AssertionError("not reached")


def cancelled():
    raise asyncio.CancelledError


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "commands": ({"commands": ["abc"]}, "commands() returns"),
    "ui": ({"ui": [1]}, "ui() returns"),
    "asset": ({"assets": lambda: [Asset("notes.css")]}, "expected a Path"),
    "settings": ({"Settings": int}, "Settings is <class 'int'>"),
    "requires": ({"requires": None}, "requires is None"),
    "requires a text": ({"requires": "auth"}, "requires is 'auth'"),
    "before": ({"before": None}, "before is None"),
    "time limit": ({"startup_limit_s": "10"}, "startup_limit_s is '10'"),
    "no time": ({"shutdown_limit_s": 0}, "shutdown_limit_s is 0"),
    "version": ({"version": 1}, "version is 1"),
    "name": ({"name": property(lambda self: 1 / 0)}, "in its declaration"),
    "route": ({"routes": lambda: [Route(None, endpoint)]}, "expected an absolute path"),
    "route with a parameter": ({"routes": lambda: [Route("/pens/{id}", endpoint)]}, "parameters"),
    "route of StarModel": ({"routes": lambda: [Route("/_starmodel/x", endpoint)]}, "reserved"),
    "methods": ({"routes": lambda: [Route("/x", endpoint, methods="GET")]}, "methods is 'GET'"),
    "no methods": ({"routes": lambda: [Route("/x", endpoint, methods=[])]}, "methods is []"),
    "endpoint": ({"routes": lambda: [Route("/x", never)]}, "expected a coroutine function"),
    "access of a route": (
        {"routes": lambda: [Route("/x", endpoint, access="everyone")]}, "access is 'everyone'"
    ),
    "async access": (
        {"routes": lambda: [Route("/x", endpoint, access=endpoint)]}, "or a function of"
    ),
    "access of a link": ({"nav": lambda: [NavEntry("X", "/x", access=None)]}, "access is None"),
    "link": ({"nav": lambda: [NavEntry("X", "javascript:alert(1)")]}, "expected an absolute path"),
    "link to a host": ({"nav": lambda: [NavEntry("X", "//evil.example")]}, "absolute path"),
    "slot": ({"slots": lambda: [SlotContent("nowhere", "x", never)]}, "there is no such slot"),
    "name of a content": (
        {"slots": lambda: [SlotContent("page.top", "a.b", never)]}, "expected a name"
    ),
    "classes of a content": (
        {"slots": lambda: [SlotContent("page.top", "x", never, only=Pen)]}, "entity classes"
    ),
    "cancelled": ({"nav": cancelled}, "CancelledError"),
    "two classes of a name": ({"entities": lambda: [plugin_class(), plugin_class()]}, "Note"),
    "unknown store": ({"entities": lambda: [plugin_class(store="nowhere")]}, "nowhere"),
}  # fmt: skip


@pytest.mark.parametrize(("members", "reason"), FAULTS.values(), ids=FAULTS)
def test_faulty_plugin_is_reported_and_the_application_serves(members, reason):
    app = build(plugin(**members), plugin(name="other", nav=[NavEntry("Other", "/other")]))
    reports = {report.name: report for report in given_reports(app)}
    faulty = next(report for name, report in reports.items() if name != "other")
    assert faulty.state == "failed"
    assert reason in faulty.reason
    assert reports["other"].state == "on"
    visitor = Visitor(app)
    visitor.sign_in("ann")
    assert "Other" in visitor.open("/").text("nav")


@pytest.mark.parametrize(
    ("resource", "note"),
    [
        (lambda: Resource("Pen", "/x"), "expected an entity class"),
        (lambda: Resource(Pen, "/x", ui="x"), "expected a class of UI adapters"),
        (lambda: Resource(Pen, "/x", ui={"record.head": never}), "'record.head'"),
    ],
)
def test_resource_that_cannot_be_served_is_noted(resource, note):
    app = build(plugin(resources=lambda: [resource()]))
    (report,) = given_reports(app)
    assert report.state == "on"
    assert note in report.notes[0]


def test_required_plugin_with_faulty_entities_stops_the_start():
    with pytest.raises(ConfigurationError, match="plugins_required"):
        build(plugin(entities=lambda: [plugin_class(store="nowhere")]), plugins_required=["faulty"])


def test_plugin_that_requires_one_with_faulty_entities_is_dropped_too():
    faulty = plugin(entities=lambda: [plugin_class(store="nowhere")])
    app = build(faulty, plugin(name="other", requires=["faulty"]))
    assert {report.name: report.state for report in given_reports(app)} == {
        "faulty": "failed", "other": "failed",
    }  # fmt: skip


def test_table_of_a_plugin_differs_from_that_of_a_class_with_both_names():
    note = plugin_class("Note", plugin="audit", store="sql", scope="record")
    audit = plugin(name="audit", entities=[note])
    app = build(audit, entities=[AuditNote], database_url="sqlite://")
    assert app.starmodel.plugins.report("audit").state == "on"
    Visitor(app).open("/")


RULES = {
    "false": lambda actor, entity: False,
    "raises": lambda actor, entity: 1 / 0,
    "expects an actor": lambda actor, entity: "boss" in actor.roles,
    "a text": lambda actor, entity: "text",
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_function_as_rule_of_a_page_denies_unless_it_returns_true(rule):
    made = plugin(
        routes=lambda: [Route("/reports", endpoint, access=rule)],
        nav=lambda: [NavEntry("Reports", "/reports", access=rule)],
        slots=lambda: [
            SlotContent(slot, slot.replace(".", "-"), lambda place: "secret", access=rule)
            for slot in ("page.top", "start.tiles", "record.panels")
        ],
    )
    visitor = Visitor(build(made), raise_errors=False)
    id = visitor.post("/pens", {"name": "Pen"}).json()["entity"]["id"]
    assert visitor.get("/reports").status == 401
    for path in ("/", f"/pens/{id}"):
        page = visitor.open(path)
        assert page.status == 200
        assert "secret" not in page.reply.text
        assert "Reports" not in page.text("nav")
    for content in ("start-tiles", "page-top"):
        assert "secret" not in visitor.get(f"/_starmodel/slots?content=slot-faulty-{content}").text


def test_function_as_rule_of_a_page_permits():
    def only_ann(actor, entity):
        return actor is not None and actor.id == "ann"

    made = plugin(routes=lambda: [Route("/reports", endpoint, access=only_ann)])
    visitor = Visitor(build(made), raise_errors=False)
    visitor.sign_in("ann")
    assert visitor.open("/reports").text("main") == "Page page"
    visitor.sign_in("bob")
    assert visitor.get("/reports").status == 403


class Odd:
    def __ft__(self):
        raise RuntimeError


class OddText:
    def __html__(self):
        raise RuntimeError


def deep() -> Any:
    made = P("deep")
    for _ in range(3000):
        made = P(made)
    return made


ODD = {
    "ft raises": Odd(),
    "html raises": OddText(),
    "inside": P(Odd()),
    "deep": deep(),
    "a class": Pen,
    "bytes": b"<script>x</script>",
    "a dict": {"id": "x"},
    "a generator": (part for part in "ab"),
    "bytes in a list": [b"<b>"],
    "an object": object(),
}


@pytest.mark.parametrize("made", ODD.values(), ids=ODD)
def test_content_that_cannot_be_rendered_is_an_error_card(made):
    content = SlotContent("start.tiles", "odd", lambda place: made, access="public")
    page = Visitor(build(plugin(slots=[content]))).open("/")
    assert page.status == 200
    assert "can't be shown right now" in page.text("#slot-faulty-odd")
    assert "<b>" not in page.reply.text


def test_nested_lists_are_flattened_and_texts_escaped():
    content = SlotContent(
        "start.tiles", "it", lambda place: ["<b>", [P("one"), (P("two"), None)], 3],
        access="public",
    )  # fmt: skip
    page = Visitor(build(plugin(slots=[content]))).open("/")
    assert page.text("#slot-faulty-it") == "<b> one two 3"


def test_sys_exit_of_a_content_is_an_error_card():
    async def leave(place):
        raise SystemExit

    content = SlotContent("start.tiles", "odd", leave, access="public")
    page = Visitor(build(plugin(slots=[content]))).open("/")
    assert "can't be shown right now" in page.text("#slot-faulty-odd")


def test_content_that_was_empty_appears_when_it_is_refreshed():
    async def tile(place):
        count = await Pen.objects.count()
        return P(f"{count} pens") if count % 2 else None

    content = SlotContent("start.tiles", "it", tile, access="public", refresh_on=[Pen])
    visitor = Visitor(build(plugin(slots=[content])))
    page = visitor.open("/")
    for expected in ("1 pens", "", "3 pens"):
        visitor.post("/pens", {"name": "Pen"})
        assert page.text("#slot-faulty-it") == expected


def test_drop_in_package_with_a_module_named_plugin_is_loaded(tmp_path):
    folder = tmp_path / "app" / "plugins" / "notes"
    folder.mkdir(parents=True)
    (folder / "plugin.py").write_text(
        "from starmodel.plugins import Plugin\nclass Notes(Plugin):\n    name = 'notes'\n"
    )
    (folder / "__init__.py").write_text("from .plugin import Notes\n")
    assert build().starmodel.plugins.report("notes").state == "on"


def test_second_plugin_of_a_name_in_code_is_noted():
    (report,) = given_reports(build(plugin(), plugin()))
    assert report.notes == ["It is also in create_app(plugins=…), which is ignored."]


def test_asset_that_is_no_regular_file_is_noted(tmp_path):
    made = plugin(assets=lambda: [Asset(Path(tmp_path))])
    (report,) = given_reports(build(made))
    assert len(report.notes) == 1
