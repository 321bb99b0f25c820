"""localStorage and sessionStorage of the test client."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from starmodel.testing import Visitor

PROGRAM = Path(__file__).with_name("stored_program.py")


@pytest.fixture
def app(in_memory, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("stored_program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    sys.modules["stored_program"] = module
    spec.loader.exec_module(module)
    return module.build()


@pytest.fixture
def visitor(app):
    with Visitor(app) as visitor:
        yield visitor


def test_local_storage_after_a_reload_restores_the_state(visitor):
    page = visitor.open("/")
    page.click("One")
    page.click("One")
    assert page.signals["Basket.count"] == 2
    page.reload()
    assert page.signals["Basket.count"] == 2


def test_form_and_bound_field_change_the_stored_state(visitor):
    page = visitor.open("/basket")
    page.submit("Add", text="pen")
    assert "pen" in page.text()
    own = visitor.open("/")
    own.fill("note", "hello")
    own.click("Keep")
    own.reload()
    assert own.signals["Basket.note"] == "hello"


def test_click_and_submit_by_action_find_events_of_browser_stores(visitor, app):
    basket = next(t.cls for t in app.starmodel.registry if t.name == "Basket")
    page = visitor.open("/")
    page.click(basket.one())
    page.submit(basket.add(), text="ink")
    assert (page.signals["Basket.count"], page.text("#things")) == (1, "ink")


def test_second_tab_receives_local_storage_but_not_session_storage(visitor):
    first, second = visitor.open("/"), visitor.open("/")
    first.submit("Put", text="ink")
    first.click("Mine")
    assert second.text().count("ink") == 1
    assert (first.signals["Glance.count"], second.signals["Glance.count"]) == (1, 0)
    first.reload()
    assert "ink" in first.text()
    assert first.signals["Glance.count"] == 1


def test_second_visitor_has_separate_storage(visitor, app):
    visitor.open("/").click("One")
    with Visitor(app) as other:
        assert other.open("/").signals["Basket.count"] == 0


def test_local_storage_survives_sign_in_and_is_deleted_at_sign_out(visitor):
    page = visitor.open("/")
    page.click("One")
    visitor.sign_in("ann")
    page.reload()
    assert page.signals["Basket.count"] == 1
    visitor.sign_out()
    page.visit("/")
    assert page.signals["Basket.count"] == 0


def test_event_that_reads_a_browser_store_receives_its_state(visitor):
    page = visitor.open("/")
    page.submit("Put", text="ink")
    page.click("Order")
    assert page.signals["Desk.orders"] == 1
    assert page.text("#things") == ""
