"""Fixtures for tests of the application services."""

import pytest

from starmodel import Actor, Session
from starmodel.app.commands.command import Command
from starmodel.app.commands.inputs import Inputs
from starmodel.app.ports.messages import Changed
from starmodel.testing.fakes import (
    FakeClock,
    FakeTransactionalRepository,
    RecordingBus,
    fake_application,
)
from unit.app.entities import Counter, Product


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def bus():
    return RecordingBus(serialise=True)


@pytest.fixture
def app(bus, clock):
    """An application with the entities that tests share."""
    return fake_application(Counter, Product, bus=bus, clock=clock)


@pytest.fixture
def sql(clock):
    """The store of entity types with store="sql"."""
    return FakeTransactionalRepository(clock=clock)


@pytest.fixture
def visitor():
    """Makes sessions: `visitor("ann")` has the key "key-ann"."""

    def make(name="ann", actor=None):
        actor = Actor(actor) if isinstance(actor, str) else actor
        return Session(name, f"id-{name}", f"key-{name}", actor)

    return make


@pytest.fixture
def send():
    """Dispatches as a web adapter does: bound from a request body, as the session's actor."""

    async def run(app, entity, event, *, id=None, session=None, actor=..., trusted=False, **more):
        entity_type = app.registry[entity]
        body = more.pop("body", {})
        command = Command(
            entity_type,
            entity_type.events[event],
            app.dispatcher.bind(
                entity_type, entity_type.events[event], Inputs(body=body, trusted=trusted)
            ),
            app.policy,
            id,
            (session.actor if session is not None else None) if actor is ... else actor,
            session,
            **more,
        )
        return await app.dispatcher.dispatch(command)

    return run


@pytest.fixture
def changes(bus):
    """The changes published so far, as (kind, id, state) triples."""

    def published():
        return [(m.kind, m.id, m.state) for m in bus.of(Changed)]

    return published
