"""Rolling deploys: a schema that serves both versions between expand and contract."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from integration.migrations.changing import execute, insert_rows, query, read_rows
from repositories import insert, opened, update
from starmodel.app.ports.repository import Batch
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.errors import VersionConflictError
from starmodel.core.fields.field import Field
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.matching import carry_ids
from starmodel.migrations.comparing.plan import plan
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.order import Migrations, in_order
from starmodel.migrations.files.writing import migration_text
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.rolling.split import rolling_plan
from starmodel.migrations.running.runner import Options, Result, downgrade, upgrade
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.starting import Start


def product() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str = Field(index=True)
        price: int = Field(default=0, ge=0, unique=True)
        old: str = "stays"

    return Product


def new_product() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str = Field(index=True)
        unit_price: int = Field(default=0, ge=0, unique=True)
        colour: str = "it's \\ 100% blue"
        note: str | None = None

    return Product


class Rolling:
    """A first migration, then one for each phase of a rolling change."""

    def __init__(
        self, old: Sequence[type[Entity]], new: Sequence[type[Entity]], answers: Answers
    ) -> None:
        self.old = collect([entity_type(cls, "sql") for cls in old])
        first = plan(compare(Schema(), self.old), Answers(), "0001_first")
        classes = collect([entity_type(cls, "sql") for cls in new], self.old)
        after = carry_ids(self.old, classes, answers.renames)
        made = rolling_plan(compare(self.old, after), answers, "0002_expand", "0003_contract")
        assert made.contract is not None
        self.plan, self.new = made, made.contract.plan.schema
        self.files = [
            MigrationFile("0001_first", (), first.steps, first.schema, ""),
            MigrationFile(
                "0002_expand", ("0001_first",), made.expand.plan.steps, made.expand.plan.schema, ""
            ),
            MigrationFile(
                "0003_contract", ("0002_expand",), made.contract.plan.steps, self.new, "", True
            ),
        ]

    @property
    def migrations(self) -> Migrations:
        return in_order(self.files)

    def write(self, folder: Path, count: int = 3) -> None:
        """Write the first files into a folder."""
        folder.mkdir()
        for file in self.files[:count]:
            text = migration_text(
                file.id, file.after, file.steps, file.schema, contract=file.contract
            )
            (folder / f"{file.id}.py").write_text(text, encoding="utf-8")

    def up(self, url: str, to: str | None = None, *, contract: bool = False) -> Result:
        options = Options(contract=contract, blocking=True)
        return asyncio.run(upgrade(url, self.migrations, to, options))

    def down(self, url: str, to: str | None) -> Result:
        return asyncio.run(downgrade(url, self.migrations, to, Options(blocking=True)))

    def insert(self, url: str, schema: Schema, entity: str, *rows: dict[str, Any]) -> None:
        insert_rows(url, schema, entity, rows)


@pytest.fixture
def renamed() -> Rolling:
    """A field is renamed, one added, one removed."""
    answers = Answers(renames={"Product.price": "unit_price"}, drops={"Product.old": True})
    return Rolling([product()], [new_product()], answers)


ROWS = [
    {"id": f"p{number:04d}", "name": "pen", "price": number, "old": "x"} for number in range(1, 703)
]


def test_expand_serves_both_versions_and_contract_waits(url: str, renamed: Rolling) -> None:
    renamed.up(url, "0001_first")
    renamed.insert(url, renamed.old, "Product", *ROWS)
    result = renamed.up(url)
    assert (result.applied, result.waiting) == (("0002_expand",), ("0003_contract",))
    assert renamed.up(url).is_empty
    assert read_rows(url, renamed.old, "Product") == ROWS
    assert [row["unit_price"] for row in read_rows(url, renamed.new, "Product")] == [
        row["price"] for row in ROWS
    ]

    renamed.insert(
        url, renamed.old, "Product", {"id": "q1", "name": "n", "price": 9001, "old": "y"}
    )
    renamed.insert(
        url, renamed.new, "Product",
        {"id": "q2", "name": "n", "unit_price": 9002, "colour": "red", "note": None},
    )  # fmt: skip
    old = {row["id"]: row for row in read_rows(url, renamed.old, "Product")}
    new = {row["id"]: row for row in read_rows(url, renamed.new, "Product")}
    assert old["q2"] == {"id": "q2", "name": "n", "price": 9002, "old": "stays"}
    assert new["q1"] == {
        "id": "q1", "name": "n", "unit_price": 9001, "colour": "it's \\ 100% blue", "note": None,
    }  # fmt: skip
    execute(
        url,
        "UPDATE product SET price = 5001, _version = 2 WHERE id = 'q2'",
        "UPDATE product SET unit_price = 5002, _version = 3 WHERE id = 'q1'",
    )
    sql = "SELECT id, price, unit_price, _version FROM product WHERE id LIKE 'q%' ORDER BY id"
    assert query(url, sql) == [("q1", 5002, 5002, 3), ("q2", 5001, 5001, 2)]

    assert renamed.up(url, contract=True).applied == ("0003_contract",)
    assert renamed.up(url).is_empty
    rows = read_rows(url, renamed.new, "Product")
    assert len(rows) == len(ROWS) + 2
    assert {"unit_price": 5001, "colour": "red"}.items() <= rows[-1].items()
    assert query(url, "SELECT COUNT(*) FROM product WHERE colour = 'red'") == [(1,)]


def test_downgrade_from_contract_gives_the_old_version_what_the_new_one_wrote(
    url: str, renamed: Rolling
) -> None:
    renamed.up(url, "0001_first")
    renamed.insert(url, renamed.old, "Product", *ROWS)
    renamed.up(url, contract=True)
    execute(url, "UPDATE product SET unit_price = 7777, _version = 2 WHERE id = 'p0005'")
    renamed.down(url, "0001_first")
    rows = read_rows(url, renamed.old, "Product")
    assert rows[4] == {"id": "p0005", "name": "pen", "price": 7777, "old": "x"}
    assert rows[5:] == ROWS[5:]
    renamed.up(url, contract=True)
    assert len(read_rows(url, renamed.new, "Product")) == len(ROWS)


def test_new_database_does_not_wait_for_contract(url: str, renamed: Rolling) -> None:
    assert renamed.up(url).applied == ("0001_first", "0002_expand", "0003_contract")


def test_migration_after_waiting_contract_is_refused(url: str, renamed: Rolling) -> None:
    renamed.up(url, "0001_first")
    later = MigrationFile("0004_later", ("0003_contract",), (), renamed.new, "")
    renamed.files.append(later)
    with pytest.raises(MigrationError, match=r"0004_later follows 0003_contract.*--contract"):
        renamed.up(url)
    assert renamed.up(url, contract=True).applied[-1] == "0004_later"


async def test_both_versions_start_while_contract_waits(
    url: str, renamed: Rolling, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "starmodel.migrations")
    await upgrade(url, renamed.migrations, "0001_first")
    await upgrade(url, renamed.migrations)
    for number, (version, production) in enumerate(((new_product(), True), (new_product(), False))):
        folder = tmp_path / f"new{number}"
        renamed.write(folder)
        caplog.clear()
        await started(url, folder, version, production=production)
        assert "0003_contract waits until no process of the old version runs" in caplog.text
        assert "changed by hand" not in caplog.text
    folder = tmp_path / "old"
    renamed.write(folder, 1)
    await started(url, folder, product(), production=True)


async def started(url: str, folder: Path, *classes: type[Entity], production: bool) -> None:
    start = Start(url, folder, production=production, migrates=False)
    repository = await opened(url, *classes, opening=start.opening)
    await repository.close()


def article() -> type[Entity]:
    class Article(Entity):
        model_config = {"store": "sql"}
        title: str
        price: int = 0

    return Article


def product_with_name() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        price: int = 0

    return Product


@pytest.fixture
def renamed_class() -> Rolling:
    """A class and one of its fields are renamed."""
    answers = Answers(renames={"Product": "Article", "Product.name": "title"})
    return Rolling([product_with_name()], [article()], answers)


async def test_old_version_writes_a_renamed_table_through_a_view(
    url: str, renamed_class: Rolling
) -> None:
    migrations = renamed_class.migrations
    await upgrade(url, migrations, "0001_first")
    old_class, new_class = product_with_name(), article()
    old = await opened(url, old_class)
    await old.commit(Batch([insert(old_class(id="a", name="Pen", price=1))]))
    await upgrade(url, migrations, options=Options(blocking=True))
    if url.startswith("sqlite"):  # whose views take no part in optimistic locks
        await old.close()
        return
    new = await opened(url, new_class)
    await old.commit(Batch([insert(old_class(id="b", name="Ink", price=2))]))
    await new.commit(Batch([insert(new_class(id="c", title="Cap", price=3))]))
    for number in range(3):
        for repository, cls in ((old, old_class), (new, new_class)):
            found = await repository.get(cls, "b")
            await repository.commit(Batch([update(found, price=found.price + 1)]))
        assert (await new.get(new_class, "b")).price == 4 + 2 * number
    stale = await old.get(old_class, "b")
    fresh = await new.get(new_class, "b")
    await new.commit(Batch([update(fresh, title="Blue ink")]))
    with pytest.raises(VersionConflictError):
        await old.commit(Batch([update(stale, name="Red ink")]))
    assert (await old.get(old_class, "b")).name == "Blue ink"
    await old.close()
    again = await opened(url, old_class)  # a process of the old version starts again
    assert (await again.get(old_class, "c")).name == "Cap"
    await again.close()
    await upgrade(url, migrations, options=Options(blocking=True, contract=True))
    assert (await new.get(new_class, "b")).title == "Blue ink"
    await new.close()
