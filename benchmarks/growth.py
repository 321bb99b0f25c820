"""Does the cost follow the work, or the table? Events and pages of 50 rows over 10² to 10⁶ rows.

In process, over SQLite, the whole way of a request. Each figure is the median of some
hundred requests, in milliseconds. The last three are in one order that an index has: a window
at its beginning and one at 90 % of the table, by a cursor; and the same one by its page.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from starmodel import Entity, Field, create_app, event
from starmodel.app.cursors import cursor_behind
from starmodel.app.query import make_query

REQUESTS, FEW_REQUESTS = 300, 5
PATHS = {
    "event": ("POST", "/products/{id}/adjust_stock"),
    "record": ("GET", "/products/{id}"),
    "first page": ("GET", "/products?per_page=50"),
    "page 2": ("GET", "/products?per_page=50&page=2"),
    "by an index": ("GET", "/products?per_page=50&order=-price"),
    "filtered": ("GET", "/products?per_page=50&price__gt=99.5"),
    "cursor": ("GET", "/products?per_page=50&order=-price&cursor="),
    "cursor 90 %": ("GET", "/products?per_page=50&order=-price&cursor={cursor}"),
    "page 90 %": ("GET", "/products?per_page=50&order=-price&page={page}"),
}


class Product(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str
    price: float = Field(default=1.0, index=True)
    stock: int = 0

    @event
    def adjust_stock(self, delta: int = 1):
        self.stock += delta


async def measure(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "growth.db"
        app = create_app(
            [Product], database_url=f"sqlite:///{path}", secret_key="growth" * 8, env="production"
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            client.headers = {"accept": "application/json", "origin": "http://localhost"}
            first = (await client.post("/products", json={"name": "first"})).json()
            fill(path, rows)
            (await client.get("/products")).raise_for_status()
            took = {}
            page = 1 + rows * 9 // 10 // 50
            asked = await client.get(f"/products?per_page=50&order=-price&page={page}")
            last = Product(**asked.json()["items"][-1])
            known = {
                "id": first["entity"]["id"],
                "page": page,
                "cursor": cursor_behind(make_query(Product, {}, order="-price"), last),
            }
            for name, (method, path) in PATHS.items():
                requests = FEW_REQUESTS if name == "page 90 %" else REQUESTS
                took[name] = await median(client, method, path.format(**known), requests)
        await app.starmodel.close()
    return took


def fill(path, rows):
    """Put so many rows behind the application's back, each a copy of the one that is there."""
    with sqlite3.connect(path) as connection:
        row = connection.execute("SELECT * FROM product").fetchone()
        columns = [about[1] for about in connection.execute("PRAGMA table_info(product)")]
        at = {name: columns.index(name) for name in ("id", "name", "price")}

        def copies():
            for number in range(rows - 1):
                copy = list(row)
                copy[at["id"]] = f"{number:032x}"
                copy[at["name"]], copy[at["price"]] = (
                    f"Product {number}",
                    number * 37 % 10_000 / 100,
                )
                yield copy

        marks = ",".join("?" * len(columns))
        connection.executemany(f"INSERT INTO product VALUES ({marks})", copies())


async def median(client, method, path, requests):
    times = []
    for _ in range(requests):
        started = time.perf_counter()
        answer = await client.request(method, path)
        times.append(time.perf_counter() - started)
        answer.raise_for_status()
    return statistics.median(times) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="*", type=int, default=[100, 10_000, 1_000_000])
    options = parser.parse_args()
    print(f"{'rows':>10}" + "".join(f"{name:>13}" for name in PATHS))
    for rows in options.rows:
        took = asyncio.run(measure(rows))
        print(f"{rows:10,}" + "".join(f"{took[name]:13.2f}" for name in PATHS), flush=True)


if __name__ == "__main__":
    main()
