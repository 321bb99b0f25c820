"""Contents of slots: who sees them, live views in them, and failing or slow ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from fasthtml.components import B, P

from integration.plugins.reports import given_plugins
from starmodel import Entity, create_app, event, live
from starmodel.app.presentation import slots
from starmodel.plugins import Asset, NavEntry, Plugin, SlotContent
from starmodel.testing import Visitor

PUBLIC = {"read": "public", "write": "public"}


class Pen(Entity):
    model_config = {"scope": "record", "access": PUBLIC}
    name: str = "Pen"
    stock: int = 0

    @event
    def fill_up(self):
        self.stock += 1


class Board(Entity):
    model_config = {"scope": "app", "access": {"read": "role:staff", "write": "public"}}
    hits: int = 0

    @event
    def hit(self):
        self.hits += 1


@live
def stock(pen: Pen):
    return B(f"{pen.stock} in stock")


@live
def hits(board: Board):
    return B(f"{board.hits} hits")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


def visitor_of(*contents: SlotContent, **members: Any) -> Visitor:
    class Feature(Plugin):
        name = "feature"

        def slots(self):
            return contents

    for name, value in members.items():
        setattr(Feature, name, lambda self, value=value: value)
    app = create_app([Pen, Board, Prefs], plugins=[Feature()], secret_key="k" * 40)
    return Visitor(app, raise_errors=False)


def content(slot: Any, render: Callable[..., Any], **options: Any) -> SlotContent:
    return SlotContent(slot, "it", render, **{"access": "public", **options})


def record(visitor: Visitor) -> str:
    return f"/pens/{visitor.post('/pens', {'name': 'Pen'}).json()['entity']['id']}"


@pytest.mark.parametrize(
    ("slot", "path"),
    [
        ("page.top", "/"), ("page.top", "/pens"), ("page.top", "RECORD"), ("start.tiles", "/"),
        ("list.actions", "/pens"), ("record.actions", "RECORD"), ("record.panels", "RECORD"),
        ("record.panels", "/board"),
    ],
)  # fmt: skip
def test_content_is_shown_at_its_place_and_its_text_is_escaped(slot, path):
    visitor = visitor_of(content(slot, lambda place: "<b>bold</b>"))
    visitor.sign_in("ann", roles=["staff"])
    page = visitor.open(record(visitor) if path == "RECORD" else path)
    assert page.text("#slot-feature-it") == "<b>bold</b>"
    assert not {"[", "]"} & set(page.text())  # no list is written as Python does
    assert visitor.open("/pens/new").has("#slot-feature-it") == (slot == "page.top")


def test_place_has_the_actor_the_class_and_the_entity():
    places: list[slots.Place] = []
    visitor = visitor_of(content("record.panels", places.append))
    visitor.sign_in("ann")
    visitor.open(record(visitor))
    place = places[-1]
    assert place.actor is not None
    assert (place.actor.id, place.entity_type.name, place.entity.name) == ("ann", "Pen", "Pen")


@pytest.mark.parametrize("is_async", [False, True])
def test_live_view_in_a_content_follows_its_entity(is_async):
    async def later(place):
        await asyncio.sleep(0)
        return stock(place.entity)

    visitor = visitor_of(content("record.panels", later if is_async else lambda p: stock(p.entity)))
    url = record(visitor)
    first, second = visitor.open(url), visitor.open(url)
    first.click("Fill up")
    for page in (first, second):
        assert page.text("#slot-feature-it") == "1 in stock"


def test_content_is_absent_for_whom_access_or_a_read_rule_denies():
    visitor = visitor_of(
        SlotContent("start.tiles", "role", lambda place: "secret", access="role:staff"),
        SlotContent("start.tiles", "data", lambda p: "data", access="public", reads=[Board]),
        SlotContent("start.tiles", "pens", lambda place: "pens", access="public", reads=[Pen]),
    )
    page = visitor.open("/")
    assert [element["id"] for element in page.all(".sm-slot")] == ["slot-feature-pens"]
    visitor.sign_in("ann", roles=["staff"])
    assert len(visitor.open("/").all(".sm-slot")) == 3


def test_live_tile_changes_in_the_windows_of_those_who_may_read_it_only():
    async def tile(place):
        return hits(await Board.objects.find("app") or Board(id="app"))

    app_visitor = visitor_of(content("start.tiles", tile, reads=[Board]))
    staff, guest = Visitor(app_visitor.app), Visitor(app_visitor.app)
    staff.sign_in("ann", roles=["staff"])
    shown, hidden = staff.open("/"), guest.open("/")
    guest.post("/board/hit")
    assert shown.text("#slot-feature-it") == "1 hits"
    assert not hidden.has("#slot-feature-it")


@pytest.mark.parametrize("is_async", [False, True])
def test_raising_content_is_an_error_card_and_the_page_stays(is_async, caplog):
    def fail(place):
        raise RuntimeError("internal detail")

    async def fail_later(place):
        fail(place)

    visitor = visitor_of(
        content("start.tiles", fail_later if is_async else fail),
        SlotContent("start.tiles", "other", lambda place: "fine", access="public"),
    )
    page = visitor.open("/")
    assert page.status == 200
    assert page.text("#slot-feature-it") == "This part of the page can't be shown right now."
    assert page.text("#slot-feature-other") == "fine"
    assert "internal detail" not in page.html
    assert "internal detail" in caplog.text


def test_hanging_content_is_cancelled_and_the_page_stays(monkeypatch, caplog):
    monkeypatch.setattr(slots, "TIMEOUT_S", 0.05)
    cancelled = []

    async def hang(place):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(place)
            raise

    visitor = visitor_of(content("start.tiles", hang))
    page = visitor.open("/")
    assert "took too long" in page.text("#slot-feature-it")
    assert len(cancelled) == 1
    assert "was cancelled after" in caplog.text


def test_slow_synchronous_content_is_logged(monkeypatch, caplog):
    monkeypatch.setattr(slots, "SLOW_S", -1)
    with caplog.at_level(logging.WARNING):
        visitor_of(content("start.tiles", lambda place: "slow")).open("/")
    assert "slot-feature-it blocks other requests" in caplog.text


def test_content_for_some_classes_is_absent_on_pages_of_others():
    visitor = visitor_of(content("record.panels", lambda place: P("pen"), only=[Pen]))
    visitor.sign_in("ann", roles=["staff"])
    assert visitor.open(record(visitor)).has("#slot-feature-it")
    assert not visitor.open("/board").has("#slot-feature-it")


def test_navigation_entry_is_shown_to_those_whom_its_rule_permits():
    visitor = visitor_of(nav=[NavEntry("Reports", "/reports", access="role:staff")])
    assert "Reports" not in visitor.open("/").text("nav")
    visitor.sign_in("ann", roles=["staff"])
    assert "Reports" in visitor.open("/").text("nav")


def test_assets_are_local_hashed_and_in_the_head(tmp_path):
    style, script = tmp_path / "theme.css", tmp_path / "theme.js"
    style.write_text("body { color: red }")
    script.write_text("1")
    visitor = visitor_of(assets=[Asset(style), Asset(script, in_head=False)])
    html = visitor.open("/").reply.text
    url = html.partition('<link rel="stylesheet" href="/_starmodel/assets/feature/')[2]
    name = url.partition('"')[0]
    assert name.startswith("theme-")
    assert "theme.js" not in html
    (made,) = given_plugins(visitor.app)
    assert made.plugin.asset_urls["theme.css"] == f"/_starmodel/assets/feature/{name}"
    assert visitor.get(made.plugin.asset_urls["theme.js"]).text == "1"
    reply = visitor.get(f"/_starmodel/assets/feature/{name}")
    assert (reply.text, reply.status) == ("body { color: red }", 200)
    assert "immutable" in reply.headers["cache-control"]
    assert visitor.get("/_starmodel/assets/feature/theme.css").status == 404
    assert visitor.get("/_starmodel/assets/feature/../theme.css").status == 404


@pytest.mark.parametrize("name", ["no.exe", "Bad Name.css", "absent.css"])
def test_asset_that_cannot_be_served_is_noted(tmp_path, name):
    if not name.startswith("absent"):
        (tmp_path / name).write_text("x")
    visitor = visitor_of(assets=[Asset(tmp_path / name)])
    (note,) = visitor.app.starmodel.plugins.report("feature").notes
    assert name in note


def test_part_of_the_skin_is_replaced_and_an_unknown_one_is_noted():
    def title(ui, resource, entity):
        return f"The {entity.name}"

    visitor = visitor_of(ui={"record.title": title, "record.heading": title})
    assert visitor.open(record(visitor)).title == "The Pen · StarModel"
    (note,) = visitor.app.starmodel.plugins.report("feature").notes
    assert "'record.heading', which is no part" in note


def test_tile_is_refreshed_in_two_windows_by_the_rights_of_each_viewer():
    async def tile(place):
        who = "staff" if place.actor else "guests"
        return P(f"{await Pen.objects.count()} pens for {who}")

    async def staff_tile(place):
        return P(f"{await Pen.objects.count()} pens")

    visitor = visitor_of(
        SlotContent("start.tiles", "open", tile, access="public", refresh_on=[Pen]),
        SlotContent("start.tiles", "staff", staff_tile, access="role:staff", refresh_on=[Pen]),
    )
    staff = Visitor(visitor.app)
    staff.sign_in("ann", roles=["staff"])
    shown, other = staff.open("/"), visitor.open("/")
    for expected in ("1 pens", "2 pens"):
        record(visitor)
        assert shown.text("#slot-feature-open") == f"{expected} for staff"
        assert shown.text("#slot-feature-staff") == expected
        assert other.text("#slot-feature-open") == f"{expected} for guests"
        assert not other.has("#slot-feature-staff")


def test_panel_is_refreshed_with_live_views_of_new_entities():
    async def panel(place):
        return [P(stock(pen)) for pen in await Pen.objects.list(order="name", limit=5)]

    visitor = visitor_of(content("record.panels", panel, refresh_on=[Pen]))
    page = visitor.open(record(visitor))
    second = record(visitor)
    assert page.text("#slot-feature-it") == "0 in stock 0 in stock"
    visitor.post(f"{second}/fill_up")
    assert page.text("#slot-feature-it") == "0 in stock 1 in stock"


def test_content_of_a_record_that_is_not_readable_any_more_is_not_sent():
    class Closed(Entity):
        model_config = {
            "scope": "record", "access": {"read": "role:staff", "write": "public"},
        }  # fmt: skip
        name: str

    class Feature(Plugin):
        name = "feature"

        def slots(self):
            return [content("record.panels", lambda place: place.entity.name)]

    app = create_app([Closed], plugins=[Feature()], secret_key="k" * 40)
    visitor = Visitor(app, raise_errors=False)
    visitor.sign_in("ann", roles=["staff"])
    id = visitor.post("/closeds", {"name": "secret"}).json()["entity"]["id"]
    query = {"content": "slot-feature-it", "entity": "Closed", "id": id}
    assert "secret" in visitor.get("/_starmodel/slots", **query).text
    visitor.sign_in("bob")
    denied = visitor.get("/_starmodel/slots", **query)
    assert denied.status in (403, 404)
    assert "secret" not in denied.text
    without_id = {"content": "slot-feature-it", "entity": "Closed"}
    assert visitor.get("/_starmodel/slots", **without_id).status == 403
    assert visitor.get("/_starmodel/slots", content="slot-none").status == 404


class Prefs(Entity):
    model_config = {"store": "local_storage"}
    theme: str = "light"

    @event
    def darken(self):
        self.theme = "dark"


@live
def theme(prefs: Prefs):
    return B(f"a {prefs.theme} page")


def test_live_view_in_a_content_shows_what_the_browser_has():
    content = SlotContent(
        "record.panels", "it", lambda place: theme(place.entity), access="public", only=[Prefs]
    )
    visitor = visitor_of(content)
    page = visitor.open("/prefs")
    assert page.text("#slot-feature-it") == "a light page"
    page.click("Darken")
    assert page.text("#slot-feature-it") == "a dark page"
    assert visitor.open("/prefs").text("#slot-feature-it") == "a dark page"


def test_content_that_is_to_follow_a_browser_store_is_noted():
    content = SlotContent("start.tiles", "it", lambda place: "x", refresh_on=[Prefs])
    visitor = visitor_of(content)
    report = visitor.app.starmodel.plugins.report("feature")
    assert "names Prefs in refresh_on, whose state is in the browser" in report.notes[0]
    visitor.sign_in("ann")
    assert visitor.open("/").status == 200
