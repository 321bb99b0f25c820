"""Events on Redis compared with bare redis-py, lists at 100 and 100,000 keys, memory per record.

The bare server reads a visitor's key and writes it by one script that checks the version.
StarModel does that with the idempotency key of the click, and everything else that an event
involves. Redis shares the machine.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from pathlib import Path

from run import measure, medians, pin
from servers import REDIS_SERVERS

# The private servers of the test suite, from its module of this name; they end with this process.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from databases import redis_server
from repositories import ignore_expiry
from starmodel import Entity, Field
from starmodel.adapters.persistence.redis.repository import RedisRepository
from starmodel.app.ports.ordering import position_of
from starmodel.app.ports.query import Filter, Query
from starmodel.app.ports.repository import Batch, Change
from starmodel.core.classes.registry import entity_type


class Note(Entity):
    model_config = {"store": "redis", "scope": "record"}
    name: str = Field(default="", index=True)
    group: int = Field(default=0, index=True)
    text: str = ""


class Plain(Entity):
    model_config = {"store": "redis", "scope": "record"}
    name: str = ""
    group: int = 0
    text: str = ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of load per server and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=100_000)
    options = parser.parse_args()
    with redis_server() as server:
        os.environ["REDIS_URL"] = server.url
        asyncio.run(show_lists(server.url, options.records))
        show_events(options)


async def show_lists(url, many):
    store = RedisRepository(url, timeout_s=60)
    await store.open([entity_type(Note, "redis"), entity_type(Plain, "redis")], ignore_expiry)
    print(f"{'milliseconds of 50 records':34}{'100':>10}{many:>10,}")
    await fill(store, Note, 0, 100)
    few = await times(store, 100)
    await fill(store, Note, 100, many)
    found = await times(store, many)
    for name, each in found.items():
        print(f"{name:34}{few[name]:10.2f}{each:10.2f}")
    link = store.store.link
    for cls in (Plain, Note):
        before = await used(link)
        await fill(store, cls, 10**7, 10**7 + 10_000)
        indexes = len(store.store.records[cls].indexed)
        print(f"{(await used(link) - before) / 10_000:.0f} bytes per record, {indexes} indexes")
    await store.close()


async def fill(store, cls, start, end):
    for at in range(start, end, 500):
        made = [
            cls(id=f"{n:08}", name=f"Note {n * 7919 % end:08}", group=n % 100, text="x" * 100)
            for n in range(at, min(at + 500, end))
        ]
        await store.commit(Batch([Change(cls, one.id, "insert", 0, 1, one) for one in made]))


async def times(store, many):
    ordered = Query(Note, order=(("name", False),), limit=50)
    page = await store.list(ordered)
    queries = {
        "first page": Query(Note, limit=50),
        "ordered by an index": ordered,
        "after a cursor": Query(
            Note, order=ordered.order, limit=50, after=position_of(page[-1], ordered.order)
        ),
        "filtered by an index": Query(Note, (Filter("group", "eq", 7),), limit=50),
    }
    made = {name: await median(lambda q=query: store.list(q)) for name, query in queries.items()}
    made["number of a filter"] = await median(lambda: store.count(queries["filtered by an index"]))
    return made


async def median(work):
    taken = []
    for _ in range(51):
        start = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


async def used(link):
    text = (await link.call("INFO", "memory")).decode()
    return int(text.partition("used_memory:")[2].split()[0])


def show_events(options):
    pin(-1)
    middle = medians(measure, REDIS_SERVERS, 8790, options)
    bare = middle["redis_bare"]
    print(f"{'':22}{'req/s':>10}{'of the bare':>14}{'CPU µs':>10}{'of the bare':>14}")
    for name, (rate, cost) in middle.items():
        shares = rate / bare[0], bare[1] / cost
        print(f"{name:22}{rate:10,.0f}{shares[0]:14.2f}{cost:10.0f}{shares[1]:14.2f}")


if __name__ == "__main__":
    main()
