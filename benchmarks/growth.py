"""Measures whether cost depends on table size: events and 50-row pages over 10² to 10⁶ rows.

Each request runs in process through the full stack, on each database. Each figure is the median
of some hundred requests, in milliseconds. The last three use one order that has an index: a
window at its start, one at 90 % of the table by a cursor, and the same one by page number.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

# The private servers of the test suite, and its direct access to their databases.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from databases import SERVERS
from external_writers import ExternalWriter
from starmodel import Entity, Field, create_app, event
from starmodel.app.ports.query import make_query

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


INTO = "INSERT INTO product (id, name, price, stock, _version) "
PRICE = "{i} * 37 % 10000 / 100.0, 0, 1"
FILL = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
    + INTO
    + "SELECT printf('%032d', i), printf('Product %d', i), "
    + PRICE.format(i="i")
    + " FROM n",
    "postgresql": INTO
    + "SELECT lpad(i::text, 32, '0'), 'Product ' || i, "
    + PRICE.format(i="i")
    + " FROM generate_series(1, {rows}) AS i",
    "mysql": INTO
    + "SELECT LPAD(seq, 32, '0'), CONCAT('Product ', seq), "
    + PRICE.format(i="seq")
    + " FROM seq_1_to_{rows}",
}
LEARN = {"sqlite": "ANALYZE", "postgresql": "ANALYZE product", "mysql": "ANALYZE TABLE product"}


async def measure(url, rows):
    app = create_app([Product], database_url=url, secret_key="growth" * 8, env="production")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        client.headers = {"accept": "application/json", "origin": "http://localhost"}
        first = (await client.post("/products", json={"name": "first"})).json()
        await fill(url, rows - 1)
        (await client.get("/products")).raise_for_status()
        took = {}
        page = 1 + rows * 9 // 10 // 50
        asked = await client.get(f"/products?per_page=50&order=-price&page={page}")
        last = Product(**asked.json()["items"][-1])
        query = make_query(Product, {}, order="-price")
        known = {
            "id": first["entity"]["id"],
            "page": page,
            "cursor": app.starmodel.cursors.behind(query, last),
        }
        for name, (method, path) in PATHS.items():
            requests = FEW_REQUESTS if name == "page 90 %" else REQUESTS
            took[name] = await median(client, method, path.format(**known), requests)
    await app.starmodel.close()
    return took


async def fill(url, rows):
    """Insert this many rows directly into the database."""
    external = await ExternalWriter.at(url)
    await external.run(FILL[external.kind].format(rows=rows))
    await external.rows(LEARN[external.kind])
    await external.close()


@contextmanager
def database(kind):
    """Return the URL of a new database."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'growth.db'}"
    else:
        with SERVERS[kind]() as server:
            yield server.url


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
    kinds = [kind for kind in ("sqlite", *SERVERS) if kind != "mysql"]
    parser.add_argument("--only", nargs="*", default=kinds, choices=kinds)
    options = parser.parse_args()
    for kind in options.only:
        print(f"{kind:>10}" + "".join(f"{name:>13}" for name in PATHS))
        for rows in options.rows:
            with database(kind) as url:
                took = asyncio.run(measure(url, rows))
            print(f"{rows:10,}" + "".join(f"{took[name]:13.2f}" for name in PATHS), flush=True)


if __name__ == "__main__":
    main()
