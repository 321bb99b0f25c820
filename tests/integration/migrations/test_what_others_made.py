"""What StarModel does not know stays: columns, indexes, triggers, checks, views, collations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import create_model

from integration.migrations.changing import History, execute, query
from repositories import opened
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.errors import MigrationError, UnknownOutcomeError
from starmodel.migrations.steps import (
    AddField,
    ChangeConstraints,
    ChangeField,
    CreateEntity,
    DropField,
    PurgeKept,
    RenameEntity,
    RenameField,
    RunSql,
)


def product() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str | None = None
        price: int = 0

    return Product


def required() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        title: str = Field(default="?", unique=True, max_length=90)
        price: float = 0

    return Product


CHANGE: dict[str, Any] = {
    "steps": [
        RenameField("Product", "name", "title"),
        ChangeField("Product", "title"),
        ChangeField("Product", "price"),
        ChangeConstraints("Product"),
    ],
    "renames": {"Product.name": "title"},
}


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'app.db'}"


def test_sqlite_rebuild_keeps_what_others_made(sqlite: str) -> None:
    execute(
        sqlite,
        """CREATE TABLE product (
            id VARCHAR NOT NULL /* the key, of course */,
            name VARCHAR COLLATE NOCASE,
            price INTEGER NOT NULL, "odd, name" TEXT DEFAULT 'a, (b' CHECK ("odd, name" <> ''),
            _version BIGINT NOT NULL, _expires_at DOUBLE,
            PRIMARY KEY (id),
            CONSTRAINT cheap CHECK (price < 1000 AND name <> 'a)b')
        )""",
        "CREATE INDEX odd ON product (\"odd, name\") WHERE price > 1",
        "CREATE INDEX folded ON product (lower(name))",
        "CREATE TABLE log (text TEXT)",
        "CREATE TRIGGER watched AFTER INSERT ON product BEGIN "
        "INSERT INTO log VALUES (new.name || '!'); END",
        "CREATE VIEW cheap_products AS SELECT id, name FROM product WHERE price < 10",
    )  # fmt: skip
    history = History(product())
    assert history.up(sqlite).adopted == ("0001_change",)
    history.store(sqlite, "Product", {"id": "a", "name": "Pen", "price": 2})
    history.add(required(), **CHANGE).up(sqlite)
    history.store(sqlite, "Product", {"id": "b", "title": "Ink", "price": 3.0}, at=2)
    names = {row[0] for row in query(sqlite, "SELECT name FROM sqlite_master")}
    assert {"odd", "folded", "watched", "cheap_products", "log"} <= names
    assert query(sqlite, "SELECT text FROM log") == [("Pen!",), ("Ink!",)]
    assert query(sqlite, 'SELECT "odd, name" FROM product') == [("a, (b",), ("a, (b",)]
    assert query(sqlite, "SELECT id FROM cheap_products") == [("a",), ("b",)]
    for broken in ("price = 2000", "title = 'Pen'", "\"odd, name\" = ''"):
        with pytest.raises(Exception, match=r"(?i)constraint"):
            execute(sqlite, f"UPDATE product SET {broken} WHERE id = 'b'")  # noqa: S608
    ((sql,),) = query(sqlite, "SELECT sql FROM sqlite_master WHERE name = 'product'")
    assert "the key, of course" in sql


def test_unknown_columns_and_tables_survive_on_each_database(url: str) -> None:
    history = History(product())
    history.up(url)
    execute(
        url,
        "ALTER TABLE product ADD COLUMN extra VARCHAR(20) DEFAULT 'x'",
        "CREATE TABLE others (id INTEGER PRIMARY KEY)",
        "CREATE INDEX by_extra ON product (extra)",
    )
    history.store(url, "Product", {"id": "a", "name": "Pen", "price": 2})
    history.add(required(), **CHANGE).up(url)
    assert query(url, "SELECT id, title, extra FROM product") == [("a", "Pen", "x")]
    assert query(url, "SELECT COUNT(*) FROM others") == [(0,)]
    history.down(url, "0001_change")
    assert query(url, "SELECT id, name, extra FROM product") == [("a", "Pen", "x")]


def test_rows_that_a_constraint_would_refuse_are_listed(url: str) -> None:
    class Shop(Entity):
        model_config = {"store": "sql"}

    class Product(Entity):
        model_config = {"store": "sql"}
        name: str = Field(default="", max_length=50)
        shop: str | None = Field(default=None, max_length=50)

    def constrained() -> list[type[Entity]]:
        class Shop(Entity):
            model_config = {"store": "sql"}

        class Product(Entity):
            model_config = {"store": "sql"}
            name: str = Field(default="", max_length=50, unique=True)
            shop: str | None = Field(default=None, max_length=50, foreign_key="shop.id")

        return [Shop, Product]

    history = History(Shop, Product)
    history.up(url)
    rows = [{"id": f"p{n:02d}", "name": f"n{n % 7}", "shop": f"s{n}"} for n in range(14)]
    history.store(url, "Product", *rows)
    history.add(*constrained(), steps=[ChangeConstraints("Product")])
    with pytest.raises(MigrationError) as refused:
        history.up(url)
    text = str(refused.value)
    assert "0002_change can't run, and nothing was changed:" in text
    assert "Product.name, 14 rows: not unique, and it has to be now: 'n0' in 2 rows" in text
    assert "Product.shop, 14 rows: refers to a Shop that does not exist: 's0' in the row" in text
    assert "'s9'" in text
    assert "'s10'" not in text
    assert history.rows(url, "Product", at=1) == rows


def test_required_field_without_a_value_for_the_rows_is_refused(url: str) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str | None = None
        price: int = 0
        colour: str

    history = History(product())
    history.up(url)
    history.store(url, "Product", {"id": "a", "name": "Pen", "price": 2})
    history.add(Product, steps=[AddField("Product", "colour")])
    with pytest.raises(MigrationError, match=r"Product.colour, 1 row: no value"):
        history.up(url)
    execute(url, "DELETE FROM product")
    history.up(url)


async def test_numbered_ids_continue_after_a_renaming(url: str) -> None:
    def numbered(name: str) -> type[Entity]:
        namespace = {
            "__module__": __name__, "__annotations__": {"id": int | None, "text": str},
            "model_config": {"store": "sql"}, "id": Field(default=None, primary_key=True),
            "text": "",
        }  # fmt: skip
        return type(Entity)(name, (Entity,), namespace)

    import asyncio

    ticket, note = numbered("Ticket"), numbered("Note")
    history = await asyncio.to_thread(History, ticket)
    await asyncio.to_thread(history.up, url)
    repository = await opened(url, ticket)
    assert [await repository.next_id(ticket) for _ in range(3)] == [1, 2, 3]
    await repository.close()
    history.add(note, steps=[RenameEntity("Ticket", "Note")], renames={"Ticket": "Note"})
    await asyncio.to_thread(history.up, url)
    repository = await opened(url, note)
    assert await repository.next_id(note) == 4
    await repository.close()


def test_column_that_others_made_is_not_overwritten(url: str) -> None:
    history = History(product())
    history.up(url)
    execute(url, "ALTER TABLE product ADD COLUMN extra VARCHAR(9) DEFAULT 'mine'")
    history.store(url, "Product", {"id": "a", "name": "Pen", "price": 3})

    class Product(Entity):
        model_config = {"store": "sql"}
        name: str | None = None
        price: int = 0
        extra: str = "new"

    history.add(Product, steps=[AddField("Product", "extra")])
    with pytest.raises(MigrationError, match="column 'extra' that no migration made") as caught:
        history.up(url)
    assert "nothing was changed" in str(caught.value)
    assert query(url, "SELECT extra FROM product") == [("mine",)]
    execute(url, "ALTER TABLE product DROP COLUMN extra")
    assert history.up(url).applied == ("0002_change",)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_user_without_rights_gets_a_sentence(url: str) -> None:
    history = History(product())
    history.up(url)
    history.add(product(), steps=[])
    reader = f"reader_{url.rpartition('/')[2]}"
    execute(url, f'CREATE ROLE "{reader}" LOGIN')
    execute(url, f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"')
    scheme, _, rest = url.partition("://")
    try:
        with pytest.raises(MigrationError, match="refused to record a migration"):
            history.up(f"{scheme}://{reader}@{rest.partition('@')[2]}")
    finally:
        execute(url, f'DROP OWNED BY "{reader}"', f'DROP ROLE "{reader}"')
    assert history.up(url).applied == ("0002_change",)


def test_view_that_a_migration_would_break_is_named_before(url: str) -> None:
    history = History(product())
    history.up(url)
    execute(
        url,
        "CREATE VIEW priced AS SELECT p.price AS cost FROM product p",
        "CREATE VIEW named AS SELECT id, name FROM product",
    )
    history.store(url, "Product", {"id": "a", "name": "Pen", "price": 2})

    class Product(Entity):
        model_config = {"store": "sql"}
        title: str | None = None
        price: str = ""

    steps = [ChangeField("Product", "price"), RenameField("Product", "name", "title")]
    history.add(Product, steps=steps, renames={"Product.name": "title"})
    name = {"postgresql": "priced", "mysql": "named"}.get(url.partition(":")[0])
    if name is not None:
        with pytest.raises(MigrationError) as refused:
            history.up(url)
        why = "is converted" if name == "priced" else "becomes title"
        assert "0002_change can't run, and nothing was changed:\n- The view" in str(refused.value)
        assert f"The view {name!r} uses Product." in str(refused.value)
        assert f"whose column {why}. Drop the view, run this again" in str(refused.value)
        assert str(refused.value).count("The view") == 1
        execute(url, f"DROP VIEW {name}")
    assert history.up(url).applied == ("0002_change",)
    left = "named" if name != "named" else "priced"
    assert len(query(url, f"SELECT * FROM {left}")) == 1  # noqa: S608


def test_view_of_what_is_deleted_for_good_is_named_before(url: str) -> None:
    history = History(product())
    history.up(url)

    class Product(Entity):
        model_config = {"store": "sql"}
        name: str | None = None

    history.add(Product, steps=[DropField("Product", "price")])
    history.up(url)
    execute(url, "CREATE VIEW former AS SELECT _dropped_price_0002 AS price FROM product")
    history.add(Product, steps=[PurgeKept(("_dropped_price_0002",))])
    history.schema = history.files[-1].schema.model_copy(update={"kept": ()})
    history.files[-1] = replace(history.files[-1], schema=history.schema)
    with pytest.raises(MigrationError, match=r"The view 'former' uses .*, which is deleted"):
        history.up(url)
    execute(url, "DROP VIEW former")
    assert history.up(url).applied == ("0003_change",)


def test_names_that_a_database_would_cut_are_refused(url: str) -> None:
    fields = {"é" * 40: (int, 0), "k" * 64: (int, 0)}
    added: Any = create_model("Product", __base__=product(), **fields)  # type: ignore[call-overload]
    history = History(product())
    history.up(url)
    history.add(added, steps=[AddField("Product", name) for name in fields])
    if url.startswith("sqlite"):
        assert history.up(url).applied == ("0002_change",)
    elif url.startswith("postgresql"):
        with pytest.raises(MigrationError, match="80 bytes, and the name of a column has at most"):
            history.up(url)
    else:
        assert history.up(url).applied == ("0002_change",)


def test_table_of_another_program_is_not_overwritten(url: str) -> None:
    execute(url, "CREATE TABLE note (id INTEGER PRIMARY KEY)")

    class Note(Entity):
        model_config = {"store": "sql"}

    history = History(product())
    history.up(url)
    history.add(product(), Note, steps=[CreateEntity("Note")])
    with pytest.raises(MigrationError, match=r"(?i)note.*exists"):
        history.up(url)
    assert query(url, "SELECT COUNT(*) FROM note") == [(0,)]


def test_interrupted_ddl_of_the_developer_on_mariadb_is_asked_about(mariadb_url: str) -> None:
    from databases import emptied

    url = emptied(mariadb_url)
    history = History(product())
    history.up(url)
    history.add(product(), steps=[RunSql("CREATE TABLE made (id INTEGER)")])
    execute(
        url,
        "INSERT INTO starmodel_migration VALUES ('0002_change', 'applying', 2, 0)",
        "INSERT INTO starmodel_migration_step VALUES ('0002_change', 0, 0, 0, NULL, 0)",
    )
    with pytest.raises(UnknownOutcomeError, match="--interrupted done"):
        history.up(url)
    history.up(url, interrupted="again")
    assert query(url, "SELECT COUNT(*) FROM made") == [(0,)]
