"""The entity of the plugin, and the plugin in an application."""

import pytest
from starmodel import create_app
from starmodel.testing import Visitor

import starmodel_plugin_name as package


@pytest.fixture
def visitor(in_memory: None) -> Visitor:
    """A signed-in test client of an application with the plugin and empty in-memory stores."""
    visitor = Visitor(create_app([], plugins=[package.PluginClass(link="Important")]))
    visitor.sign_in("ann")
    return visitor


def test_pin_of_a_pinned_note_is_refused() -> None:
    note = package.Note(text="Buy paper")
    note.pin()
    assert note.pinned
    with pytest.raises(ValueError, match="pinned already"):
        note.pin()


def test_pinned_notes_are_listed(visitor: Visitor) -> None:
    made = visitor.post("/PLUGIN_NAME/notes", {"text": "Buy paper"})
    assert made.status == 201
    visitor.post("/PLUGIN_NAME/notes", {"text": "Sleep"})
    pinned = visitor.open("/PLUGIN_NAME/notes?pinned=true")
    visitor.post(f"{made.headers['location']}/pin", {})
    assert "Buy paper" in pinned.text("main")  # the open list is updated by its stream
    assert "Sleep" not in pinned.text("main")


def test_link_of_the_settings_is_in_the_navigation(visitor: Visitor) -> None:
    page = visitor.open("/PLUGIN_NAME/notes")
    assert "Important" in page.texts("nav a")


def test_guests_are_refused(in_memory: None) -> None:
    guest = Visitor(create_app([], plugins=[package.PluginClass()]))
    assert guest.post("/PLUGIN_NAME/notes", {"text": "Buy paper"}).status == 401
