"""The form of a parent stores rows of its children in one commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import field_validator, model_validator
from sqlalchemy import Engine
from sqlalchemy import event as sql_event

from databases import empty_database
from integration.web.browser import DATASTAR, Browser, toasts, unlisted
from integration.web.children.entities import BASKETS, AnItem, Basket
from starmodel import ConfigurationError, Entity, Field, create_app, event
from starmodel.app.commands.inlines.rows import MAX_ROWS
from starmodel.core.commands import Action


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: Any, tmp_path: Any) -> str:
    return empty_database(request, tmp_path)


@pytest.fixture
async def browser(url: str, serve: Any, visit: Any) -> Browser:
    app = serve(*BASKETS, database_url=url, sign_in=False)
    await app.starmodel.ready()
    browser: Browser = visit(app)
    return browser


async def _items(basket: Any) -> list[tuple[str, int]]:
    items = await AnItem.objects.list(basket_id=basket.id, order="product")
    return [(item.product, item.quantity) for item in items]


async def _basket(*products: str) -> Any:
    basket = await Basket.objects.create(name="Weekly")
    for at, product in enumerate(products):
        await AnItem.objects.create(basket_id=basket.id, product=product, position=at)
    return basket


async def test_form_creates_a_parent_with_its_children(browser: Browser) -> None:
    reply = await browser.submit("/baskets", {
        "name": "Weekly", "items.0.product": "Bread", "items.0.quantity": "2",
        "items.1.product": "Milk", "items.1.quantity": "1",
        "items.2._blank": "1", "items.2.product": "", "items.2.quantity": "1",
    })  # fmt: skip
    assert reply.status_code == 303, reply.text
    [basket] = await Basket.objects.list()
    assert await _items(basket) == [("Bread", 2), ("Milk", 1)]


async def test_a_wrong_row_is_named_and_stores_nothing(browser: Browser) -> None:
    sent = {
        "name": "W",
        "items.0.product": "Bread",
        "items.3.product": "M",
        "items.3.quantity": "x",
    }
    reply = await browser.submit("/baskets", sent)
    assert reply.status_code == 422
    assert await Basket.objects.count() == 0
    assert await AnItem.objects.count() == 0
    reply = await browser.call("POST", "/baskets", {
        "name": "W", "items": [{"product": "Bread"}, {"product": "M", "quantity": 0}],
    })  # fmt: skip
    assert set(reply.json()["errors"]) == {"name", "items.1.product", "items.1.quantity"}


async def test_row_that_a_browser_adds_counts_once_it_is_filled_in(browser: Browser) -> None:
    page = (await browser.page("/baskets/new")).text
    template = page[page.index("<template data-row-template") :]
    assert 'name="items.__row__._blank"' in template[: template.index("</template>")]


async def test_refused_row_has_its_sentence_beside_it_and_no_toast(browser: Browser) -> None:
    form = {**DATASTAR, "content-type": "application/x-www-form-urlencoded"}
    sent = {"name": "Weekly", "items.0.product": "M", "items.0.quantity": "2"}
    reply = await browser.post("/baskets", data=sent, headers=form)
    assert reply.headers["starmodel-status"] == "422"
    assert "items.0.product-problem" in reply.text
    assert toasts(reply.text) == []


async def test_form_adds_changes_and_removes_rows_in_one_commit(browser: Browser) -> None:
    basket = await _basket("Bread", "Milk", "Salt")
    bread, milk, salt = await AnItem.objects.list(order="product")
    reply = await browser.submit(f"/baskets/{basket.id}/update", {
        "name": "Weekly", "note": "Soon",
        "items.0._id": bread.id, "items.0.quantity": "5",
        "items.1._id": milk.id, "items.1._removed": "true", "items.1.quantity": "9",
        "items.2._id": salt.id,
        "items.3.product": "Tea", "items.3.quantity": "1",
        "items.4.product": "Gone", "items.4._removed": "true",
    })  # fmt: skip
    assert reply.status_code == 303, reply.text
    assert (await Basket.objects.get(basket.id)).note == "Soon"
    assert await _items(basket) == [("Bread", 5), ("Salt", 1), ("Tea", 1)]


async def test_row_of_another_parent_is_refused(browser: Browser) -> None:
    mine, other = await _basket("Bread"), await _basket("Milk")
    [theirs] = await AnItem.objects.list(basket_id=other.id)
    for row in ({"quantity": "7"}, {"_removed": "true"}):
        sent = {f"items.0.{name}": value for name, value in {"_id": theirs.id, **row}.items()}
        reply = await browser.submit(f"/baskets/{mine.id}/update", {"name": "Weekly", **sent})
        assert reply.status_code == 422
    sent = {"items.0.product": "Tea", "items.0.basket_id": other.id}
    reply = await browser.submit(f"/baskets/{mine.id}/update", sent)
    assert reply.status_code == 422
    assert await _items(other) == [("Milk", 1)]


async def test_rows_of_a_malformed_request_are_refused(browser: Browser) -> None:
    basket = await _basket()
    many = {f"items.{n}.product": "Tea" for n in range(MAX_ROWS + 1)}
    for sent in (
        many, {"items": "x"}, {"items.x.product": "Tea"}, {"items.0": "x"},
        {"items.0._id.x": "1"}, {"items.0.no": "1"}, {"items.0.product.x": "1"},
    ):  # fmt: skip
        reply = await browser.submit(f"/baskets/{basket.id}/update", sent)
        assert reply.status_code == 422, sent
    assert await _items(basket) == []


async def test_children_of_a_class_without_inlines_are_an_unknown_name(
    visit: Any, in_memory: Any
) -> None:
    @unlisted
    class Crate(Entity):
        model_config = {"store": "memory", "access": "public"}
        name: str
        parts: list[Piece]

    @unlisted
    class Piece(Entity):
        model_config = {"store": "memory", "access": "public"}
        crate: Crate
        name: str

    browser = visit(create_app([Crate, Piece]))
    reply = await browser.call("POST", "/crates", {"name": "C", "parts": [{"name": "P"}]})
    assert reply.status_code == 422
    assert "'parts' is unknown" in reply.json()["detail"]


async def test_rows_cost_one_query_for_all_stored_children(
    visit: Any, tmp_path: Any, statements: list[str]
) -> None:
    browser = visit(*BASKETS, database_url=f"sqlite:///{tmp_path}/shop.db", sign_in=False)
    basket = await _basket(*[f"Tea {n:02}" for n in range(12)])
    items = await AnItem.objects.list(order="product")

    async def reads(count: int) -> int:
        sent = {"name": "Weekly"}
        for at, item in enumerate(items[:count]):
            sent |= {f"items.{at}._id": item.id, f"items.{at}.quantity": str(count)}
        statements.clear()
        reply = await browser.submit(f"/baskets/{basket.id}/update", sent)
        assert reply.status_code == 303
        return sum("SELECT" in statement.upper() for statement in statements)

    assert await reads(12) == await reads(2)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    found: list[str] = []

    def listen(_: Any, __: Any, statement: str, *___: Any) -> None:
        found.append(statement)

    sql_event.listen(Engine, "before_cursor_execute", listen)
    yield found
    sql_event.remove(Engine, "before_cursor_execute", listen)


async def test_access_rules_of_the_children_decide(visit: Any, in_memory: Any) -> None:
    @unlisted
    class Album(Entity):
        model_config = {"store": "memory", "access": "public", "inlines": ("songs",)}
        name: str
        songs: list[Song]

    @unlisted
    class Song(Entity):
        model_config = {
            "store": "memory",
            "access": {"read": "public", "create": "public", "update": "role:editor",
                       "delete": "role:editor"},
        }  # fmt: skip
        album: Album
        name: str

    browser = visit(create_app([Album, Song]))
    sent = {"name": "Blue", "songs.0.name": "One"}
    assert (await browser.submit("/albums", sent)).status_code == 303
    [album], [song] = await Album.objects.list(), await Song.objects.list()
    assert song.album_id == album.id
    for row in ({"songs.0.name": "Two"}, {"songs.0._removed": "true"}):
        reply = await browser.submit(
            f"/albums/{album.id}/update", {"name": "Green", "songs.0._id": song.id, **row}
        )
        assert reply.status_code in (302, 303, 401, 403)
    assert [s.name for s in await Song.objects.list()] == ["One"]
    assert (await Album.objects.get(album.id)).name == "Blue"


async def test_rule_of_a_child_may_read_the_parent_of_the_same_command(
    visit: Any, in_memory: Any
) -> None:
    from starmodel.access import record

    @unlisted
    class Sale(Entity):
        model_config = {"store": "sql", "access": "public", "inlines": ("entries",)}
        buyer: str
        entries: list[Entry]

    @unlisted
    class Entry(Entity):
        model_config = {
            "store": "sql",
            "access": {"read": "public", "write": record.sale.buyer == "ann"},
        }  # fmt: skip
        sale: Sale
        name: str

    browser = visit(create_app([Sale, Entry]))
    reply = await browser.submit("/sales", {"buyer": "bob", "entries.0.name": "Tea"})
    assert reply.status_code != 303 or "sign-in" in reply.headers["location"]
    assert await Sale.objects.count() == 0
    reply = await browser.submit("/sales", {"buyer": "ann", "entries.0.name": "Tea"})
    assert reply.status_code == 303, reply.text
    assert await Entry.objects.count() == 1


async def test_command_record_names_the_rows_and_can_be_replayed(
    visit: Any, in_memory: Any
) -> None:
    app = create_app(BASKETS)
    outcome = await app.starmodel.dispatch(
        Action(Basket, "create", {"name": "Weekly", "items": [{"product": "Tea", "quantity": 2}]})
    )
    assert outcome.record.args == {
        "name": "Weekly", "items": [{"product": "Tea", "quantity": 2}],
    }  # fmt: skip
    again = await app.starmodel.dispatch(outcome.record)
    assert await _items(again.entity) == [("Tea", 2)]
    await app.starmodel.close()


def test_inline_children_with_async_events_are_refused_at_the_start(in_memory: Any) -> None:
    @unlisted
    class House(Entity):
        model_config = {"store": "memory", "access": "public", "inlines": ("rooms",)}
        name: str
        rooms: list[Room]

    @unlisted
    class Room(Entity):
        model_config = {"store": "memory", "access": "public"}
        house: House
        name: str = Field("")

        @event
        async def delete(self) -> None:
            """Remove it."""

    with pytest.raises(ConfigurationError, match=r"Room.delete is async"):
        create_app([House, Room])


async def test_problem_of_a_field_that_the_visitor_may_not_read_is_not_told(
    visit: Any, in_memory: Any
) -> None:
    @unlisted
    class Patient(Entity):
        model_config = {"store": "memory", "access": "public", "inlines": ("visits",)}
        name: str
        visits: list[Visit]

    @unlisted
    class Visit(Entity):
        model_config = {"store": "memory", "access": "public"}
        patient: Patient
        reason: str
        code: str = Field("", access={"read": "role:doctor", "write": "role:doctor"})

        @model_validator(mode="after")
        def _check(self) -> Visit:
            if self.reason == "secret" and not self.code:
                raise ValueError("code is needed")
            return self

        @field_validator("code")
        @classmethod
        def _check_code(cls, code: str) -> str:
            if code == "X":
                raise ValueError("X is no code")
            return code

    browser = visit(create_app([Patient, Visit]))
    page = (await browser.page("/patients/new")).text
    assert "visits.0.reason" in page
    assert "visits.0.code" not in page
    sent = {"name": "Ann", "visits.0.reason": "Cough", "visits.0.code": "X"}
    reply = await browser.submit("/patients", sent)
    assert reply.status_code != 303
    assert "is no code" not in reply.text
    assert await Visit.objects.count() == 0


async def test_locked_row_keeps_its_stored_values_when_a_plain_form_comes_back(
    visit: Any, in_memory: Any
) -> None:
    @unlisted
    class Disc(Entity):
        model_config = {"store": "memory", "access": "public", "inlines": ("tracks",)}
        name: str = Field(min_length=2)
        tracks: list[Track]

    @unlisted
    class Track(Entity):
        model_config = {
            "store": "memory",
            "access": {"read": "public", "create": "public", "update": "role:editor",
                       "delete": "role:editor"},
        }  # fmt: skip
        disc: Disc
        name: str
        seconds: int = 1

    browser: Browser = visit(create_app([Disc, Track]))
    disc = await Disc.objects.create(name="Blue")
    track = await Track.objects.create(disc_id=disc.id, name="Fjord", seconds=77)
    for change, status in (({"name": "B"}, 422), ({"name": "B", "_change": "add tracks"}, 200)):
        sent = change | {"tracks.0._id": track.id}
        reply = await browser.submit(f"/discs/{disc.id}/update", sent)
        assert reply.status_code == status
        assert 'value="Fjord"' in reply.text
        assert 'value="77"' in reply.text
