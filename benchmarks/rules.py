"""Lists under access rules: a million rows, of which 10 are the visitor's, and the same list free.

Each request runs in process through the full stack, on each database. Requests of all lists
take turns, so a busy machine slows them alike. Figures are medians in milliseconds; the share is
the time of the list without a rule, divided by that of the list. Every list has 10 rows.
"""

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from growth import database

from databases import SERVERS
from external_writers import ExternalWriter
from starmodel import Actor, Entity, Field, Resource, RulePolicy, create_app
from starmodel.access import owner, role

REQUESTS, MINE = 300, 10
PATHS = {
    "no rule": "/free/memos?per_page=10",
    "owner": "/memos?per_page=10",
    "owner, total": "/memos?per_page=10&total=1",
    "owner, sorted": "/memos?per_page=10&order=-price",
    "owner, searched": "/memos?per_page=10&search=memo",
    "owner and field": "/ruled?per_page=10",
}
ACCESS = {"read": role("staff") | owner("user_id"), "write": "nobody"}


class Memo(Entity):
    model_config = {"store": "sql", "access": ACCESS}
    name: str
    user_id: str = Field(default="", index=True, max_length=40)
    price: float = 1.0


class Ruled(Entity):
    model_config = {"store": "sql", "access": ACCESS, "path": "/ruled"}
    name: str
    user_id: str = Field(default="", index=True, max_length=40)
    price: float = Field(default=1.0, access=role("boss"))


class Everyone(RulePolicy):
    """Everyone reads everything."""

    def check(self, *about, **options):
        """Permit."""

    def reads_fields(self, entity_type):
        return False


INTO = "INSERT INTO {table} (id, name, user_id, price, _version) "
FILL = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
    + INTO
    + "SELECT printf('%032d', i), printf('Memo %d', i), printf('u%d', i % {owners}), "
    + "i % 1000, 1 FROM n",
    "postgresql": INTO
    + "SELECT lpad(i::text, 32, '0'), 'Memo ' || i, 'u' || i % {owners}, i % 1000, 1 "
    + "FROM generate_series(1, {rows}) AS i",
    "mysql": INTO
    + "SELECT LPAD(seq, 32, '0'), CONCAT('Memo ', seq), CONCAT('u', seq % {owners}), "
    + "seq % 1000, 1 FROM seq_1_to_{rows}",
}
LEARN = {"sqlite": "ANALYZE", "postgresql": "ANALYZE {table}", "mysql": "ANALYZE TABLE {table}"}


async def measure(url, rows):
    """Return the median of each list in milliseconds."""
    free = Resource(Memo, prefix="/free", policy=Everyone())
    app = create_app(
        [Memo, Ruled], resources=[free], database_url=url, secret_key="rules" * 8, env="production"
    )

    @app.get("/sign-in")
    def sign_in(session):
        session.sign_in(Actor("u7"))
        return "Hello"

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await client.get("/sign-in")
        client.headers = {"accept": "application/json", "origin": "http://localhost"}
        (await client.get("/memos")).raise_for_status()
        for table in ("memo", "ruled"):
            await fill(url, table, rows)
        times = {name: [] for name in PATHS}
        for _ in range(REQUESTS):
            for name, path in PATHS.items():
                started = time.perf_counter()
                answer = await client.get(path)
                times[name].append(time.perf_counter() - started)
                found = answer.raise_for_status().json()["items"]
                assert len(found) == MINE
                assert name == "no rule" or {item["user_id"] for item in found} == {"u7"}
    await app.starmodel.close()
    return {name: statistics.median(each) * 1e3 for name, each in times.items()}


async def fill(url, table, rows):
    """Insert this many rows directly into the database."""
    external = await ExternalWriter.at(url)
    await external.run(FILL[external.kind].format(table=table, rows=rows, owners=rows // MINE))
    await external.rows(LEARN[external.kind].format(table=table))
    await external.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    kinds = [kind for kind in ("sqlite", *SERVERS) if kind != "mysql"]
    parser.add_argument("--only", nargs="*", default=kinds, choices=kinds)
    options = parser.parse_args()
    print(f"{'':>10}{'':>7}" + "".join(f"{name:>17}" for name in PATHS))
    for kind in options.only:
        with database(kind) as url:
            took = asyncio.run(measure(url, options.rows))
        print(f"{kind:>10}{'ms':>7}" + "".join(f"{took[name]:17.2f}" for name in PATHS))
        shares = "".join(f"{took['no rule'] / took[name]:17.2f}" for name in PATHS)
        print(f"{'':>10}{'share':>7}{shares}", flush=True)


if __name__ == "__main__":
    main()
