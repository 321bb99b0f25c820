"""Eager loading of relations: one query per relation for any number of records."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.query import Filter, Query, make_query
from starmodel.core.classes.registry import Registry
from starmodel.core.classes.relations import Resolved, resolve
from starmodel.core.entity import Entity
from starmodel.core.errors import RequestError
from starmodel.core.fields.relations import relations_of
from starmodel.core.snapshot import with_related

E = TypeVar("E", bound=Entity)
AT_ONCE = 1000
MAX_LINKS_READ = 5000


class Relations:
    """The resolved relations of an application's entities.

    Raises: ConfigurationError, for a relation that no query can load.
    """

    def __init__(self, registry: Registry, persistence: PersistenceManager) -> None:
        self._persistence = persistence
        self.children = registry.children
        known = {entity_type.name: entity_type.cls for entity_type in registry}
        self._resolved = {
            (entity_type.cls, name): resolve(entity_type.cls, relation, known)
            for entity_type in registry
            for name, relation in relations_of(entity_type.cls).items()
        }

    async def fill(self, found: Sequence[E], load: str | Iterable[str]) -> list[E]:
        """The same records with these relations loaded, such as "lines" or "lines.product".

        Raises: RequestError, naming the relations of the class.
        """
        own = [_apart(entity) for entity in found]
        names: dict[str, list[str]] = {}
        for path in (load,) if isinstance(load, str) else load:
            name, _, rest = path.partition(".")
            names.setdefault(name, []).extend([rest] if rest else [])
        for name, further in names.items():
            if own:
                await self._fill(own, self.of(type(own[0]), name), further)
        return own

    async def linked_ids(self, what: Resolved, keys: Sequence[Any]) -> dict[Any, list[Any]]:
        """The keys of the records that a link class links to these, by one query for 1,000.

        At most MAX_LINKS_READ links for each query.
        """
        found: dict[Any, list[Any]] = {}
        link: Any = what.link
        repository = self._persistence.for_class(link)
        for start in range(0, len(keys), AT_ONCE):
            some = Filter(what.link_local, "in", tuple(keys[start : start + AT_ONCE]))
            for each in await repository.list(Query(link, (some,), limit=MAX_LINKS_READ)):
                linked = found.setdefault(getattr(each, what.link_local), [])
                linked.append(getattr(each, what.link_remote))
        return found

    def of(self, cls: type[Entity], name: str) -> Resolved:
        """A relation of a class. Raises: RequestError, naming those that it has."""
        try:
            return self._resolved[cls, name]
        except KeyError:
            known = [relation for owner, relation in self._resolved if owner is cls]
            raise RequestError(
                f"{cls.__name__} can't load {name!r}; its relations are "
                f"{', '.join(known) or 'none'}."
            ) from None

    async def _fill(self, own: list[Any], what: Resolved, further: list[str]) -> None:
        keys = {getattr(entity, what.local) for entity in own} - {None}
        pairs: list[tuple[Any, Any]] = []  # (key of the owner, key of the target)
        if what.link is None:
            related = await self._with(what.target, what.remote, keys, what.relation.order)
        else:
            links = await self._with(what.link, what.link_local, keys, "")
            pairs = [(getattr(k, what.link_local), getattr(k, what.link_remote)) for k in links]
            related_keys = {remote_key for _, remote_key in pairs}
            related = await self._with(what.target, what.remote, related_keys, what.relation.order)
        if further:
            related = await self.fill(related, further)
        belong: dict[Any, list[Any]] = defaultdict(list)
        if what.link is None:
            for key, other in zip(map(attrgetter(what.remote), related), related, strict=True):
                belong[key].append(other)
        else:
            own_keys_of: dict[Any, list[Any]] = defaultdict(list)
            for own_key, remote_key in pairs:
                own_keys_of[remote_key].append(own_key)
            for other in related:
                for own_key in own_keys_of[getattr(other, what.remote)]:
                    belong[own_key].append(other)
        name, local, many = what.relation.name, what.local, what.many
        for entity in own:
            others = belong.get(getattr(entity, local), ())
            entity.__dict__[name] = list(others) if many else others[0] if others else None

    async def _with(self, cls: type[Entity], field: str, keys: set[Any], order: str) -> list[Any]:
        repository = self._persistence.for_class(cls)
        ordered = make_query(cls, {}, order=order, private=True).order
        found: list[Any] = []
        values = list(keys)
        for start in range(0, len(values), AT_ONCE):
            some = Filter(field, "in", values[start : start + AT_ONCE])
            found += await repository.list(Query(cls, (some,), order=ordered))
        if len(values) > AT_ONCE:
            found = Query(cls, order=ordered).arrange(found)
        return found


def _apart(entity: E) -> E:
    """A copy, because a store may cache the snapshots that it returned."""
    return with_related(entity, {}) if entity.__entity__.atomic else copy.copy(entity)
