"""Foreign keys with ON DELETE rules: the records that refer to deleted ones change with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from starmodel.app.commit.tracked import Tracked
from starmodel.app.persistence import Repositories
from starmodel.app.ports.query import Filter, Query
from starmodel.core.classes.foreign_keys import ForeignKey
from starmodel.core.classes.registry import Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import ConstraintError
from starmodel.texts.catalogue import Message

FOLLOWED_AT_ONCE = 1000
Enlist = Callable[[type[Entity], Entity], Tracked]


async def follow_deletes(
    tracked: Mapping[tuple[type[Entity], Any], Tracked],
    registry: Registry,
    persistence: Repositories,
    enlist: Enlist,
) -> None:
    """Delete, or set to NULL, the references to deleted records, by their foreign keys.

    Shapes: tracked has the entities of one unit by class and id; enlist adds another one to it.
    Raises: ConstraintError, for ON DELETE RESTRICT where no database enforces it.
    """
    followed: set[int] = set()
    while gone := [t for t in _deleted(tracked) if id(t) not in followed]:
        followed.update(map(id, gone))
        for _, child, key, values in _references(gone, registry, ("CASCADE", "SET NULL")):
            for record in await _referring(child, key, values, persistence):
                mine = tracked.get((child, record.id)) or enlist(child, record)
                if key.rule == "CASCADE":
                    mine.deleted = True
                elif getattr(mine.draft, key.field) in values:
                    setattr(mine.draft, key.field, None)
    if followed:
        await _check_restricted(tracked, registry, persistence)


async def _check_restricted(
    tracked: Mapping[tuple[type[Entity], Any], Tracked],
    registry: Registry,
    persistence: Repositories,
) -> None:
    """Raises: ConstraintError, for a record that would keep a reference to a deleted one."""
    for cls, child, key, values in _references(_deleted(tracked), registry, ("RESTRICT",)):
        store = persistence.for_class(child)
        if store.transactional and store is persistence.for_class(cls):
            continue  # a database, which has the constraint
        for record in await _referring(child, key, values, persistence):
            mine = tracked.get((child, record.id))
            if mine is None or not (mine.deleted or getattr(mine.draft, key.field) not in values):
                raise ConstraintError(Message("constraint.referred", title=registry[cls].title))


def _deleted(tracked: Mapping[tuple[type[Entity], Any], Tracked]) -> list[Tracked]:
    return [each for each in tracked.values() if each.deleted and not each.new]


def _references(
    gone: Iterable[Tracked], registry: Registry, rules: Collection[str]
) -> Iterator[tuple[type[Entity], type[Entity], ForeignKey, set[Any]]]:
    """Each class of deleted records, a class that refers to it, the key, and its values.

    Shapes: only foreign keys with one of these rules.
    """
    by_class: dict[type[Entity], list[Entity]] = {}
    for each in gone:
        by_class.setdefault(each.entity_type.cls, []).append(each.base)
    for cls, deleted in by_class.items():
        for child, key in registry.dependents.get(cls, ()):
            values = {getattr(base, key.column) for base in deleted} - {None}
            if key.rule in rules and values:
                yield cls, child, key, values


async def _referring(
    cls: type[Entity], key: ForeignKey, values: set[Any], persistence: Repositories
) -> list[Entity]:
    """The stored records of the class that refer to one of these values."""
    repository, found, listed = persistence.for_class(cls), list[Entity](), list(values)
    for start in range(0, len(listed), FOLLOWED_AT_ONCE):
        some = listed[start : start + FOLLOWED_AT_ONCE]
        found += await repository.list(Query(cls, (Filter(key.field, "in", some),)))
    return found
