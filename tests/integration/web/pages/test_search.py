"""The search over all classes: what it finds, for whom, and within which bounds."""

from __future__ import annotations

from typing import Any

import pytest

from starmodel import Entity, Field, create_app
from starmodel.access import owner, role
from starmodel.testing import Visitor

PATH = "/_starmodel/crud/search"


class Pen(Entity):
    model_config = {"access": "public", "store": "sql"}
    name: str = Field(index=True)
    code: str = Field(default="", access={"read": role("boss")})


class Diary(Entity):
    model_config = {
        "access": {"read": owner("user_id"), "create": "signed_in"}, "store": "memory",
        "scope": "record",
    }  # fmt: skip
    title: str
    user_id: str = ""


class Odd(Entity):
    model_config = {"access": lambda actor, odd: True, "store": "memory", "scope": "record"}
    title: str


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def visitor_of(**options: Any) -> Visitor:
    return Visitor(create_app([Pen, Diary, Odd], secret_key="k" * 40, **options))


def groups(visitor: Visitor, words: str) -> dict[str, list[str]]:
    found = visitor.get(PATH, q=words).json()["groups"]
    return {group["title"]: [item["title"] for item in group["items"]] for group in found}


def test_records_are_found_by_class_with_the_beginnings_of_titles_first():
    visitor = visitor_of()
    visitor.sign_in("ann")
    for name in ("A red one", "Red", "blue", "redder"):
        visitor.post("/pens", {"name": name})
    visitor.post("/diaries", {"title": "My red day", "user_id": "ann"})
    visitor.post("/diaries", {"title": "Red secret", "user_id": "bob"})
    assert groups(visitor, " red ") == {
        "Pens": ["redder", "Red", "A red one"], "Diaries": ["My red day"],
    }  # fmt: skip


@pytest.mark.parametrize("words", ["", "r", " r ", "zz"])
def test_short_words_and_words_without_a_match_find_nothing(words):
    visitor = visitor_of()
    visitor.post("/pens", {"name": "red"})
    assert groups(visitor, words) == {}


def test_field_that_the_visitor_may_not_read_is_not_searched():
    visitor = visitor_of()
    visitor.sign_in("eve", roles=["boss"])
    visitor.post("/pens", {"name": "pen", "code": "secret-code"})
    assert groups(visitor, "secret-code") == {"Pens": ["pen"]}
    visitor.sign_in("ann")
    assert groups(visitor, "secret-code") == {}


def test_five_records_are_shown_and_a_hundred_counted():
    visitor = visitor_of()
    for number in range(7):
        visitor.post("/pens", {"name": f"pen {number}"})
    [group] = visitor.get(PATH, q="pen").json()["groups"]
    assert len(group["items"]) == 5
    assert group["all"] == {"title": "All 7 pens that match", "url": "/pens?search=pen"}
    for number in range(7, 105):
        visitor.post("/pens", {"name": f"pen {number}"})
    [group] = visitor.get(PATH, q="pen").json()["groups"]
    assert group["all"]["title"] == "All pens that match, more than 100"


def test_class_with_a_rule_that_reads_too_many_records_is_left_out():
    visitor = visitor_of(access_scan_limit=3)
    for number in range(5):
        visitor.post("/odds", {"title": f"red {number}"})
    visitor.post("/pens", {"name": "red"})
    assert groups(visitor, "red") == {"Pens": ["red"]}


def test_results_are_a_page_whose_texts_are_escaped():
    visitor = visitor_of()
    visitor.post("/pens", {"name": "<b>bold</b>"})
    page = visitor.open(f"{PATH}?q=<b>bold")
    assert page.texts(".sm-found li a") == ["<b>bold</b>"]
    assert page.text(".sm-found p a") == "The pen that matches"
    assert visitor.open(f"{PATH}?q=nothing").text(".sm-empty") == "Nothing matches."
    assert visitor.open(PATH).text(".sm-empty") == "Type at least two letters."
    assert visitor.open("/pens").has(f"form[role=search][action='{PATH}'] input[name=q]")


def test_long_words_are_cut():
    assert visitor_of().get(PATH, q="r" * 5000).status == 200
