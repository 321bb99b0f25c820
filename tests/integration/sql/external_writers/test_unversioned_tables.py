"""Tables without a column for versions: no update is lost, neither ours nor other programs'."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from external_writers import Outsider
from integration.sql.external_table import (
    Customer,
    changed,
    checked,
    deleted,
    is_refused,
    new,
    opened,
    row,
    stored,
)
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch
from starmodel.core.entity import Entity
from starmodel.core.errors import VersionConflictError
from starmodel.core.fields.field import Field
from starmodel.core.snapshot import version_of

SET = "UPDATE customer SET {} = ? WHERE customer_no = 1"


@pytest.mark.parametrize("column", ["name", "visits", "rating", "code", "balance"])
async def test_change_of_others_after_our_reading_is_kept_and_ours_runs_again(
    customers: SqlRepository, outsider: Outsider, column: str
) -> None:
    ann = await stored(customers)
    value = {"name": "Anna", "visits": 7}.get(column)
    await outsider.run(SET.format(column), value)
    assert await is_refused(customers, changed(ann, visits=1))
    assert await is_refused(customers, changed(ann, name="Late"))
    assert await is_refused(customers, deleted(ann))
    assert await is_refused(customers, checked(ann))
    assert getattr(await stored(customers), column) == value
    again = await stored(customers)
    assert not await is_refused(customers, changed(again, visits=again.visits + 1))


async def test_row_that_others_removed_or_made_is_a_conflict(
    customers: SqlRepository, outsider: Outsider
) -> None:
    ann = await stored(customers)
    await outsider.run("DELETE FROM customer WHERE customer_no = ?", 1)
    for change in (changed(ann, visits=1), deleted(ann), checked(ann)):
        with pytest.raises(VersionConflictError, match="has been removed"):
            await customers.commit(Batch([change]))
    await outsider.run("INSERT INTO customer (customer_no, name) VALUES (?, 'Other')", 1)
    assert await is_refused(customers, new(Customer(id=1, name="Ours")))
    assert await is_refused(customers, changed(ann, visits=1))
    assert (await row(outsider))[0] == "Other"


async def test_batch_with_one_row_that_others_changed_stores_nothing(
    customers: SqlRepository, outsider: Outsider
) -> None:
    await customers.commit(Batch([new(Customer(id=2, name="Bo"))]))
    ann, bo = await stored(customers), await stored(customers, 2)
    await outsider.run(SET.format("visits"), 3)
    third = new(Customer(id=3, name="Cy"))
    for one, other in ((changed(ann, visits=1), changed(bo, visits=1)), (checked(ann), third)):
        for changes in ([one, other, new(Customer(id=4, name="Di"))], [other, one]):
            with pytest.raises(VersionConflictError):
                await customers.commit(Batch(changes))
    assert await outsider.rows("SELECT customer_no, visits FROM customer ORDER BY 1") in (
        [(1, 3), (2, 0)], ((1, 3), (2, 0)),
    )  # fmt: skip


async def test_version_stays_while_nothing_changes_and_rises_with_every_change(
    customers: SqlRepository, outsider: Outsider
) -> None:
    first = version_of(await stored(customers))
    assert [version_of(c) for c in await customers.list(Query(Customer))] == [first]
    await outsider.run(SET.format("region"), "west")
    assert version_of(await stored(customers)) == first
    await outsider.run(SET.format("visits"), 1)
    second = version_of(await stored(customers))
    assert second > first
    await outsider.run(SET.format("visits"), 0)
    third = version_of(await stored(customers))
    assert third > second
    await customers.commit(Batch([changed(await stored(customers), visits=5)]))
    assert version_of(await stored(customers)) == third + 1


async def test_reading_that_our_commit_and_others_overtake_is_never_older_than_the_commit(
    customers: SqlRepository, outsider: Outsider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that connects meanwhile is told of the commit after what it reads."""
    change = changed(await stored(customers), visits=1)
    engine = customers._serving().engine
    rows, overtaking = engine.one_row, [change]

    async def slow(sql: str, params: Any) -> Any:
        while overtaking:
            await customers.commit(Batch([overtaking.pop()]))
            await outsider.run(SET.format("visits"), 2)
        return await rows(sql, params)

    monkeypatch.setattr(engine, "one_row", slow)
    ann = await stored(customers)
    assert ann.visits == 2
    assert version_of(ann) > change.version


async def test_commits_queued_on_one_another_are_all_stored(customers: SqlRepository) -> None:
    versions = []
    running = []
    for _ in range(20):
        ann = await customers.latest(Customer, 1)
        assert isinstance(ann, Customer)
        versions.append(version_of(ann))
        running.append(
            asyncio.ensure_future(customers.commit(Batch([changed(ann, visits=ann.visits + 1)])))
        )
        await asyncio.sleep(0)
    await asyncio.gather(*running)
    assert versions == list(range(versions[0], versions[0] + 20))
    ann = await stored(customers)
    assert (ann.visits, version_of(ann)) == (20, versions[0] + 20)


async def test_commit_queued_on_one_that_others_overtook_fails_with_it(
    customers: SqlRepository, outsider: Outsider
) -> None:
    ann = await stored(customers)
    await outsider.run(SET.format("visits"), 9)
    first = asyncio.ensure_future(customers.commit(Batch([changed(ann, visits=1)])))
    await asyncio.sleep(0)
    queued = await customers.latest(Customer, 1)
    assert queued is not None
    second = asyncio.ensure_future(customers.commit(Batch([changed(queued, name="Ann 2")])))
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert all(isinstance(result, VersionConflictError) for result in results)
    assert (await row(outsider))[:3] == ("Ann", "AN01", 9)


WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
    "mysql": "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'",
}


async def test_commit_waits_for_a_transaction_of_others_and_compares_with_what_it_left(
    any_url: str, outsider: Outsider, customers: SqlRepository
) -> None:
    ann = await stored(customers)
    watcher = await Outsider.at(any_url)
    await outsider.run("BEGIN IMMEDIATE" if outsider.kind == "sqlite" else "BEGIN")
    await outsider.run(SET.format("visits"), 5)
    ours = asyncio.ensure_future(is_refused(customers, changed(ann, name="Anna")))
    look = WAITING.get(outsider.kind)
    while look is not None and not int((await watcher.rows(look))[0][-1]):
        pass  # asking lets the commit go on
    await outsider.run("COMMIT")
    assert await ours
    assert (await row(outsider))[:3] == ("Ann", "AN01", 5)
    await watcher.close()


EACH = 30


async def test_two_processes_and_an_other_program_count_exactly(
    any_url: str, outsider: Outsider
) -> None:
    ours = [await opened(any_url) for _ in range(2)]

    async def add(customers: SqlRepository) -> None:
        for _ in range(EACH):
            while True:
                ann = await customers.latest(Customer, 1)
                assert isinstance(ann, Customer)
                if not await is_refused(customers, changed(ann, visits=ann.visits + 1)):
                    break

    async def add_outside() -> None:
        for _ in range(EACH):
            await outsider.run("UPDATE customer SET visits = visits + 1 WHERE customer_no = 1")
            await asyncio.sleep(0)

    await asyncio.gather(*map(add, ours), add_outside())
    assert (await row(outsider))[2] == 3 * EACH
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


async def test_what_a_trigger_made_of_our_change_is_newer_than_our_change(
    customers: SqlRepository, outsider: Outsider
) -> None:
    for sql in TRIGGERS[outsider.kind]:
        await outsider.run(sql)
    change = changed(await stored(customers), name="Anna")
    first = asyncio.ensure_future(customers.commit(Batch([change])))
    await asyncio.sleep(0)
    queued = await customers.latest(Customer, 1)
    assert queued is not None
    # Built on a state that never was: run again by whoever made it.
    assert await is_refused(customers, changed(queued, visits=1))
    await first
    ann = await stored(customers)
    assert ann.name == "ANNA"
    assert version_of(ann) > change.version
    assert not await is_refused(customers, changed(ann, visits=1))
    assert (await row(outsider))[:3] == ("ANNA", "AN01", 1)


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
async def test_row_that_was_removed_and_made_again_is_newer_whatever_its_id(
    any_url: str, made: Entity
) -> None:
    cls = type(made)
    outsider = await Outsider.at(any_url)
    await outsider.create(cls)
    await outsider.run("CREATE TABLE kept AS SELECT * FROM thing WHERE 1 = 0")
    repository = await opened(any_url, cls)
    await repository.commit(Batch([new(made)]))
    await outsider.run("INSERT INTO kept SELECT * FROM thing")
    found = await repository.get(cls, made.id)
    assert found == made
    assert version_of(found) == 1
    await repository.commit(Batch([deleted(found)]))
    await outsider.run("INSERT INTO thing SELECT * FROM kept")
    again = await repository.get(cls, made.id)
    assert again == made
    assert version_of(again) > 2
    await repository.close()
    await outsider.close()
