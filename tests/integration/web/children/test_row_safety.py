"""What rows of a form, and questions about them, must neither do nor disclose."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import JSON, Browser, unlisted
from integration.web.children.entities import BASKETS, AnItem, Basket
from integration.web.html_forms import forms_of
from starmodel import Entity, Field, Relationship, create_app, event
from starmodel.access import actor, record

PUBLIC = {"read": "public", "write": "public"}
STAFF = {"read": "role:staff", "write": "role:staff"}


@pytest.mark.parametrize("mark", ["false", "0", False, None, ""])
async def test_row_that_is_marked_as_not_removed_stays(
    visit: Any, in_memory: Any, mark: Any
) -> None:
    browser = visit(create_app(BASKETS))
    basket = await Basket.objects.create(name="Weekly")
    item = await AnItem.objects.create(basket_id=basket.id, product="Bread")
    rows = [{"_id": item.id, "_removed": mark, "quantity": 3}]
    reply = await browser.call("POST", f"/baskets/{basket.id}/update", {"items": rows})
    assert reply.status_code == 200, reply.text
    assert [each.quantity for each in await AnItem.objects.list()] == [3]


@pytest.mark.parametrize(
    "row", [{"_removed": [1]}, {"_removed": "no"}, {"_blank": {}}, {"_id": True}, {"_id": 1.5}]
)
async def test_unclear_marks_are_refused(visit: Any, in_memory: Any, row: Any) -> None:
    browser = visit(create_app(BASKETS))
    basket = await Basket.objects.create(name="Weekly")
    item = await AnItem.objects.create(basket_id=basket.id, product="Bread")
    rows = [{"_id": item.id, "quantity": 3, **row}]
    reply = await browser.call("POST", f"/baskets/{basket.id}/update", {"items": rows})
    assert reply.status_code == 422
    assert [each.quantity for each in await AnItem.objects.list()] == [1]


async def test_row_with_a_null_id_is_new(visit: Any, in_memory: Any) -> None:
    browser = visit(create_app(BASKETS))
    rows = [{"_id": None, "product": "Milk"}]
    reply = await browser.call("POST", "/baskets", {"name": "Weekly", "items": rows})
    assert reply.status_code == 201, reply.text
    assert [each.product for each in await AnItem.objects.list()] == ["Milk"]


async def test_record_in_two_rows_is_refused(visit: Any, in_memory: Any) -> None:
    browser = visit(create_app(BASKETS))
    basket = await Basket.objects.create(name="Weekly")
    item = await AnItem.objects.create(basket_id=basket.id, product="Bread")
    gone, changed = {"_id": item.id, "_removed": True}, {"_id": item.id, "quantity": 6}
    for rows in ([gone, changed], [changed, gone], [changed, changed]):
        reply = await browser.call("POST", f"/baskets/{basket.id}/update", {"items": rows})
        assert reply.status_code == 422
        assert list(reply.json()["errors"]) == ["items.1"]
    assert [each.quantity for each in await AnItem.objects.list()] == [1]


async def test_record_is_no_row_of_itself(visit: Any, in_memory: Any) -> None:
    @unlisted
    class Folder(Entity):
        model_config = {"store": "memory", "access": PUBLIC, "inlines": ("folders",)}
        name: str
        folder_id: str | None = Field(None, foreign_key="folder.id")
        folders: list[Folder] = Relationship()

    browser = visit(create_app([Folder]))
    folder = await Folder.objects.create(name="Top")
    await create_folder_loop(browser, folder)
    rows = [{"_id": folder.id, "name": "Other"}]
    reply = await browser.call("POST", f"/folders/{folder.id}/update", {"folders": rows})
    assert reply.status_code == 422, reply.text
    assert (await Folder.objects.get(folder.id)).name == "Top"


async def create_folder_loop(browser: Browser, folder: Any) -> None:
    """Let a folder be in itself."""
    changed = {"folder_id": folder.id}
    reply = await browser.call("POST", f"/folders/{folder.id}/update", changed)
    assert reply.status_code == 200, reply.text


async def test_check_runs_no_event_of_the_children_own(visit: Any, in_memory: Any) -> None:
    ran: list[str] = []

    @unlisted
    class Letter(Entity):
        model_config = {"store": "memory", "access": PUBLIC, "inlines": ("copies",)}
        name: str = Field(min_length=2)
        copies: list[Copy]

    @unlisted
    class Copy(Entity):
        model_config = {"store": "memory", "access": PUBLIC}
        letter: Letter
        name: str

        @event
        def create(self, name: str) -> None:
            ran.append(name)
            self.name = name

    browser = visit(create_app([Letter, Copy]))
    sent = {"name": "N", "copies.0.name": "Ann"}
    checked = await browser.submit("/letters", sent, headers=JSON | {"starmodel-check": "1"})
    assert set(checked.json()["errors"]) == {"name"}
    assert ran == []


@pytest.mark.parametrize("rule", [{"access": STAFF}, {"private": True}])
async def test_order_that_the_visitor_may_not_compare_is_left_out(
    visit: Any, in_memory: Any, rule: Any
) -> None:
    @unlisted
    class Album(Entity):
        model_config = {"store": "sql", "access": PUBLIC, "inlines": ("songs",)}
        name: str
        songs: list[Song] = Relationship(order="-rating")

    @unlisted
    class Song(Entity):
        model_config = {"store": "sql", "access": PUBLIC}
        album: Album
        name: str
        rating: int = Field(0, **rule)

    browser = visit(create_app([Album, Song]))
    album = await Album.objects.create(name="Blue")
    await Song.objects.create(album_id=album.id, name="River", rating=1)
    for path in (f"/albums/{album.id}", f"/albums/{album.id}/edit"):
        page = await browser.page(path)
        assert page.status_code == 200, page.text
        assert "River" in page.text
    refused = await browser.page(f"/albums/{album.id}?songs.order=rating")
    assert refused.status_code == 400


@pytest.mark.parametrize(("rule", "shows"), [({"access": STAFF}, False), ({"private": True}, True)])
async def test_rows_by_a_closed_key_are_no_part_of_the_form(
    visit: Any, in_memory: Any, rule: Any, shows: bool
) -> None:
    @unlisted
    class Album(Entity):
        model_config = {"store": "sql", "access": PUBLIC, "inlines": ("songs",)}
        name: str
        songs: list[Song] = Relationship()

    @unlisted
    class Song(Entity):
        model_config = {"store": "sql", "access": PUBLIC}
        album_id: str = Field(foreign_key="album.id", **rule)
        name: str
        album: Album = Relationship()

    browser = visit(create_app([Album, Song]))
    album = await Album.objects.create(name="Blue")
    await Song.objects.create(album_id=album.id, name="River")
    page = await browser.page(f"/albums/{album.id}/edit")
    assert page.status_code == 200, page.text
    assert ("River" in page.text) is shows
    assert "River" not in (await browser.page(f"/albums/{album.id}")).text


async def test_deletion_counts_nothing_by_a_private_key(visit: Any, in_memory: Any) -> None:
    @unlisted
    class Person(Entity):
        model_config = {"store": "sql", "access": PUBLIC}
        name: str

    @unlisted
    class Note(Entity):
        model_config = {"store": "sql", "access": PUBLIC, "path": "/remarks"}
        text: str
        person_id: str = Field(foreign_key="person.id", private=True)

    browser = visit(create_app([Person, Note]))
    ann = await Person.objects.create(name="Ann")
    await Note.objects.create(text="Hm", person_id=ann.id)
    question = (await browser.call("GET", f"/people/{ann.id}/delete")).json()
    assert question["obstacles"] == [
        {"text": "This can't be deleted: other records refer to it.", "url": ""}
    ]


async def test_question_about_many_is_silent_about_what_the_visitor_may_not_delete(
    visit: Any, serve: Any, in_memory: Any
) -> None:
    @unlisted
    class Shelf(Entity):
        model_config = {
            "store": "sql", "path": "/shelves",
            "access": {"read": "public", "write": record.owner == actor.id},
        }  # fmt: skip
        name: str
        owner: str = ""

    @unlisted
    class Book(Entity):
        model_config = {"store": "sql", "access": STAFF}
        shelf: Shelf = Field(ondelete="CASCADE")
        name: str

    browser = visit(serve(Shelf, Book))
    await browser.get("/sign-in/ann")
    notes = []
    for owner in ("ann", "bob"):
        shelf = await Shelf.objects.create(name=owner, owner=owner)
        await Book.objects.create(shelf_id=shelf.id, name="One")
        sent = {"event": "delete", "id": [shelf.id], "ask": True}
        notes.append((await browser.call("POST", "/shelves/_bulk", sent)).json()["notes"])
    assert notes == [["Other records are deleted with them."], []]


async def test_field_that_is_closed_on_one_row_has_no_value_and_no_part_in_saving(
    visit: Any, serve: Any, in_memory: Any
) -> None:
    own = record.owner == actor.id

    @unlisted
    class Trip(Entity):
        model_config = {"store": "sql", "access": PUBLIC, "inlines": ("costs",)}
        name: str = Field(min_length=2)
        costs: list[Cost] = Relationship(order="owner")

    @unlisted
    class Cost(Entity):
        model_config = {"store": "sql", "access": PUBLIC}
        trip: Trip
        owner: str
        amount: int = Field(7, access={"read": own, "write": own})

    browser = visit(serve(Trip, Cost))
    await browser.get("/sign-in/ann")
    trip = await Trip.objects.create(name="Oslo")
    for owner, amount in (("ann", 11), ("bob", 4242)):
        await Cost.objects.create(trip_id=trip.id, owner=owner, amount=amount)
    page = (await browser.page(f"/trips/{trip.id}/edit")).text
    sent = fields_of(page)
    assert sent["costs.0.amount"] == "11"
    assert "costs.1.amount" not in sent
    assert "4242" not in page
    refused = await browser.submit(f"/trips/{trip.id}/update", sent | {"name": "O"})
    again = fields_of(refused.text)
    assert "costs.1.amount" not in again
    saved = {**again, "name": "Rome", "costs.0.amount": "12", "costs.1.owner": "eve"}
    reply = await browser.submit(f"/trips/{trip.id}/update", saved)
    assert reply.status_code == 303, reply.text
    costs = [(each.owner, each.amount) for each in await Cost.objects.list(order="amount")]
    assert costs == [("ann", 12), ("eve", 4242)]


def fields_of(page: str) -> dict[str, str]:
    """What a browser sends for the form with rows."""
    form = next(each for each in forms_of(page) if "costs.0._id" in each.names)
    return {name: value for name, value in form.sent if not name.startswith(("_change", "_next"))}
