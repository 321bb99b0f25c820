"""A visitor's counter on a database driver alone, as a careful author would write it by hand."""

import json
import os
import time

from servers import answer, lifespan, patch


class Asyncpg:
    """PostgreSQL through asyncpg, which prepares each statement once per connection."""

    tables = {
        "bare": "id TEXT PRIMARY KEY, count INT, version BIGINT",
        "marked": "id TEXT PRIMARY KEY, at DOUBLE PRECISION",
    }
    read = "SELECT count, version FROM bare WHERE id = $1"
    insert = "INSERT INTO bare VALUES ($1, 0, 1) ON CONFLICT DO NOTHING"
    write = "UPDATE bare SET count = $1, version = $2 WHERE id = $3 AND version = $4"
    mark = "INSERT INTO marked VALUES ($1, $2)"

    async def open(self, url):
        import asyncpg

        self.pool = await asyncpg.create_pool(url, min_size=10, max_size=10)

    async def row(self, link, sql, *given):
        return await link.fetchrow(sql, *given)

    async def do(self, link, sql, *given):
        return await link.execute(sql, *given) in ("UPDATE 1", "INSERT 0 1")


class Asyncmy:
    """MariaDB through asyncmy, configured to prepare each statement once per connection."""

    tables = {
        "bare": "id VARCHAR(64) PRIMARY KEY, count INT, version BIGINT",
        "marked": "id VARCHAR(200) PRIMARY KEY, at DOUBLE",
    }
    read = "SELECT count, version FROM bare WHERE id = %s"
    insert = "INSERT IGNORE INTO bare VALUES (%s, 0, 1)"
    write = "UPDATE bare SET count = %s, version = %s WHERE id = %s AND version = %s"
    mark = "INSERT INTO marked VALUES (%s, %s)"

    async def open(self, url):
        import asyncmy
        from sqlalchemy import make_url

        url = make_url(url)
        self.pool = await asyncmy.create_pool(
            host=url.host, port=url.port, user=url.username, password=url.password or "",
            database=url.database, minsize=10, maxsize=10, autocommit=True, stmt_cache_size=100,
        )  # fmt: skip

    async def row(self, link, sql, *given):
        async with link.cursor() as cursor:
            await cursor.execute(sql, given)
            return await cursor.fetchone()

    async def do(self, link, sql, *given):
        async with link.cursor() as cursor:
            return await cursor.execute(sql, given or None) == 1


def counters(*, marked):
    """Bare ASGI: read, check and write one row; if marked, also store the idempotency key."""
    url = os.environ["DATABASE_URL"]
    driver = Asyncpg() if url.startswith("postgresql") else Asyncmy()

    async def begin():
        await driver.open(url)
        async with driver.pool.acquire() as link:
            for name, columns in driver.tables.items():
                await driver.do(link, f"DROP TABLE IF EXISTS {name}")
                await driver.do(link, f"CREATE TABLE {name} ({columns})")

    async def write(link, row, visitor, amount, key):
        new = row[0] + amount, row[1] + 1, visitor, row[1]
        if not marked:
            return await driver.do(link, driver.write, *new)
        await driver.do(link, "BEGIN")
        await driver.do(link, driver.mark, key, time.time())
        done = await driver.do(link, driver.write, *new)
        await driver.do(link, "COMMIT" if done else "ROLLBACK")
        return done

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await begin()
            await lifespan(receive, send)
            return
        if scope["method"] == "GET":  # the readiness check
            await answer(send, "", b"text/html")
            return
        headers = dict(scope["headers"])
        visitor = headers[b"cookie"].decode().partition("=")[2]
        json.loads((await receive())["body"] or b"{}")
        amount = int(scope["query_string"].partition(b"=")[2])
        key = f"{visitor}|{headers[b'idempotency-key'].decode()}"
        async with driver.pool.acquire() as link:
            while True:
                row = await driver.row(link, driver.read, visitor)
                if row is None:
                    await driver.do(link, driver.insert, visitor)
                elif await write(link, row, visitor, amount, key):
                    break
        await answer(send, patch(row[0] + amount), b"text/event-stream")

    return app
