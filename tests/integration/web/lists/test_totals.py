"""The row of totals, and the headings of a grouped list."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import computed_field

from integration.web.browser import unlisted
from starmodel import UI, Entity, EntityConfig, Field
from starmodel.access import role
from starmodel.core.errors import ConfigurationError


@unlisted
class Shop(Entity):
    model_config = EntityConfig(store="sql", access="public")
    name: str


@unlisted
class Sale(Entity):
    model_config = EntityConfig(
        store="sql",
        access="public",
        list_display=["title", "state", "shop", "sold_on", "total", "pieces", "cost"],
        list_totals={"total": "sum", "pieces": "avg", "cost": "max"},
    )
    title: str
    state: Literal["open", "paid"] = "open"
    shop: Shop | None = None
    sold_on: date | None = None
    total: Annotated[Decimal, UI(currency="EUR")] = Field(Decimal(0), decimal_places=2)
    pieces: int = 1
    cost: int = Field(default=0, access={"read": role("boss")})


@pytest.fixture
async def app(serve: Any) -> Any:
    app = serve(Sale, Shop)
    berne = await Shop.objects.create(name="Berne")
    aarau = await Shop.objects.create(name="Aarau")
    for n in range(6):
        await Sale.objects.create(
            title=f"Sale {n}", state="paid" if n > 3 else "open", total=Decimal("0.10") * (n + 1),
            pieces=n, sold_on=date(2026, 4 + n % 2, 3) if n else None, cost=n,
            shop=None if n == 0 else berne if n % 2 else aarau,
        )  # fmt: skip
    return app


def headings(page: str) -> list[str]:
    return re.findall(r'<th [^>]*scope="rowgroup"[^>]*><span dir="auto">([^<]*)', page)


def keys(page: str) -> list[str]:
    return re.findall(r'data-group="([^"]*)"', page)


async def test_totals_are_exact_and_follow_the_question(visit: Any, app: Any) -> None:
    browser = visit(app)

    found = (await browser.call("GET", "/sales/_count")).json()

    assert found["total"] == 6
    assert found["totals"].keys() == {"total", "pieces"}
    assert "EUR 2.10" in found["totals"]["total"]
    assert ">2.50<" in found["totals"]["pieces"] or "2.5" in found["totals"]["pieces"]
    paid = (await browser.call("GET", "/sales/_count?state=paid")).json()
    assert "EUR 1.10" in paid["totals"]["total"]
    nothing = (await browser.call("GET", "/sales/_count?search=nope")).json()
    assert "sm-none" in nothing["totals"]["total"]
    boss = visit(app)
    await boss.get("/sign-in/cleo?roles=boss")
    assert "cost" in (await boss.call("GET", "/sales/_count")).json()["totals"]
    page = (await browser.page("/sales")).text
    assert re.search(r"<tfoot[^>]*hidden[^>]*>.*Total.*Average.*</tfoot>", page, re.DOTALL)
    assert 'data-total="cost"' not in page


@pytest.mark.parametrize(
    ("group", "shown", "groups"),
    [
        ("state", ["Open", "Paid"], {"open": 4, "paid": 2}),
        ("shop", ["Aarau", "Berne", "None"], {"": 1}),
        ("sold_on", ["May 2026", "Apr 2026", "None"], {"2026-05": 3, "2026-04": 2, "": 1}),
    ],
)
async def test_grouped_list_has_headings_and_their_numbers(
    visit: Any, app: Any, group: str, shown: list[str], groups: dict[str, int]
) -> None:
    browser = visit(app)

    page = (await browser.page(f"/sales?group={group}&order=-title")).text

    assert headings(page) == shown
    assert len(keys(page)) == 6
    found = (await browser.call("GET", f"/sales/_count?group={group}")).json()
    counts = {each["key"]: each["count"] for each in found["groups"]}
    assert groups.items() <= counts.items()
    assert set(keys(page)) == counts.keys()
    assert sum(counts.values()) == 6
    assert all("EUR" in each["totals"]["total"] for each in found["groups"])


async def test_groups_are_offered_beside_the_columns(visit: Any, app: Any) -> None:
    page = (await visit(app).page("/sales?group=state")).text

    assert "Group by" in page
    assert 'href="/sales?group=sold_on"' in page
    assert re.search(r'<a href="/sales"[^>]*aria-current="true"[^>]*>.*?State</a>', page, re.DOTALL)
    assert "group=title" not in page


@pytest.mark.parametrize("group", ["title", "cost", "nope", "x" * 300])
async def test_other_fields_group_no_list(visit: Any, app: Any, group: str) -> None:
    response = await visit(app).call("GET", f"/sales?group={group}")

    assert response.status_code == 400
    assert "group is" in response.text


async def test_rule_that_is_a_function_has_neither_totals_nor_numbers(
    visit: Any, serve: Any
) -> None:
    def some(actor: Any, entity: Any) -> bool:
        return entity is None or entity.number != 1

    @unlisted
    class Coin(Entity):
        model_config = EntityConfig(
            store="sql", access={"read": some, "write": "public"}, list_totals=["number"]
        )
        number: int
        kind: Literal["a", "b"] = "a"

    browser = visit(serve(Coin))
    for n in range(3):
        await Coin.objects.create(number=n)
    found = (await browser.call("GET", "/coins/_count?group=kind")).json()
    assert found == {"total": 2, "more": False, "groups": []}


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        (["title"], "expected number fields: size"),
        ({"size": "median"}, "expected one of sum, avg, min, max, count"),
        (["double"], "is computed in Python: no database can total it"),
    ],
)
def test_totals_that_no_list_can_show_stop_the_start(serve: Any, totals: Any, said: str) -> None:
    @unlisted
    class Box(Entity):
        model_config = EntityConfig(store="sql", access="public", list_totals=totals)
        title: str
        size: int = 1

        @computed_field
        def double(self) -> int:
            return self.size * 2

    with pytest.raises(ConfigurationError, match=said):
        serve(Box)
