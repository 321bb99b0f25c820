"""The application: its entity types and services, opened and closed."""

import asyncio

import pytest

from starmodel import (
    AccessDeniedError,
    ConfigurationError,
    ConstraintError,
    Entity,
    EntityConfig,
    GoneError,
    NotFoundError,
    NotSignedInError,
    dispatch,
    event,
)
from starmodel.app.context import RequestContext, current_context
from starmodel.app.ports.messages import Changed, SessionEnded
from starmodel.core.commands import CommandRecord
from starmodel.testing.fakes import RecordingBus, fake_application
from unit.app.live.outbox import subscription


def _entities():
    class Counter(Entity):
        model_config = EntityConfig(scope="app", access="public")
        count: int = 0

        @event
        def add(self):
            self.count += 1

        @event
        async def list_all(self):
            return len(await Item.objects.list())

    class Item(Entity):
        model_config = EntityConfig(scope="record")
        name: str = ""

    class Mine(Entity):
        count: int = 0

        @event
        def add(self):
            self.count += 1

    return Counter, Item, Mine


Counter, Item, Mine = _entities()


async def count(app):
    found = await app.persistence.for_class(Counter).get(Counter, "app")
    return 0 if found is None else found.count


async def test_two_applications_with_the_same_class_share_nothing():
    first, second = (fake_application(Counter, Item) for _ in range(2))
    await first.dispatch(Counter.add())
    await first.dispatch(Counter.add())
    await second.dispatch(Counter.add())
    assert (await count(first), await count(second)) == (2, 1)
    await first.objects(Item).create(name="x")
    assert (await first.dispatch(Counter.list_all())).value == 1
    assert (await second.dispatch(Counter.list_all())).value == 0
    assert len(second.bus.of(Changed)) == 1


async def test_dispatch_action_of_an_unregistered_class_is_rejected():
    """Also when it has another class of that name."""

    def other():
        class Counter(Entity):
            model_config = EntityConfig(scope="app")
            count: int = 0

        return Counter

    app = fake_application(other())
    with pytest.raises(ConfigurationError, match="not an entity of this application"):
        await app.dispatch(Counter.add())


def test_script_needs_no_server_and_each_event_loop_is_ready():
    app = fake_application(Counter)

    async def main():
        return (await dispatch(Counter.add())).entity.count

    assert [asyncio.run(main()), asyncio.run(main())] == [1, 2]
    assert asyncio.run(count(app)) == 2


def test_stores_open_once_per_event_loop_under_concurrency():
    app = fake_application(Counter)
    repository = app.persistence.for_class(Counter)
    opened = []

    async def slow_open(types, expired):
        opened.append(asyncio.get_running_loop())
        await asyncio.sleep(0.001)

    repository.open = slow_open

    async def main():
        await asyncio.gather(*(app.dispatch(Counter.add()) for _ in range(5)))
        await app.dispatch(Counter.add())

    asyncio.run(main())
    asyncio.run(main())
    assert len(opened) == len(set(opened)) == 2


async def test_failed_store_open_is_retried():
    app = fake_application(Counter)
    repository = app.persistence.for_class(Counter)
    tries = []
    really = repository.open

    async def open_later(types, expired):
        tries.append(types)
        if len(tries) == 1:
            raise OSError("not yet")
        await really(types, expired)

    repository.open = open_later
    with pytest.raises(OSError, match="not yet"):
        await app.dispatch(Counter.add())
    await app.dispatch(Counter.add())
    assert await count(app) == 1


async def test_close_ends_streams_and_the_application_can_reopen():
    app = fake_application(Counter)
    await app.ready()
    watching = app.hub.subscribe(subscription({}))
    await app.close()
    assert watching.closed
    await app.dispatch(Counter.add())
    assert await count(app) == 1


async def test_dispatch_without_data_in_the_session_still_uses_that_session(visitor):
    app = fake_application(Mine)
    token = current_context.set(RequestContext(session=visitor("bob")))
    try:
        await app.dispatch(Mine.add(), session=visitor("ann"))
        await app.dispatch(Mine.add())
    finally:
        current_context.reset(token)
    repository = app.persistence.for_class(Mine)
    assert (await repository.get(Mine, "key-ann")).count == 1
    assert (await repository.get(Mine, "key-bob")).count == 1


async def test_dispatch_of_a_session_s_event_without_a_session_is_rejected():
    app = fake_application(Mine)
    with pytest.raises(ConfigurationError, match="this code has none"):
        await app.dispatch(Mine.add())


async def test_dispatch_function_finds_the_application_of_an_action_and_of_a_record():
    app = fake_application(Counter)
    record = (await dispatch(Counter.add())).record
    assert await count(app) == 1
    with pytest.raises(ConfigurationError, match="import its module first"):
        await dispatch(CommandRecord("c", "NobodyKnows", "add", {}, None, None, 0))
    assert (await app.dispatch(record)).entity.count == 2


async def test_instance_checks_access_before_and_after_loading(visitor):
    app = fake_application(Item, Mine)
    with pytest.raises(NotSignedInError):
        await app.instance(app.registry[Item], visitor(), "unknown")
    with pytest.raises(NotFoundError) as caught:
        await app.instance(app.registry[Item], visitor(actor="ann"), "unknown")
    assert not isinstance(caught.value, GoneError)
    with pytest.raises(GoneError):
        await app.instance(app.registry[Item], visitor(actor="ann"), "unknown", seen=True)
    item = await app.objects(Item).create(name="x")
    assert await app.instance(app.registry[Item], visitor(actor="ann"), item.id) == item


async def test_instance_of_another_s_record_is_denied(visitor):
    class Note(Entity):
        model_config = EntityConfig(access=lambda actor, note: actor.id == note.owner)
        owner: str

    app = fake_application(Note)
    note = await app.objects(Note).create(owner="ann")
    assert (await app.instance(app.registry[Note], visitor(actor="ann"), note.id)).owner == "ann"
    with pytest.raises(AccessDeniedError):
        await app.instance(app.registry[Note], visitor(actor="bob"), note.id)


async def test_own_without_a_request_is_rejected(visitor):
    app = fake_application(Mine)
    scope = {"starmodel.session": visitor("ann")}
    assert (await Mine.get(scope)).id == "key-ann"
    with pytest.raises(ConfigurationError, match="expected a request"):
        await Mine.get({})
    assert app.has(Mine)


async def test_sign_in_and_out_close_the_visitor_s_streams(visitor):
    app = fake_application(Mine, bus=RecordingBus())
    session = visitor("ann")
    await app.dispatch(Mine.add(), session=session)
    own = app.hub.subscribe(subscription({}, visitor="key-ann"))
    other = app.hub.subscribe(subscription({}, visitor="key-bob"))
    session.sign_in("ann")
    await app.end_sessions(session)
    assert (own.closed, other.closed) == (True, False)
    assert app.bus.of(SessionEnded) == [SessionEnded("key-ann")]
    assert await app.persistence.for_class(Mine).get(Mine, "key-ann") is not None
    session.sign_out()
    await app.end_sessions(session)
    assert await app.persistence.for_class(Mine).get(Mine, "key-ann") is None


async def test_unit_of_work_class_can_be_replaced():
    from starmodel import UnitOfWork

    class Careful(UnitOfWork):
        async def commit(self, **options):
            raise ConstraintError("not today")

    app = fake_application(Counter, uow_cls=Careful)
    with pytest.raises(ConstraintError, match="not today"):
        await app.dispatch(Counter.add())


def test_render_without_pages_is_rejected():
    fake_application(Counter)
    with pytest.raises(ConfigurationError, match="no pages"):
        str(Counter.add())
