"""Asynchronous events: rebased, refused or retried after a version conflict."""

import asyncio

import pytest

from starmodel import (
    Entity,
    EntityConfig,
    VersionConflictError,
    event,
)
from starmodel.testing.fakes import fake_application
from unit.app.entities import Counter, stored


async def test_dispatch_async_event_is_rebased_on_changes_of_other_fields(app):
    await app.dispatch(Counter.add(1))
    slow = asyncio.create_task(app.dispatch(Counter.slow_note()))
    await asyncio.sleep(0)
    await app.dispatch(Counter.add(10))
    outcome = await slow
    found = await stored(app)
    assert (found.count, found.note) == (11, "slow")
    assert outcome.entity.count == 11


async def test_dispatch_async_event_on_a_new_instance_is_rebased_too(app):
    slow = asyncio.create_task(app.dispatch(Counter.slow_note()))
    await asyncio.sleep(0)
    await app.dispatch(Counter.add(10))
    await slow
    assert ((await stored(app)).count, (await stored(app)).note) == (10, "slow")


async def test_dispatch_async_event_that_read_what_changed_conflicts(app):
    await app.dispatch(Counter.add(1))
    slow = asyncio.create_task(app.dispatch(Counter.slow_add()))
    await asyncio.sleep(0)
    await app.dispatch(Counter.add(10))
    with pytest.raises(VersionConflictError):
        await slow
    assert (await stored(app)).count == 11


async def test_dispatch_async_event_that_wrote_what_changed_conflicts(app):
    await app.dispatch(Counter.add(1))
    first = asyncio.create_task(app.dispatch(Counter.slow_note(note="first")))
    second = asyncio.create_task(app.dispatch(Counter.slow_note(note="second")))
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert sum(isinstance(r, VersionConflictError) for r in results) == 1


async def test_dispatch_async_event_with_retry_is_retried(app):
    await asyncio.gather(*(app.dispatch(Counter.stubborn_add()) for _ in range(3)))
    assert (await stored(app)).count == 3


async def test_dispatch_async_functional_event_is_rebased(app):
    await app.dispatch(Counter.add(1))
    slow = asyncio.create_task(app.dispatch(Counter.slow_replace()))
    await asyncio.sleep(0)
    await app.dispatch(Counter.add(10))
    await slow
    assert ((await stored(app)).count, (await stored(app)).note) == (11, "replaced")


async def test_dispatch_async_event_of_a_removed_record_conflicts(bus):
    class Note(Entity):
        model_config = EntityConfig(scope="record")
        text: str = ""

        @event
        async def write(self):
            await asyncio.sleep(0.002)
            self.text = "late"

    app = fake_application(Note, bus=bus)
    note = await Note.objects.create()
    slow = asyncio.create_task(app.dispatch(note.do.write()))
    await asyncio.sleep(0)
    await app.dispatch(note.do.delete())
    with pytest.raises(VersionConflictError, match="has been removed"):
        await slow
    assert await Note.objects.find(note.id) is None
