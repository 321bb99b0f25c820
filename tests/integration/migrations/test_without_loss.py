"""Migrations of filled tables lose no value, on each database."""

from __future__ import annotations

import decimal
import enum
import logging
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from integration.migrations.changing import History, execute, query
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.steps import (
    AddField,
    AddIndex,
    ChangeConstraints,
    ChangeField,
    CreateEntity,
    DropEntity,
    DropField,
    DropIndex,
    PurgeKept,
    RenameEntity,
    RenameField,
    RenameIndex,
    ReplaceValues,
    SplitField,
)


def product() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        price: int = 0

    return Product


PENS: list[dict[str, Any]] = [
    {"id": f"p{number:04d}", "name": f"Pen {number}", "price": number} for number in range(1, 1203)
]


@pytest.fixture
def pens(url: str) -> History:
    """A product table with more rows than a batch."""
    history = History(product())
    history.up(url)
    history.store(url, "Product", *PENS)
    return history


def test_upgrade_twice_does_nothing_the_second_time(url: str, pens: History) -> None:
    assert pens.up(url).is_empty
    assert pens.rows(url, "Product") == PENS


def test_added_optional_field_is_none(url: str, pens: History) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        price: int = 0
        note: str | None = None

    pens.add(Product, steps=[AddField("Product", "note")])
    assert pens.up(url).applied == ("0002_change",)
    assert pens.rows(url, "Product") == [pen | {"note": None} for pen in PENS]
    assert pens.up(url).is_empty


def test_new_required_field_gets_its_default_in_each_row(url: str, pens: History) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        price: int = 0
        colour: str = "blue"

    pens.add(Product, steps=[AddField("Product", "colour")])
    pens.up(url)
    assert pens.rows(url, "Product") == [pen | {"colour": "blue"} for pen in PENS]
    with pytest.raises(Exception, match=r"(?i)null"):
        execute(url, "UPDATE product SET colour = NULL")


def test_new_required_field_is_filled_by_a_function_of_the_row(url: str, pens: History) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        price: int = 0
        label: str

    step = AddField("Product", "label", fill=lambda row: f"{row['name']} for {row['price']}")
    pens.add(Product, steps=[step]).up(url)
    assert pens.rows(url, "Product")[7]["label"] == "Pen 8 for 8"
    pens.down(url, "0001_change")
    assert pens.rows(url, "Product", at=1) == PENS


def test_migration_that_is_applied_again_takes_back_what_its_undo_put_aside(
    url: str, pens: History
) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        price: int = 0
        colour: str = "blue"

    class Note(Entity):
        model_config = {"store": "sql"}
        text: str = Field(default="", index=True)
        product: str | None = Field(default=None, foreign_key="product.id")

    pens.add(Product, Note, steps=[AddField("Product", "colour"), CreateEntity("Note")])
    pens.up(url)
    execute(url, "UPDATE product SET colour = 'red' WHERE id = 'p0002'")
    pens.store(url, "Note", {"id": "n", "text": "kept", "product": "p0001"}, at=2)
    for _ in range(2):
        pens.down(url, "0001_change")
        assert pens.rows(url, "Product", at=1) == PENS
        pens.up(url)
        colours = [row["colour"] for row in pens.rows(url, "Product")]
        assert colours == ["blue", "red", *["blue"] * (len(PENS) - 2)]
        assert pens.rows(url, "Note") == [{"id": "n", "text": "kept", "product": "p0001"}]
    with pytest.raises(Exception, match=r"(?i)foreign"):
        execute(url, "UPDATE note SET product = 'x'")


def test_renamed_field_keeps_its_values_in_both_directions(url: str, pens: History) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        unit_price: int = 0

    pens.add(
        Product,
        steps=[RenameField("Product", "price", "unit_price")],
        renames={"Product.price": "unit_price"},
    )
    pens.up(url)
    assert pens.rows(url, "Product")[4] == {"id": "p0005", "name": "Pen 5", "unit_price": 5}
    pens.down(url, "0001_change")
    assert pens.rows(url, "Product", at=1) == PENS


def test_renamed_entity_keeps_its_rows_indexes_and_children(url: str) -> None:
    class Shop(Entity):
        model_config = {"store": "sql"}
        name: str = Field(index=True)

    class Sale(Entity):
        model_config = {"store": "sql"}
        shop: str = Field(foreign_key="shop.id", ondelete="CASCADE")

    class Store(Entity):
        model_config = {"store": "sql"}
        name: str = Field(index=True)

    history = History(Shop, Sale)
    history.up(url)
    history.store(url, "Shop", {"id": "a", "name": "A"})
    history.store(url, "Sale", {"id": "s", "shop": "a"})

    def sale() -> type[Entity]:
        class Sale(Entity):
            model_config = {"store": "sql"}
            shop: str = Field(foreign_key="store.id", ondelete="CASCADE")

        return Sale

    history.add(
        Store,
        sale(),
        steps=[
            RenameEntity("Shop", "Store"),
            RenameIndex("Store", "ix_shop_name", "ix_store_name"),
        ],
        renames={"Shop": "Store"},
    )
    history.up(url)
    assert history.rows(url, "Store") == [{"id": "a", "name": "A"}]
    assert history.rows(url, "Sale") == [{"id": "s", "shop": "a"}]
    execute(url, "DELETE FROM store")
    assert history.rows(url, "Sale") == []
    assert history.up(url).is_empty


def test_changed_type_converts_each_value_and_back(url: str, pens: History) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        price: decimal.Decimal = decimal.Decimal(0)

    pens.add(Product, steps=[ChangeField("Product", "price")])
    pens.up(url)
    assert pens.rows(url, "Product")[9]["price"] == decimal.Decimal(10)
    pens.down(url, "0001_change")
    assert pens.rows(url, "Product", at=1) == PENS


def test_changed_type_of_an_indexed_required_unique_field(url: str) -> None:
    class Item(Entity):
        model_config = {"store": "sql"}
        number: str = Field(unique=True, index=True)

    def changed() -> type[Entity]:
        class Item(Entity):
            model_config = {"store": "sql"}
            number: int = Field(unique=True, index=True)

        return Item

    history = History(Item)
    history.up(url)
    history.store(url, "Item", {"id": "a", "number": "10"}, {"id": "b", "number": "9"})
    history.add(changed(), steps=[ChangeField("Item", "number")])
    history.up(url)
    rows = [{"id": "a", "number": 10}, {"id": "b", "number": 9}]
    assert history.rows(url, "Item") == rows
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        history.store(url, "Item", {"id": "c", "number": 9}, at=2)


def test_values_that_do_not_convert_are_listed_before_anything_runs(url: str) -> None:
    class Item(Entity):
        model_config = {"store": "sql"}
        number: str = ""

    def changed() -> type[Entity]:
        class Item(Entity):
            model_config = {"store": "sql"}
            number: int = 0
            note: str | None = None

        return Item

    history = History(Item)
    history.up(url)
    history.store(url, "Item", *({"id": f"i{n}", "number": f"x{n}"} for n in range(12)))
    steps = [AddField("Item", "note"), ChangeField("Item", "number")]
    history.add(changed(), steps=steps)
    with pytest.raises(MigrationError, match=r"12 rows") as refused:
        history.up(url)
    assert "i1" in str(refused.value)
    with pytest.raises(Exception, match=r"(?i)note"):
        query(url, "SELECT note FROM item")
    fixed = ChangeField("Item", "number", convert=lambda text: int(text[1:]))
    history.files[-1] = history.files[-1].__class__(
        "0002_change", ("0001_change",), (steps[0], fixed), history.schema, ""
    )
    history.up(url)
    assert sorted(row["number"] for row in history.rows(url, "Item")) == list(range(12))


class Address(BaseModel):
    street: str
    city: str = ""


def test_split_of_a_nested_model_fills_its_parts(url: str) -> None:
    class Customer(Entity):
        model_config = {"store": "sql"}
        address: Address

    def split() -> type[Entity]:
        class Customer(Entity):
            model_config = {"store": "sql"}
            street: str
            city: str = "?"

        return Customer

    history = History(Customer)
    history.up(url)
    addresses = [
        {"id": f"c{n:03d}", "address": {"street": f"S {n}", "city": f"C {n}"}} for n in range(700)
    ]
    history.store(url, "Customer", *addresses)
    history.add(
        split(),
        steps=[
            AddField("Customer", "street"),
            AddField("Customer", "city"),
            SplitField("Customer", "address", {"street": "street", "city": "city"}),
            DropField("Customer", "address"),
        ],
    )
    history.up(url)
    rows = history.rows(url, "Customer")
    assert rows[3] == {"id": "c003", "street": "S 3", "city": "C 3"}
    assert len(rows) == 700
    execute(url, "UPDATE customer SET city = 'Rome' WHERE id = 'c003'")
    history.down(url, "0001_change")
    back = history.rows(url, "Customer", at=1)
    assert back[3]["address"] == {"street": "S 3", "city": "Rome"}
    assert back[4] == addresses[4]


def test_dropped_field_is_kept_aside_until_it_is_purged(url: str, pens: History) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str

    pens.add(Product, steps=[DropField("Product", "price")])
    pens.up(url)
    assert "price" not in pens.rows(url, "Product")[0]
    pens.store(url, "Product", {"id": "new", "name": "New"}, at=2)
    pens.down(url, "0001_change")
    assert pens.rows(url, "Product", at=1) == [{"id": "new", "name": "New", "price": 0}, *PENS]
    pens.up(url)
    schema = pens.schema
    pens.add(Product, steps=[PurgeKept((schema.kept[0].name,))])
    pens.files[-1] = pens.files[-1].__class__(
        "0003_change", ("0002_change",), pens.files[-1].steps,
        schema.model_copy(update={"kept": ()}), "",
    )  # fmt: skip
    pens.up(url)
    assert len(pens.rows(url, "Product")) == 1203
    with pytest.raises(MigrationError, match="for good"):
        pens.down(url, "0001_change")


def test_dropped_entity_is_restored_by_a_downgrade(url: str, pens: History) -> None:
    class Other(Entity):
        model_config = {"store": "sql"}

    pens.add(Other, steps=[CreateEntity("Other"), DropEntity("Product")])
    pens.up(url)
    assert query(url, "SELECT COUNT(*) FROM _dropped_product_0002") == [(1202,)]
    pens.down(url, "0001_change")
    assert pens.rows(url, "Product", at=1) == PENS


class Old(enum.Enum):
    NEW = "new"
    SOLD = "sold"
    GONE = "gone"


class New(enum.Enum):
    FRESH = "new"
    SOLD = "sold"
    LOST = "lost"


def test_members_of_an_enum_are_renamed_and_removed(url: str) -> None:
    class Item(Entity):
        model_config = {"store": "sql"}
        state: Old = Old.NEW

    def changed() -> type[Entity]:
        class Item(Entity):
            model_config = {"store": "sql"}
            state: New = New.FRESH

        return Item

    history = History(Item)
    history.up(url)
    names = ["NEW", "SOLD", "GONE"] * 300
    rows = [{"id": f"i{n:04d}", "state": name} for n, name in enumerate(names)]
    history.store(url, "Item", *rows)
    history.add(
        changed(),
        steps=[
            ReplaceValues("Item", "state", {"NEW": "FRESH", "GONE": "LOST"}),
            ChangeField("Item", "state"),
        ],
    )
    history.up(url)
    found = [row["state"] for row in history.rows(url, "Item")]
    assert found == ["FRESH", "SOLD", "LOST"] * 300
    history.down(url, "0001_change")
    assert history.rows(url, "Item", at=1) == rows


def test_values_that_their_column_cannot_read_are_listed(url: str) -> None:
    class Item(Entity):
        model_config = {"store": "sql"}
        state: Old = Old.NEW

    def renamed() -> type[Entity]:
        class Item(Entity):
            model_config = {"store": "sql"}
            state: New = New.FRESH

        return Item

    def text() -> type[Entity]:
        class Item(Entity):
            model_config = {"store": "sql"}
            state: int = 0

        return Item

    replaced = [
        ReplaceValues("Item", "state", {"NEW": "FRESH", "GONE": "LOST"}),
        ChangeField("Item", "state"),
    ]
    for changed, steps in ((renamed(), replaced), (text(), [ChangeField("Item", "state")])):
        history = History(Item)
        history.up(url)
        history.store(url, "Item", {"id": "a", "state": "NEW"})
        execute(url, "UPDATE item SET state = 'it''s'")
        history.add(changed, steps=steps)
        with pytest.raises(MigrationError, match="it's") as caught:
            history.up(url)
        assert "nothing was changed" in str(caught.value)
        assert "in the row 'a'" in str(caught.value)
        assert query(url, "SELECT state FROM item") == [("it's",)]
        execute(url, "DELETE FROM item")


def test_ledger_that_exists_is_not_created_again(
    url: str, pens: History, caplog: pytest.LogCaptureFixture
) -> None:
    pens.up(url)
    pens.down(url)
    pens.up(url)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_constraints_and_indexes_come_and_go(url: str, pens: History) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str = Field(unique=True, max_length=40)
        price: Annotated[int, Field(index=True)] = 0

    pens.add(
        Product,
        steps=[
            ChangeField("Product", "name"),
            ChangeConstraints("Product"),
            AddIndex("Product", "ix_product_price"),
        ],
    )
    pens.up(url)
    assert pens.rows(url, "Product") == PENS
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        pens.store(url, "Product", {"id": "x", "name": "Pen 1", "price": 1}, at=2)
    pens.add(
        product(),
        steps=[
            ChangeConstraints("Product"),
            DropIndex("Product", "ix_product_price"),
            ChangeField("Product", "name"),
        ],
    )
    pens.up(url)
    pens.store(url, "Product", {"id": "x", "name": "Pen 1", "price": 1}, at=3)
    assert len(pens.rows(url, "Product")) == 1203


def test_parent_that_is_made_again_keeps_every_child(url: str) -> None:
    class Shop(Entity):
        model_config = {"store": "sql"}
        name: str | None = None

    class Sale(Entity):
        model_config = {"store": "sql"}
        shop: str = Field(foreign_key="shop.id", ondelete="CASCADE")

    def required() -> type[Entity]:
        class Shop(Entity):
            model_config = {"store": "sql"}
            name: str = "?"

        return Shop

    history = History(Shop, Sale)
    history.up(url)
    history.store(url, "Shop", {"id": "a", "name": None}, {"id": "b", "name": "B"})
    sales = [{"id": f"s{n:03d}", "shop": "ab"[n % 2]} for n in range(600)]
    history.store(url, "Sale", *sales)
    history.add(required(), Sale, steps=[ChangeField("Shop", "name")])
    history.up(url)
    assert history.rows(url, "Shop") == [{"id": "a", "name": "?"}, {"id": "b", "name": "B"}]
    assert history.rows(url, "Sale") == sales
    execute(url, "DELETE FROM shop WHERE id = 'a'")
    assert len(history.rows(url, "Sale")) == 300


def test_tables_that_refer_to_each_other_are_created(url: str) -> None:
    class Hen(Entity):
        model_config = {"store": "sql"}
        egg: str | None = Field(default=None, foreign_key="egg.id")

    class Egg(Entity):
        model_config = {"store": "sql"}
        hen: str | None = Field(default=None, foreign_key="hen.id")

    history = History(Hen, Egg)
    history.up(url)
    history.store(url, "Hen", {"id": "h", "egg": None})
    with pytest.raises(Exception, match=r"(?i)foreign"):
        history.store(url, "Egg", {"id": "e", "hen": "missing"})
    with pytest.raises(Exception, match=r"(?i)foreign"):
        history.store(url, "Hen", {"id": "i", "egg": "missing"})
