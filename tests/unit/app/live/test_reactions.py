"""`@on`: callbacks that run after a commit."""

import asyncio
from dataclasses import dataclass

import pytest
from pydantic import BaseModel

from starmodel import ConfigurationError, Entity, EntityConfig, event, on
from starmodel.app.live.reactions import Reaction, defined_reactions
from starmodel.app.ports.messages import Emitted
from starmodel.testing.fakes import fake_application


@dataclass(frozen=True)
class Fact:
    n: int


@dataclass(frozen=True)
class Special(Fact):
    pass


class Model(BaseModel):
    n: int


def _entities():
    class Shop(Entity):
        model_config = EntityConfig(scope="app", access="public")
        stock: int = 10

        @event
        def sell(self, n: int = 1, fail: bool = False):
            self.stock -= n
            self.emit(Fact(n))
            if fail:
                raise LookupError("no")

        @event
        def spoil(self):
            self.emit(Fact(0))
            self.stock = "many"

        @event
        def emit_all(self):
            self.emit(Special(5))
            self.emit(Model(n=6))

        @event
        def emit_text(self):
            self.stock = 0
            self.emit("just text")

        @event
        async def in_steps(self):
            for n in range(3):
                self.emit(Fact(n))
                self.stock -= 1
                yield
            self.emit(Fact(99))
            raise LookupError("no")

        @event
        async def walk(self):
            for _ in range(3):
                self.stock -= 1
                yield

    class Stats(Entity):
        model_config = EntityConfig(scope="app", access="public")
        sold: int = 0

        @event
        def count(self):
            self.sold += 1

    return Shop, Stats


Shop, Stats = _entities()


@pytest.fixture
def build(bus, clock):
    def make(*pairs):
        reactions = [Reaction(cause, handler) for cause, handler in pairs]
        return fake_application(Shop, Stats, bus=bus, clock=clock, reactions=reactions)

    return make


async def sold(app):
    found = await app.persistence.for_class(Stats).get(Stats, "app")
    return 0 if found is None else found.sold


async def test_on_fact_runs_after_the_commit_with_the_entity(build):
    seen = []

    async def handler(fact, entity):
        found = await app.persistence.for_class(Shop).get(Shop, "app")
        seen.append((fact, entity.stock, found.stock))

    app = build((Fact, handler))
    await app.dispatch(Shop.sell(2))
    await app.reactions.idle()
    assert seen == [(Fact(2), 8, 8)]


async def test_on_fact_sees_subclasses_and_models(build):
    seen = []
    app = build((Fact, seen.append), (Model, seen.append), (Special, seen.append))
    await app.dispatch(Shop.emit_all())
    await app.reactions.idle()
    assert seen == [Special(5), Special(5), Model(n=6)]


async def test_on_event_gets_the_command_record(build):
    seen = []
    app = build(((Shop, "sell"), seen.append))
    outcome = await app.dispatch(Shop.sell(2))
    await app.reactions.idle()
    assert seen == [outcome.record]


@pytest.mark.parametrize("action", [Shop.sell(1, fail=True), Shop.spoil()])
async def test_on_never_runs_after_a_rollback(build, bus, action):
    seen = []
    app = build((Fact, seen.append), ((Shop, "sell"), seen.append), ((Shop, "spoil"), seen.append))
    with pytest.raises(Exception, match=r"no|stock"):
        await app.dispatch(action)
    await app.reactions.idle()
    assert seen == []
    assert bus.messages == []


async def test_on_generator_event_runs_once_at_its_end_and_facts_at_each_commit(build):
    seen, ended = [], []
    app = build(
        (Fact, seen.append), ((Shop, "in_steps"), ended.append), ((Shop, "walk"), ended.append)
    )
    with pytest.raises(LookupError):
        await app.dispatch(Shop.in_steps())
    await app.reactions.idle()
    assert seen == [Fact(0), Fact(1), Fact(2)]
    assert ended == []
    await app.dispatch(Shop.walk())
    await app.reactions.idle()
    assert len(ended) == 1


async def test_on_handler_has_a_separate_unit_of_work(build):
    async def count(fact, uow):
        (await uow.get(Stats, "app")).sold += fact.n

    app = build((Fact, count))
    await app.dispatch(Shop.sell(3))
    await app.dispatch(Shop.sell(4))
    await app.reactions.idle()
    assert await sold(app) == 7


async def test_on_failing_handler_is_logged_and_rolled_back(build, caplog):
    async def count(fact, uow):
        (await uow.get(Stats, "app")).sold += fact.n

    async def broken(fact, uow):
        (await uow.get(Stats, "app")).sold += 1000
        raise LookupError("handler failed")

    app = build((Fact, broken), (Fact, count))
    outcome = await app.dispatch(Shop.sell(3))
    await app.reactions.idle()
    assert outcome.entity.stock == 7
    assert await sold(app) == 3
    assert "handler failed" in caplog.text


async def test_on_handler_change_is_rebased_on_concurrent_changes(build, clock):
    async def slow(fact, uow):
        shop = await uow.get(Shop, "app")
        await asyncio.sleep(0.002)
        shop.id  # noqa: B018 - a read that nobody changes
        (await uow.get(Stats, "app")).sold += 1

    app = build((Special, slow))
    await app.dispatch(Shop.emit_all())
    await asyncio.sleep(0)
    await app.dispatch(Shop.sell(1))
    await app.reactions.idle()
    assert await sold(app) == 1


async def test_on_fact_emitted_by_a_handler_is_handled_too(build):
    seen = []

    async def chain(fact, uow):
        (await uow.get(Stats, "app")).emit(Model(n=fact.n))

    app = build((Fact, chain), (Model, seen.append))
    await app.dispatch(Shop.sell(3))
    await app.reactions.idle()
    assert seen == [Model(n=3)]


async def test_on_handler_may_dispatch(build):
    async def handler(record):
        await app.dispatch(Stats.count())

    app = build(((Shop, "sell"), handler))
    await asyncio.gather(*(app.dispatch(Shop.sell(0)) for _ in range(3)))
    await app.reactions.idle()
    assert await sold(app) == 3


async def test_domain_events_are_published_as_data_after_the_change(build, bus):
    app = build()
    outcome = await app.dispatch(Shop.sell(2))
    assert bus.messages[1:] == [Emitted("Fact", {"n": 2}, "Shop", outcome.record.id)]


async def test_unserialisable_domain_event_is_rejected_and_nothing_is_stored(build):
    app = build()
    with pytest.raises(TypeError, match="dataclass"):
        await app.dispatch(Shop.emit_text())
    assert await app.persistence.for_class(Shop).get(Shop, "app") is None


def test_on_registers_once_however_often_it_is_declared():
    def declare():
        @on(Fact)
        def handler(fact): ...

        @on(Shop.sell)
        def other(record): ...

        return [r for r in defined_reactions() if r.handler in (handler, other)]

    assert [r.cause for r in declare()] == [Fact, (Shop, "sell")]
    before = len(defined_reactions())
    declare()
    assert len(defined_reactions()) == before


@pytest.mark.parametrize("cause", ["sell", 5, None])
def test_on_other_argument_is_a_configuration_error(cause):
    with pytest.raises(ConfigurationError, match="expected the class of a fact"):
        on(cause)
