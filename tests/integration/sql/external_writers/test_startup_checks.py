"""Startup validation of external tables, and its error messages."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal

import pytest

from databases import emptied
from external_writers import ExternalWriter
from integration.sql.external_table import MADE, Customer, row, stored
from repositories import delete, insert, opened, update
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch
from starmodel.core.errors import ConfigurationError, ConstraintError
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.snapshot import version_of

SET = "UPDATE customer SET {} = ? WHERE customer_no = 1"


async def test_external_table_is_served_unchanged_and_logged(
    any_url: str, external: ExternalWriter, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "starmodel.sql"):
        repository = await opened(any_url, Customer)
    assert caplog.text.count("'customer' of Customer has no column _version") == 1
    ann = await stored(repository)
    assert (ann.name, ann.code, ann.visits, ann.balance, ann.rating) == (
        "Ann", "AN01", 0, Decimal("9.5"), 0.5,
    )  # fmt: skip
    assert await repository.list(Query(Customer)) == [ann]
    await repository.commit(Batch([update(ann, visits=1)]))
    assert (await row(external))[:3] == ("Ann", "AN01", 1)
    await repository.commit(Batch([delete(await stored(repository))]))
    assert await external.rows("SELECT * FROM customer") in ([], ())
    await repository.close()


async def test_table_that_lacks_a_field_is_rejected(any_url: str, external: ExternalWriter) -> None:
    class Wider(Customer):
        __tablename__ = "customer"
        town: str = ""

    with pytest.raises(ConfigurationError, match=r"lacks the columns 'town'\. Add them"):
        await opened(any_url, Wider)


async def test_class_with_ttl_error_names_columns_to_add(
    any_url: str, external: ExternalWriter
) -> None:
    class Guest(Customer):
        __tablename__ = "customer"
        model_config = EntityConfig(ttl=60.0)

    with pytest.raises(ConfigurationError, match=r"'_version', '_expires_at'.*ttl.*BIGINT NOT"):
        await opened(any_url, Guest)


async def test_added_version_column_is_used_after_restart(
    any_url: str, external: ExternalWriter, caplog: pytest.LogCaptureFixture
) -> None:
    repository = await opened(any_url, Customer)
    old = await stored(repository)
    await repository.close()
    await external.run("ALTER TABLE customer ADD COLUMN _version BIGINT NOT NULL DEFAULT 1")
    caplog.clear()
    with caplog.at_level(logging.INFO, "starmodel.sql"):
        repository = await opened(any_url, Customer)
    assert "_version" not in caplog.text
    ann = await stored(repository)
    assert (ann, version_of(ann)) == (old, 1)
    await repository.commit(Batch([update(ann, visits=1)]))
    assert await external.rows("SELECT visits, _version FROM customer") in ([(1, 2)], ((1, 2),))
    await repository.close()


async def test_unmapped_columns_stay_unchanged(
    customers: SqlRepository, external: ExternalWriter
) -> None:
    ann = await stored(customers)
    await external.run(SET.format("region"), "south")
    await customers.commit(Batch([update(ann, visits=1)]))  # no mapped field has changed
    assert (await row(external))[-1] == "south"
    await customers.commit(Batch([insert(Customer(id=2, name="Bo"))]))
    assert (await row(external, 2))[-1] == "north"


async def test_unmapped_not_null_column_is_named(
    any_url: str, external: ExternalWriter, customers: SqlRepository
) -> None:
    added = "ALTER TABLE customer ADD COLUMN vat VARCHAR(9) NOT NULL DEFAULT ''"
    await external.run(added)
    if external.kind == "sqlite":
        await external.run("CREATE TABLE bare AS SELECT * FROM customer")
        await external.run("DROP TABLE customer")
        await external.run(MADE["sqlite"].replace("changed TEXT", "vat TEXT NOT NULL"))
    else:
        await external.run("ALTER TABLE customer ALTER COLUMN vat DROP DEFAULT")
    with pytest.raises(ConstraintError, match="needs a value for vat, and has no default"):
        await customers.commit(Batch([insert(Customer(id=5, name="Bo"))]))


async def test_table_whose_ids_are_not_unique_is_rejected(
    any_url: str, external: ExternalWriter
) -> None:
    await external.run("CREATE TABLE loose AS SELECT * FROM customer")
    await external.run("DROP TABLE customer")
    await external.run("ALTER TABLE loose RENAME TO customer")
    with pytest.raises(ConfigurationError, match="several rows have the same customer_no") as error:
        await opened(any_url, Customer)
    index = str(error.value).partition("or: ")[2].rstrip(".")
    await external.run("CREATE UNIQUE INDEX pair ON customer (customer_no, name)")
    with pytest.raises(ConfigurationError, match="several rows"):
        await opened(any_url, Customer)
    await external.run(index)
    repository = await opened(any_url, Customer)
    assert (await stored(repository)).name == "Ann"
    await repository.close()


async def test_table_without_transactions_is_rejected(mariadb_url: str) -> None:
    url = await asyncio.to_thread(emptied, mariadb_url)
    external = await ExternalWriter.at(url)
    await external.run(MADE["mysql"].replace("InnoDB", "MyISAM"))
    with pytest.raises(ConfigurationError, match=r"MyISAM.*ENGINE=InnoDB"):
        await opened(url, Customer)
    await external.close()


async def test_missing_create_privilege_error_names_the_ddl(postgresql_url: str) -> None:
    url = await asyncio.to_thread(emptied, postgresql_url)
    external = await ExternalWriter.at(url)
    await external.run(MADE["postgresql"])
    await external.run("DROP ROLE IF EXISTS clerk")
    await external.run("CREATE ROLE clerk LOGIN")
    await external.run("GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk")
    await external.run("GRANT USAGE ON SCHEMA public TO clerk")
    with pytest.raises(ConfigurationError, match="'starmodel_marker' can't be created") as raised:
        await opened(url.replace("test@", "clerk@"), Customer)
    for sql in str(raised.value).partition("for them: ")[2].split("; "):
        await external.run(sql)
    await external.run("DROP OWNED BY clerk")
    await external.run("DROP ROLE clerk")
    await external.close()
