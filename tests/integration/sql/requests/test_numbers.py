"""Extreme numbers, ids and query parameters on every database: a client error, never a 5xx."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integration.web.browser import Browser, unlisted
from starmodel import Entity, EntityConfig, Field, create_app, event

NUMBERS = [
    str(2**31), str(2**63 - 1), str(2**63), str(-(2**63) - 1), str(2**64), "9" * 1000, "9" * 1001,
    "1e308", "1e400", "1E+999", "1E+1000", "1E+999999999", "1E-999", "NaN", "-Infinity", "0.1",
]  # fmt: skip
FIELDS = ["id", "count", "price", "weight", "name"]
OPERATORS = ["", "__gt", "__in", "__ne", "__contains", "__startswith"]


@unlisted
class Stock(Entity):
    model_config = EntityConfig(access="public", store="sql")
    id: int | None = Field(default=None, primary_key=True)
    name: str = ""
    count: int = 0
    price: Decimal = Decimal(1)
    weight: float = 1.0
    more: list[int] = Field(default=[])

    @event
    def set(self, count: int = 0, price: Decimal = Decimal(1), weight: float = 1.0) -> None:
        self.count, self.price, self.weight = count, price, weight


@pytest.fixture
async def browser(any_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    app = create_app([Stock], secret_key="k" * 40, database_url=any_url)
    async with Browser(app) as made:
        await made.call("POST", "/stocks", {"name": "a", "count": 1})
        yield made
    await app.starmodel.close()


async def test_query_with_any_number_is_no_5xx(browser: Any) -> None:
    for field in FIELDS:
        for op in OPERATORS:
            for number in [*NUMBERS, "x" * 1000, "\x00", "\ue000", "%", "_", "\\", ",,,"]:
                response = await browser.call("GET", "/stocks", params={f"{field}{op}": number})
                assert response.status_code < 500, (field, op, number[:40], response.text[:300])
    order = ",".join(["count"] * 16)
    assert (await browser.call("GET", "/stocks", params={"order": order})).status_code == 200
    many = ",".join(map(str, range(1000)))
    assert (await browser.call("GET", "/stocks", params={"id__in": many})).status_code == 200


async def test_id_of_any_type_is_no_5xx(browser: Any) -> None:
    for id in [*NUMBERS, "x" * 5000, "%00", "%ff", "1.0", "+1", " 1", "true"]:
        for method, tail in (("GET", ""), ("GET", "/edit"), ("PATCH", ""), ("DELETE", ""),
                             ("POST", "/set")):  # fmt: skip
            response = await browser.call(method, f"/stocks/{id}{tail}")
            assert response.status_code < 500, (id[:40], method, response.text[:300])


async def test_number_of_any_size_is_stored_exactly_or_rejected(browser: Any) -> None:
    for name in ("count", "price", "weight"):
        for number in NUMBERS:
            response = await browser.call("POST", "/stocks/1/set", {name: number})
            assert response.status_code in (200, 409, 422), (name, number[:40], response.text[:300])
            assert (await browser.call("GET", "/stocks/1")).status_code == 200
            assert (await browser.page("/stocks")).status_code == 200
