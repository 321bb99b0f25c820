"""Idempotency keys: a repeated command has one effect and one outcome."""

import asyncio
from typing import Any

import pytest

from starmodel import Actor, ConstraintError, Entity, EntityConfig, Toast, event
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.ports.repository import MARKER_TTL_S, Batch, Marker
from starmodel.core.errors import (
    CommandReusedError,
    CommandRunningError,
    HiddenRecordError,
    NotFoundError,
    NotSignedInError,
    RequestError,
)
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
async def test_key_repeated_returns_the_stored_outcome(app, send, bus, name):
    first = await send(app, Counter, name, key="k1")
    published = len(bus.messages)
    again = await send(app, Counter, name, key="k1")
    assert await count(app) == 1
    assert (first.repeated, again.repeated) == (False, True)
    assert again.reply == first.reply
    assert (again.entity, again.version) == (first.entity, first.version)
    assert len(bus.messages) == published


async def test_key_repeated_on_a_stored_entity_returns_the_outcome(app, send):
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


async def test_key_repeated_while_the_first_runs_is_rejected(app, send, gate):
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


async def test_key_with_other_arguments_is_rejected(app, send):
    await send(app, Counter, "add", key="k", body={"amount": 1})
    with pytest.raises(CommandReusedError) as caught:
        await send(app, Counter, "add", key="k", body={"amount": 2})
    assert caught.value.status == 422
    assert await count(app) == 1


async def test_key_with_the_same_arguments_in_another_order_is_a_repeat(app, send):
    await send(app, Counter, "add", key="k", body={"amount": 2, "by": 3})
    assert (await send(app, Counter, "add", key="k", body={"by": 3, "amount": 2})).repeated


async def test_rejected_event_can_be_retried_with_its_key(app, send):
    for name in ("refuse", "slowly"):
        FAILING.append(True)
        with pytest.raises(LookupError):
            await send(app, Counter, name, key="k")
        FAILING.clear()
        before = await count(app)
        assert not (await send(app, Counter, name, key="k")).repeated
        assert await count(app) == before + 1


async def test_generator_that_failed_after_a_yield_is_not_retried(app, send):
    FAILING.append(True)
    with pytest.raises(LookupError):
        await send(app, Counter, "in_steps", key="k")
    FAILING.clear()
    with pytest.raises(CommandRunningError, match="interrupted"):
        await send(app, Counter, "in_steps", key="k")
    assert await count(app) == 1


@pytest.mark.parametrize(("name", "stored"), [("in_steps", 1), ("slowly", 0)])
async def test_cancelled_event_is_not_retried(app, send, gate, name, stored):
    """Its external side effects are unknown."""
    gate.clear()
    running = asyncio.create_task(send(app, Counter, name, key="k"))
    await asyncio.sleep(0.002)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    gate.set()
    with pytest.raises(CommandRunningError, match="interrupted"):
        await send(app, Counter, name, key="k")
    assert await count(app) == stored


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


async def test_marker_of_an_event_without_change_is_stored(app, send):
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
    room = repository._markers._guests
    assert all(len(m.digest) < 100 for m in room.markers.values())


async def test_create_repeated_makes_one_record(app, send):
    first = await send(app, Item, "create", key="k", body={"name": "Pen"})
    again = await send(app, Item, "create", key="k", body={"name": "Pen"})
    assert again.repeated
    assert again.entity.id == first.entity.id
    assert await Item.objects.count() == 1


async def test_delete_repeated_returns_the_first_outcome(app, send):
    item = await Item.objects.create(name="Pen")
    await send(app, Item, "delete", id=item.id, key="k")
    again = await send(app, Item, "delete", id=item.id, key="k")
    assert (again.repeated, again.entity) == (True, None)


async def test_rejected_create_can_be_retried_with_its_key(app, send):
    await Item.objects.create(id="p", name="Pen")
    for _ in range(2):
        with pytest.raises(ConstraintError):
            await send(app, Item, "create", key="k", body={"id": "p", "name": "x"}, trusted=True)


@pytest.mark.parametrize("key", ["", "k" * 129])
async def test_key_of_a_wrong_length_is_rejected(app, send, key):
    with pytest.raises(RequestError, match="1 to 128"):
        await send(app, Counter, "add", key=key)


KEEPS: dict[str, Any] = {"scope": "app", "access": {"read": "role:staff", "write": "public"}}


def _guarded():
    class Box(Entity):
        model_config = EntityConfig(KEEPS)
        text: str = "s3cr3t"
        count: int = 0

        @event
        def add(self):
            self.count += 1
            return {"text": self.text}

    class Paper(Entity):
        model_config = EntityConfig(
            access=lambda actor, paper: actor is not None and actor.id == paper.owner
        )
        owner: str
        text: str = "s3cr3t"

        @event
        def copy_out(self):
            return {"text": self.text}

        @event(access="signed_in")
        def touch(self):
            return {"text": self.text}

        @event(access="signed_in")
        async def wait(self):
            self.text += "!"

    class Desk(Entity):
        model_config = EntityConfig(scope="app", access="public")

        @event
        async def show(self, uow, id: str):
            return {"paper": await uow.get(Paper, id)}

    return Box, Paper, Desk


Box, Paper, Desk = _guarded()


@pytest.fixture
def desk(bus, clock):
    return fake_application(Counter, Item, Box, Paper, Desk, bus=bus, clock=clock)


async def test_repeat_after_sign_in_is_still_a_repeat(app, send, visitor):
    guest = visitor("browser")
    await send(app, Counter, "add", key="k", session=guest)
    guest.sign_in("ann")  # replaces the session's id
    assert (await send(app, Counter, "add", key="k", session=guest)).repeated
    assert (await send(app, Counter, "add", key="k", session=guest)).repeated
    assert await count(app) == 1


@pytest.mark.parametrize("name", ["add", "slowly", "in_steps"])
async def test_next_actor_of_the_browser_runs_a_separate_command(app, send, visitor, name):
    browser = visitor("browser", "ann")
    await send(app, Counter, name, key="k", session=browser)
    done = await count(app)
    for person in ("bob", "eve"):
        browser.sign_in(person)
        assert not (await send(app, Counter, name, key="k", session=browser)).repeated
        assert (await send(app, Counter, name, key="k", session=browser)).repeated
    assert await count(app) == 3 * done
    browser.sign_in("ann")
    assert (await send(app, Counter, name, key="k", session=browser)).repeated


async def test_actors_without_session_have_distinct_keys(app, send):
    await send(app, Counter, "add", key="k", actor=Actor("ann"))
    assert not (await send(app, Counter, "add", key="k", actor=Actor("bob"))).repeated
    assert not (await send(app, Counter, "add", key="k|k", actor=Actor("ann"))).repeated
    assert await count(app) == 3


async def test_repeat_after_lost_access_is_rejected(desk, send, visitor):
    ann = visitor("ann", "ann")
    paper = await Paper.objects.create(owner="ann")
    first = await send(desk, Paper, "copy_out", id=paper.id, key="k", session=ann)
    assert first.reply.result == {"text": "s3cr3t"}
    await desk.dispatch(paper.do.update(owner="bob", text="later"))
    with pytest.raises(HiddenRecordError):
        await send(desk, Paper, "copy_out", id=paper.id, key="k", session=ann)


async def test_repeat_checks_access_before_the_arguments_are_compared(desk, send, visitor):
    ann = visitor("ann", "ann")
    paper = await Paper.objects.create(owner="ann")
    await send(desk, Paper, "update", id=paper.id, key="k", session=ann, body={"text": "a"})
    await desk.dispatch(paper.do.update(owner="bob"))
    with pytest.raises(HiddenRecordError):
        await send(desk, Paper, "update", id=paper.id, key="k", session=ann, body={"text": "b"})


async def test_repeat_after_lost_read_access_returns_no_state(desk, send, visitor):
    ann = visitor("ann", "ann")
    paper = await Paper.objects.create(owner="ann")
    await send(desk, Paper, "touch", id=paper.id, key="k", session=ann)
    await desk.dispatch(paper.do.update(owner="bob"))
    again = await send(desk, Paper, "touch", id=paper.id, key="k", session=ann)
    assert (again.repeated, again.readable) == (True, False)
    assert (again.entity, again.version, again.reply.result) == (None, 0, None)
    assert again.reply.signals == {}


async def test_repeat_after_lost_read_access_returns_no_other_record(desk, send, visitor):
    ann = visitor("ann", "ann")
    paper = await Paper.objects.create(owner="ann")
    first = await send(desk, Desk, "show", key="k", session=ann, body={"id": paper.id})
    assert first.reply.result["paper"]["text"] == "s3cr3t"
    same = await send(desk, Desk, "show", key="k", session=ann, body={"id": paper.id})
    assert same.reply.result == first.reply.result
    await desk.dispatch(paper.do.update(owner="bob"))
    again = await send(desk, Desk, "show", key="k", session=ann, body={"id": paper.id})
    assert (again.repeated, again.reply.result, again.reply.signals) == (True, None, {})


async def test_repeat_for_a_write_only_actor_returns_the_first_outcome(desk, send, visitor):
    ann = visitor("ann", "ann")
    first = await send(desk, Box, "add", key="k", session=ann)
    again = await send(desk, Box, "add", key="k", session=ann)
    assert again.repeated
    assert again.reply == first.reply
    assert again.entity is first.entity is None


@pytest.mark.parametrize("name", ["copy_out", "update", "wait"])
async def test_refusal_before_the_run_leaves_no_marker(desk, send, visitor, monkeypatch, name):
    repository = desk.persistence.for_class(Paper)
    written = []
    commit = repository.commit

    async def seen(batch, between=None):
        written.append(batch.marker)
        await commit(batch, between)

    monkeypatch.setattr(repository, "commit", seen)
    paper = await Paper.objects.create(owner="ann")
    written.clear()
    for who, id in (("bob", paper.id), ("bob", "none")):
        if name == "wait" and id != "none":
            continue  # open to any signed-in actor
        with pytest.raises(NotFoundError):
            await send(desk, Paper, name, id=id, key="k", session=visitor(who, who))
    with pytest.raises(NotSignedInError):
        await send(desk, Paper, "wait", id=paper.id, key="k", session=visitor("guest"))
    assert written == []


async def test_marker_of_an_earlier_build_is_not_matched(app, send, visitor):
    ann = visitor("ann", "ann")
    old = Marker("key-ann|Counter|add|k", "{}", "old", 0.0, '["x", "{}"]')
    await app.persistence.for_class(Counter).commit(Batch(marker=old))
    assert not (await send(app, Counter, "add", key="k", session=ann)).repeated
