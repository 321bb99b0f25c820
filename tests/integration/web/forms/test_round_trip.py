"""An edit form submitted unchanged changes nothing."""

from __future__ import annotations

import enum
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel
from typing_extensions import TypedDict

from integration.web.browser import Browser, unlisted
from integration.web.html_forms import HtmlForm, form_of
from starmodel import UI, Entity, EntityConfig

PARIS = timezone(timedelta(hours=2))


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


class Geo(BaseModel):
    lat: float = 0.0
    label: str | None = None


class Opening(TypedDict):
    day: str
    hours: int | None


class Address(BaseModel):
    street: str = ""
    number: int | None = 7
    since: datetime | None = None
    tags: list[str] = ["home"]
    geo: Geo = Geo()


@unlisted
class Everything(Entity):
    model_config = EntityConfig(access="public", scope="record", path="/things")
    name: str = "n"
    note: str | None = None
    body: str = ""
    about: Annotated[str | None, UI(widget="markdown")] = None
    pin: Annotated[str, UI(widget="password")] = "1234"
    shade: Annotated[str | None, UI(widget="color")] = None
    mail: Annotated[str, UI(widget="email")] = ""
    phone: Annotated[str | None, UI(widget="tel")] = None
    hidden: Annotated[str | None, UI(widget="hidden")] = None
    level: Annotated[int | None, UI(widget="range")] = None
    flavour: Annotated[Literal["a", "b"] | None, UI(widget="radio")] = None
    whole: int = 0
    maybe: int | None = 5
    share: float = 0.0
    money: Decimal | None = None
    either: int | str = 0
    on: bool = True
    perhaps: bool | None = None
    day: date | None = None
    moment: datetime | None = None
    clock: time | None = None
    size: Size = Size.SMALL
    choice: Literal[1, 2, "three"] | None = None
    tags: list[str] = ["first"]
    words: list[str] | None = None
    picks: list[Literal["x", "y", "z"]] = ["x"]
    wants: list[Size] | None = None
    numbers: list[int] = [1]
    data: dict[str, Any] = {}
    address: Address = Address()
    home: Address | None = None
    days: list[date] = []
    parts: set[str] = {"one"}
    pair: tuple[int, ...] = (1, 2)
    gaps: list[int | None] = []
    flags: list[bool] = []
    homes: list[Address] = []
    grid: list[list[int]] = []
    prices: dict[str, Decimal] = {}
    moments: dict[str, datetime] = {}
    places: dict[str, Address] = {}
    opening: Opening = {"day": "Monday", "hours": 8}
    url: AnyUrl | None = None
    key: UUID | None = None


CASES: list[dict[str, Any]] = [
    {},
    {"name": "", "note": "", "body": "", "about": ""},
    {"name": "two\nlines", "note": "\r\n", "phone": "1\r2", "mail": " a@b.c ", "hidden": "a\r\nb"},
    {"body": "\nleading", "about": "\r\n\r\nleading CRLF\r\n"},
    {"body": "\n\n", "about": "mixed\r\nand\nand\rall"},
    {"body": "</textarea><script>", "name": "\"'<>&amp;", "note": "NUL \0 in it"},
    {"shade": "red"},
    {"shade": "#ABCDEF", "level": 7},
    {"shade": "", "level": 0, "flavour": "b"},
    {"pin": ""},
    {"whole": 2**63, "maybe": None, "share": 1e22, "money": Decimal("1.50")},
    {"share": -0.1, "money": Decimal("1E+3"), "either": "5"},
    {"either": "text", "on": False, "perhaps": False},
    {"perhaps": True},
    {"day": date(1, 2, 3), "clock": time(16, 30, 15)},
    {"clock": time(16, 30, 15, 123456), "moment": datetime(2026, 11, 24, 16, 30, 15)},
    {"clock": time(16, 30, tzinfo=UTC), "moment": datetime(2026, 11, 24, 16, 30, 15, 123456)},
    {"moment": datetime(2026, 11, 24, 16, 30, 0, 500), "clock": time(0, 0, 0, 7)},
    {"moment": datetime(2026, 11, 24, 16, 30, tzinfo=UTC)},
    {"moment": datetime(2026, 11, 24, 16, 30, 1, 2, tzinfo=PARIS)},
    {"moment": datetime(1, 1, 1, tzinfo=PARIS)},
    {"size": Size.LARGE, "choice": 2},
    {"choice": "three", "picks": ["z", "x", "x"], "wants": [Size.LARGE, Size.SMALL]},
    {"tags": [], "words": [], "picks": [], "wants": [], "numbers": []},
    {"tags": ["1"], "words": ["null"], "numbers": [2, 1]},
    {"tags": [" spaced ", "", "two\nlines", "[x"], "words": ["true", "\u2028"]},
    {"data": {"a": [1, {"b": None}], "\r\n": "x\ny"}},
    {"address": Address(street="two\nlines", number=None, tags=[], geo=Geo(lat=1.5, label=""))},
    {"address": Address(since=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=PARIS), tags=["1"])},
    {"days": [date(2026, 1, 2), date(1, 1, 1)], "parts": {"", " b", "<script>"}, "pair": ()},
    {"parts": set(), "pair": (3,), "gaps": [None, 1, None], "flags": [False, True, False]},
    {"homes": [Address(street="", number=None, tags=["", "x"]), Address(tags=[])]},
    {"homes": [Address(geo=Geo(lat=1e22, label="")), Address(street="\r\n\0\u202ehidden")]},
    {"grid": [[], [1, 2], []], "prices": {"": Decimal("1.50"), "a.b": Decimal("1E+3")}},
    {"prices": {"</textarea><script>": Decimal(0), "key": Decimal("-0.1")}},
    {"moments": {"two\nlines": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=PARIS), " ": datetime.max}},
    {"places": {"0": Address(since=datetime(2026, 1, 2, tzinfo=UTC)), "new": Address(tags=[])}},
    {"opening": {"day": "", "hours": None}, "tags": [str(n) for n in range(300)]},
    {"home": Address(street="", number=None, tags=[], geo=Geo(label=""))},
    {"home": Address(), "url": AnyUrl("https://example.org/?a=1&b=2"), "key": UUID(int=5)},
]


class Site:
    """One application with one record at a time."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.objects = Everything.objects

    async def stored(self, id: str) -> Everything:
        return await Everything.objects.get(id)

    async def opened(self, id: str) -> HtmlForm:
        page = await self.browser.page(f"/things/{id}/edit")
        assert page.status_code == 200, page.text
        return form_of(page.text, f"/things/{id}/update")

    async def send(self, id: str, form: HtmlForm) -> Any:
        return await self.browser.submit(
            str(form.attributes["action"]),
            content=urlencode(form.sent),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )


@pytest.fixture
def site(visit: Any) -> Site:
    return Site(visit(Everything))


async def expect_unchanged(site: Site, values: dict[str, Any]) -> None:
    before = await Everything.objects.create(**values)
    form = await site.opened(str(before.id))
    result = await site.send(str(before.id), form)
    after = await site.stored(str(before.id))

    assert form.blocked == []
    assert result.status_code == 303, re.findall("<p>(.*?)</p>", result.text)
    assert repr(after.model_dump()) == repr(before.model_dump())
    assert {"name", "body", "moment"} <= set(form.names)
    assert {"tags", "_rows.tags"} & set(form.names)  # a list beyond an editor is JSON


@pytest.mark.parametrize("number", range(len(CASES)))
async def test_edit_form_sent_unchanged_changes_nothing(site: Site, number: int) -> None:
    await expect_unchanged(site, CASES[number])
