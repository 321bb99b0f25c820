"""The persistence manager: which repository stores which entity type."""

import pytest

from starmodel import ConfigurationError, Entity, EntityConfig
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.persistence import PersistenceManager
from starmodel.core.classes.registry import Registry


def entity(**config):
    class Thing(Entity):
        model_config = EntityConfig(**config)

    return Thing


def manager(*entities, **stores):
    return PersistenceManager(Registry(entities), {"memory": MemoryRepository, **stores})


async def nobody(entity, id, version):
    """An expiry callback."""


def test_store_is_created_once_on_first_use():
    built = []

    def build():
        built.append(1)
        return MemoryRepository()

    thing = entity(store="sql")
    made = manager(thing, sql=build)
    assert built == []
    assert made.for_class(thing) is made.for_class(thing)
    assert built == [1]


def test_backend_of_a_class_may_be_an_instance_or_a_class():
    repository = MemoryRepository()
    one, two = entity(persistence_backend=repository), entity(persistence_backend=MemoryRepository)
    assert manager(one).for_class(one) is repository
    assert isinstance(manager(two).for_class(two), MemoryRepository)


def test_store_that_is_not_registered_is_a_configuration_error_with_the_remedy():
    with pytest.raises(ConfigurationError, match=r"asks for store 'mongo'.*stores=\{'mongo'"):
        manager(entity(store="mongo"))


async def test_failed_open_closes_open_stores():
    events = []

    class Noted(MemoryRepository):
        async def open(self, types, expired):
            events.append("open")

        async def close(self):
            events.append("close")

    class Broken(MemoryRepository):
        async def open(self, types, expired):
            raise OSError("no")

    class First(Entity):
        model_config = EntityConfig(persistence_backend=Noted())

    class Second(Entity):
        model_config = EntityConfig(persistence_backend=Broken())

    with pytest.raises(OSError, match="no"):
        await manager(First, Second).open(nobody)
    assert events == ["open", "close"]
