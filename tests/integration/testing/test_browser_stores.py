"""A visitor keeps what lives in the browser, as the browser's own module does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from starmodel.testing import Visitor

PROGRAM = '''
from fasthtml.common import *
from starmodel import Entity, create_app, event, live


class Prefs(Entity):
    model_config = {"store": "local_storage"}
    note: str = ""
    count: int = 0
    words: list[str] = []

    @event
    def learn(self, word: str):
        self.words.append(word)
        self.count += 1

    @event
    def keep(self):
        """Takes over what is bound."""


class Draft(Entity):
    model_config = {"store": "session_storage"}
    edits: int = 0

    @event
    def edit(self):
        self.edits += 1


class Dictionary(Entity):
    model_config = {"scope": "app", "access": "public"}
    words: list[str] = []

    @event
    def collect(self, prefs: Prefs):
        self.words += prefs.words
        prefs.words.clear()


@live
def words(prefs: Prefs):
    return Ul(*[Li(word) for word in prefs.words], id="words")


@live
def collected(dictionary: Dictionary):
    return Ul(*[Li(word) for word in dictionary.words], id="collected")


def build():
    app = create_app([Prefs, Draft, Dictionary])

    @app.get("/")
    def home(prefs: Prefs, draft: Draft, dictionary: Dictionary):
        return Titled(
            "Words",
            prefs,
            draft,
            words(prefs),
            collected(dictionary),
            Form(Input(data_bind="word"), Button("Learn"), data_on_submit=Prefs.learn()),
            P(data_text=Prefs.count_signal, id="count"),
            P(data_text=Draft.edits_signal, id="edits"),
            Input(data_bind=Prefs.note_signal, aria_label="Note"),
            Button("Keep", data_on_click=Prefs.keep()),
            Button("Edit", data_on_click=Draft.edit()),
            Button("Collect", data_on_click=Dictionary.collect()),
        )

    return app
'''


@pytest.fixture
def visitor(in_memory: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    file = tmp_path / "kept_program.py"
    file.write_text(PROGRAM)
    spec = importlib.util.spec_from_file_location("kept_program", file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "kept_program", module)
    spec.loader.exec_module(module)
    return Visitor(module.build())


def test_state_is_kept_in_the_browser_and_followed_in_other_tabs(visitor):
    first, second = visitor.open("/"), visitor.open("/")
    for word in ("sun", "moon"):
        first.submit("Learn", word=word)
    assert [page.texts("#words li") for page in (first, second)] == [["sun", "moon"]] * 2
    assert [page.text("#count") for page in (first, second)] == ["2", "2"]
    first.reload()
    assert first.texts("#words li") == ["sun", "moon"]
    assert visitor.open("/").signals["Prefs.count"] == 2
    assert Visitor(visitor.app).open("/").texts("#words li") == []


def test_state_of_one_tab_stays_there(visitor):
    first, second = visitor.open("/"), visitor.open("/")
    first.click("Edit")
    first.reload()
    assert (first.text("#edits"), second.text("#edits")) == ("1", "0")


def test_bound_field_is_taken_over_by_an_event(visitor):
    page = visitor.open("/")
    page.fill("Note", "remember")
    page.click("Keep")
    assert visitor.open("/").value("Note") == "remember"


def test_event_of_another_entity_brings_the_state_along(visitor):
    page, other = visitor.open("/"), Visitor(visitor.app).open("/")
    page.submit("Learn", word="sun")
    page.click("Collect")
    assert page.texts("#words li") == []
    assert [p.texts("#collected li") for p in (page, other)] == [["sun"], ["sun"]]


def test_generated_page_shows_and_changes_the_state(visitor):
    page = visitor.open("/prefs")
    page.submit("Learn", word="sun")
    assert visitor.open("/prefs").signals["Prefs.count"] == 1
    assert "sun" in page.text("main")


def test_state_goes_along_at_sign_in_and_is_gone_after_sign_out(visitor):
    page = visitor.open("/")
    page.submit("Learn", word="sun")
    visitor.sign_in("ann")
    assert visitor.open("/").texts("#words li") == ["sun"]
    visitor.sign_out()
    assert visitor.open("/").texts("#words li") == []
