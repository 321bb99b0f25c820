"""The dispatcher: synchronous events, from loading to the outcome."""

import asyncio

import pytest

from starmodel import (
    AccessDeniedError,
    Actor,
    CommandRecord,
    Entity,
    EntityConfig,
    InvalidStateError,
    NotSignedInError,
    Session,
    Toast,
    UnitOfWork,
    VersionConflictError,
    event,
)
from starmodel.core.snapshot import STORED, version_of
from starmodel.testing.fakes import fake_application
from unit.app.entities import Counter, Product, stored


async def test_dispatch_event_stores_publishes_and_returns_the_outcome(app, changes):
    outcome = await app.dispatch(Counter.add(2))
    assert (await stored(app)).count == 2
    assert outcome.entity.count == 2
    assert outcome.version == version_of(outcome.entity) == version_of(await stored(app))
    assert outcome.patch.set == {"count": 2}
    ((kind, id, state),) = changes()
    assert (kind, id, state["count"]) == ("created", "app", 2)
    assert "secret_seed" not in state


async def test_dispatch_event_that_raises_changes_nothing(app, bus):
    await app.dispatch(Counter.add(1))
    before = len(bus.messages)
    with pytest.raises(LookupError):
        await app.dispatch(Counter.fail())
    assert ((await stored(app)).count, (await stored(app)).items) == (1, [])
    assert len(bus.messages) == before


async def test_dispatch_invalid_result_is_rejected_by_field(app):
    with pytest.raises(InvalidStateError) as caught:
        await app.dispatch(Counter.spoil())
    assert set(caught.value.fields) == {"count"}
    assert await stored(app) is None


async def test_dispatch_event_without_a_change_stores_and_publishes_nothing(app, bus):
    await app.dispatch(Counter.add(0))
    assert await stored(app) is None
    await app.dispatch(Counter.add(1))
    version, published = version_of(await stored(app)), len(bus.messages)
    outcome = await app.dispatch(Counter.add(0))
    assert outcome.version == version == version_of(await stored(app))
    assert len(bus.messages) == published


async def test_dispatch_outcome_s_entity_is_always_a_stored_snapshot(app):
    """Otherwise an event called on it would change an object that no commit stores."""
    for amount in (1, 0):
        outcome = await app.dispatch(Counter.add(amount))
        assert outcome.entity._sm_mode == STORED


async def test_dispatch_functional_event_stores_its_return_value(app):
    await app.dispatch(Counter.replace(9))
    outcome = await app.dispatch(Counter.replace(10))
    assert outcome.value is None
    assert ((await stored(app)).count, (await stored(app)).secret_seed) == (10, 7)


@pytest.mark.parametrize("value", [1, "x", [1, 2], {"a": [1]}])
async def test_dispatch_data_is_the_result(app, value):
    outcome = await app.dispatch(Counter.show(value))
    assert outcome.value == outcome.reply.result == value


async def test_dispatch_toast_and_redirect_are_sorted_into_the_reply(app):
    assert (await app.dispatch(Counter.show("toast"))).reply.toasts == [Toast("hi")]
    assert (await app.dispatch(Counter.show("go"))).reply.redirect == "/x"


async def test_dispatch_unserialisable_result_is_rejected_before_the_commit(app):
    with pytest.raises((TypeError, ValueError)):
        await app.dispatch(Counter.odd())
    assert await stored(app) is None


async def test_dispatch_versions_rise_and_start_at_the_clock(app, clock):
    first = (await app.dispatch(Counter.add())).version
    assert first == int(clock() * 1e6)
    assert (await app.dispatch(Counter.add())).version == first + 1


async def test_dispatch_sync_conflict_retries_on_the_fresh_snapshot(app):
    await app.dispatch(Counter.add(1))
    repository, raced = app.persistence.for_class(Counter), []
    commit = repository.commit

    async def late(batch, between=None):
        if not raced:
            raced.append(True)
            await app.dispatch(Counter.add(10))
        await commit(batch, between)

    repository.commit = late
    await app.dispatch(Counter.add(100))
    assert (await stored(app)).count == 111


async def test_dispatch_repeated_sync_conflict_fails_after_five_attempts(app, monkeypatch):
    repository, tries = app.persistence.for_class(Counter), []

    async def refuse(batch, between=None):
        tries.append(batch)
        raise VersionConflictError("Counter", "app", read=1, stored=2)

    monkeypatch.setattr(repository, "commit", refuse)
    monkeypatch.setattr("starmodel.app.dispatcher.random.uniform", lambda a, b: 0)
    with pytest.raises(VersionConflictError):
        await app.dispatch(Counter.add(1))
    assert len(tries) == 5


async def test_dispatch_retry_gets_unchanged_arguments(app):
    repository, raced = app.persistence.for_class(Counter), []
    commit = repository.commit

    async def late(batch, between=None):
        if not raced:
            raced.append(True)
            await app.dispatch(Counter.add(1))
        await commit(batch, between)

    repository.commit = late
    await app.dispatch(Counter.take(["a"]))
    assert (await stored(app)).items == ["a", "end"]


async def test_dispatch_two_hundred_concurrent_lose_no_update(app):
    await asyncio.gather(*(app.dispatch(Counter.add(1)) for _ in range(200)))
    assert (await stored(app)).count == 200


async def test_dispatch_special_parameters_are_injected(visitor, send):
    seen = {}

    class Spy(Entity):
        @event
        def look(self, who: Actor | None, visit: Session, unit: UnitOfWork, request, signals):
            seen.update(who=who, visit=visit, unit=unit, request=request, signals=signals)

    app = fake_application(Spy)
    session = visitor("ann", "boss")
    await send(app, Spy, "look", session=session, request="the request", signals={"a": 1})
    assert seen["who"] == Actor("boss")
    assert seen["visit"] is session
    assert isinstance(seen["unit"], UnitOfWork)
    assert (seen["request"], seen["signals"]) == ("the request", {"a": 1})


async def test_dispatch_without_actor_is_rejected_before_the_lookup(app):
    made = await Product.objects.create(name="Pen")
    for id in (made.id, "unknown"):
        with pytest.raises(NotSignedInError):
            await app.dispatch(
                CommandRecord("c", f"Product:{id}", "delete", {}, None, None, 0), actor=None
            )


async def test_dispatch_trusted_and_named_actors_differ(bus):
    class Vault(Entity):
        model_config = EntityConfig(scope="app", access={"write": "role:boss", "read": "public"})
        gold: int = 0

        @event
        def put(self):
            self.gold += 1

        @event(access="nobody")
        def steal(self):
            self.gold = 0

    app = fake_application(Vault, bus=bus)
    outcome = await app.dispatch(Vault.put())
    assert outcome.record.actor == "trusted"
    assert (
        await app.dispatch(Vault.put(), actor=Actor("b", roles=frozenset({"boss"})))
    ).entity.gold == 2
    for actor, error in ((None, NotSignedInError), ("ann", AccessDeniedError)):
        with pytest.raises(error):
            await app.dispatch(Vault.put(), actor=actor)
    with pytest.raises(AccessDeniedError):
        await app.dispatch(Vault.steal(), actor=Actor("trusted", "Trusted code"))
    assert (await app.dispatch(Vault.steal())).entity.gold == 0


async def test_dispatch_rule_function_checks_the_loaded_record(bus):
    class Note(Entity):
        model_config = EntityConfig(access=lambda actor, note: note.owner == actor.id)
        owner: str
        text: str = ""

    app = fake_application(Note, bus=bus)
    note = (
        (await app.dispatch(Note.create(owner="ann"), actor="ann")).entity
        if hasattr(Note, "create")
        else None
    )
    note = await app.objects(Note).create(owner="ann") if note is None else note
    await app.dispatch(note.do.update(text="mine"), actor="ann")
    with pytest.raises(AccessDeniedError):
        await app.dispatch(note.do.update(text="his"), actor="bob")
    create = CommandRecord("c", "Note", "create", {"owner": "ann"}, None, None, 0)
    with pytest.raises(AccessDeniedError):
        await app.dispatch(create, actor="bob")
    assert (await app.objects(Note).count()) == 1
