"""A dashboard: figures, a chart and a table that follow one shared entity."""

import asyncio
import random
from typing import Annotated, Literal

from fasthtml.common import *
from monsterui.all import *

from starmodel import Entity, Field, dispatch, event, live, page
from starmodel.ui import chart, columns, section, table, tile

from .frame import MUTED, frame

PRICES = {"Coffee": 3.20, "Tea": 2.80, "Bagel": 4.50, "Cake": 5.00}
EARLIER = [
    (31, "Tea", 1), (30, "Coffee", 2), (29, "Cake", 2), (28, "Bagel", 3), (27, "Tea", 1),
    (26, "Coffee", 1), (25, "Bagel", 2),
]  # fmt: skip
SHOWN = len(EARLIER)


class Sales(Entity):
    """A day in a café, the same for everybody who looks at it."""

    model_config = {"scope": "app", "access": "public", "nav": False}
    sold: dict[str, int] = {"Coffee": 24, "Tea": 11, "Bagel": 15, "Cake": 7}
    orders: int = 31
    latest: list[tuple[int, str, int]] = EARLIER

    @event(title="Add order")
    def order(
        self,
        product: Literal["Coffee", "Tea", "Bagel", "Cake"],
        quantity: Annotated[int, Field(ge=1, le=20)] = 1,
    ):
        self.sold[product] += quantity
        self.orders += 1
        self.latest.insert(0, (self.orders, product, quantity))
        del self.latest[SHOWN:]

    @event
    async def lunch_rush(self):
        """Twelve orders, one after the other: each is an event like one that somebody clicked."""
        for _ in range(12):
            product = random.choice(list(PRICES))  # noqa: S311 - no secret
            await dispatch(Sales.order(product, random.randint(1, 3)))  # noqa: S311
            await asyncio.sleep(0.35)

    @event(confirm="Start the day again for everybody?", title="Start again")
    def start_again(self):
        fresh = Sales()
        self.sold, self.orders, self.latest = fresh.sold, fresh.orders, fresh.latest


@live
def figures(sales: Sales):
    revenue = sum(PRICES[product] * count for product, count in sales.sold.items())
    return Div(
        columns(
            tile("Orders", sales.orders),
            tile("Revenue", revenue, currency="EUR"),
            tile("Average order", revenue / sales.orders, currency="EUR"),
            tile("Best seller", max(sales.sold, key=sales.sold.get)),
        ),
        id="figures",
    )


@live
def sold(sales: Sales):
    """The browser's chart receives new data, and moves to it."""
    return chart(sales.sold, "bar", title="Sold today", x="product", y="sold")


@live
def latest(sales: Sales):
    rows = [
        {"order": f"#{number}", "product": product, "quantity": quantity,
            "total": f"€{PRICES[product] * quantity:.2f}"}
        for number, product, quantity in sales.latest
    ]  # fmt: skip
    return Div(table(rows, label="Latest orders"), id="latest")


@page("/dashboard", icon="columns", access="public")
def dashboard(sales: Sales):
    """Figures, a chart and a table that follow one shared entity."""
    return frame(
        Div(
            *[
                Button(f"Sell a {name.lower()}", data_on_click=Sales.order(name), submit=False)
                for name in PRICES
            ],
            Button(
                "Lunch rush", data_on_click=Sales.lunch_rush(), cls=ButtonT.primary, submit=False
            ),
            cls="flex flex-wrap gap-2",
        ),
        figures(sales),
        Div(
            Div(sold(sales), cls="min-w-0 lg:col-span-2"),
            section("Latest orders", latest(sales)),
            cls="grid gap-4 lg:grid-cols-3",
        ),
        P("Start the day again on ", A("the generated page", href="/sales", cls="uk-link"),
            " of the same entity.", cls=MUTED),
        lead="Open it in two windows and sell something. Figures, chart and list are rendered "
        "once per change, and sent to every window.",
        source=__file__,
    )  # fmt: skip
