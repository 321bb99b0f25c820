"""The fakes that applications test with."""

import pytest

from starmodel import Entity, EntityConfig, event
from starmodel.app.ports.messages import Changed
from starmodel.testing.fakes import (
    CountingIds,
    FakeClock,
    FakeTransactionalRepository,
    RecordingBus,
    fake_application,
)


def _entity():
    class Lamp(Entity):
        model_config = EntityConfig(scope="app", access="public", store="sql")
        on: bool = False

        @event
        def switch(self):
            self.on = not self.on

    return Lamp


Lamp = _entity()


def test_clock_is_constant_until_advanced():
    clock = FakeClock(10.0)
    assert clock() == clock() == 10.0
    clock.advance(2.5)
    assert clock() == 12.5


def test_ids_count():
    ids = CountingIds("id-")
    assert [ids(), ids()] == ["id-1", "id-2"]


async def test_bus_remembers_by_kind_and_still_delivers():
    bus, seen = RecordingBus(), []

    async def handler(message):
        seen.append(message)

    bus.subscribe(handler)
    await bus.publish("text")
    await bus.publish(5)
    assert seen == bus.messages == ["text", 5]
    assert bus.of(int) == [5]


async def test_application_of_fakes_runs_events_of_every_store():
    app = fake_application(Lamp)
    outcome = await app.dispatch(Lamp.switch())
    assert outcome.entity.on
    assert outcome.record.id == "c1"
    assert [m.kind for m in app.bus.of(Changed)] == ["created"]


async def test_transactional_repository_fails_one_commit_on_request():
    store = FakeTransactionalRepository()
    app = fake_application(Lamp, stores={"sql": store})
    store.refusal = OSError("disk full")
    with pytest.raises(OSError, match="disk full"):
        await app.dispatch(Lamp.switch())
    assert (await app.dispatch(Lamp.switch())).entity.on
