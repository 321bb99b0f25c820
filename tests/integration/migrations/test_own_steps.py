"""Steps that a developer writes: data, SQL and Alembic's operations."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy

from integration.migrations.changing import History, query
from starmodel.core.entity import Entity
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.rows.data import Data
from starmodel.migrations.steps import AddField, CreateEntity, Operations, RunData, RunSql

ROWS = [{"id": f"p{n:04d}", "name": f"Pen {n}"} for n in range(1100)]


class Product(Entity):
    model_config = {"store": "sql"}
    name: str


def labelled() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        label: str

    return Product


@pytest.fixture
def products(url: str) -> History:
    history = History(Product)
    history.up(url)
    history.store(url, "Product", *ROWS)
    return history


def test_data_function_fills_a_required_field(url: str, products: History) -> None:
    async def label(data: Data) -> None:
        async for rows in data.batches("Product", size=300):
            await data.update(
                "Product", [{"id": row["id"], "label": row["name"].upper()} for row in rows]
            )

    products.add(labelled(), steps=[AddField("Product", "label"), RunData(label)])
    products.up(url)
    assert products.rows(url, "Product")[1] == ROWS[1] | {"label": "PEN 1"}
    assert query(url, "SELECT DISTINCT _version FROM product") == [(2,)]


def test_data_function_in_batches_continues_after_the_last_commit(
    url: str, products: History
) -> None:
    seen: list[str] = []

    async def once(data: Data) -> None:
        async for rows in data.batches("Product", size=400):
            if len(seen) == 800 and rows[0]["id"] == "p0800":
                raise RuntimeError("power loss")
            seen.extend(row["id"] for row in rows)
            await data.update(
                "Product", [{"id": row["id"], "name": f"{row['name']}!"} for row in rows]
            )

    products.add(Product, steps=[RunData(once)])
    with pytest.raises(MigrationError, match=r"step 1 of 1 .*power loss"):
        products.up(url)
    seen.append("-")
    products.up(url)
    assert seen == [row["id"] for row in ROWS[:800]] + ["-"] + [row["id"] for row in ROWS[800:]]
    assert {row["name"][-1] for row in products.rows(url, "Product")} == {"!"}


def test_data_function_without_batches_is_one_transaction(url: str, products: History) -> None:
    fails = [True]

    async def change(data: Data) -> None:
        await data.delete("Product", ["p0000"])
        await data.insert("Product", [{"id": "new", "name": "New"}])
        async for row in data.rows("Product", name="Pen 7"):
            await data.update("Product", [row | {"name": "Seven"}])
        if fails.pop():
            raise ValueError("not yet")

    products.add(Product, steps=[RunData(change)])
    with pytest.raises(MigrationError, match="not yet"):
        products.up(url)
    assert products.rows(url, "Product") == ROWS
    fails.append(False)
    products.up(url)
    names = {row["id"]: row["name"] for row in products.rows(url, "Product")}
    assert "p0000" not in names
    assert names["new"] == "New"
    assert names["p0007"] == "Seven"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda data: data.update("Nobody", [{"id": "x"}]), "no entity 'Nobody'"),
        (lambda data: data.update("Product", [{"id": "x", "colour": 1}]), "no field 'colour'"),
        (lambda data: data.update("Product", [{"id": "x", "name": 5}]), "Product.name: 5"),
        (lambda data: data.update("Product", [{"name": "x"}]), "has no id"),
    ],
)
def test_data_names_what_it_does_not_know(url: str, call: Any, message: str) -> None:
    async def change(data: Data) -> None:
        await call(data)

    history = History(Product)
    history.up(url)
    with pytest.raises(MigrationError, match=message):
        history.add(Product, steps=[RunData(change)]).up(url)


def test_sql_runs_and_is_undone(url: str, products: History) -> None:
    products.add(
        Product,
        steps=[
            RunSql(
                ["UPDATE product SET name = '100 %' WHERE id = 'p0001';"],
                undo="UPDATE product SET name = 'Pen 1' WHERE id = 'p0001'",
            )
        ],
    )
    products.up(url)
    assert products.rows(url, "Product")[1]["name"] == "100 %"
    products.down(url, "0001_change")
    assert products.rows(url, "Product") == ROWS


def test_operations_of_alembic_run_and_are_undone(url: str, products: History) -> None:
    def create(op: Any) -> None:
        op.create_table("legacy", sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True))
        op.execute("INSERT INTO legacy (id) VALUES (7)")

    products.add(Product, steps=[Operations(create, undo=lambda op: op.drop_table("legacy"))])
    products.up(url)
    assert query(url, "SELECT id FROM legacy") == [(7,)]
    products.down(url, "0001_change")
    with pytest.raises(Exception, match="legacy"):
        query(url, "SELECT id FROM legacy")


def test_step_that_names_an_unknown_field_is_refused(url: str, products: History) -> None:
    products.add(Product, steps=[AddField("Product", "colour")])
    with pytest.raises(MigrationError, match=r"Step 1.*colour"):
        products.up(url)


def test_steps_that_do_not_lead_to_the_schema_are_refused(url: str, products: History) -> None:
    class Other(Entity):
        model_config = {"store": "sql"}

    products.add(labelled(), Other, steps=[CreateEntity("Other")])
    with pytest.raises(MigrationError, match=r"differs in product"):
        products.up(url)
