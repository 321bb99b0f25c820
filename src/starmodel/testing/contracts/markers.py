"""The contract of idempotency markers and of expiry."""
# ruff: noqa: S101 - tests assert

from __future__ import annotations

import pytest

from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import MARKER_TTL_S, Batch, Change
from starmodel.core.errors import DuplicateCommandError, VersionConflictError
from starmodel.testing.contracts.base import (
    ContractBase,
    Guest,
    Item,
    Stage,
    checked,
    deleted,
    inserted,
    marked,
    staged,
    updated,
)


class MarkersContract(ContractBase):
    """An idempotency marker is stored atomically with the changes of its command."""

    @staged
    async def test_marker_commits_with_its_change(self, stage: Stage) -> None:
        assert await stage.repository.marker(marked("run1", 0).key) is None
        item, marker = Item(name="Pen"), marked("run1", stage.clock(), '{"ok": 1}')
        await stage.repository.commit(Batch([inserted(item)], marker))
        assert await stage.repository.marker(marker.key) == marker

    @staged
    async def test_rejected_batch_leaves_no_marker(self, stage: Stage) -> None:
        item, marker = Item(name="Pen"), marked("run1", stage.clock())
        await stage.put(item)
        with pytest.raises(VersionConflictError):
            await stage.repository.commit(Batch([inserted(item)], marker))
        assert await stage.repository.marker(marker.key) is None

    @staged
    async def test_marker_of_another_run_rejects_the_batch(self, stage: Stage) -> None:
        item, first = Item(name="Pen"), marked("run1", stage.clock(), "first")
        await stage.repository.commit(Batch(marker=first))
        with pytest.raises(DuplicateCommandError):
            await stage.repository.commit(Batch([inserted(item)], marked("run2", stage.clock())))
        assert await stage.repository.get(Item, item.id) is None
        assert await stage.repository.marker(first.key) == first

    @staged
    async def test_marker_of_the_same_run_is_replaced(self, stage: Stage) -> None:
        await stage.repository.commit(Batch(marker=marked("run1", stage.clock())))
        done = marked("run1", stage.clock(), "done")
        await stage.repository.commit(Batch(marker=done))
        assert await stage.repository.marker(done.key) == done

    @staged
    async def test_forget_removes_only_the_marker_of_that_run(self, stage: Stage) -> None:
        marker = marked("run1", stage.clock())
        await stage.repository.commit(Batch(marker=marker))
        await stage.repository.forget(marker.key, "run2")
        assert await stage.repository.marker(marker.key) == marker
        await stage.repository.forget(marker.key, "run1")
        assert await stage.repository.marker(marker.key) is None
        await stage.repository.commit(Batch(marker=marked("run2", stage.clock())))

    @staged
    async def test_marker_older_than_a_day_is_gone(self, stage: Stage) -> None:
        marker = marked("run1", stage.clock() - MARKER_TTL_S - 1)
        await stage.repository.commit(Batch(marker=marker))
        assert await stage.repository.marker(marker.key) is None
        young = marked("run2", stage.clock() - MARKER_TTL_S + 60)
        await stage.repository.commit(Batch(marker=young))
        assert await stage.repository.marker(young.key) == young


class ExpiryContract(ContractBase):
    """Entities of a class with a ttl expire, with one callback each."""

    @staged
    async def test_expired_entity_is_invisible_and_announced_once(self, stage: Stage) -> None:
        guest = Guest(name="Eve")
        await stage.put(guest, version=5)
        await stage.let_pass(59)
        assert (await stage.got(guest)).name == "Eve"
        await stage.let_pass(2)
        assert await stage.repository.get(Guest, guest.id) is None
        assert await stage.repository.latest(Guest, guest.id) is None
        assert await stage.repository.list(Query(Guest)) == []
        assert await stage.repository.count(Query(Guest)) == 0
        await stage.let_pass(5)
        assert stage.expired == [(Guest, guest.id, 5)]

    @staged
    async def test_write_and_touch_prolong_the_life(self, stage: Stage) -> None:
        guest, other = Guest(name="Eve"), Guest(name="Bob")
        await stage.put(guest, other)
        await stage.let_pass(40)
        await stage.repository.commit(Batch([updated(await stage.got(guest), name="Eva")]))
        await stage.repository.touch(Guest, other.id, 60.0)
        await stage.repository.touch(Guest, "nobody", 60.0)
        await stage.let_pass(40)
        assert (await stage.got(guest)).name == "Eva"
        assert (await stage.got(other)).name == "Bob"
        assert stage.expired == []

    @staged
    async def test_expired_entity_conflicts_like_a_removed_one(self, stage: Stage) -> None:
        guest = Guest(name="Eve")
        await stage.put(guest)
        old = await stage.got(guest)
        await stage.let_pass(61)
        for change in (updated(old, name="Eva"), deleted(old), checked(old)):
            with pytest.raises(VersionConflictError) as caught:
                await stage.repository.commit(Batch([change]))
            assert caught.value.stored is None
        await stage.put(guest.evolve(name="Again"), version=8)
        assert (await stage.got(guest)).name == "Again"

    @staged
    async def test_change_without_a_ttl_lives_for_ever(self, stage: Stage) -> None:
        guest = Guest(name="Eve")
        await stage.repository.commit(Batch([Change(Guest, guest.id, "insert", 0, 1, guest)]))
        await stage.let_pass(100)
        assert (await stage.got(guest)).name == "Eve"
