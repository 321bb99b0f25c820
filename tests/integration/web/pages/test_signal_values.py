"""Signal values that JavaScript represents differently: large integers, decimals, null."""

from __future__ import annotations

import json
from typing import Any

from integration.web.browser import sse_events
from integration.web.expressions import Outline
from starmodel import Entity, EntityConfig, event


async def test_large_text_is_no_signal_unless_declared(visit: Any) -> None:
    from starmodel import Field

    class Page(Entity):
        body: str = ""
        source: str = Field(default="", signal=True)
        accents: str = ""

        @event
        def fill(self) -> None:
            self.body = self.source = "x" * 5000
            self.accents = "ü" * 3000

    response = await visit(Page).click("/page/fill")

    signals = sse_events(response.text)[1].signals["Page"]
    assert signals == {"body": "", "source": "x" * 5000, "accents": ""}


async def test_numbers_beyond_javascript_precision_are_sent_as_text(visit: Any) -> None:
    from decimal import Decimal

    class Sum(Entity):
        big: int = 0
        small: int = 0
        price: Decimal = Decimal("0")
        part: float = 0

        @event
        def fill(self) -> None:
            self.big, self.small = 2**70, 2**53 - 1
            self.price, self.part = Decimal("0.10"), float("inf")

    browser = visit(Sum)
    response = await browser.click("/sum/fill")
    page = Outline((await browser.page("/sum")).text)

    wanted = {"big": str(2**70), "small": 2**53 - 1, "price": "0.10", "part": "inf"}
    assert sse_events(response.text)[1].signals["Sum"] == wanted
    assert json.loads(page.values("data-signals")[0])["Sum"] == wanted
    assert (await browser.call("GET", "/sum")).json()["big"] == 2**70


async def test_removed_keys_of_a_dict_signal_are_deleted_in_the_browser(visit: Any) -> None:
    from starmodel import Field

    class Flags(Entity):
        model_config = EntityConfig(use_namespace=False)
        on: dict[str, bool] = Field(default={}, signal=True)

        @event
        def only(self, name: str) -> None:
            self.on = {name: True}

    browser = visit(Flags)
    await browser.click("/flags/only?name=a")
    response = await browser.click("/flags/only?name=b")

    cleared, state = sse_events(response.text)[1:]
    assert (cleared.signals, state.signals) == ({"on": ""}, {"on": {"b": True}})
    assert cleared.data["version"] == state.data["version"]
