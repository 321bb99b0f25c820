"""An entity of a plugin has the plugin in its name, so that an application may have the same."""

from __future__ import annotations

import pytest

from integration.plugins.reports import given_reports
from starmodel import ConfigurationError, Entity, create_app, event
from starmodel.plugins import Plugin
from starmodel.testing import Visitor, memory_stores

PUBLIC = {"read": "public", "write": "public"}


class Note(Entity):
    model_config = {"scope": "app", "access": PUBLIC}
    text: str = "own"

    @event
    def write(self, text: str):
        self.text = text


def plugin_class(scope: str = "app", **config):
    class Note(Entity):
        model_config = {"plugin": "audit", "scope": scope, "access": PUBLIC, **config}
        text: str = "audited"

        @event
        def write(self, text: str):
            self.text = text

        @event
        async def shout(self):
            self.text = self.text.upper()

    return Note


def plugin_of(name, cls):
    class Feature(Plugin):
        def entities(self):
            return [cls]

    Feature.name = name
    return Feature()


@pytest.fixture
def visitor(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with memory_stores():
        yield Visitor(create_app([Note], plugins=[plugin_of("audit", plugin_class())]))


def test_classes_of_one_name_have_pages_events_and_signals_of_their_own(visitor):
    own, theirs, other = (visitor.open(path) for path in ("/note", "/audit/note", "/audit/note"))
    theirs.submit("Write", text="changed")
    assert "changed" in theirs.text()
    assert "changed" in other.text()
    assert "changed" not in own.text()
    theirs.click("Shout")
    assert "CHANGED" in other.text()
    assert visitor.get("/audit/note").json()["text"] == "CHANGED"
    assert visitor.get("/note").json()["text"] == "own"


@pytest.mark.parametrize("store", ["memory", "session_storage", "sql"])
def test_record_of_a_plugin_is_named_with_it(store):
    note = plugin_class("session" if "storage" in store else "record", store=store)
    app = create_app(
        [], plugins=[plugin_of("audit", note)], database_url="sqlite://", secret_key="k" * 40
    )
    (entity_type,) = app.starmodel.registry
    assert entity_type.name == "audit.Note"
    assert entity_type.path == ("/audit/note" if "storage" in store else "/audit/notes")
    assert str(note.text_signal) == "$audit.Note.text"


def test_plugin_named_as_a_reserved_path_serves_its_own_entities():
    class User(Entity):
        model_config = {"plugin": "auth", "scope": "record"}
        name: str

    app = create_app([], plugins=[plugin_of("auth", User)], secret_key="k" * 40)
    (entity_type,) = app.starmodel.registry
    assert entity_type.path == "/auth/users"


def test_path_of_another_plugin_is_refused():
    class User(Entity):
        model_config = {"plugin": "audit", "scope": "record", "path": "/auth/users"}
        name: str

    app = create_app([], plugins=[plugin_of("audit", User)], secret_key="k" * 40)
    (report,) = given_reports(app)
    assert report.state == "failed"
    assert "/auth is reserved" in report.reason


@pytest.mark.parametrize("name", ["Audit", "a b", "", 3, "a" * 64])
def test_wrong_name_of_a_plugin_is_refused(name):
    with pytest.raises(ConfigurationError, match=r"model_config\['plugin'\]"):

        class Note(Entity):
            model_config = {"plugin": name}
