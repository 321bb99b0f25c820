"""One click, one effect."""

import asyncio
from typing import Any

import pytest

from starmodel import ConstraintError, Entity, EntityConfig, Toast, event
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.ports import MARKER_TTL_S
from starmodel.core.errors import CommandReusedError, CommandRunningError, RequestError
from starmodel.testing.fakes import fake_application


def _entities():
    class Counter(Entity):
        model_config = EntityConfig(scope="app", access="public")
        count: int = 0

        @event
        def add(self, amount: int = 1, by: int = 1):
            self.count += amount * by
            return [Toast(f"now {self.count}")]

        @event
        def refuse(self, really: bool = True):
            self.count += 1
            if really and FAILING:
                raise LookupError("no")

        @event
        async def slowly(self, amount: int = 1):
            await GATES[0].wait()
            self.count += amount
            if FAILING:
                raise LookupError("no")
            return self.count

        @event
        async def in_steps(self):
            self.count += 1
            yield "one"
            if FAILING:
                raise LookupError("no")
            await GATES[0].wait()
            self.count += 1

    class Item(Entity):
        model_config = EntityConfig(scope="record", access="public")
        name: str

    return Counter, Item


FAILING: list[Any] = []
GATES: list[asyncio.Event] = []
Counter, Item = _entities()


@pytest.fixture
def gate():
    GATES[:] = [asyncio.Event()]
    FAILING.clear()
    return GATES[0]


@pytest.fixture
def app(bus, clock, gate):
    gate.set()
    return fake_application(Counter, Item, bus=bus, clock=clock)


async def count(app):
    found = await app.persistence.for_class(Counter).get(Counter, "app")
    return 0 if found is None else found.count


@pytest.mark.parametrize("name", ["add", "slowly"])
async def test_key_repeated_answers_the_stored_outcome(app, send, bus, name):
    first = await send(app, Counter, name, key="k1")
    told = len(bus.messages)
    again = await send(app, Counter, name, key="k1")
    assert await count(app) == 1
    assert (first.repeated, again.repeated) == (False, True)
    assert again.reply == first.reply
    assert (again.entity, again.version) == (first.entity, first.version)
    assert len(bus.messages) == told


async def test_key_repeated_on_an_entity_that_was_stored_before_is_answered(app, send):
    await send(app, Counter, "add", key="k1")
    first = await send(app, Counter, "add", key="k2")
    again = await send(app, Counter, "add", key="k2")
    assert again.repeated
    assert (again.entity, again.version) == (first.entity, first.version)


async def test_key_of_another_click_runs(app, send):
    await send(app, Counter, "add", key="k1")
    await send(app, Counter, "add", key="k2")
    assert await count(app) == 2


async def test_key_is_scoped_to_session_and_event(app, send, visitor):
    for session in (visitor("ann"), visitor("bob")):
        await send(app, Counter, "add", key="k", session=session)
        await send(app, Counter, "refuse", key="k", session=session)
    assert await count(app) == 4


async def test_key_repeated_while_the_first_runs_is_refused(app, send, gate):
    gate.clear()
    first = asyncio.create_task(send(app, Counter, "slowly", key="k"))
    await asyncio.sleep(0)
    with pytest.raises(CommandRunningError, match="still running") as caught:
        await send(app, Counter, "slowly", key="k")
    assert caught.value.status == 409
    gate.set()
    assert (await first).value == 1
    assert (await send(app, Counter, "slowly", key="k")).repeated
    assert await count(app) == 1


async def test_key_of_a_concurrent_pair_in_two_processes_has_one_effect(bus, clock, send, gate):
    """Two applications over one store, as two servers over one database."""
    repository = MemoryRepository(clock=clock)
    apps = [
        fake_application(Counter, Item, bus=bus, clock=clock, stores={"memory": repository})
        for _ in range(2)
    ]
    apps[1].dispatcher._ids = lambda: "other"
    gate.set()
    for name in ("add", "slowly"):
        results = await asyncio.gather(
            *(send(app, Counter, name, key="k") for app in apps), return_exceptions=True
        )
        done = [r for r in results if not isinstance(r, Exception)]
        assert sum(not r.repeated for r in done) == 1
        assert all(isinstance(r, CommandRunningError) for r in results if r not in done)
    assert await count(apps[0]) == 2


async def test_key_with_other_arguments_is_refused(app, send):
    await send(app, Counter, "add", key="k", body={"amount": 1})
    with pytest.raises(CommandReusedError) as caught:
        await send(app, Counter, "add", key="k", body={"amount": 2})
    assert caught.value.status == 422
    assert await count(app) == 1


async def test_key_with_the_same_arguments_in_another_order_is_a_repeat(app, send):
    await send(app, Counter, "add", key="k", body={"amount": 2, "by": 3})
    assert (await send(app, Counter, "add", key="k", body={"by": 3, "amount": 2})).repeated


async def test_refused_event_may_run_again_with_its_key(app, send):
    for name in ("refuse", "slowly"):
        FAILING.append(True)
        with pytest.raises(LookupError):
            await send(app, Counter, name, key="k")
        FAILING.clear()
        before = await count(app)
        assert not (await send(app, Counter, name, key="k")).repeated
        assert await count(app) == before + 1


async def test_generator_that_failed_after_a_yield_is_never_run_again(app, send):
    FAILING.append(True)
    with pytest.raises(LookupError):
        await send(app, Counter, "in_steps", key="k")
    FAILING.clear()
    with pytest.raises(CommandRunningError, match="interrupted"):
        await send(app, Counter, "in_steps", key="k")
    assert await count(app) == 1


@pytest.mark.parametrize(("name", "kept"), [("in_steps", 1), ("slowly", 0)])
async def test_event_that_was_cancelled_is_never_run_again(app, send, gate, name, kept):
    """What it did outside is not known."""
    gate.clear()
    running = asyncio.create_task(send(app, Counter, name, key="k"))
    await asyncio.sleep(0.002)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    gate.set()
    with pytest.raises(CommandRunningError, match="interrupted"):
        await send(app, Counter, name, key="k")
    assert await count(app) == kept


async def test_event_succeeds_when_its_reactions_fail_to_start(app, send, monkeypatch):
    monkeypatch.setattr(app.reactions, "after", lambda *args: 1 / 0)
    assert not (await send(app, Counter, "slowly", key="k")).repeated
    monkeypatch.undo()
    assert (await send(app, Counter, "slowly", key="k")).repeated
    assert await count(app) == 1


async def test_marker_commits_with_the_change_or_not_at_all(app, send, monkeypatch):
    repository = app.persistence.for_class(Counter)
    batches = []
    commit = repository.commit

    async def seen(batch, between=None):
        batches.append(batch)
        await commit(batch, between)

    monkeypatch.setattr(repository, "commit", seen)
    await send(app, Counter, "add", key="k")
    (batch,) = batches
    assert len(batch.changes) == 1
    assert batch.marker.outcome is not None
    assert await repository.marker(batch.marker.key) == batch.marker


async def test_marker_of_an_event_without_a_change_is_kept_too(app, send):
    await send(app, Counter, "add", key="k", body={"amount": 0})
    assert (await send(app, Counter, "add", key="k", body={"amount": 0})).repeated


async def test_marker_lasts_a_day(app, send, clock):
    await send(app, Counter, "add", key="k")
    clock.advance(MARKER_TTL_S - 1)
    assert (await send(app, Counter, "add", key="k")).repeated
    clock.advance(2)
    assert not (await send(app, Counter, "add", key="k")).repeated
    assert await count(app) == 2


async def test_markers_are_bounded_in_number_and_do_not_hold_the_arguments(bus, clock, send, gate):
    class Note(Entity):
        model_config = EntityConfig(scope="app", access="public")
        text: str = ""

        @event
        def write(self, text: str): ...

    repository = MemoryRepository(clock=clock, max_markers=10)
    app = fake_application(Note, bus=bus, clock=clock, stores={"memory": repository})
    for n in range(30):
        await send(app, Note, "write", key=f"k{n}", body={"text": "x" * 10_000})
    assert len(repository._markers) == 10
    assert all(len(m.digest) < 100 for m in repository._markers.values())


async def test_create_repeated_makes_one_record(app, send):
    first = await send(app, Item, "create", key="k", body={"name": "Pen"})
    again = await send(app, Item, "create", key="k", body={"name": "Pen"})
    assert again.repeated
    assert again.entity.id == first.entity.id
    assert await Item.objects.count() == 1


async def test_delete_repeated_answers_as_the_first_did(app, send):
    item = await Item.objects.create(name="Pen")
    await send(app, Item, "delete", id=item.id, key="k")
    again = await send(app, Item, "delete", id=item.id, key="k")
    assert (again.repeated, again.entity) == (True, None)


async def test_create_that_was_refused_may_run_again(app, send):
    await Item.objects.create(id="p", name="Pen")
    for _ in range(2):
        with pytest.raises(ConstraintError):
            await send(app, Item, "create", key="k", body={"id": "p", "name": "x"}, trusted=True)


@pytest.mark.parametrize("key", ["", "k" * 129])
async def test_key_of_a_wrong_length_is_refused(app, send, key):
    with pytest.raises(RequestError, match="1 to 128"):
        await send(app, Counter, "add", key=key)
