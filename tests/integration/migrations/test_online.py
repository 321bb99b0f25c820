"""Large tables, locks of others, and steps that block writers."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import pytest

from integration.migrations.changing import History, execute, query
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.errors import BlockingError
from starmodel.migrations.running import estimates
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.ddl import online
from starmodel.migrations.running.executing import executing
from starmodel.migrations.running.rows import table
from starmodel.migrations.steps import AddIndex, ChangeConstraints, ChangeField

PENS = [{"id": f"p{n}", "name": f"Pen {n}", "shop": None, "price": n} for n in range(9)]


def before() -> list[type[Entity]]:
    class Shop(Entity):
        model_config = {"store": "sql"}

    class Product(Entity):
        model_config = {"store": "sql"}
        name: str | None = None
        shop: str | None = None
        price: int = 0

    return [Shop, Product]


def after() -> list[type[Entity]]:
    class Shop(Entity):
        model_config = {"store": "sql"}

    class Product(Entity):
        model_config = {"store": "sql"}
        name: str = ""
        shop: str | None = Field(default=None, foreign_key="shop.id")
        price: Annotated[int, Field(index=True)] = 0

    return [Shop, Product]


@pytest.fixture
def pens(url: str) -> History:
    history = History(*before())
    history.up(url)
    history.store(url, "Product", *PENS)
    history.add(
        *after(),
        steps=[
            ChangeField("Product", "name"),
            ChangeField("Product", "shop"),
            AddIndex("Product", "ix_product_price"),
            ChangeConstraints("Product"),
        ],
    )
    return history


def test_large_table_is_changed_without_blocking_writers(
    url: str, pens: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online, "LARGE_ROWS", 0)
    pens.up(url)
    assert pens.rows(url, "Product") == PENS
    assert pens.up(url).is_empty
    with pytest.raises(Exception, match=r"(?i)foreign"):
        execute(url, "UPDATE product SET shop = 'x'")
    with pytest.raises(Exception, match=r"(?i)null"):
        execute(url, "UPDATE product SET name = NULL")
    if url.startswith("postgresql"):
        assert query(url, "SELECT 1 FROM pg_index WHERE NOT indisvalid") == []
        assert query(url, "SELECT 1 FROM pg_constraint WHERE NOT convalidated") == []


def test_lock_of_another_transaction_is_waited_for(url: str, pens: History) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        async def work() -> None:
            async with open_link(url) as link:
                begin = "BEGIN IMMEDIATE" if url.startswith("sqlite") else "BEGIN"
                await link.run(lambda s: s.execute(begin))
                await link.run(lambda s: s.execute("UPDATE product SET price = 7 WHERE id = 'p0'"))
                held.set()
                await asyncio.to_thread(release.wait, 60)
                await link.run(lambda s: s.execute("COMMIT"))

        asyncio.run(work())

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(60)
    timer = threading.Timer(2.5, release.set)  # longer than the time after which a lock gives way
    timer.start()
    try:
        pens.up(url)
    finally:
        release.set()
        holder.join()
    assert pens.rows(url, "Product") == [PENS[0] | {"price": 7}, *PENS[1:]]


def test_step_that_blocks_writers_for_long_needs_permission(
    url: str, pens: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    if url.startswith("postgresql"):  # it changes tables online
        assert pens.up(url).applied == ("0002_change",)
        return
    monkeypatch.setattr(estimates, "LONG_S", 0.0)
    said: list[str] = []

    async def with_server() -> Any:
        async with open_link(url) as server:  # as an application that runs
            await server.run(lambda s: s.rows("SELECT id FROM product"))
            return await asyncio.to_thread(lambda: pens.up(url))

    with pytest.raises(BlockingError, match=r"product.*--blocking"):
        asyncio.run(with_server())
    assert query(url, "SELECT id FROM starmodel_migration") == [("0001_change",)]
    pens.up(url, blocking=True, report=lambda sentence, fraction: said.append(sentence))
    assert pens.rows(url, "Product") == PENS


def test_step_that_blocks_writers_runs_where_no_server_does(
    url: str, pens: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "LONG_S", 0.0)
    deadline = time.monotonic() + 30
    while url.startswith("mysql") and time.monotonic() < deadline:
        if query(url, "SELECT COUNT(*) FROM information_schema.processlist "
                      "WHERE db = DATABASE()") == [(1,)]:  # fmt: skip
            break
    assert pens.up(url).applied == ("0002_change",)


def test_writers_of_sqlite_have_their_turn_between_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "BATCH", 50)
    monkeypatch.setattr(executing, "SLICE_S", 0.0)
    url = f"sqlite:///{tmp_path / 'data.db'}"
    history = History(*before())
    history.up(url)
    pens = [{"id": f"p{n:04d}", "name": None, "shop": None, "price": n} for n in range(500)]
    history.store(url, "Product", *pens)
    history.add(*after(), steps=[ChangeField("Product", "name"), ChangeField("Product", "shop"),
                                 AddIndex("Product", "ix_product_price"),
                                 ChangeConstraints("Product")])  # fmt: skip
    may_stop, is_open, counts = threading.Event(), threading.Event(), [0]

    def write() -> None:
        path = tmp_path / "data.db"
        with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as db:
            while not may_stop.wait(0.01):
                db.execute("UPDATE product SET _version = _version + 1 WHERE id = 'p0499'")
                counts[0] += 1
                is_open.set()

    writer = threading.Thread(target=write)
    writer.start()
    is_open.wait(60)
    batches: list[int] = []
    try:
        history.up(url, report=lambda sentence, fraction: batches.append(counts[0]))
    finally:
        may_stop.set()
        writer.join()
    assert len(set(batches)) >= 10  # it wrote between most of them
