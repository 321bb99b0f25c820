"""An order desk: customers, products, orders with lines, a dashboard, and a board for everybody.

Run it: `starmodel run examples/desk/app.py`
Fill it: `starmodel event Samples add --orders 10000 --app examples/desk/app.py`

Staff (the role "staff") see everything. Buyers see products, and the customers and orders that
are theirs.
"""

from collections import Counter
from typing import Annotated

from starmodel import create_app, live, page, where
from starmodel.auth import Auth
from starmodel.ui import chart, columns, section, table, tile

from .entities import STAFF, Board, Customer, Order, OrderLine, Product
from .samples import Samples

ENTITIES = [Order, OrderLine, Customer, Product, Board, Samples]


@live
def to_do(orders: list[Order]):
    waiting = Counter(order.status for order in orders)
    return columns(
        tile("To pack", waiting["placed"], link="/orders?status=placed"),
        tile("To ship", waiting["packed"], link="/orders?status=packed"),
    )


@live
def latest(orders: list[Order]):
    per_day = Counter(order.placed_on for order in orders)
    return (
        chart(sorted(per_day.items()), "bar", title="Orders by day"),
        section("Latest orders", table(orders[:5])),
    )


@page("/dashboard", icon="home", access=STAFF)
def dashboard(
    unshipped: Annotated[list[Order], where(status__in=["placed", "packed"], limit=200)],
    newest: Annotated[list[Order], where(order="-placed_on", limit=100)],
):
    return to_do(unshipped), latest(newest)


app = create_app(ENTITIES, title="Order desk", auth=Auth(registration="open"))
