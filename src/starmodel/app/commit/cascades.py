"""Foreign keys with ON DELETE rules: the records that refer to deleted ones change with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starmodel.app.commit.tracked import Tracked
from starmodel.app.persistence import Repositories
from starmodel.app.ports.query import Filter, Query
from starmodel.core.classes.foreign_keys import ForeignKey
from starmodel.core.classes.registry import Registry
from starmodel.core.entity import Entity

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
    """
    seen: set[int] = set()
    while gone := [t for t in tracked.values() if t.deleted and not t.new and id(t) not in seen]:
        seen.update(map(id, gone))
        by_class: dict[type[Entity], list[Entity]] = {}
        for each in gone:
            by_class.setdefault(each.entity_type.cls, []).append(each.base)
        for cls, removed in by_class.items():
            for child, key in registry.dependents.get(cls, ()):
                values = {getattr(base, key.column): None for base in removed}
                values.pop(None, None)
                await _follow(child, key, list(values), tracked, persistence, enlist)


async def _follow(
    cls: type[Entity],
    key: ForeignKey,
    values: list[Any],
    tracked: Mapping[tuple[type[Entity], Any], Tracked],
    persistence: Repositories,
    enlist: Enlist,
) -> None:
    """Delete the records that refer to one of these values, or set their keys to NULL."""
    repository = persistence.for_class(cls)
    for start in range(0, len(values), FOLLOWED_AT_ONCE):
        some = values[start : start + FOLLOWED_AT_ONCE]
        for child in await repository.list(Query(cls, (Filter(key.field, "in", some),))):
            mine = tracked.get((cls, child.id)) or enlist(cls, child)
            if key.rule == "CASCADE":
                mine.deleted = True
            elif getattr(mine.draft, key.field) in some:
                setattr(mine.draft, key.field, None)
