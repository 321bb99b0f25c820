"""Migrations that dispatch events of the classes, each once, whatever interrupts them."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest

from integration.migrations.changing import History
from starmodel import Entity, create_app, event
from starmodel.app.application import Application
from starmodel.core.errors import ConstraintError
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.writing import migration_text
from starmodel.migrations.running.executing.events import Events
from starmodel.migrations.running.runner import Options, Result, upgrade
from starmodel.migrations.steps import AddField, RunEvents
from starmodel.testing import migrated

COUNT = 130


def old_product() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str

    return Product


def new_product() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        count: int = 0
        by: str = ""

        @event
        def reprice(self, amount: int, actor: Any = None) -> None:
            if self.count > 5:
                raise ConstraintError("too often")
            self.count += amount
            self.by = actor.id

    return Product


class Shop:
    """A filled database, and an application with a pending migration of events."""

    def __init__(self, url: str, do: Any) -> None:
        self.url = url
        self.history = History(old_product())
        self.history.up(url)
        rows = [{"id": f"p{number:03d}", "name": "pen"} for number in range(COUNT)]
        self.history.store(url, "Product", *rows)
        self.Product = new_product()
        self.history.add(
            self.Product,
            steps=[AddField("Product", "count"), RunEvents(do), AddField("Product", "by")],
        )

    def up(self, to: str | None = None) -> Result:
        app = create_app([self.Product], database_url=self.url, secret_key="k" * 48)
        return asyncio.run(
            upgrade(self.url, self.history.migrations, to, Options(application=application_of(app)))
        )

    def rows(self) -> list[dict[str, Any]]:
        return self.history.rows(self.url, "Product")


def application_of(app: Any) -> Application:
    found = app.starmodel
    assert isinstance(found, Application)
    return found


async def reprice(events: Events) -> None:
    async for product in events.each("Product"):
        await events.dispatch(product.do.reprice(1))
        await events.dispatch(product.do.reprice(2))


def test_events_run_once_for_each_record_as_the_actor_of_the_migration(url: str) -> None:
    shop = Shop(url, reprice)
    assert shop.up().applied == ("0002_change",)
    assert {(row["count"], row["by"]) for row in shop.rows()} == {(3, "migration:0002_change")}
    assert shop.up().is_empty


def test_interrupted_events_go_on_without_repeating_any(url: str) -> None:
    failures = iter([70, 71, 120])
    stop_at = next(failures)

    async def interrupted(events: Events) -> None:
        number = 0
        async for product in events.each("Product"):
            await events.dispatch(product.do.reprice(1))
            number = int(product.id[1:])
            if number == stop_at:
                raise RuntimeError("the power is gone")
            await events.dispatch(product.do.reprice(2))
        async for product in events.each("Product", count=3):
            await events.dispatch(product.do.reprice(1))

    shop = Shop(url, interrupted)
    for next_stop in (71, 120, None):
        with pytest.raises(MigrationError, match=r"step 2 of 3.*the power is gone"):
            shop.up()
        stop_at = next_stop
    assert shop.up().applied == ("0002_change",)
    assert {row["count"] for row in shop.rows()} == {4}
    assert shop.up().is_empty


def test_events_need_an_application_and_all_tables(url: str) -> None:
    shop = Shop(url, reprice)
    with pytest.raises(MigrationError, match="0002_change dispatches events, for which"):
        shop.history.up(url)
    shop.history.add(shop.Product, steps=[])
    with pytest.raises(MigrationError, match="tables are there after 0003_change only"):
        shop.up("0002_change")
    assert shop.up().applied == ("0002_change", "0003_change")


def test_events_on_a_new_database_find_no_records(url: str) -> None:
    shop = Shop(url, reprice)
    shop.history.down(url)
    assert shop.up().applied == ("0001_change", "0002_change")


def test_migrated_dispatches_events_on_sample_data(tmp_path: Path) -> None:
    history = History(new_product())
    first = history.files[0]
    text = migration_text("first", first.after, first.steps, first.schema)
    (tmp_path / f"{first.id}.py").write_text(text)
    text = migration_text("raise", ["0001_change"], (), history.schema)
    function = inspect.getsource(reprice).replace("Events", "object")
    text = text.replace("steps=[]", "steps=[RunEvents(reprice)]")
    text = text.replace("import Migration", "import Migration, RunEvents")
    (tmp_path / "0002_raise.py").write_text(
        text.replace("migration = ", f"{function}\n\nmigration = ", 1)
    )

    def app(url: str) -> Any:
        return create_app([new_product()], database_url=url, secret_key="k" * 48)

    pens = [{"id": "a", "name": "pen"}, {"id": "b", "name": "ink", "count": 1}]
    rows = migrated({"Product": pens}, after="0001", folder=tmp_path, app=app)
    assert [row["count"] for row in rows["Product"]] == [3, 4]
