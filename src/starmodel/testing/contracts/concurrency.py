"""The contract of concurrent writers, open transactions and row locks."""
# ruff: noqa: S101 - tests assert

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from starmodel.app.ports.repository import Batch, LocksRows, Marker, Repository
from starmodel.core.entity import Entity
from starmodel.core.errors import DuplicateCommandError, VersionConflictError
from starmodel.core.snapshot import version_of
from starmodel.testing.contracts.base import (
    ContractBase,
    Item,
    Lamp,
    Stage,
    deleted,
    inserted,
    marked,
    staged,
    updated,
)

WRITERS = 50


async def _raise_level(repository: Repository, id: str) -> int:
    """Increment with retries after a conflict; the number of attempts."""
    for attempt in range(1, 1000):
        lamp = await repository.latest(Lamp, id)
        assert lamp is not None
        try:
            await repository.commit(Batch([updated(lamp, level=lamp.level + 1)]))
        except VersionConflictError:
            await asyncio.sleep(random.uniform(0, 0.002))  # noqa: S311 - only spreads retries
        else:
            return attempt
    raise AssertionError("999 attempts were not enough")


async def _raise_locked(
    repository: LocksRows,
    id: str,
    marker: Marker | None = None,
    between: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Increment under a row lock."""
    async with repository.lock_rows([(Lamp, id)]) as held:
        lamp = await held.latest(Lamp, id)
        assert lamp is not None
        await held.commit(Batch([updated(lamp, level=lamp.level + 1)], marker), between)


class ConcurrencyContract(ContractBase):
    """Concurrent writers lose no update."""

    @staged
    async def test_many_writers_on_one_id_lose_no_update(self, stage: Stage) -> None:
        lamp = Lamp()
        await stage.put(lamp)
        await asyncio.gather(*(_raise_level(stage.repository, lamp.id) for _ in range(WRITERS)))
        found = await stage.got(lamp)
        assert (found.level, version_of(found)) == (WRITERS, WRITERS + 1)

    @staged
    async def test_many_writers_on_many_ids_lose_no_update(self, stage: Stage) -> None:
        lamps = [Lamp() for _ in range(10)]
        await stage.put(*lamps)
        await asyncio.gather(
            *(_raise_level(stage.repository, lamps[n % 10].id) for n in range(WRITERS))
        )
        assert [(await stage.got(lamp)).level for lamp in lamps] == [WRITERS // 10] * 10

    @staged
    async def test_of_many_inserts_of_one_id_one_wins(self, stage: Stage) -> None:
        lamps = [Lamp(id="one", level=n) for n in range(WRITERS)]
        done = await asyncio.gather(
            *(stage.repository.commit(Batch([inserted(lamp)])) for lamp in lamps),
            return_exceptions=True,
        )
        winners = [n for n, result in enumerate(done) if result is None]
        assert len(winners) == 1
        assert all(isinstance(r, VersionConflictError) for r in done if r is not None)
        assert (await stage.got(lamps[0])).level == winners[0]

    @staged
    async def test_latest_is_never_older_than_what_was_committed(self, stage: Stage) -> None:
        lamp = Lamp()
        await stage.put(lamp)
        for level in range(1, 20):
            latest = await stage.repository.latest(Lamp, lamp.id)
            assert latest is not None
            change = updated(latest, level=level)
            running = asyncio.ensure_future(stage.repository.commit(Batch([change])))
            await asyncio.sleep(0)
            queued = await stage.repository.latest(Lamp, lamp.id)
            assert queued is not None
            assert version_of(queued) in (level, level + 1)
            await running
            now = await stage.repository.latest(Lamp, lamp.id)
            assert now == await stage.got(lamp)
            assert now is not None
            assert (now.level, version_of(now)) == (level, level + 1)

    @staged
    async def test_queued_state_shares_no_container_with_anyone(self, stage: Stage) -> None:
        item = Item(name="Pen", tags=["a"])
        running = asyncio.ensure_future(stage.repository.commit(Batch([inserted(item)])))
        await asyncio.sleep(0)
        item.tags.append("sneaked in")
        for _ in range(2):
            found = await stage.repository.latest(Item, item.id)
            assert found is None or found.tags == ["a"]
            if found is not None:
                found.tags.append("sneaked in")
        await running
        assert (await stage.got(item)).tags == ["a"]

    @staged
    async def test_latest_after_a_rejected_commit_is_the_stored_one(self, stage: Stage) -> None:
        item = Item(name="Pen")
        await stage.put(item)
        old = await stage.got(item)
        stale = updated(old, name="Stale")
        await stage.repository.commit(Batch([updated(old, name="Ink")]))
        with pytest.raises(VersionConflictError):
            await stage.repository.commit(Batch([stale]))
        assert await stage.repository.latest(Item, item.id) == await stage.got(item)
        await stage.repository.commit(Batch([deleted(await stage.got(item))]))
        assert await stage.repository.latest(Item, item.id) is None

    @staged
    async def test_close_finishes_what_was_accepted(self, stage: Stage) -> None:
        lamps = [Lamp() for _ in range(WRITERS)]
        running = [
            asyncio.ensure_future(stage.repository.commit(Batch([inserted(lamp)])))
            for lamp in lamps
        ]
        await asyncio.sleep(0)
        await stage.repository.close()
        assert await asyncio.gather(*running) == [None] * WRITERS


class BetweenContract(ContractBase):
    """A transactional repository holds its transaction open while `between` runs."""

    @staged
    async def test_between_runs_after_the_checks_and_before_the_commit(self, stage: Stage) -> None:
        item, seen = Item(name="Pen"), list[Entity | None]()

        async def between() -> None:
            seen.append(await stage.repository.get(Item, item.id))

        if stage.repository.transactional:
            await stage.repository.commit(Batch([inserted(item)]), between)
            assert seen == [None]
            assert (await stage.got(item)).name == "Pen"
            with pytest.raises(VersionConflictError):
                await stage.repository.commit(Batch([inserted(item)]), between)
            assert len(seen) == 1

    @staged
    async def test_between_that_raises_rolls_everything_back(self, stage: Stage) -> None:
        item, marker = Item(name="Pen"), marked("run1", stage.clock())

        async def between() -> None:
            await asyncio.sleep(0)
            raise LookupError("the other store refused")

        if stage.repository.transactional:
            with pytest.raises(LookupError, match="the other store refused"):
                await stage.repository.commit(Batch([inserted(item)], marker), between)
            assert await stage.repository.get(Item, item.id) is None
            assert await stage.repository.latest(Item, item.id) is None
            assert await stage.repository.marker(marker.key) is None
            await stage.put(item)
            assert (await stage.got(item)).name == "Pen"

    @staged
    async def test_writers_beside_an_open_between_all_get_through(self, stage: Stage) -> None:
        item, lamps = Item(name="Pen"), [Lamp() for _ in range(10)]

        async def between() -> None:
            await asyncio.sleep(0.01)

        if stage.repository.transactional:
            await asyncio.gather(
                stage.repository.commit(Batch([inserted(item)]), between),
                *(stage.repository.commit(Batch([inserted(lamp)])) for lamp in lamps),
            )
            for entity in (item, *lamps):
                await stage.got(entity)


class LockingContract(ContractBase):
    """A transaction that holds row locks meets no version conflict."""

    @staged
    async def test_locked_commit_is_stored_whatever_is_committed_meanwhile(
        self, stage: Stage
    ) -> None:
        repository, lamp = stage.repository, Lamp()
        await stage.put(lamp)
        old = await stage.got(lamp)
        if isinstance(repository, LocksRows):
            async with repository.lock_rows([(Lamp, lamp.id)]) as held:
                other = asyncio.ensure_future(repository.commit(Batch([updated(old, level=100)])))
                await asyncio.sleep(0.05)
                fresh = await held.latest(Lamp, lamp.id)
                assert fresh is not None
                await held.commit(Batch([updated(fresh, level=fresh.level + 1)]))
            with pytest.raises(VersionConflictError):
                await other
            assert (await stage.got(lamp)).level == 1

    @staged
    async def test_lock_without_a_commit_changes_nothing_and_is_given_back(
        self, stage: Stage
    ) -> None:
        repository, lamp = stage.repository, Lamp()
        await stage.put(lamp)
        if isinstance(repository, LocksRows):
            for _ in range(3):
                async with repository.lock_rows([(Lamp, lamp.id)]) as held:
                    assert await held.get(Lamp, lamp.id) == lamp
            with pytest.raises(LookupError):
                async with repository.lock_rows([(Lamp, lamp.id)]):
                    raise LookupError("the event refused")
            async with asyncio.timeout(5):
                await repository.commit(Batch([updated(await stage.got(lamp), level=1)]))
            assert (await stage.got(lamp)).level == 1

    @staged
    async def test_locked_commit_stores_its_marker_and_meets_that_of_another_run(
        self, stage: Stage
    ) -> None:
        repository, lamp = stage.repository, Lamp()
        await stage.put(lamp)
        if isinstance(repository, LocksRows):
            await _raise_locked(repository, lamp.id, marked("run1", stage.clock()))
            with pytest.raises(DuplicateCommandError):
                await _raise_locked(repository, lamp.id, marked("run2", stage.clock()))
            assert (await stage.got(lamp)).level == 1

    @staged
    async def test_locked_rows_may_be_missing_or_be_named_in_any_order(self, stage: Stage) -> None:
        repository, lamps = stage.repository, [Lamp() for _ in range(3)]
        await stage.put(*lamps)
        keys = [(Lamp, lamp.id) for lamp in lamps] + [(Lamp, "missing")]
        if isinstance(repository, LocksRows):

            async def raise_all(order: list[tuple[type[Lamp], str]]) -> None:
                async with repository.lock_rows(order) as held:
                    assert await held.latest(Lamp, "missing") is None
                    found = [await held.latest(Lamp, lamp.id) for lamp in lamps]
                    changes = [updated(f, level=f.level + 1) for f in found if f is not None]
                    await held.commit(Batch(changes))

            async with asyncio.timeout(10):
                await asyncio.gather(
                    *(raise_all(keys[::step]) for step in (1, -1) for _ in range(5))
                )
            assert [(await stage.got(lamp)).level for lamp in lamps] == [10] * 3

    @staged
    async def test_between_of_a_locked_commit_that_raises_rolls_it_back(self, stage: Stage) -> None:
        repository, lamp = stage.repository, Lamp()
        await stage.put(lamp)

        async def between() -> None:
            await asyncio.sleep(0)
            raise LookupError("the other store refused")

        if isinstance(repository, LocksRows):
            with pytest.raises(LookupError, match="the other store refused"):
                await _raise_locked(repository, lamp.id, between=between)
            assert (await stage.got(lamp)).level == 0
