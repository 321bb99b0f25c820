"""The pages of errors: what they say, and what they lead on to."""

from __future__ import annotations

import doctest

import pytest

from starmodel import Entity, create_app
from starmodel.access import role
from starmodel.adapters.web.errors import leading_on
from starmodel.testing import Visitor

SEARCH = "main form[role=search]"


class Pen(Entity):
    model_config = {"access": "public", "store": "memory", "scope": "record"}
    name: str = "Pen"


class Vault(Entity):
    model_config = {
        "access": {"read": "public", "write": role("boss")}, "store": "memory", "scope": "record",
    }  # fmt: skip
    name: str = "Vault"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def visitor() -> Visitor:
    app = create_app([Pen, Vault], secret_key="k" * 40, title="Desk", env="production")

    @app.get("/boom")
    def boom():
        raise RuntimeError("a secret")

    return Visitor(app, raise_errors=False)


def test_examples_of_the_documentation_hold():
    assert doctest.testmod(leading_on).failed == 0


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nowhere/blue-pens/7", "nowhere blue pens"),
        ("/%3Cb%3E%22%3E", ""),
        ("/" + "word/" * 200, "word word word word"),
    ],
)
def test_unknown_address_leads_to_a_search_for_its_words(visitor, path, words):
    page = visitor.open(path)
    assert page.status == 404
    assert page.has(f"{SEARCH} input[name=q][value='{words}']") or not words
    assert page.has("main a[href='/']")


def test_missing_record_leads_to_its_list(visitor):
    page = visitor.open("/pens/none")
    assert page.status == 404
    assert page.has("main a[href='/pens']")
    assert not page.has(SEARCH)


def test_refusal_says_whom_to_ask(visitor):
    visitor.sign_in("ann")
    page = visitor.open("/vaults/new")
    assert (page.status, page.text("h1")) == (403, "Not allowed")
    assert "ask whoever looks after Desk for access" in page.text("main")


def test_failure_offers_to_load_the_page_again_and_tells_no_details(visitor):
    page = visitor.open("/boom")
    assert (page.status, page.texts("main .sm-buttons a")) == (
        500,
        ["Try again", "Back to the start"],
    )
    assert "secret" not in page.text()
