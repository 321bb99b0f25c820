"""Numbers of any size in requests: never a 5xx, and never a page that breaks later."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel, computed_field

from cost import at_low_cost
from integration.web.browser import HTML, unlisted
from starmodel import Entity, EntityConfig, Field, event

P = 2**61 - 1  # multiples of it have the hash 0


class Box(BaseModel):
    sides: set[int] = set()
    size: Decimal = Decimal(0)


@unlisted
class Sum(Entity):
    total: int = 0
    exact: Decimal = Decimal(0)
    ratio: float = 0.0
    parts: list[int] = Field(default=[])
    seen: int = 0
    anything: Any = None

    @event
    def add(self, amount: int) -> None:
        self.total += amount

    @event
    def square(self) -> None:
        self.total *= self.total

    @event
    def scale(self, by: Decimal = Decimal(1), ratio: float = 1.0) -> None:
        self.exact, self.ratio = by, ratio

    @event
    def hold(self, what: Any = None, parts: list[int] | None = None) -> None:
        self.anything, self.parts = what, parts or []

    @event
    def see(
        self,
        numbers: set[int] | None = None,
        ids: set[uuid.UUID] | None = None,
        table: dict[int, str] | None = None,
        boxes: list[Box] | None = None,
        frozen: frozenset[Decimal] | None = None,
        both: set[int | str] | None = None,
        texts: set[str] | None = None,
    ) -> None:
        given = (numbers, ids, table, boxes, frozen, both, texts)
        self.seen = sum(len(one) for one in given if one)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def power(self) -> int:
        return 10**5000 if self.total == 77 else 0


@unlisted
class Stock(Entity):
    model_config = EntityConfig(access="public")
    id: int | None = Field(default=None, primary_key=True)
    count: int
    price: Decimal = Decimal(1)
    weight: float = 1.0

    @event
    def paint(self) -> None: ...


NUMBERS = [
    "9" * 1001, "-" + "9" * 1001, "9" * 4300, "9" * 4301, "9" * 100_000, "1e400", "-1e400",
    "1e999999999", "1E+999999999", "1E-999999999", "0E-999999999", "NaN", "Infinity", "-Infinity",
    "sNaN", "0x10", "1_000", "٣", "½", "1" + "0" * 999, str(2**63), str(-(2**63) - 1), str(2**64),
    "1e308", "-0", "0." + "9" * 5000, "1." + "0" * 1002, "1e-400", "+5", " 5 ", "", "5.0", "1e5",
]  # fmt: skip


PARAMETERS = [
    ("add", "amount"), ("scale", "by"), ("scale", "ratio"), ("hold", "what"), ("hold", "parts"),
]  # fmt: skip
ODD_TEXTS = ["x" * 5000, "\ue000text:x\ue001", "\ue000", "\ud7ff", "a%00b", "%ff", "%ed%a0%80"]


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
async def test_no_number_is_a_5xx_or_breaks_a_page(visit: Any, number: str) -> None:
    browser = visit(Sum)
    names = (
        ("add", "amount"),
        ("scale", "by"),
        ("scale", "ratio"),
        ("hold", "what"),
        ("hold", "parts"),
    )
    for path, name in names:
        body = b'{"%s": %s}' % (name.encode(), number.encode())
        requests = (
            partial(browser.post, f"/sum/{path}", content=body,
                    headers={"accept": "application/json", "content-type": "application/json",
                             "origin": "http://testserver"}),
            partial(browser.call, "POST", f"/sum/{path}", {name: number}),
            partial(browser.submit, f"/sum/{path}", {name: number}),
            partial(browser.click, f"/sum/{path}", {name: number}),
            partial(browser.call, "POST", f"/sum/{path}", params={name: number[:9000]}),
        )  # fmt: skip
        for request in requests:
            result = await at_low_cost(request)
            assert int(result.headers.get("starmodel-status", result.status_code)) < 500
            assert len(result.content) < 250_000  # a form has what was typed
    page, data = await browser.page("/sum"), await browser.call("GET", "/sum")
    assert (page.status_code, data.status_code) == (200, 200)


async def test_numbers_incremented_by_clicks_stop_at_the_bound(visit: Any) -> None:
    browser = visit(Sum)
    for _ in range(3):
        await browser.call("POST", "/sum/add", {"amount": int("9" * 1000)})
    statuses = [(await browser.call("POST", "/sum/square")).status_code for _ in range(20)]

    assert set(statuses) <= {200, 422}
    assert statuses[-1] == 422
    assert (await browser.page("/sum")).status_code == 200
    assert (await browser.call("POST", "/sum/add", {"amount": 1})).status_code in (200, 422)


async def test_computed_number_beyond_pythons_digit_limit_is_rendered(visit: Any) -> None:
    browser = visit(Sum)
    await browser.call("POST", "/sum/add", {"amount": 77})

    click, page = await browser.click("/sum/add", {"amount": 0}), await browser.page("/sum")
    data = await browser.get("/sum", headers={"accept": "application/json"})

    assert (click.status_code, page.status_code, data.status_code) == (200, 200, 200)
    assert b'"power":1' + b"0" * 5000 in data.content


CHOSEN: dict[str, Any] = {
    "numbers": [P * n for n in range(40_000)],
    "ids": [str(uuid.UUID(int=P * n)) for n in range(20_000)],
    "table": {str(P * n): "" for n in range(30_000)},
    "boxes": [{"sides": [P * n for n in range(5000)]}],
    "frozen": [str(P * n) for n in range(30_000)],
    "both": [P * n for n in range(9000)],
}


@pytest.mark.parametrize("name", CHOSEN)
async def test_numbers_chosen_to_collide_are_rejected_quickly(visit: Any, name: str) -> None:
    browser = visit(Sum)
    see = partial(browser.call, "POST", "/sum/see")
    response = await at_low_cost(partial(see, {name: CHOSEN[name]}))

    assert response.status_code in (400, 422)
    for many in (900, 1001):
        some = CHOSEN[name]
        if name == "boxes":
            some = [{"sides": [P * n for n in range((many + 2) // 3)]} for _ in range(3)]
        elif isinstance(some, dict):
            some = dict(list(some.items())[:many])
        else:
            some = some[:many]
        response = await at_low_cost(partial(see, {name: some}))
        assert response.status_code == (200 if many == 900 else 422), response.text[:300]


async def test_texts_in_sets_and_long_lists_are_bounded_by_items_only(visit: Any) -> None:
    browser = visit(Sum)

    texts = await browser.call("POST", "/sum/see", {"texts": [str(n) for n in range(9000)]})
    parts = await browser.call("POST", "/sum/hold", {"parts": list(range(9000))})
    more = await browser.call("POST", "/sum/hold", {"parts": list(range(10_001))})
    form = await browser.submit("/sum/see", {"numbers": str([P * n for n in range(2000)])})

    assert (texts.status_code, parts.status_code) == (200, 200)
    assert (more.status_code, form.status_code) == (400, 422)


WINDOWS = ["page", "per_page", "limit", "offset", "total", "cursor", "search", "order", "count",
           "count__gt", "count__in", "price__lt", "weight__gte", "id", "id__in", "price__in",
           "count__contains", "price__startswith"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("store", ["memory", "sql"])
async def test_no_parameter_of_a_list_is_a_5xx(visit: Any, tmp_path: Any, store: str) -> None:
    stored = Stock if store == "memory" else _stored()
    browser = visit(stored, database_url=f"sqlite:///{tmp_path}/a.db")
    await browser.call("POST", "/stocks", {"count": 5})
    for name in WINDOWS:
        for number in [
            *NUMBERS,
            "9" * 5000,
            "\ue000text:x\ue001",
            "\ue000",
            "\ud7ff",
            "%00",
            "\x00",
        ]:
            for headers in ({"accept": "application/json"}, HTML):
                response = await at_low_cost(
                    partial(browser.get, "/stocks", params={name: number[:9000]}, headers=headers)
                )
                assert response.status_code < 500, (name, number[:50], response.text[:300])


ROUTES = [("GET", ""), ("GET", "/edit"), ("PATCH", ""), ("DELETE", ""), ("POST", "/paint")]


@pytest.mark.parametrize("store", ["memory", "sql"])
async def test_no_id_in_a_url_is_a_5xx(visit: Any, tmp_path: Any, store: str) -> None:
    stored = Stock if store == "memory" else _stored()
    browser = visit(stored, database_url=f"sqlite:///{tmp_path}/a.db")
    for id in [text[:9000] for text in (*NUMBERS, *ODD_TEXTS)]:
        for method, tail in (
            ("GET", ""),
            ("GET", "/edit"),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/paint"),
        ):
            response = await browser.call(method, f"/stocks/{id}{tail}" if id else "/stocks/-")
            assert response.status_code < 500, (id[:50], method, response.text[:300])
            assert len(response.content) < 3000


def _stored() -> type[Entity]:
    @unlisted
    class Stock(Entity):
        model_config = EntityConfig(access="public", store="sql")
        id: int | None = Field(default=None, primary_key=True)
        count: int
        price: Decimal = Decimal(1)
        weight: float = 1.0

        @event
        def paint(self) -> None: ...

    return Stock


async def test_order_has_few_terms_and_filters_are_short(visit: Any) -> None:
    browser = visit(Stock)
    for question, text in (
        ({"order": ",".join(["count"] * 17)}, "17 terms; expected at most 16"),
        ({"order": "count," * 2001}, "expected at most 16"),
        ({"price__contains": "1" * 1001}, "expected at most 1000"),
        ({"count__in": ",".join(["1"] * 1001)}, "more than 1000 values"),
        ({"page": "9" * 5000}, "expected a number from 1"),
        ({"per_page": "٣"}, "expected a number from 1"),
    ):
        response = await browser.call("GET", "/stocks", params=question)
        assert response.status_code == 400
        assert text in response.json()["detail"]
        assert len(response.content) < 1000
    good = await browser.call("GET", "/stocks", params={"order": ",".join(["count"] * 16)})
    assert good.status_code == 200


@pytest.mark.parametrize(
    "text", ["\ue000text:x\ue001", "\ue000html:rows\ue001", "\ue000", "\uf8ff", "\U000f0000"]
)
async def test_private_use_characters_are_plain_text(visit: Any, text: str) -> None:
    @unlisted
    class Word(Entity):
        model_config = EntityConfig(access="public")
        text: str

    browser = visit(Word)
    made = await browser.call("POST", "/words", {"text": text})
    id = made.json()["entity"]["id"]
    pages = [
        await browser.get("/words", params={"search": text}, headers=HTML),
        await browser.get("/words", params={"text": text}, headers=HTML),
        await browser.get("/words", params={"text__in": f"{text},b"}, headers=HTML),
        await browser.page("/words"),
        await browser.page(f"/words/{id}"),
        await browser.page(f"/words/{id}/edit"),
    ]

    assert [page.status_code for page in pages] == [200] * 6
    assert all(text in page.text for page in pages)


@pytest.mark.parametrize(
    "name",
    ["a" * 300 + ".js", "a" * 5000 + ".css", "%00.js", "..%2f..%2fpy.typed", "%2e%2e/x.js", ".js",
     "manifest.json", "compiler/x.js", "con.js", "a%0ab.svg"],
)  # fmt: skip
async def test_asset_name_is_never_a_path(visit: Any, name: str) -> None:
    response = await visit(Stock).get(f"/_starmodel/assets/{name}")

    assert response.status_code in (400, 404)


@unlisted
class Diary(Entity):
    model_config = EntityConfig(store="local_storage")
    count: int = 0
    cost: Decimal = Decimal(0)
    days: set[int] = set()
    title: str = ""

    @event
    def add(self, amount: int = 1) -> None:
        self.count += amount

    @event
    def fill(self, many: int) -> None:
        self.days = set(range(many))


@pytest.mark.parametrize(
    ("state", "stored"),
    [
        ({"count": int("9" * 1001), "title": "a"}, {"count": 1, "title": ""}),  # no document at all
        ({"cost": "1E+999999999", "title": "a"}, {"cost": "0", "title": "a"}),
        ({"days": [P * n for n in range(5000)], "title": "a"}, {"days": [], "title": "a"}),
        ({"days": [P * n for n in range(500)], "count": 4}, {"count": 5}),
    ],
    ids=range(4),
)
async def test_numbers_in_browser_state_are_bounded(
    visit: Any, state: dict[str, Any], stored: dict[str, Any]
) -> None:
    browser = visit(Diary)
    text = json.dumps({"format": 1, "version": 5, "state": state})

    response = await at_low_cost(
        partial(browser.call, "POST", "/diary/add", {"_browser": {"states": {"Diary": text}}})
    )

    assert response.status_code == 200, response.text[:300]
    assert stored.items() <= response.json()["entity"].items()


async def test_state_that_would_not_parse_is_not_sent_to_the_browser(visit: Any) -> None:
    browser = visit(Diary)

    few = await browser.call("POST", "/diary/fill", {"many": 1000})
    many = await browser.call("POST", "/diary/fill", {"many": 1001})

    assert (few.status_code, many.status_code) == (200, 422)
