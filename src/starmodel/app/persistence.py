"""The registry of stores: one repository per store, built lazily."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Protocol

from starmodel.app.ports.repository import (
    ColumnDefaults,
    EvictingRepository,
    Expired,
    IsWatched,
    Repository,
    SuppliesDefaults,
)
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError

REMEDIES = {
    "custom": "Set model_config['persistence_backend'].",
}


class Repositories(Protocol):
    """The protocol by which a unit of work finds the repository of an entity type."""

    def for_class(self, entity: type[Entity]) -> Repository:
        """The repository of an entity type."""


class PersistenceManager:
    """Builds one repository per store at its first use, and opens and closes them.

    Shapes: stores maps the name of a store to its repository or a callable
    that returns it.

    Raises: ConfigurationError, for an entity whose store is not registered.
    """

    def __init__(
        self, registry: Registry, stores: Mapping[str, Callable[[], Repository] | Repository]
    ) -> None:
        self._registry, self.stores = registry, dict(stores)
        self._built: dict[Any, Repository] = {}
        self._by_class: dict[type[Entity], Repository] = {}
        self._defaults: dict[type[Entity], ColumnDefaults | None] = {}
        for entity_type in registry:
            self._check(entity_type)

    def for_class(self, entity: type[Entity]) -> Repository:
        """The repository of an entity type; built at the first call."""
        try:
            return self._by_class[entity]
        except KeyError:
            repository = self._by_class[entity] = self._build(self._registry[entity])
            return repository

    def column_defaults(self, entity: type[Entity]) -> ColumnDefaults | None:
        """The server-side column defaults of an entity type; cached until `close`."""
        try:
            return self._defaults[entity]
        except KeyError:
            store = self.for_class(entity)
            defaults = (
                store.column_defaults(entity) if isinstance(store, SuppliesDefaults) else None
            )
            self._defaults[entity] = defaults
            return defaults

    def repositories(self) -> list[Repository]:
        """The repositories of all entity types, without duplicates."""
        return list(
            {id(r): r for r in map(self.for_class, (t.cls for t in self._registry))}.values()
        )

    async def open(self, expired: Expired, is_watched: IsWatched | None = None) -> None:
        """Open every repository; if one raises, close the open ones (as an `AsyncExitStack`)."""
        async with AsyncExitStack() as opened:
            for repository in self.repositories():
                if is_watched is not None and isinstance(repository, EvictingRepository):
                    repository.is_watched = is_watched
                types = [t for t in self._registry if self.for_class(t.cls) is repository]
                await repository.open(types, expired)
                opened.push_async_callback(repository.close)
            opened.pop_all()

    async def close(self) -> None:
        self._defaults.clear()
        for repository in self.repositories():
            await repository.close()

    def _check(self, entity_type: EntityType) -> None:
        if (
            entity_type.cls.model_config.get("persistence_backend") is None
            and entity_type.store not in self.stores
        ):
            registered = ", ".join(map(repr, sorted(self.stores)))
            remedy = REMEDIES.get(
                entity_type.store,
                f"Pass create_app(stores={{{entity_type.store!r}: …}}) with its repository, or "
                "install the package that provides it.",
            )
            raise ConfigurationError(
                f"{entity_type.name} asks for store {entity_type.store!r}; "
                f"registered stores are {registered}. {remedy}"
            )

    def _build(self, entity_type: EntityType) -> Repository:
        backend = entity_type.cls.model_config.get("persistence_backend")
        source = self.stores[entity_type.store] if backend is None else backend
        key = entity_type.store if backend is None else source
        if key not in self._built:
            self._built[key] = source() if callable(source) else source
        return self._built[key]
