"""Measures what writers wait while a large table is migrated, and how long copies of tables take.

One table, filled by SQL. While a migration runs, one process updates random rows, each in a
transaction of its own; the figure is the 99th percentile and the longest of these updates, beside
the same updates without a migration in the same run. `estimated` is the middle of what `starmodel
migrate` announces before it copies a table; compare it with the longest wait.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# The private servers of the test suite, and its histories of migrations.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from databases import SERVERS, emptied
from external_writers import ExternalWriter
from integration.migrations.changing import History
from integration.migrations.statements.kinds_of_change import entity
from starmodel import Field
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.estimates import blocks
from starmodel.migrations.running.planning.expansion import expand
from starmodel.migrations.steps import UNSET

INTO = "INSERT INTO product (id, name, price, _version) "
FILL = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
    + INTO
    + "SELECT printf('%032d', i), printf('Product %d of the shop', i) || "
    "printf('%.*c', {width}, 'x'), i % 1000, 1 FROM n",
    "postgresql": INTO
    + "SELECT lpad(i::text, 32, '0'), 'Product ' || i || ' of the shop' || repeat('x', {width}), "
    "i % 1000, 1 FROM generate_series(1, {rows}) AS n(i)",
    "mariadb": INTO
    + "SELECT lpad(seq, 32, '0'), concat('Product ', seq, ' of the shop', repeat('x', {width})), "
    "seq % 1000, 1 FROM seq_1_to_{rows}",
}


def product(**changed):
    fields = {"name": (str | None, None), "price": (int, 0), **changed}
    return entity("Product", **{name: each for name, each in fields.items() if each})


CHANGES: dict[str, tuple[Callable[[], type], Answers]] = {
    "optional field": (lambda: product(note=(str | None, None)), Answers()),
    "index": (lambda: product(price=(int, Field(0, index=True))), Answers()),
    "unique constraint": (
        lambda: product(ean=(str | None, Field(None, unique=True, max_length=20))),
        Answers(),
    ),
    "length": (
        lambda: product(name=(str | None, Field(None, max_length=3000))),
        Answers(conversions={"Product.name": UNSET}),
    ),
    "required field": (lambda: product(colour=(str, "blue")), Answers()),
    "required": (lambda: product(name=(str, "none")), Answers()),
    "type": (lambda: product(price=(str, "0")), Answers(conversions={"Product.price": UNSET})),
    "removed field": (lambda: product(price=None), Answers(drops={"Product.price": True})),
}


def write(url, rows, started, may_stop, result):
    """Update random rows until the event is set; put the seconds of each update on the queue."""

    async def work():
        times = []
        writer = await ExternalWriter.at(url)
        started.set()
        while not may_stop.is_set():
            key = f"{random.randint(1, rows):032d}"
            begin = time.perf_counter()
            await writer.run("UPDATE product SET _version = _version + 1 WHERE id = ?", key)
            times.append(time.perf_counter() - begin)
            await asyncio.sleep(0.002)
        await writer.close()
        result.put(times)

    asyncio.run(work())


@contextlib.contextmanager
def writing(url, rows, times):
    started, may_stop, result = (
        multiprocessing.Event(),
        multiprocessing.Event(),
        multiprocessing.Queue(),
    )
    process = multiprocessing.Process(target=write, args=(url, rows, started, may_stop, result))
    process.start()
    started.wait(30)
    try:
        yield
    finally:
        may_stop.set()
        times.extend(sorted(result.get(timeout=120)))
        process.join()


async def estimate(url, history):
    """The announced seconds of copies, and the tables that are copied."""
    file = history.files[-1]

    def work(session):
        steps = expand(file, history.files[-2].schema, session.sql_dialect)
        return sum(block.seconds for block in blocks(session, steps))

    async with open_link(url) as link:
        return await link.run(work)


def measure(url, kind, rows, name, width):
    history = History(product())
    history.up(url)
    asyncio.run(fill(url, FILL[kind].format(rows=rows, width=width)))
    made, answers = CHANGES[name]
    history.change(made(), answers=answers)
    announced = asyncio.run(estimate(url, history))
    idle, busy = [], []
    with writing(url, rows, idle):
        time.sleep(2)
    with writing(url, rows, busy):
        begin = time.perf_counter()
        history.up(url, blocking=True)
        seconds = time.perf_counter() - begin
    print(
        f"{kind:<11}{rows:>10,}  {name:<18}{seconds:>10.1f}{announced:>10.1f}"
        f"{1000 * idle[int(len(idle) * 0.99)]:>10.1f}{1000 * busy[int(len(busy) * 0.99)]:>10.1f}"
        f"{1000 * busy[-1]:>10.1f}{len(busy):>10,}",
        flush=True,
    )


async def fill(url, sql):
    writer = await ExternalWriter.at(url)
    await writer.run(sql)
    await writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--width", type=int, default=1, help="more characters in each row")
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql", "mariadb"])
    parser.add_argument("--changes", nargs="*", default=list(CHANGES), choices=list(CHANGES))
    options = parser.parse_args()
    columns = ("seconds", "estimated", "p99 idle", "p99 then", "longest", "updates")
    print(f"{'database':<11}{'rows':>10}  {'change':<18}" + "".join(f"{c:>10}" for c in columns))
    for kind in options.databases:
        context = SERVERS[kind]() if kind != "sqlite" else contextlib.nullcontext()
        with context as server, tempfile.TemporaryDirectory() as folder:
            for rows in options.rows:
                for number, name in enumerate(options.changes):
                    path = Path(folder) / f"{rows}_{number}.db"
                    url = f"sqlite:///{path}" if server is None else emptied(server.url)
                    measure(url, kind, rows, name, options.width)
                    path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
