"""The transport of the test client: patches arrive as objects, and only in this process."""

from __future__ import annotations

import pytest
from fasthtml.common import Button, P, Response, Titled

from starmodel import Entity, create_app, event
from starmodel.adapters.transports import sse
from starmodel.testing import Visitor


class Lamp(Entity):
    model_config = {"scope": "session"}
    level: int = 0

    @event
    def raise_level(self):
        self.level += 1

    @event
    def steps(self):
        for _ in range(2):
            self.level += 1
            yield P(str(self.level), id="step")


@pytest.fixture
def app(in_memory, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = create_app([Lamp], secret_key="k" * 40)

    @app.get("/")
    def page(lamp: Lamp):
        return Titled(
            "Lamp",
            lamp,
            P(data_text=Lamp.level_signal, id="level"),
            P(id="step"),
            Button("Raise", data_on_click=Lamp.raise_level()),
            Button("Steps", data_on_click=Lamp.steps()),
            Button("Own", data_on_click="@post('/own')"),
        )

    @app.post("/own")
    def own():
        body = "event: datastar-patch-elements\ndata: elements <p id='step'>own</p>\n\n"
        return Response(body, media_type="text/event-stream")

    return app


def test_streams_and_replies_of_a_visitor_are_not_framed_as_events(app, monkeypatch):
    def fail(patches):
        raise AssertionError(f"framed {patches}")

    monkeypatch.setattr(sse.SSE, "frame", fail)
    monkeypatch.setattr(sse.SSE, "body", fail)
    visitor = Visitor(app)
    page, other = visitor.open("/"), visitor.open("/")

    page.click("Raise")
    page.click("Steps")

    assert (page.text("#level"), other.text("#level")) == ("3", "3")
    assert (page.text("#step"), other.text("#step")) == ("3", "")


def test_event_stream_of_a_user_route_is_applied(app):
    page = Visitor(app).open("/")

    page.click("Own")

    assert page.text("#step") == "own"


def test_header_named_like_the_extension_changes_nothing(app):
    visitor = Visitor(app)

    reply = visitor.request(
        "POST", "/lamp/raise_level",
        headers={
            "datastar-request": "true", "extensions": "starmodel.transport",
            "starmodel.transport": "memory",
        },
    )  # fmt: skip

    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.body.startswith(b"event: datastar-patch-signals\n")


def test_followed_entity_and_list_have_the_state_after_each_change(app):
    visitor = Visitor(app)
    visitor.post("/lamp/raise_level")

    lamp = visitor.follow("/lamp")
    assert (lamp.status, lamp.state) == (200, visitor.get("/lamp").json())
    visitor.post("/lamp/raise_level")
    assert (lamp.state["level"], lamp.patches[-1]["set"]) == (2, {"level": 2})

    lamp.state["level"] = 9
    other = visitor.follow("/lamp")
    assert other.state["level"] == 2
    lamp.close()
    visitor.post("/lamp/raise_level")
    assert (lamp.is_open, lamp.state["level"], other.state["level"]) == (False, 9, 3)


def test_followed_list_has_rows_in_order_until_sign_out(in_memory, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Note(Entity):
        model_config = {"scope": "record", "access": "signed_in"}
        id: str

    visitor = Visitor(create_app([Note], secret_key="k" * 40))
    assert visitor.follow("/notes").status == 401
    visitor.sign_in("ann")
    notes = visitor.follow("/notes?order=id&total=1")
    for id in ("b", "a"):
        visitor.post("/notes", {"id": id})
    assert ([row["id"] for row in notes.state], notes.total) == (["a", "b"], 2)
    visitor.delete("/notes/a")
    assert ([row["id"] for row in notes.state], notes.total) == (["b"], 1)
    visitor.sign_out()
    assert not notes.is_open
