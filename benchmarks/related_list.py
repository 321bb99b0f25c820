"""A list of 50 orders with the title of their customer and the total of their lines, from SQLite.

StarModel reads the window, the titles and the lines through the application, and renders the
rows by the generated interface. The peers read with SQLAlchemy Core and write the same cells by
f-strings: one adds the lines up in Python, like the computed field, the other in SQL. All of them
run in one process and take turns; the figure is the CPU time of one list, the least of several
rounds. Nothing is cached between two lists but what each keeps itself.
"""

import argparse
import asyncio
import tempfile
import time
from html import escape
from pathlib import Path

from pydantic import computed_field
from sqlalchemy import MetaData, bindparam, create_engine, func, select

from starmodel import Entity, Relationship, create_app
from starmodel.app.access.decisions import audience_of
from starmodel.app.queries.listing import listing_of

ORDERS, LINES, CUSTOMERS, PER_PAGE = 1_000, 4, 40, 50


class Customer(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str


class Order(Entity):
    model_config = {
        "store": "sql",
        "access": {"read": "public", "write": "nobody"},
        "list_display": ["number", "customer", "total"],
    }
    number: str
    customer: Customer
    lines: list["OrderLine"] = Relationship()

    @computed_field
    def total(self) -> float:
        return sum(line.quantity * line.price for line in self.lines)


class OrderLine(Entity):
    model_config = {"store": "sql", "access": "public"}
    order: Order
    quantity: int = 1
    price: float = 1.0


class Ours:
    """The list by the application and the generated interface."""

    def __init__(self, app):
        self.application = app.starmodel
        self.resource = self.application.areas.current_resource(Order)
        self.listing = listing_of(self.resource.entity_type, {"per_page": str(PER_PAGE)})

    async def rows(self):
        """Return the HTML of the rows."""
        application, resource, listing = self.application, self.resource, self.listing
        entity_type, policy = resource.entity_type, resource.policy
        window = await application.window(listing, None, policy=policy)
        window = await application.titles.add(window, entity_type, None, policy)
        audience = await audience_of(policy, entity_type, None)
        rows = resource.ui.list_rows(resource, listing, window.entities, audience, window.titles)
        return "".join([row.html for row in rows])


class ByHand:
    """The list by SQLAlchemy Core and f-strings, with the lines added up in Python."""

    def __init__(self, engine, tables):
        self.engine = engine
        order, customer, line = (tables[name] for name in ("order", "customer", "order_line"))
        self.orders = (
            select(order.c.id, order.c.number, order.c.customer_id, customer.c.name)
            .select_from(order.outerjoin(customer, customer.c.id == order.c.customer_id))
            .order_by(order.c.id)
            .limit(PER_PAGE)
        )
        self.lines = select(line.c.order_id, line.c.quantity, line.c.price).where(
            line.c.order_id.in_(bindparam("orders", expanding=True))
        )

    async def rows(self):
        """Return the HTML of the rows."""
        with self.engine.connect() as connection:
            found = connection.execute(self.orders).all()
            lines = connection.execute(self.lines, {"orders": [order[0] for order in found]})
            totals = dict.fromkeys([order[0] for order in found], 0)
            for order, quantity, price in lines:
                totals[order] += quantity * price
        return "".join([self.row(*order, totals[order[0]]) for order in found])

    def row(self, id, number, customer_id, customer, total):
        return (
            f'<tr data-key="{id}"><td class="sm-first">'
            f'<a href="/orders/{id}" dir="auto" class="sm-open">{escape(number)}</a></td>'
            f'<td data-label="Customer">{self.customer(customer_id, customer)}</td>'
            f'<td data-label="Total" class="sm-number sm-last-number">'
            f'<data value="{total}" data-local>{total}</data></td></tr>'
        )

    def customer(self, id, name):
        if name is None:
            return '<span class="sm-none">not available</span>'
        return f'<a href="/customers/{id}" dir="auto" class="sm-related">{escape(name)}</a>'


class ByHandInSql(ByHand):
    """The same, with the lines added up by the database, in one query."""

    def __init__(self, engine, tables):
        super().__init__(engine, tables)
        line = tables["order_line"]
        order = tables["order"]
        total = (
            select(func.coalesce(func.sum(line.c.quantity * line.c.price), 0.0))
            .where(line.c.order_id == order.c.id)
            .scalar_subquery()
        )
        self.orders = self.orders.add_columns(total)

    async def rows(self):
        """Return the HTML of the rows."""
        with self.engine.connect() as connection:
            found = connection.execute(self.orders).all()
        return "".join([self.row(*order) for order in found])


def fill(engine, tables):
    """Insert customers, orders and lines directly into the database."""
    customers = [{"id": f"c{n}", "name": f"Customer & {n}"} for n in range(CUSTOMERS)]
    orders = [
        {"id": f"{n:032}", "number": f"A-{n:05}", "customer_id": f"c{n % CUSTOMERS}"}
        for n in range(ORDERS)
    ]
    lines = [
        {"id": f"{n * LINES + at:032}", "order_id": f"{n:032}", "quantity": 1 + (n + at) % 5}
        | {"price": at + 0.5}
        for n in range(ORDERS)
        for at in range(LINES)
    ]
    with engine.begin() as connection:
        for name, rows in (("customer", customers), ("order", orders), ("order_line", lines)):
            connection.execute(tables[name].insert(), [{**row, "_version": 1} for row in rows])


async def measure(seconds, rounds):
    """Return the least CPU time of one list in microseconds, and the bytes, by name."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'orders.db'}"
        app = create_app([Customer, Order, OrderLine], database_url=url, secret_key="related" * 8)
        await app.starmodel.ready()
        engine, metadata = create_engine(url), MetaData()
        metadata.reflect(engine)
        fill(engine, metadata.tables)
        lists = {
            "StarModel": Ours(app),
            "Core, sums in Python": ByHand(engine, metadata.tables),
            "Core, sums in SQL": ByHandInSql(engine, metadata.tables),
        }
        made = {name: await each.rows() for name, each in lists.items()}
        assert len(set(made.values())) == 1, made
        least = dict.fromkeys(lists, float("inf"))
        for _ in range(rounds):
            for name, each in lists.items():
                least[name] = min(least[name], await cpu_us(each.rows, seconds))
        await app.starmodel.close()
    return {name: (least[name], len(made[name].encode())) for name in lists}


async def cpu_us(rows, seconds):
    """Return the CPU time of one call in microseconds."""
    calls, started, ends = 0, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < ends:
        await rows()
        calls += 1
    return (time.process_time() - started) / calls * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each list and round")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    found = asyncio.run(measure(options.seconds, options.rounds))
    ours = found["StarModel"][0]
    print(f"{'list':24}{'CPU µs':>10}{'StarModel':>12}{'bytes':>10}")
    for name, (cost, size) in found.items():
        print(f"{name:24}{cost:10,.0f}{cost / ours:12.2f}{size:10,}")


if __name__ == "__main__":
    main()
