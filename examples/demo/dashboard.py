"""A dashboard: figures, a chart and a table that follow one shared entity."""

import asyncio
import random
from typing import Annotated, Literal

from fasthtml.common import *
from monsterui.all import *

from starmodel import Entity, Field, dispatch, event, live

from .frame import CARD, MUTED, frame

router = APIRouter()
PRICES = {"Coffee": 3.20, "Tea": 2.80, "Bagel": 4.50, "Cake": 5.00}
EARLIER = [
    (31, "Tea", 1), (30, "Coffee", 2), (29, "Cake", 2), (28, "Bagel", 3), (27, "Tea", 1),
    (26, "Coffee", 1), (25, "Bagel", 2),
]  # fmt: skip
SHOWN = len(EARLIER)


class Sales(Entity):
    """A day in a café, the same for everybody who looks at it."""

    model_config = {"scope": "app", "access": "public"}
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
    best = max(sales.sold, key=sales.sold.get)
    tiles = {
        "Orders": f"{sales.orders:,}",
        "Revenue": f"€{revenue:,.2f}",
        "Average order": f"€{revenue / sales.orders:,.2f}",
        "Best seller": best,
    }
    return Dl(
        *[
            Div(
                Dt(name, cls=MUTED),
                Dd(value, cls="mt-1 text-2xl sm:text-3xl font-bold tracking-tight tabular-nums"),
                cls=f"{CARD} p-5",
            )
            for name, value in tiles.items()
        ],
        id="figures",
        cls="grid grid-cols-2 gap-4 lg:grid-cols-4",
    )


@live
def chart(sales: Sales):
    """The browser's chart receives new data, and animates the change."""
    return ApexChart(
        opts={
            "chart": {"type": "bar", "height": 300, "toolbar": {"show": False}},
            "dataLabels": {"style": {"colors": ["hsl(var(--primary-foreground))"]}},
            "series": [{"name": "Sold", "data": list(sales.sold.values())}],
            "xaxis": {"categories": list(sales.sold)},
            "colors": ["hsl(var(--primary))"],
            "plotOptions": {"bar": {"borderRadius": 4, "columnWidth": "55%"}},
        },
        id="chart",
        cls="min-h-[19.5rem]",
    )


@live
def latest(sales: Sales):
    rows = [
        Tr(
            Td(f"#{number}", cls="text-muted-foreground tabular-nums"),
            Td(product),
            Td(quantity, cls="text-right tabular-nums"),
            Td(f"€{PRICES[product] * quantity:.2f}", cls="text-right tabular-nums"),
            id=f"order-{number}",
        )
        for number, product, quantity in sales.latest
    ]
    return Tbody(*rows, id="latest")


@router("/dashboard")
def page(sales: Sales):
    return frame(
        "Dashboard",
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
            Section(
                H2("Sold today", cls="text-base font-semibold"),
                chart(sales),
                cls=f"{CARD} min-w-0 p-5 lg:col-span-2",
            ),
            Section(
                H2("Latest orders", cls="text-base font-semibold"),
                Table(latest(sales), cls=("mt-3 text-sm", TableT.sm)),
                cls=f"{CARD} p-5",
            ),
            cls="grid gap-4 lg:grid-cols-3",
        ),
        P("Start the day again on ", A("the generated page", href="/sales", cls="uk-link"),
            " of the same entity.", cls=MUTED),
        lead="Open it in two windows and sell something. Figures, chart and list are rendered "
        "once per change, and sent to every window.",
        source=__file__,
    )  # fmt: skip
