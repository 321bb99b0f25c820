"""The in-process event bus."""

import pytest

from starmodel.app.bus import InProcessBus
from starmodel.testing.fakes import RecordingBus


@pytest.fixture(params=[InProcessBus, RecordingBus])
def bus(request):
    return request.param()


def keeper(into, fail=False):
    async def handler(message):
        into.append(message)
        if fail:
            raise LookupError("subscriber failed")

    return handler


async def test_publish_reaches_every_subscriber_in_order(bus):
    seen = []
    for name in "abc":

        async def handler(message, name=name):
            seen.append((name, message))

        bus.subscribe(handler)
    await bus.publish(1)
    assert seen == [("a", 1), ("b", 1), ("c", 1)]


async def test_publish_failing_subscriber_is_logged_and_others_are_called(bus, caplog):
    first, second = [], []
    bus.subscribe(keeper(first, fail=True))
    bus.subscribe(keeper(second))
    await bus.publish("m")
    await bus.publish("n")
    assert first == second == ["m", "n"]
    assert "subscriber failed" in caplog.text


async def test_unsubscribe_ends_delivery_and_ignores_unknown_subscribers(bus):
    seen = []
    handler = keeper(seen)
    bus.subscribe(handler)
    bus.unsubscribe(handler)
    bus.unsubscribe(handler)
    await bus.publish(1)
    assert seen == []


async def test_subscriber_may_unsubscribe_during_its_call(bus):
    seen = []

    async def once(message):
        seen.append(message)
        bus.unsubscribe(once)

    bus.subscribe(once)
    bus.subscribe(keeper(seen))
    await bus.publish(1)
    await bus.publish(2)
    assert seen == [1, 1, 2]


async def test_wants_follows_the_subscribers_topics():
    bus = InProcessBus()
    assert not bus.wants("Item:1")
    watched = {"Item:1"}
    handler = keeper([])
    bus.subscribe(handler, wants=watched.__contains__)
    assert bus.wants("Item:1")
    assert not bus.wants("Item:2")
    watched.add("Item:2")
    assert bus.wants("Item:2")
    bus.unsubscribe(handler)
    assert not bus.wants("Item:2")


async def test_subscriber_without_topics_wants_every_topic():
    bus = InProcessBus()
    bus.subscribe(keeper([]))
    assert bus.wants("Item:1")


async def test_handler_receives_messages_whatever_it_wants():
    bus, seen = InProcessBus(), []
    bus.subscribe(keeper(seen), wants=lambda topic: False)
    await bus.publish("m")
    assert seen == ["m"]
