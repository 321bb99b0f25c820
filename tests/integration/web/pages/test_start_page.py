"""The start page: its first steps, and what its cards say about the newest records."""

from __future__ import annotations

from datetime import date

import pytest

from starmodel import Entity, Field, create_app
from starmodel.access import role
from starmodel.testing import Visitor


class Task(Entity):
    """A task of the team."""

    model_config = {
        "access": {"read": "public", "write": "signed_in"},
        "store": "memory",
        "scope": "record",
        "list_display": ["title", "due"],
    }
    title: str
    place: str = ""
    due: date | None = None


class Secret(Entity):
    model_config = {"access": "public", "store": "memory", "scope": "record"}
    title: str
    due: date = Field(date(2026, 3, 1), access={"read": role("boss")})


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def visitor_of(*classes: type[Entity], **options: object) -> Visitor:
    return Visitor(create_app(classes, title="Tasks", secret_key="k" * 40, **options))


def test_first_steps_are_shown_until_there_is_a_record():
    visitor = visitor_of(Task)
    assert not visitor.open("/").has(".sm-welcome")  # a guest may create none
    visitor.sign_in("ann")
    page = visitor.open("/")
    assert page.text(".sm-welcome h2") == "Welcome to Tasks"
    assert "pages/test_start_page.py" in page.text(".sm-welcome")
    visitor.post("/tasks", {"title": "Water"})
    assert not visitor.open("/").has(".sm-welcome")


def test_source_file_is_named_in_development_only():
    visitor = visitor_of(Task, env="production")
    visitor.sign_in("ann")
    assert "test_start_page" not in visitor.open("/").text(".sm-welcome")


def test_card_has_the_second_line_and_a_date_of_the_newest_records():
    visitor = visitor_of(Task)
    visitor.sign_in("ann")
    visitor.post("/tasks", {"title": "Water", "place": "Garden", "due": "2026-03-01"})
    visitor.post("/tasks", {"title": "Rest"})
    page = visitor.open("/")
    assert page.texts(".sm-newest a") == ["Rest", "WaterGarden1 Mar 2026"]


def test_date_that_the_visitor_may_not_read_is_left_out():
    visitor = visitor_of(Secret)
    visitor.post("/secrets", {"title": "Hidden"})
    assert visitor.open("/").texts(".sm-newest a") == ["Hidden"]
