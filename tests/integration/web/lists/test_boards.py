"""Boards: columns of cards, which of them a card may move to, and declarations that make none."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Literal

import pytest

from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig, Field, event
from starmodel.access import record, role
from starmodel.core.errors import ConfigurationError

HOSTILE = [
    "<script>alert(1)</script>", '" onmouseover="a()', "${alert(1)}", "$signal", "@post('/x')",
    "\u202etxt.exe", "word" * 2500, "👩‍👩‍👧",
]  # fmt: skip


@unlisted
class Parcel(Entity):
    model_config = EntityConfig(
        store="sql",
        access="public",
        board={
            "by": "state", "card": ["weight", "note"], "order": "-weight",
            "moves": {"sent": "send", "lost": "lose"},
        },
    )  # fmt: skip
    name: str
    weight: int = 1
    note: str = ""
    state: Literal["open", "sent", "lost"] = Field(default="open", editable=False)

    @event(when=record.state == "open", when_text="Only open parcels can be sent.")
    def send(self) -> None:
        self.state = "sent"

    @event(access=role("boss"))
    def lose(self) -> None:
        self.state = "lost"


@unlisted
class Idea(Entity):
    model_config = EntityConfig(store="sql", access="public", board="state")
    name: str
    state: Literal["new", "good"] = "new"


@unlisted
class Gem(Entity):
    model_config = EntityConfig(
        store="sql", access="public", board={"by": "state", "card": ["value"], "order": "-value"}
    )
    name: str
    value: int = Field(default=4711, access={"read": role("boss")})
    state: Literal["raw", "cut"] = "raw"


@unlisted
class Plan(Entity):
    model_config = EntityConfig(store="sql", access="public", board="state")
    name: str
    state: Literal["x", "y"] = Field(default="x", access={"read": role("boss")})


@unlisted
class Job(Entity):
    model_config = EntityConfig(store="sql", access="public", board="state")
    name: str
    state: Literal["R&D", '<b>"it\'s"</b>'] = "R&D"


@pytest.fixture
async def browser(visit: Any, serve: Any) -> Any:
    return visit(serve(Parcel, Idea, Gem, Plan))


def column(page: str, value: str) -> str:
    found = re.search(rf'<ul[^>]*data-column="{value}".*?</ul>', page, re.DOTALL)
    return "" if found is None else found[0]


def titles(page: str, value: str) -> list[str]:
    return re.findall(r'class="sm-card-title"[^>]*>([^<]*)<', column(page, value))


def targets(page: str, value: str) -> list[str]:
    """The columns that the first card of a column may be moved to."""
    forms = re.findall(r"<form[^>]*data-move[^>]*>", column(page, value))
    return [re.search(r'data-move="(\w+)"', f)[1] for f in forms if " hidden" not in f]  # type: ignore[index]


async def test_columns_have_the_cards_of_their_member_in_order(browser: Any) -> None:
    for name, weight in (("Pen", 1), ("Ink", 5)):
        await Parcel.objects.create(name=name, weight=weight)
    await Parcel.objects.create(name="Map", state="sent")
    page = (await browser.page("/parcels?view=board")).text

    assert [titles(page, value) for value in ("open", "sent", "lost")] == [
        ["Ink", "Pen"],
        ["Map"],
        [],
    ]
    assert 'href="/parcels?view=board"' in (await browser.page("/parcels")).text
    searched = (await browser.page("/parcels?view=board&search=ink")).text
    assert [titles(searched, value) for value in ("open", "sent")] == [["Ink"], []]
    filtered = (await browser.page("/parcels?view=board&state=sent")).text
    assert (titles(filtered, "sent"), column(filtered, "open")) == (["Map"], "")


async def test_card_moves_where_its_events_lead_and_tells_why_not(browser: Any) -> None:
    parcel = await Parcel.objects.create(name="Pen")
    page = (await browser.page("/parcels?view=board")).text
    assert targets(page, "open") == ["sent"]  # only a boss loses parcels

    await browser.submit(f"/parcels/{parcel.id}/send", {})
    page = (await browser.page("/parcels?view=board")).text
    assert targets(page, "sent") == []
    assert 'data-move="lost"' not in page


async def test_refused_column_has_its_reason(browser: Any) -> None:
    await Parcel.objects.create(name="Pen", state="lost")
    page = unescape((await browser.page("/parcels?view=board")).text)

    assert '{"sent":"Only open parcels can be sent."}' in page


async def test_editable_field_is_changed_by_update(browser: Any) -> None:
    idea = await Idea.objects.create(name="Sail")
    page = (await browser.page("/ideas?view=board")).text
    assert targets(page, "new") == ["good"]

    assert (await browser.submit(f"/ideas/{idea.id}/update", {"state": "good"})).status_code == 303
    assert titles((await browser.page("/ideas?view=board")).text, "good") == ["Sail"]


async def test_hidden_fields_are_neither_shown_nor_order_cards_nor_make_a_board(
    browser: Any,
) -> None:
    await Gem.objects.create(name="Ruby")
    await Plan.objects.create(name="Trip")
    page = (await browser.page("/gems?view=board")).text

    assert (titles(page, "raw"), "4711" in page) == (["Ruby"], False)
    rows = await browser.page("/plans?view=board")
    assert (rows.status_code, "sm-kanban" in rows.text) == (200, False)


async def test_column_shows_fifty_cards_and_links_to_the_others(browser: Any) -> None:
    for number in range(52):
        await Idea.objects.create(name=f"Idea {number}")
    page = (await browser.page("/ideas?view=board")).text

    assert len(titles(page, "new")) == 50
    assert re.search(r'href="/ideas\?state=new"[^>]*>2 more<', page)


async def test_hostile_text_stays_text_on_a_card(browser: Any) -> None:
    for text in HOSTILE:
        await Parcel.objects.create(name=text[:300], note=text)
    page = (await browser.page("/parcels?view=board")).text

    shown = unescape(column(page, "open"))
    assert [text for text in HOSTILE if text[:60] not in shown] == []
    assert "<script>alert" not in page
    assert '" onmouseover="a()' not in page


async def test_unknown_view_is_refused_in_json_and_ignored_on_pages(browser: Any) -> None:
    assert (await browser.call("GET", "/parcels?view=x")).status_code == 400
    assert (await browser.page("/parcels?view=x")).status_code == 200
    assert (await browser.call("GET", "/parcels?view=board")).status_code == 200


@pytest.mark.parametrize(
    ("board", "reason"),
    [
        ("name", "expected an Enum or Literal"),
        ("missing", "expected an Enum or Literal"),
        (3, "expected a choice field"),
        ("state", "is not editable"),
        ({"by": "state", "moves": {"gone": "go"}}, "moves to 'gone'"),
        ({"by": "state", "moves": {"b": "fly"}}, "by 'fly'"),
        ({"by": "state", "card": ["x"], "moves": {"b": "go"}}, "shows 'x'"),
        ({"by": "state", "order": "x", "moves": {"b": "go"}}, "order 'x'"),
        ({"by": "state", "columns": 3}, "unknown key 'columns'"),
    ],
)
def test_board_that_makes_no_sense_stops_the_start(board: Any, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):

        @unlisted
        class Wrong(Entity):
            model_config = EntityConfig(board=board)
            name: str = ""
            state: Literal["a", "b"] = Field(default="a", editable=False)

            @event
            def go(self) -> None: ...


async def test_members_may_have_any_characters(serve: Any, visit: Any) -> None:
    app = serve(Job)
    await app.starmodel.objects(Job).create(name="A")
    page = await visit(app).page("/jobs?view=board")

    assert page.status_code == 200
    assert 'data-column="R&amp;D"' in page.text
    assert "<b>" not in page.text
