"""The statements of a click through StarModel's connection pool and through the drivers' pools.

Each task repeats a click: it reads its idempotency marker and its row, then stores both, with
one connection checkout for each of the three. The driver's pool runs the same statements on
the same connections; asyncpg's is measured with the RESET that it sends at each release by
default, and without. Compare within one line: both pools alternate in one process.
"""

import argparse
import asyncio
import statistics
import sys
import time
import uuid
from pathlib import Path

import asyncmy
import asyncpg
from sqlalchemy.engine import make_url

from starmodel.adapters.persistence.sql.drivers.network.pool import Pool
from starmodel.adapters.persistence.sql.drivers.network.servers import mysql, postgresql

# The private servers of the test suite, from its module of this name; they end with this process.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from databases import mariadb_server, postgresql_server

SIZE, CONCURRENT = 10, (1, 8, 64)
SETUP = (
    "CREATE TABLE counter (id VARCHAR(40) PRIMARY KEY, n BIGINT, _version BIGINT)",
    "CREATE TABLE marker (id VARCHAR(80) PRIMARY KEY, at FLOAT, outcome TEXT)",
)
READS = (
    "SELECT id, at, outcome FROM marker WHERE id = {0}",
    "SELECT id, n, _version FROM counter WHERE id = {0}",
)
POSTGRESQL_STORE = """
WITH done AS (UPDATE counter SET n = $1, _version = _version + 1 WHERE id = $2 RETURNING 1)
INSERT INTO marker SELECT $3::VARCHAR, 1, $4::TEXT FROM done
"""


async def click_on_postgresql(connections, row, marker):
    async with connections() as connection:
        await connection.rows(READS[0].format("$1"), (marker,))
    async with connections() as connection:
        found = await connection.rows(READS[1].format("$1"), (row,))
    async with connections() as connection:
        await connection.execute(POSTGRESQL_STORE, (found[0][1] + 1, row, marker, "{}"))


async def click_on_mysql(connections, row, marker):
    async with connections() as connection:
        await connection.rows(READS[0].format("%s"), (marker,))
    async with connections() as connection:
        found = await connection.rows(READS[1].format("%s"), (row,))
    async with connections() as connection:
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO marker VALUES (%s, 1, %s)", (marker, "{}"))
        change = "UPDATE counter SET n = %s, _version = _version + 1 WHERE id = %s"
        await connection.execute(change, (found[0][1] + 1, row))
        await connection.execute("COMMIT")


class OfDriver:
    """Async context manager for a connection of a driver's pool, as short as `PooledConnection`."""

    __slots__ = ("_acquired", "_wrap")

    def __init__(self, acquired, wrap):
        self._acquired, self._wrap = acquired, wrap

    async def __aenter__(self):
        return self._wrap(await self._acquired.__aenter__())

    async def __aexit__(self, *error):
        await self._acquired.__aexit__(*error)


async def postgresql_pools(url):
    server = postgresql.PostgresqlServer(make_url(url), 5.0)

    async def connect(*args, **options):
        return (await server.connect())._connection

    async def no_reset(connection):
        pass

    plain, without_reset = [
        await asyncpg.create_pool(url, min_size=0, max_size=SIZE, connect=connect, reset=reset)
        for reset in (None, no_reset)
    ]
    wrap = postgresql.PostgresqlConnection
    return {
        "own": Pool(server, SIZE, 30.0).connection,
        "asyncpg": lambda: OfDriver(plain.acquire(), wrap),
        "asyncpg, no RESET": lambda: OfDriver(without_reset.acquire(), wrap),
    }


async def mysql_pools(url):
    server = mysql.MysqlServer(make_url(url), 5.0)
    options = {"charset": "utf8mb4", "autocommit": True, "stmt_cache_size": 500}
    pool = await asyncmy.create_pool(0, SIZE, **server._options, **options)
    return {
        "own": Pool(server, SIZE, 30.0).connection,
        "asyncmy": lambda: OfDriver(pool.acquire(), mysql.MysqlConnection),
    }


DATABASES = {
    "postgresql": (postgresql_server, postgresql_pools, click_on_postgresql),
    "mariadb": (mariadb_server, mysql_pools, click_on_mysql),
}


async def measure(click, connections, concurrent, seconds):
    """Return clicks per second, and the CPU time of this process per click in µs."""
    clicks, end = 0, time.perf_counter() + seconds

    async def visitor(number):
        nonlocal clicks
        while time.perf_counter() < end:
            await click(connections, f"row-{number}", uuid.uuid4().hex)
            clicks += 1

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(visitor, range(concurrent)))
    cost = (time.process_time() - cpu) / clicks
    return clicks / (time.perf_counter() - start), 1e6 * cost


async def show(name, url, make_pools, click, options):
    pools = await make_pools(url)
    async with pools["own"]() as connection:
        for sql in SETUP:
            await connection.execute(sql)
        for number in range(max(CONCURRENT)):
            await connection.execute(f"INSERT INTO counter VALUES ('row-{number}', 0, 1)")
    print(f"{name:22}{'tasks':>6}{'clicks/s':>10}{'of own':>8}{'CPU µs':>8}{'of own':>8}")
    for concurrent in CONCURRENT:
        figures = {pool: [] for pool in pools}
        for _ in range(options.rounds):
            for pool, connections in pools.items():
                found = await measure(click, connections, concurrent, options.seconds)
                figures[pool].append(found)
        middle = {
            pool: [statistics.median(column) for column in zip(*found, strict=True)]
            for pool, found in figures.items()
        }
        own = middle["own"]
        for pool, (rate, cost) in middle.items():
            shares = rate / own[0], cost / own[1]
            print(
                f"{pool:22}{concurrent:6}{rate:10,.0f}{shares[0]:8.2f}{cost:8.0f}{shares[1]:8.2f}"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2, help="of load per pool and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=list(DATABASES), choices=list(DATABASES))
    options = parser.parse_args()
    for name in options.only:
        make_server, make_pools, click = DATABASES[name]
        with make_server() as server:
            asyncio.run(show(name, server.url, make_pools, click, options))


if __name__ == "__main__":
    main()
