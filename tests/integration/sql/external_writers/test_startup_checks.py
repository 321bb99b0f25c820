"""Which tables of other programs are served, and what is said of those that are not."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal

import pytest

from databases import emptied
from external_writers import Outsider
from integration.sql.external_table import (
    MADE,
    Customer,
    changed,
    deleted,
    new,
    opened,
    row,
    stored,
)
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch
from starmodel.core.errors import ConfigurationError, ConstraintError
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.snapshot import version_of

SET = "UPDATE customer SET {} = ? WHERE customer_no = 1"


async def test_table_of_others_is_served_as_it_is_and_told(
    any_url: str, outsider: Outsider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "starmodel.sql"):
        repository = await opened(any_url)
    assert caplog.text.count("'customer' of Customer has no column _version") == 1
    ann = await stored(repository)
    assert (ann.name, ann.code, ann.visits, ann.balance, ann.rating) == (
        "Ann", "AN01", 0, Decimal("9.5"), 0.5,
    )  # fmt: skip
    assert await repository.list(Query(Customer)) == [ann]
    await repository.commit(Batch([changed(ann, visits=1)]))
    assert (await row(outsider))[:3] == ("Ann", "AN01", 1)
    await repository.commit(Batch([deleted(await stored(repository))]))
    assert await outsider.rows("SELECT * FROM customer") in ([], ())
    await repository.close()


async def test_table_that_lacks_a_field_is_refused(any_url: str, outsider: Outsider) -> None:
    class Wider(Customer):
        __tablename__ = "customer"
        town: str = ""

    with pytest.raises(ConfigurationError, match=r"lacks the columns 'town'\. Add them"):
        await opened(any_url, Wider)


async def test_class_with_a_ttl_says_which_columns_to_add(any_url: str, outsider: Outsider) -> None:
    class Guest(Customer):
        __tablename__ = "customer"
        model_config = EntityConfig(ttl=60.0)

    with pytest.raises(ConfigurationError, match=r"'_version', '_expires_at'.*ttl.*BIGINT NOT"):
        await opened(any_url, Guest)


async def test_version_column_that_was_added_is_used_from_the_next_start_on(
    any_url: str, outsider: Outsider, caplog: pytest.LogCaptureFixture
) -> None:
    repository = await opened(any_url)
    old = await stored(repository)
    await repository.close()
    await outsider.run("ALTER TABLE customer ADD COLUMN _version BIGINT NOT NULL DEFAULT 1")
    caplog.clear()
    with caplog.at_level(logging.INFO, "starmodel.sql"):
        repository = await opened(any_url)
    assert "_version" not in caplog.text
    ann = await stored(repository)
    assert (ann, version_of(ann)) == (old, 1)
    await repository.commit(Batch([changed(ann, visits=1)]))
    assert await outsider.rows("SELECT visits, _version FROM customer") in ([(1, 2)], ((1, 2),))
    await repository.close()


async def test_columns_of_the_table_alone_stay_as_they_are(
    customers: SqlRepository, outsider: Outsider
) -> None:
    ann = await stored(customers)
    await outsider.run(SET.format("region"), "south")
    await customers.commit(Batch([changed(ann, visits=1)]))  # no field of ours has changed
    assert (await row(outsider))[-1] == "south"
    await customers.commit(Batch([new(Customer(id=2, name="Bo"))]))
    assert (await row(outsider, 2))[-1] == "north"


async def test_column_that_needs_a_value_and_has_no_field_is_named(
    any_url: str, outsider: Outsider, customers: SqlRepository
) -> None:
    added = "ALTER TABLE customer ADD COLUMN vat VARCHAR(9) NOT NULL DEFAULT ''"
    await outsider.run(added)
    if outsider.kind == "sqlite":
        await outsider.run("CREATE TABLE bare AS SELECT * FROM customer")
        await outsider.run("DROP TABLE customer")
        await outsider.run(MADE["sqlite"].replace("changed TEXT", "vat TEXT NOT NULL"))
    else:
        await outsider.run("ALTER TABLE customer ALTER COLUMN vat DROP DEFAULT")
    with pytest.raises(ConstraintError, match="needs a value for vat, and has no default"):
        await customers.commit(Batch([new(Customer(id=5, name="Bo"))]))


async def test_table_whose_ids_are_not_unique_is_refused(any_url: str, outsider: Outsider) -> None:
    await outsider.run("CREATE TABLE loose AS SELECT * FROM customer")
    await outsider.run("DROP TABLE customer")
    await outsider.run("ALTER TABLE loose RENAME TO customer")
    with pytest.raises(ConfigurationError, match="several rows have the same customer_no") as told:
        await opened(any_url)
    index = str(told.value).partition("or: ")[2].rstrip(".")
    await outsider.run("CREATE UNIQUE INDEX pair ON customer (customer_no, name)")
    with pytest.raises(ConfigurationError, match="several rows"):
        await opened(any_url)
    await outsider.run(index)
    repository = await opened(any_url)
    assert (await stored(repository)).name == "Ann"
    await repository.close()


async def test_table_without_transactions_is_refused(mariadb_url: str) -> None:
    url = await asyncio.to_thread(emptied, mariadb_url)
    outsider = await Outsider.at(url)
    await outsider.run(MADE["mysql"].replace("InnoDB", "MyISAM"))
    with pytest.raises(ConfigurationError, match=r"MyISAM.*ENGINE=InnoDB"):
        await opened(url)
    await outsider.close()


async def test_user_who_may_create_no_table_is_told_what_to_create(postgresql_url: str) -> None:
    url = await asyncio.to_thread(emptied, postgresql_url)
    outsider = await Outsider.at(url)
    await outsider.run(MADE["postgresql"])
    await outsider.run("DROP ROLE IF EXISTS clerk")
    await outsider.run("CREATE ROLE clerk LOGIN")
    await outsider.run("GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk")
    await outsider.run("GRANT USAGE ON SCHEMA public TO clerk")
    with pytest.raises(ConfigurationError, match="'starmodel_marker' can't be created") as told:
        await opened(url.replace("test@", "clerk@"))
    for sql in str(told.value).partition("for them: ")[2].split("; "):
        await outsider.run(sql)
    await outsider.run("DROP OWNED BY clerk")
    await outsider.run("DROP ROLE clerk")
    await outsider.close()
