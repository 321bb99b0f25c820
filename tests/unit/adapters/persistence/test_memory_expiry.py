"""Expiry in the memory store under concurrent commits."""

from starmodel import Entity, EntityConfig
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.ports.repository import Batch, Change
from starmodel.core.classes.registry import entity_type
from starmodel.testing.fakes import FakeClock


def _entity():
    class Guest(Entity):
        model_config = EntityConfig(scope="record", ttl=1)
        name: str = ""

    return Guest


Guest = _entity()


async def test_sweep_keeps_entity_recreated_during_its_callback():
    clock = FakeClock()
    repository = MemoryRepository(clock=clock)
    text = []

    async def put(id, version):
        change = Change(Guest, id, "insert", 0, version, Guest(id=id), ttl_s=1)
        await repository.commit(Batch([change]))

    async def expired(cls, id, version):
        text.append((id, version))
        if id == "first":
            await put("second", 90)

    await repository.open([entity_type(Guest, "memory")], expired)
    await put("first", 1)
    await put("second", 2)
    clock.advance(2)
    await repository.sweep()
    assert (await repository.get(Guest, "second")) is not None
    assert text == [("first", 1)]
    await repository.close()
