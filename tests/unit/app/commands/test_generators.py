"""Generator events: each `yield` commits a unit of work."""

import asyncio
from typing import Any

import pytest

from starmodel import (
    Entity,
    EntityConfig,
    Field,
    GoneError,
    InvalidStateError,
    NotFoundError,
    UnitOfWork,
    VersionConflictError,
    event,
)
from starmodel.core.errors import StaleDraftError
from starmodel.core.snapshot import version_of
from starmodel.testing.fakes import fake_application


def _entities():
    class Job(Entity):
        model_config = EntityConfig(scope="app", access="public")
        done: int = 0
        note: str = ""
        log: list[str] = Field(default_factory=list)

        @event
        def run(self, steps: int = 3, fail_after: int | None = None):
            for step in range(steps):
                if step == fail_after:
                    self.note = "never stored"
                    raise LookupError("no more")
                self.done += 1
                yield step

        @event
        async def run_slowly(self):
            for step in range(3):
                await asyncio.sleep(0)
                self.done += 1
                yield step

        @event
        def start_quietly(self):
            yield "starting"
            self.done += 1
            yield "done"
            self.note = "end"

        @event
        def keep_containers(self):
            log = self.log
            log.append("one")
            yield
            assert self.log == ["one"]
            log.append("dead")

        @event
        async def catch(self, seen: Any = None):
            for _ in range(2):
                before = self.done
                await asyncio.sleep(0.001)
                self.done = before + 1
                try:
                    yield "stored"
                except VersionConflictError:
                    self.note += "caught "
                    continue

        @event
        async def careless(self):
            before = self.done
            await asyncio.sleep(0.001)
            self.done = before + 1
            yield "never"

        @event
        async def touch_note(self):
            await asyncio.sleep(0.001)
            self.note = "mine"
            yield "rebased"

        @event
        def spoil(self):
            self.done = 1
            yield
            self.done = "many"
            yield

        @event
        def bump(self, by: int = 10):
            self.done += by

        @event
        async def clean_up(self, seen: Any):
            try:
                yield 1
                self.done += 1
                yield 2
            finally:
                CLEANED.append("closed")

    class Item(Entity):
        model_config = EntityConfig(scope="record", access="public")
        name: str = ""

        @event
        async def edit(self, gate: Any = None):
            await asyncio.sleep(0.001)
            self.name = "edited"
            yield

        @event
        def create(self, name: str):
            self.name = name
            yield "stored"
            self.name += "!"

    class Shop(Entity):
        model_config = EntityConfig(scope="app", access="public")
        sold: int = 0

        @event
        async def replace(self, uow: UnitOfWork, old: str):
            uow.delete(await uow.get(Item, old))
            uow.add(Item(id="new", name="new"))
            self.sold += 1
            yield "swapped"
            (await uow.get(Item, "new")).name = "renamed"
            yield "renamed"
            with pytest.raises(NotFoundError):
                await uow.get(Item, old)

        @event
        async def add_twice(self, uow: UnitOfWork):
            for _ in range(2):
                before = self.sold
                await asyncio.sleep(0.001)
                self.sold = before + 1
                uow.add(Item(id="one", name="added"))
                try:
                    yield "stored"
                    return
                except VersionConflictError:
                    continue

        @event
        def sell(self):
            self.sold += 10

    return Job, Item, Shop


CLEANED: list[str] = []
Job, Item, Shop = _entities()


@pytest.fixture
def app(bus, clock):
    CLEANED.clear()
    return fake_application(Job, Item, Shop, bus=bus, clock=clock)


async def stored(app, cls=Job, id="app"):
    return await app.persistence.for_class(cls).get(cls, id)


@pytest.mark.parametrize("name", ["run", "run_slowly"])
async def test_segments_each_yield_is_stored_published_and_sent_before_the_next(
    app, send, changes, name
):
    seen = []

    async def sent(outcome):
        seen.append((outcome.value, outcome.entity.done, (await stored(app)).done, len(changes())))

    outcome = await send(app, Job, name, send=sent)
    assert seen == [(0, 1, 1, 1), (1, 2, 2, 2), (2, 3, 3, 3)]
    assert outcome.value == [0, 1, 2]
    assert outcome.entity.done == 3
    assert [state["done"] for _, _, state in changes()] == [1, 2, 3]


async def test_segments_later_exception_rolls_back_its_segment_only(app):
    with pytest.raises(LookupError):
        await app.dispatch(Job.run(3, 2))
    found = await stored(app)
    assert (found.done, found.note) == (2, "")


async def test_segments_invalid_state_rolls_back_its_segment_only(app):
    with pytest.raises(InvalidStateError):
        await app.dispatch(Job.spoil())
    assert (await stored(app)).done == 1


async def test_segments_yield_before_any_change_then_change(app, changes):
    await app.dispatch(Job.start_quietly())
    found = await stored(app)
    assert (found.done, found.note) == (1, "end")
    assert [kind for kind, _, _ in changes()] == ["created", "updated"]


async def test_segments_containers_from_before_a_yield_reject_changes(app):
    with pytest.raises(StaleDraftError, match="before a yield"):
        await app.dispatch(Job.keep_containers())
    assert (await stored(app)).log == ["one"]


async def test_segments_conflict_is_thrown_in_at_the_yield(app):
    await app.dispatch(Job.bump(1))
    running = asyncio.create_task(app.dispatch(Job.catch()))
    await asyncio.sleep(0)
    await app.dispatch(Job.bump(10))
    outcome = await running
    found = await stored(app)
    assert (found.done, found.note) == (12, "caught ")
    assert outcome.value == ["stored"]


async def test_segments_conflict_on_an_instance_never_stored_before(app):
    running = asyncio.create_task(app.dispatch(Job.catch()))
    await asyncio.sleep(0)
    await app.dispatch(Job.bump(10))
    await running
    assert ((await stored(app)).done, (await stored(app)).note) == (11, "caught ")


async def test_segments_conflict_that_is_not_caught_ends_the_event(app):
    await app.dispatch(Job.bump(1))
    running = asyncio.create_task(app.dispatch(Job.careless()))
    await asyncio.sleep(0)
    await app.dispatch(Job.bump(10))
    with pytest.raises(VersionConflictError):
        await running
    assert (await stored(app)).done == 11


async def test_segments_concurrent_changes_of_unread_fields_are_preserved(app):
    await app.dispatch(Job.bump(1))
    running = asyncio.create_task(app.dispatch(Job.touch_note()))
    await asyncio.sleep(0)
    await app.dispatch(Job.bump(10))
    assert (await running).value == ["rebased"]
    assert ((await stored(app)).done, (await stored(app)).note) == (11, "mine")


async def test_segments_of_a_removed_record_conflict(app):
    item = await Item.objects.create(name="x")
    running = asyncio.create_task(app.dispatch(item.do.edit()))
    await asyncio.sleep(0)
    await app.dispatch(item.do.delete())
    with pytest.raises((VersionConflictError, GoneError)):
        await running


async def test_segments_several_entities_added_and_deleted(app, changes):
    old = await Item.objects.create(name="old")
    before = len(changes())
    outcome = await app.dispatch(Shop.replace(old=old.id))
    assert outcome.value == ["swapped", "renamed"]
    assert await Item.objects.find(old.id) is None
    assert (await Item.objects.get("new")).name == "renamed"
    assert [(kind, id) for kind, id, _ in changes()][before:] == [
        ("deleted", old.id),
        ("created", "new"),
        ("created", "app"),
        ("updated", "new"),
    ]


async def test_segments_conflict_discards_added_entities(app):
    await app.dispatch(Shop.sell())
    running = asyncio.create_task(app.dispatch(Shop.add_twice()))
    await asyncio.sleep(0)
    await app.dispatch(Shop.sell())
    await running
    assert (await stored(app, Shop)).sold == 21
    assert await Item.objects.count() == 1


async def test_segments_create_event_inserts_once_and_continues(app, changes):
    outcome = await app.dispatch(Item.create("a"))
    assert outcome.entity.name == "a!"
    assert [(kind, state["name"]) for kind, _, state in changes()] == [
        ("created", "a"),
        ("updated", "a!"),
    ]
    assert await Item.objects.count() == 1
    assert outcome.version == version_of(await Item.objects.get(outcome.entity.id))


async def test_segments_that_end_early_are_closed_immediately(app, send):
    async def cancelled(outcome):
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await send(app, Job, "clean_up", body={"seen": 1}, send=cancelled)
    assert CLEANED == ["closed"]


async def test_segments_continue_when_a_step_cannot_be_delivered(app, send):
    async def broken(outcome):
        raise OSError("the caller is gone")

    whole = await send(app, Job, "clean_up", body={"seen": 1})
    outcome = await send(app, Job, "clean_up", body={"seen": 1}, send=broken)
    assert outcome.value == whole.value


async def test_segments_without_auto_persist_store_everything_at_the_save(bus, clock):
    class Sheet(Entity):
        model_config = EntityConfig(scope="app", access="public", auto_persist=False)
        a: int = 0
        b: int = 0

        @event
        async def fill(self):
            self.a = 1
            yield "shown"
            self.b = 2
            yield "shown too"
            await self.save()

    app = fake_application(Sheet, bus=bus, clock=clock)
    for _ in range(2):
        outcome = await app.dispatch(Sheet.fill())
        assert (outcome.entity.a, outcome.entity.b) == (1, 2)
    found = await stored(app, Sheet)
    assert (found.a, found.b) == (1, 2)
    assert len(bus.messages) == 1
