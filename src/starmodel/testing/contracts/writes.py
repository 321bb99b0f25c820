"""The contract of changes and atomic batches."""
# ruff: noqa: S101 - tests assert

from __future__ import annotations

import asyncio

import pytest

from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch, ColumnDefaults, ProcessLocal, SuppliesDefaults
from starmodel.core.errors import (
    FrozenEntityError,
    VersionConflictError,
)
from starmodel.core.snapshot import version_of
from starmodel.testing.contracts.base import (
    Colour,
    ContractBase,
    Item,
    Lamp,
    Stage,
    Ticket,
    checked,
    deleted,
    inserted,
    staged,
    updated,
)


class WritesContract(ContractBase):
    """Versions, conflicts and atomicity."""

    @staged
    async def test_get_of_a_missing_id_is_none(self, stage: Stage) -> None:
        assert await stage.repository.get(Item, "nobody") is None
        assert await stage.repository.latest(Item, "nobody") is None

    @staged
    async def test_insert_then_get_gives_equal_values_at_the_version(self, stage: Stage) -> None:
        item = Item(
            name="Pen\0 🖊 'x'; --", size=-7, price=0.1, colour=Colour.RED, cost=5,
            tags=["a", "b"], notes={"deep": {"list": [1, None, 2.5, True]}},
        )  # fmt: skip
        await stage.put(item, version=41)
        found = await stage.got(item)
        assert found == item
        assert type(found) is Item
        assert version_of(found) == 41
        assert found.cost == 5

    @staged
    async def test_loaded_snapshot_rejects_assignment_and_event_calls(self, stage: Stage) -> None:
        item = Item(name="Pen")
        await stage.put(item)
        found = await stage.got(item)
        with pytest.raises(FrozenEntityError):
            found.name = "Pencil"
        with pytest.raises(FrozenEntityError, match="dispatch"):
            found.rename("Pencil")

    @staged
    async def test_insert_of_a_stored_id_conflicts(self, stage: Stage) -> None:
        item = Item(name="Pen")
        await stage.put(item, version=7)
        with pytest.raises(VersionConflictError) as caught:
            await stage.put(item.evolve(name="Other"), version=9)
        assert (caught.value.read, caught.value.stored) == (0, 7)
        assert (await stage.got(item)).name == "Pen"

    @staged
    async def test_update_replaces_and_moves_the_version(self, stage: Stage) -> None:
        item = Item(name="Pen", tags=["a"])
        await stage.put(item)
        await stage.repository.commit(Batch([updated(await stage.got(item), name="Ink", size=3)]))
        found = await stage.got(item)
        assert (found.name, found.size, found.tags, version_of(found)) == ("Ink", 3, ["a"], 2)

    @staged
    async def test_update_can_set_none_and_empty_containers(self, stage: Stage) -> None:
        item = Item(name="Pen", size=3, tags=["a"], notes={"a": 1})
        await stage.put(item)
        change = updated(await stage.got(item), size=None, tags=[], notes={})
        await stage.repository.commit(Batch([change]))
        assert await stage.got(item) == item.evolve(size=None, tags=[], notes={})

    @staged
    async def test_stale_change_conflicts_with_the_stored_version(self, stage: Stage) -> None:
        item = Item(name="Pen")
        await stage.put(item)
        old = await stage.got(item)
        await stage.repository.commit(Batch([updated(old, name="Ink")]))
        for change in (updated(old, name="Lost"), deleted(old), checked(old)):
            with pytest.raises(VersionConflictError) as caught:
                await stage.repository.commit(Batch([change]))
            assert (caught.value.read, caught.value.stored) == (1, 2)
        assert (await stage.got(item)).name == "Ink"

    @staged
    async def test_delete_removes_and_later_changes_conflict_with_nothing(
        self, stage: Stage
    ) -> None:
        item = Item(name="Pen")
        await stage.put(item)
        old = await stage.got(item)
        await stage.repository.commit(Batch([deleted(old)]))
        assert await stage.repository.get(Item, item.id) is None
        for change in (updated(old, name="Ghost"), deleted(old), checked(old)):
            with pytest.raises(VersionConflictError) as caught:
                await stage.repository.commit(Batch([change]))
            assert caught.value.stored is None

    @staged
    async def test_deleted_id_can_be_inserted_again(self, stage: Stage) -> None:
        item = Item(name="Pen")
        await stage.put(item)
        await stage.repository.commit(Batch([deleted(await stage.got(item))]))
        await stage.put(item.evolve(name="New"), version=9)
        found = await stage.got(item)
        assert (found.name, version_of(found)) == ("New", 9)

    @staged
    async def test_batch_stores_every_change_of_every_class(self, stage: Stage) -> None:
        item, gone, lamp = Item(name="Pen"), Item(name="Old"), Lamp(level=2)
        await stage.put(item, gone)
        changes = [
            inserted(lamp),
            updated(await stage.got(item), name="Ink"),
            deleted(await stage.got(gone)),
        ]
        await stage.repository.commit(Batch(changes))
        assert (await stage.got(item)).name == "Ink"
        assert (await stage.got(lamp)).level == 2
        assert await stage.repository.get(Item, gone.id) is None

    @staged
    async def test_batch_with_one_conflict_stores_nothing(self, stage: Stage) -> None:
        first, second, third = (Item(name=name) for name in "abc")
        await stage.put(first, second)
        stale = await stage.got(second)
        await stage.repository.commit(Batch([updated(stale, size=1)]))
        good, late = updated(await stage.got(first), name="changed"), inserted(third)
        for bad in (updated(stale, size=2), checked(stale), deleted(stale), inserted(second)):
            for changes in ([good, bad, late], [bad, good, late], [good, late, bad]):
                with pytest.raises(VersionConflictError):
                    await stage.repository.commit(Batch(changes))
        assert (await stage.got(first)).name == "a"
        assert (await stage.got(second)).size == 1
        assert await stage.repository.get(Item, third.id) is None
        assert await stage.repository.latest(Item, third.id) is None

    @staged
    async def test_check_that_holds_lets_the_batch_through(self, stage: Stage) -> None:
        item, lamp = Item(name="Pen"), Lamp()
        await stage.put(item, lamp)
        seen = await stage.got(lamp)
        changes = [updated(await stage.got(item), name="Ink"), checked(seen)]
        await stage.repository.commit(Batch(changes))
        assert (await stage.got(item)).name == "Ink"
        assert version_of(await stage.got(lamp)) == 1

    @staged
    async def test_stored_containers_are_copies(self, stage: Stage) -> None:
        item = Item(name="Pen", tags=["a"], notes={"k": ["x"]})
        await stage.put(item)
        item.tags.append("sneaked in")
        item.notes["k"].append("sneaked in")
        found = await stage.got(item)
        assert (found.tags, found.notes) == (["a"], {"k": ["x"]})

    @staged
    async def test_containers_got_are_the_caller_s_own(self, stage: Stage) -> None:
        item = Item(name="Pen", tags=["a"], notes={"k": ["x"]})
        await stage.put(item)
        (listed,) = await stage.repository.list(Query(Item))
        latest = await stage.repository.latest(Item, item.id)
        for found in (await stage.got(item), listed, latest):
            assert isinstance(found, Item)
            found.tags.append("sneaked in")
            found.notes["k"].append("sneaked in")
        again = await stage.got(item)
        assert (again.tags, again.notes) == (["a"], {"k": ["x"]})

    @staged
    async def test_classes_with_one_id_are_apart(self, stage: Stage) -> None:
        item, lamp = Item(id="1", name="Pen"), Lamp(id="1", level=4)
        await stage.put(item, lamp)
        await stage.repository.commit(Batch([deleted(await stage.got(item))]))
        assert (await stage.got(lamp)).level == 4

    @staged
    async def test_next_id_is_unique(self, stage: Stage) -> None:
        repository = stage.repository
        ids = await asyncio.gather(*(repository.next_id(Ticket) for _ in range(20)))
        assert len(set(ids)) == 20
        await stage.put(*(Ticket(id=number, text=str(number)) for number in ids))
        assert (await stage.got(Ticket(id=ids[3]))).text == str(ids[3])
        beyond = max(ids) + 50
        await stage.put(Ticket(id=beyond, text="put there by somebody else"))
        assert await repository.next_id(Ticket) > beyond
        await repository.commit(Batch([deleted(await stage.got(Ticket(id=beyond)))]))
        assert await repository.next_id(Ticket) > beyond

    @staged
    async def test_empty_batch_is_accepted(self, stage: Stage) -> None:
        await stage.repository.commit(Batch())

    @staged
    async def test_capabilities_are_declared(self, stage: Stage) -> None:
        repository = stage.repository
        assert isinstance(repository.transactional, bool)
        if isinstance(repository, ProcessLocal):
            assert isinstance(repository.process_local, bool)
        if isinstance(repository, SuppliesDefaults):
            assert isinstance(repository.column_defaults(Item), ColumnDefaults | None)
