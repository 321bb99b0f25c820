"""The start of an application on a database: fresh, behind, ahead, drifted, edited, foreign."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from integration.migrations.changing import History
from repositories import opened
from starmodel import Entity, Field
from starmodel.migrations.errors import DriftError
from starmodel.migrations.files.writing import migration_text
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ledger.ledger import Ledger
from starmodel.migrations.running.ledger.recorded import RecordedSchema
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.starting import Start
from starmodel.migrations.steps import AddField


class Product(Entity):
    model_config = {"store": "sql"}
    name: str = Field("", max_length=20)


def _with_colour() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str = Field("", max_length=20)
        colour: str = "blue"

    return Product


def _renamed() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        title: str = Field("", max_length=20)

    return Product


class Site:
    """A folder of migrations, and applications that start on one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def write(self, history: History) -> None:
        self.folder.mkdir(exist_ok=True)
        for file in history.files:
            text = migration_text(file.about, file.after, file.steps, file.schema)
            (self.folder / f"{file.id}.py").write_text(text, encoding="utf-8")

    async def start(
        self, *classes: type[Entity], production: bool = False, migrates: bool = False
    ) -> None:
        start = Start(self.url, self.folder, production=production, migrates=migrates)
        repository = await opened(self.url, *classes, opening=start.opening)
        await repository.close()

    async def ledger(self) -> list[tuple[str, str]]:
        async with open_link(self.url) as link:
            ledger = Ledger(link.sql_dialect)
            return await link.run(
                lambda s: [(e.id, e.state) for e in ledger.entries(s)] if ledger.exists(s) else []
            )

    async def columns(self, table: str = "product") -> set[str]:
        async with open_link(self.url) as link:
            return await link.run(lambda s: set(Catalogue(s).columns(table)))

    async def recorded(self) -> Schema | None:
        async with open_link(self.url) as link:
            return await link.run(RecordedSchema(link.sql_dialect).read)

    async def run(self, *statements: str) -> None:
        async with open_link(self.url) as link:
            for sql in statements:
                await link.run(lambda session, sql=sql: session.execute(sql))


@pytest.fixture
def site(url: str, tmp_path: Path) -> Site:
    return Site(url, tmp_path / "migrations")


def _two() -> History:
    return History(Product).add(_with_colour(), steps=[AddField("Product", "colour")])


async def test_fresh_development_database_is_created_at_once(site: Site) -> None:
    site.write(_two())
    await site.start(_with_colour())
    assert await site.ledger() == [("0001_change", "applied"), ("0002_change", "applied")]
    assert "colour" in await site.columns()
    await site.start(_with_colour())


async def test_fresh_production_database_is_left_to_the_command(site: Site) -> None:
    site.write(_two())
    with pytest.raises(DriftError, match=r"no tables yet\. Run: starmodel db upgrade"):
        await site.start(_with_colour(), production=True)
    assert await site.columns() == set()


async def test_pending_migrations_refuse_the_start(site: Site) -> None:
    history = _two()
    site.write(History(Product))
    await site.start(Product)
    site.write(history)
    for production, command in ((True, "starmodel db upgrade"), (False, "starmodel migrate")):
        with pytest.raises(DriftError, match=r"lacks the migration 0002_change\. Run: ") as caught:
            await site.start(_with_colour(), production=production)
        assert caught.value.command == command
    assert "colour" not in await site.columns()


async def test_refused_start_lists_every_question_of_the_command(site: Site) -> None:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: int = 0
        weight: int

    class Shop(Entity):
        model_config = {"store": "sql"}

    site.write(History(_with_colour(), Shop))
    await site.start(_with_colour(), Shop)
    with pytest.raises(DriftError) as caught:
        await site.start(Product)
    assert caught.value.about == (
        "The class Shop is gone. Remove it?",
        "Product.colour (text) is gone. Remove it?",
        "Product.name changes from text of at most 20 characters to whole number, which may not "
        "fit stored values.",
        "Product.weight is new and required. Which value do the rows that exist get?",
    )


async def test_nodes_that_migrate_on_start_apply_each_migration_once(site: Site) -> None:
    site.write(_two())
    starts = (site.start(_with_colour(), production=True, migrates=True) for _ in range(4))
    await asyncio.gather(*starts)
    assert await site.ledger() == [("0001_change", "applied"), ("0002_change", "applied")]


async def test_changed_classes_refuse_the_start_with_what_to_type(site: Site) -> None:
    site.write(History(Product))
    await site.start(Product)
    with pytest.raises(DriftError) as caught:
        await site.start(_renamed())
    assert str(caught.value) == (
        "The classes have changed since the migration 0001_change. Product.name (text of at most "
        "20 characters) is gone, and title is new. Was it renamed? Run: starmodel migrate"
    )
    assert caught.value.asks
    with pytest.raises(DriftError, match="where you develop, and deploy the file"):
        await site.start(_renamed(), production=True)
    with pytest.raises(DriftError, match="where you develop"):
        await site.start(_renamed(), production=True, migrates=True)


async def test_bounds_that_changed_alone_refuse_nothing(site: Site) -> None:
    class Bounded(Entity):
        model_config = {"store": "sql"}
        __tablename__ = "product"
        name: str = Field("", max_length=20, pattern="a*")

    Bounded.__name__ = "Product"
    site.write(History(Product))
    await site.start(Product)
    await site.start(Bounded, production=True)


async def test_database_of_a_newer_build_serves_the_older_one(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(_two())
    await site.start(_with_colour())
    (site.folder / "0002_change.py").unlink()
    with caplog.at_level(logging.INFO, logger="starmodel.migrations"):
        await site.start(Product, production=True)
    assert "The database has the migration 0002_change, and there is no such file" in caplog.text


async def test_two_newest_migrations_refuse_the_start(site: Site) -> None:
    history = _two()
    site.write(history)
    other = (site.folder / "0002_change.py").read_text()
    (site.folder / "0002_other.py").write_text(other)
    with pytest.raises(DriftError) as caught:
        await site.start(_with_colour())
    assert str(caught.value) == (
        "2 migrations are the newest: 0002_change, 0002_other. They come from branches. "
        "Run: starmodel migrate --merge"
    )


async def test_invalid_file_refuses_the_start_by_its_name(site: Site) -> None:
    site.write(History(Product))
    (site.folder / "0002_broken.py").write_text("migration = 5")
    with pytest.raises(DriftError, match=r"0002_broken\.py: expected migration = Migration"):
        await site.start(Product)


async def test_tables_from_before_the_migrations_are_recorded(site: Site) -> None:
    await site.start(_with_colour())
    site.write(_two())
    await site.start(_with_colour())
    assert [id for id, _ in await site.ledger()] == ["0001_change", "0002_change"]


async def test_other_tables_from_before_the_migrations_are_left_to_the_command(site: Site) -> None:
    await site.start(Product)
    site.write(_two())
    with pytest.raises(DriftError) as caught:
        await site.start(_with_colour())
    assert str(caught.value) == (
        "The database has tables that no migration has created. The table 'product' lacks the "
        "column 'colour'. Run: starmodel db upgrade"
    )
    assert await site.ledger() == []


async def test_edited_table_is_said_and_left_as_it_is(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.write(History(Product))
    await site.start(Product)
    await site.run(
        "ALTER TABLE product ADD COLUMN own INT", "CREATE TABLE theirs (id INT)",
        "CREATE INDEX ix_own ON product (own)",
    )  # fmt: skip
    with caplog.at_level(logging.INFO, logger="starmodel.migrations"):
        await site.start(Product)
    assert "The table 'product' has the column 'own', which Product lacks." in caplog.text
    assert "theirs" not in caplog.text
    assert "own" in await site.columns()


async def test_without_migrations_the_definitions_of_new_tables_are_recorded(site: Site) -> None:
    await site.start(Product)
    found = await site.recorded()
    assert found is not None
    assert [field.name for field in found.entity("Product").fields] == ["id", "name"]
    assert await site.ledger() == []


async def test_without_migrations_a_changed_class_is_explained(site: Site) -> None:
    await site.start(Product)
    with pytest.raises(DriftError) as caught:
        await site.start(_with_colour())
    assert str(caught.value) == (
        "The classes have changed since their tables were created. Add Product.colour (text, "
        "'blue' for the rows that exist). Run: starmodel migrate"
    )
    assert await site.columns() == {"id", "name", "_version", "_expires_at"}


async def test_without_migrations_a_new_class_is_recorded_beside_what_drifted(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    class Optional(Entity):
        model_config = {"store": "sql"}
        __tablename__ = "product"
        name: str = Field("", max_length=20)
        note: str | None = None

    class Order(Entity):
        model_config = {"store": "sql"}
        number: int = 0

    Optional.__name__ = "Product"
    await site.start(Optional)
    with caplog.at_level(logging.INFO, logger="starmodel.migrations"):
        await site.start(Product, Order)
    assert "Remove Product.note" in caplog.text
    found = await site.recorded()
    assert found is not None
    assert {entity.name: len(entity.fields) for entity in found} == {"Product": 3, "Order": 2}


async def test_database_of_an_earlier_version_is_recorded_as_it_is(site: Site) -> None:
    repository = await opened(site.url, Product)
    await repository.close()
    await site.start(Product)
    found = await site.recorded()
    assert found == History(Product).schema


async def test_table_of_another_program_is_recorded_as_external(site: Site) -> None:
    class Customer(Entity):
        model_config = {"store": "sql"}
        id: int
        name: str | None = None

    await site.run("CREATE TABLE customer (id INT NOT NULL PRIMARY KEY, name VARCHAR(20))")
    await site.start(Customer)
    found = await site.recorded()
    assert found is not None
    assert found.entity("Customer").external
    await site.start(Customer)


async def test_class_that_may_be_renamed_gets_no_new_table(site: Site) -> None:
    class Article(Entity):
        model_config = {"store": "sql"}
        name: str = Field("", max_length=20)

    await site.start(Product)
    for production in (False, True):
        with pytest.raises(
            DriftError, match=r"Product is gone, and Article is new\. Was it renamed"
        ):
            await site.start(Article, production=production)
    assert await site.columns("article") == set()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_user_without_the_right_to_create_gets_the_statements(site: Site) -> None:
    class Article(Entity):
        model_config = {"store": "sql"}
        name: str = Field("", max_length=20, index=True)

    await site.start(Product)
    reader = f"reader_{site.url.rpartition('/')[2]}"
    await site.run(
        f'CREATE ROLE "{reader}" LOGIN',
        f'GRANT USAGE ON SCHEMA public TO "{reader}"',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"',
    )
    scheme, _, rest = site.url.partition("://")
    mine = Site(f"{scheme}://{reader}@{rest.partition('@')[2]}", site.folder)
    try:
        with pytest.raises(
            DriftError, match=r"(?s)may not create tables.*CREATE TABLE article.*; CREATE INDEX"
        ):
            await mine.start(Article)
    finally:
        await site.run(f'DROP OWNED BY "{reader}"', f'DROP ROLE "{reader}"')


async def test_unrecorded_tables_that_do_not_fit_are_explained(site: Site) -> None:
    repository = await opened(site.url, Product)
    await repository.close()
    with pytest.raises(DriftError, match=r"Add Product\.colour .* Run: starmodel migrate"):
        await site.start(_with_colour())
