"""Tables without a version column: no lost update, by this process or external writers."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from external_writers import ExternalWriter
from integration.sql.external_table import Customer, is_refused, row, stored
from repositories import check, delete, insert, opened, update
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch
from starmodel.core.entity import Entity
from starmodel.core.errors import VersionConflictError
from starmodel.core.fields.field import Field
from starmodel.core.snapshot import version_of

SET = "UPDATE customer SET {} = ? WHERE customer_no = 1"


@pytest.mark.parametrize("column", ["name", "visits", "rating", "code", "balance"])
async def test_external_change_after_the_read_is_preserved_and_command_is_retried(
    customers: SqlRepository, external: ExternalWriter, column: str
) -> None:
    ann = await stored(customers)
    value = {"name": "Anna", "visits": 7}.get(column)
    await external.run(SET.format(column), value)
    assert await is_refused(customers, update(ann, visits=1))
    assert await is_refused(customers, update(ann, name="Late"))
    assert await is_refused(customers, delete(ann))
    assert await is_refused(customers, check(ann))
    assert getattr(await stored(customers), column) == value
    again = await stored(customers)
    assert not await is_refused(customers, update(again, visits=again.visits + 1))


async def test_externally_deleted_or_inserted_row_is_a_conflict(
    customers: SqlRepository, external: ExternalWriter
) -> None:
    ann = await stored(customers)
    await external.run("DELETE FROM customer WHERE customer_no = ?", 1)
    for change in (update(ann, visits=1), delete(ann), check(ann)):
        with pytest.raises(VersionConflictError, match="has been removed"):
            await customers.commit(Batch([change]))
    await external.run("INSERT INTO customer (customer_no, name) VALUES (?, 'Other')", 1)
    assert await is_refused(customers, insert(Customer(id=1, name="Ours")))
    assert await is_refused(customers, update(ann, visits=1))
    assert (await row(external))[0] == "Other"


async def test_batch_with_one_externally_changed_row_stores_nothing(
    customers: SqlRepository, external: ExternalWriter
) -> None:
    await customers.commit(Batch([insert(Customer(id=2, name="Bo"))]))
    ann, bo = await stored(customers), await stored(customers, 2)
    await external.run(SET.format("visits"), 3)
    third = insert(Customer(id=3, name="Cy"))
    for one, other in ((update(ann, visits=1), update(bo, visits=1)), (check(ann), third)):
        for changes in ([one, other, insert(Customer(id=4, name="Di"))], [other, one]):
            with pytest.raises(VersionConflictError):
                await customers.commit(Batch(changes))
    assert await external.rows("SELECT customer_no, visits FROM customer ORDER BY 1") in (
        [(1, 3), (2, 0)], ((1, 3), (2, 0)),
    )  # fmt: skip


async def test_version_rises_exactly_with_changes(
    customers: SqlRepository, external: ExternalWriter
) -> None:
    first = version_of(await stored(customers))
    assert [version_of(c) for c in await customers.list(Query(Customer))] == [first]
    await external.run(SET.format("region"), "west")
    assert version_of(await stored(customers)) == first
    await external.run(SET.format("visits"), 1)
    second = version_of(await stored(customers))
    assert second > first
    await external.run(SET.format("visits"), 0)
    third = version_of(await stored(customers))
    assert third > second
    await customers.commit(Batch([update(await stored(customers), visits=5)]))
    assert version_of(await stored(customers)) == third + 1


async def test_read_overtaken_by_commit_and_external_write_is_not_older_than_the_commit(
    customers: SqlRepository, external: ExternalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that connects meanwhile receives the commit after its first state."""
    change = update(await stored(customers), visits=1)
    engine = customers._store().engine
    rows, overtaking = engine.one_row, [change]

    async def slow(sql: str, params: Any) -> Any:
        while overtaking:
            await customers.commit(Batch([overtaking.pop()]))
            await external.run(SET.format("visits"), 2)
        return await rows(sql, params)

    monkeypatch.setattr(engine, "one_row", slow)
    ann = await stored(customers)
    assert ann.visits == 2
    assert version_of(ann) > change.version


async def test_chained_commits_are_all_stored(customers: SqlRepository) -> None:
    versions = []
    running = []
    for _ in range(20):
        ann = await customers.latest(Customer, 1)
        assert isinstance(ann, Customer)
        versions.append(version_of(ann))
        running.append(
            asyncio.ensure_future(customers.commit(Batch([update(ann, visits=ann.visits + 1)])))
        )
        await asyncio.sleep(0)
    await asyncio.gather(*running)
    assert versions == list(range(versions[0], versions[0] + 20))
    ann = await stored(customers)
    assert (ann.visits, version_of(ann)) == (20, versions[0] + 20)


async def test_commit_chained_on_an_overtaken_one_fails(
    customers: SqlRepository, external: ExternalWriter
) -> None:
    ann = await stored(customers)
    await external.run(SET.format("visits"), 9)
    first = asyncio.ensure_future(customers.commit(Batch([update(ann, visits=1)])))
    await asyncio.sleep(0)
    queued = await customers.latest(Customer, 1)
    assert queued is not None
    second = asyncio.ensure_future(customers.commit(Batch([update(queued, name="Ann 2")])))
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert all(isinstance(result, VersionConflictError) for result in results)
    assert (await row(external))[:3] == ("Ann", "AN01", 9)


WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
    "mysql": "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'",
}


async def test_commit_waits_for_external_transaction_and_compares_with_its_result(
    any_url: str, external: ExternalWriter, customers: SqlRepository
) -> None:
    ann = await stored(customers)
    watcher = await ExternalWriter.at(any_url)
    await external.run("BEGIN IMMEDIATE" if external.kind == "sqlite" else "BEGIN")
    await external.run(SET.format("visits"), 5)
    ours = asyncio.ensure_future(is_refused(customers, update(ann, name="Anna")))
    look = WAITING.get(external.kind)
    while look is not None and not int((await watcher.rows(look))[0][-1]):
        pass  # the query releases the commit
    await external.run("COMMIT")
    assert await ours
    assert (await row(external))[:3] == ("Ann", "AN01", 5)
    await watcher.close()


EACH = 30


async def test_two_processes_and_external_writer_lose_no_update(
    any_url: str, external: ExternalWriter
) -> None:
    ours = [await opened(any_url, Customer) for _ in range(2)]

    async def add(customers: SqlRepository) -> None:
        for _ in range(EACH):
            while True:
                ann = await customers.latest(Customer, 1)
                assert isinstance(ann, Customer)
                if not await is_refused(customers, update(ann, visits=ann.visits + 1)):
                    break

    async def add_outside() -> None:
        for _ in range(EACH):
            await external.run("UPDATE customer SET visits = visits + 1 WHERE customer_no = 1")
            await asyncio.sleep(0)

    await asyncio.gather(*map(add, ours), add_outside())
    assert (await row(external))[2] == 3 * EACH
    for customers in ours:
        await customers.close()


TRIGGERS = {
    "sqlite": [
        """CREATE TRIGGER loud AFTER UPDATE OF name ON customer BEGIN
           UPDATE customer SET name = upper(name) WHERE customer_no = new.customer_no; END"""
    ],
    "postgresql": [
        """CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NEW.name = upper(NEW.name); RETURN NEW; END $$""",
        """CREATE TRIGGER loud BEFORE UPDATE ON customer
           FOR EACH ROW EXECUTE FUNCTION loud()""",
    ],
    "mysql": [
        "CREATE TRIGGER loud BEFORE UPDATE ON customer FOR EACH ROW SET NEW.name = upper(NEW.name)"
    ],
}


async def test_trigger_result_is_newer_than_its_commit(
    customers: SqlRepository, external: ExternalWriter
) -> None:
    for sql in TRIGGERS[external.kind]:
        await external.run(sql)
    change = update(await stored(customers), name="Anna")
    first = asyncio.ensure_future(customers.commit(Batch([change])))
    await asyncio.sleep(0)
    queued = await customers.latest(Customer, 1)
    assert queued is not None
    # A commit on a rolled-back state is a conflict, so its command is retried.
    assert await is_refused(customers, update(queued, visits=1))
    await first
    ann = await stored(customers)
    assert ann.name == "ANNA"
    assert version_of(ann) > change.version
    assert not await is_refused(customers, update(ann, visits=1))
    assert (await row(external))[:3] == ("ANNA", "AN01", 1)


class _Named(Entity):
    __tablename__ = "thing"

    n: int = 0


class _Numbered(Entity):
    __tablename__ = "thing"

    id: int  # type: ignore[assignment]
    n: int = 0


class _Unique(Entity):
    __tablename__ = "thing"

    id: uuid.UUID = Field(default_factory=uuid.uuid4)  # type: ignore[assignment]
    n: int = 0


@pytest.mark.parametrize(
    "made", [_Named(id="Zoë 1"), _Numbered(id=7), _Unique()], ids=["text", "number", "uuid"]
)
async def test_recreated_row_has_a_newer_version(any_url: str, made: Entity) -> None:
    cls = type(made)
    external = await ExternalWriter.at(any_url)
    await external.create(cls)
    await external.run("CREATE TABLE kept AS SELECT * FROM thing WHERE 1 = 0")
    repository = await opened(any_url, cls)
    await repository.commit(Batch([insert(made)]))
    await external.run("INSERT INTO kept SELECT * FROM thing")
    found = await repository.get(cls, made.id)
    assert found == made
    assert version_of(found) == 1
    await repository.commit(Batch([delete(found)]))
    await external.run("INSERT INTO thing SELECT * FROM kept")
    again = await repository.get(cls, made.id)
    assert again == made
    assert version_of(again) > 2
    await repository.close()
    await external.close()
