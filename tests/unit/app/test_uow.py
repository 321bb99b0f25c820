"""The unit of work: changes of several entities and stores commit atomically."""

import asyncio
from typing import Any

import pytest

from starmodel import (
    ConfigurationError,
    ConstraintError,
    Entity,
    EntityConfig,
    NotFoundError,
    UnitOfWork,
    VersionConflictError,
    event,
)
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.ports.messages import Changed
from starmodel.core.changes.copies import Lease
from starmodel.core.changes.patches import Patch
from starmodel.core.snapshot import stored_copy, version_of
from starmodel.testing.fakes import fake_application


def _entities():
    class Account(Entity):
        model_config = EntityConfig(scope="record", store="sql", access="public")
        gold: int = 0
        limit: int = 100

        @event
        async def pay(self, uow: UnitOfWork, amount: int, fail: bool = False):
            (await uow.get(Stats, "app")).paid += amount
            self.gold -= amount
            if fail:
                raise LookupError("no")

    class Stats(Entity):
        model_config = EntityConfig(scope="app", access="public")
        paid: int = 0

    class Extra(Entity):
        model_config = EntityConfig(scope="record", extra="allow")
        name: str = ""

    return Account, Stats, Extra


Account, Stats, Extra = _entities()


@pytest.fixture
def app(bus, clock, sql):
    return fake_application(Account, Stats, Extra, bus=bus, clock=clock, stores={"sql": sql})


async def stored(app, cls, id):
    return await app.persistence.for_class(cls).get(cls, id)


async def put(app, *entities):
    unit = app.unit()
    for entity in entities:
        unit.add(entity)
    await unit.commit()


async def test_unit_is_rolled_back_unless_committed(app, bus):
    await put(app, Account(id="a", gold=5))
    unit = app.unit()
    (await unit.get(Account, "a")).gold = 9
    unit.add(Account(id="b"))
    assert (await stored(app, Account, "a")).gold == 5
    assert await stored(app, Account, "b") is None
    assert len(bus.messages) == 1


async def test_unit_commits_changes_of_several_entities_in_the_order_of_their_locks(app, changes):
    await put(app, Account(id="b", gold=1), Account(id="a", gold=1))
    unit = app.unit()
    for id in ("b", "a"):
        (await unit.get(Account, id)).gold = 2
    unit.add(Account(id="c"))
    await unit.commit()
    assert [(kind, id) for kind, id, _ in changes()][2:] == [
        ("updated", "a"),
        ("updated", "b"),
        ("created", "c"),
    ]


async def test_unit_get_twice_gives_the_same_draft(app):
    await put(app, Account(id="a"))
    unit = app.unit()
    assert await unit.get(Account, "a") is await unit.get(Account, "a")


async def test_unit_get_missing_record_is_not_found_and_scoped_instance_is_default(app):
    unit = app.unit()
    with pytest.raises(NotFoundError):
        await unit.get(Account, "nobody")
    (await unit.get(Stats, "app")).paid = 3
    await unit.commit()
    assert (await stored(app, Stats, "app")).paid == 3


async def test_unit_delete_removes_and_is_not_found_afterwards(app, changes):
    await put(app, Account(id="a"))
    unit = app.unit()
    unit.delete(await unit.get(Account, "a"))
    with pytest.raises(NotFoundError):
        await unit.get(Account, "a")
    await unit.commit()
    assert await stored(app, Account, "a") is None
    assert changes()[-1] == ("deleted", "a", None)


async def test_unit_delete_of_unread_missing_record_is_not_found(app):
    with pytest.raises(NotFoundError):
        app.unit().delete(Account(id="a"))


async def test_unit_add_then_delete_changes_nothing(app, bus):
    unit = app.unit()
    unit.delete(unit.add(Account(id="a")))
    await unit.commit()
    assert bus.messages == []


async def test_unit_add_gives_a_draft_that_may_still_change(app):
    unit = app.unit()
    unit.add(Account(id="a", gold=1)).gold += 1
    await unit.commit()
    assert (await stored(app, Account, "a")).gold == 2


async def test_unit_add_of_a_scoped_instance_stores_it(app):
    await put(app, Stats(id="app", paid=4))
    assert (await stored(app, Stats, "app")).paid == 4


async def test_unit_add_of_an_id_that_it_already_has_is_rejected(app):
    await put(app, Account(id="a", gold=1))
    unit = app.unit()
    (await unit.get(Account, "a")).gold = 9
    with pytest.raises(ConstraintError, match="'a' exists"):
        unit.add(Account(id="a"))


async def test_unit_add_of_an_id_that_is_stored_is_a_constraint_error(app):
    await put(app, Account(id="a", gold=1))
    with pytest.raises(ConstraintError) as caught:
        await put(app, Account(id="b"), Account(id="a", gold=2))
    assert set(caught.value.fields) == {"id"}
    assert await stored(app, Account, "b") is None


async def test_unit_created_message_has_the_set_fields(app, bus):
    await put(app, Account(id="a", gold=1))
    assert set(bus.of(Changed)[0].fields) == {"gold"}


async def test_unit_entity_that_was_only_read_is_checked(app):
    await put(app, Account(id="a", limit=5), Account(id="b"))
    unit, other = app.unit(), app.unit()
    (await unit.get(Account, "b")).gold = (await unit.get(Account, "a")).limit
    (await other.get(Account, "a")).limit = 1
    await other.commit()
    with pytest.raises(VersionConflictError, match="'a'"):
        await unit.commit()
    assert (await stored(app, Account, "b")).gold == 0


async def test_unit_that_only_read_stores_nothing_and_never_conflicts(app, bus):
    await put(app, Account(id="a"))
    unit, other = app.unit(), app.unit()
    await unit.get(Account, "a")
    (await other.get(Account, "a")).gold = 1
    await other.commit()
    published = len(bus.messages)
    await unit.commit()
    assert len(bus.messages) == published


async def test_unit_of_two_stores_commits_both(app):
    await put(app, Account(id="a", gold=10))
    await app.dispatch(Account(id="a").do.pay(amount=3))
    assert (await stored(app, Account, "a")).gold == 7
    assert (await stored(app, Stats, "app")).paid == 3


async def test_unit_of_two_stores_event_that_raises_changes_neither(app, bus):
    await put(app, Account(id="a", gold=10))
    published = len(bus.messages)
    with pytest.raises(LookupError):
        await app.dispatch(Account(id="a").do.pay(amount=3, fail=True))
    assert (await stored(app, Account, "a")).gold == 10
    assert await stored(app, Stats, "app") is None
    assert len(bus.messages) == published


@pytest.mark.parametrize("broken", ["sql", "memory"])
async def test_unit_of_two_stores_when_one_rejects_neither_changes(app, sql, bus, broken):
    await put(app, Account(id="a", gold=10))
    published = len(bus.messages)
    if broken == "sql":
        sql.refusal = OSError("disk full")
    else:

        async def refuse(batch, between=None):
            raise OSError("memory full")

        app.persistence.for_class(Stats).commit = refuse
    with pytest.raises(OSError, match="full"):
        await app.dispatch(Account(id="a").do.pay(amount=3))
    assert (await stored(app, Account, "a")).gold == 10
    assert await stored(app, Stats, "app") is None
    assert len(bus.messages) == published


async def test_unit_of_two_stores_conflict_in_either_stores_neither(app):
    await put(app, Account(id="a", gold=10), Stats(id="app"))
    for cls, id, field in ((Account, "a", "gold"), (Stats, "app", "paid")):
        unit, other = app.unit(), app.unit()
        (await unit.get(Account, "a")).gold = 1
        (await unit.get(Stats, "app")).paid = 1
        setattr(await other.get(cls, id), field, 50)
        await other.commit()
        with pytest.raises(VersionConflictError):
            await unit.commit()
    assert (await stored(app, Account, "a")).gold == 50
    assert (await stored(app, Stats, "app")).paid == 50


async def test_unit_of_two_stores_without_transactions_is_rejected(bus, clock):
    class Here(Entity):
        model_config = EntityConfig(scope="app", access="public")
        n: int = 0

    class There(Entity):
        model_config = EntityConfig(
            scope="app", access="public", persistence_backend=MemoryRepository(clock=clock)
        )
        n: int = 0

    app = fake_application(Here, There, bus=bus, clock=clock)
    unit = app.unit()
    for cls in (Here, There):
        (await unit.get(cls, "app")).n = 1
    with pytest.raises(ConfigurationError, match=r"Here, There.*two stores"):
        await unit.commit()
    assert await stored(app, Here, "app") is None


async def test_unit_rebase_keeps_extras_of_both_sides(app):
    await put(app, Extra(id="x", name="n", colour="red"))
    unit, other = app.unit(Lease()), app.unit()
    own, his = await unit.get(Extra, "x"), await other.get(Extra, "x")
    own.size = 5
    his.name = "his"
    await other.commit()
    with pytest.raises(VersionConflictError):
        await unit.commit()
    await unit.rebase()
    await unit.commit()
    found = await stored(app, Extra, "x")
    assert (found.name, found.colour, found.size) == ("his", "red", 5)


@pytest.mark.parametrize("is_read", [False, True])
async def test_unit_rebase_compares_states_of_equal_versions(app, is_read):
    """Two processes assign the same number to the successors of one version; one of them fails."""
    await put(app, Account(id="a", gold=1))
    found = await stored(app, Account, "a")
    failed = stored_copy(found.evolve(gold=9), version_of(found))
    unit = app.unit(Lease())
    tracked = unit.enlist(app.registry[Account], "a", failed, new=False)
    account = tracked.draft
    account.limit = account.gold if is_read else 7
    tracked.patch = Patch({"limit": account.limit})  # of the commit that has conflicted
    if is_read:
        with pytest.raises(VersionConflictError):
            await unit.rebase()
    else:
        await unit.rebase()
        assert (account.gold, account.limit) == (1, 7)


async def test_unit_rebase_of_a_changed_read_conflicts(app):
    await put(app, Account(id="a", limit=5), Account(id="b"))
    for field, conflicts in (("gold", False), ("limit", True)):
        unit, other = app.unit(Lease()), app.unit()
        (await unit.get(Account, "b")).gold += (await unit.get(Account, "a")).limit
        setattr(await other.get(Account, "a"), field, 77)
        await other.commit()
        if conflicts:
            with pytest.raises(VersionConflictError):
                await unit.settle()
        else:
            await unit.settle()
            assert (await stored(app, Account, "b")).gold == 5


async def test_unit_bus_error_after_the_commit_is_only_logged(app, bus, caplog, monkeypatch):
    async def broken(message):
        raise OSError("the bus is down")

    monkeypatch.setattr(bus, "publish", broken)
    await put(app, Account(id="a"))
    assert version_of(await stored(app, Account, "a")) > 0
    assert "could not publish" in caplog.text


async def test_unit_random_transfers_preserve_the_total(app):
    import random

    rng = random.Random(3)
    await put(app, *(Account(id=str(n), gold=100) for n in range(4)))

    async def transfer() -> Any:
        source, target = rng.sample("0123", 2)
        amount, wait = rng.randrange(10), rng.random() * 0.002
        unit = app.unit(Lease())
        a, b = await unit.get(Account, source), await unit.get(Account, target)
        before = a.gold
        await asyncio.sleep(wait)
        a.gold = before - amount
        b.gold += amount
        try:
            await unit.settle()
        except VersionConflictError:
            return 0
        return 1

    done = sum(await asyncio.gather(*(transfer() for _ in range(100))))
    assert done > 0
    assert sum([(await stored(app, Account, id)).gold for id in "0123"]) == 400
