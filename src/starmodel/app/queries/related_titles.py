"""The titles of the records that foreign keys refer to, loaded before a page is rendered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from starmodel.app.access.fields import each_seen_by
from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.queries.record_keys import key_of
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import RelatedField
from starmodel.core.classes.titles import record_titles, title_names
from starmodel.core.entity import Entity
from starmodel.core.snapshot import hidden_of

Readable = Callable[
    [EntityType, Sequence[Any], Actor | None, AccessPolicy], Awaitable[Iterable[Entity]]
]


ShownTitles = tuple[tuple[str, EntityType, bool], ...]
"""Foreign keys that a list shows by title, each with its class and whether that may be read."""


NONE: Mapping[Any, Any] = MappingProxyType({})
MAX_LINKED_TITLES = 20
"""The most titles that one relation to many records is shown by."""


class LinkedIds(NamedTuple):
    """The records of a many-to-many relation. Shapes: ids has theirs, by the id of the owner."""

    target: EntityType
    ids: Mapping[Any, Sequence[Any]]


class Titled(NamedTuple):
    """A related record as its reader sees it. Shapes: key is its id as a segment of a URL."""

    title: str
    key: str
    entity: Entity


@dataclass(frozen=True, slots=True, eq=False)
class RelatedTitles:
    """The titles of related records that one reader may see, by class and id.

    Shapes: None for a record that is missing or that the reader may not read, which look the
    same; ids that were not asked for are absent. _by_key has the titles of each foreign key.
    """

    _titled: Mapping[type[Entity], Mapping[Any, Titled | None]] = field(default_factory=dict)
    _by_key: Mapping[str, Mapping[Any, Titled | None]] = field(default_factory=dict)
    _fields: Sequence[RelatedField] = ()
    _linked: Mapping[str, LinkedIds] = field(default_factory=dict)

    def of(self, cls: type[Entity], id: Any) -> Titled | None:
        """The title and the key of a record; None if it is not available."""
        return self._titled.get(cls, NONE).get(id)

    def has(self, cls: type[Entity], id: Any) -> bool:
        """Whether the title of this record was asked for."""
        return id in self._titled.get(cls, NONE)

    def has_any(self, cls: type[Entity]) -> bool:
        """Whether titles of records of this class were asked for."""
        return bool(self._titled.get(cls))

    def has_linked(self, name: str) -> bool:
        """Whether the titles of this relation to many records were asked for."""
        return name in self._linked

    def linked(self, name: str, entity: Entity) -> list[Titled]:
        """The titles of a relation to many records, sorted; at most MAX_LINKED_TITLES.

        Records that the reader may not read are left out.
        """
        target, ids = self._linked[name]
        found = [self.of(target.cls, id) for id in ids.get(entity.id, ())[:MAX_LINKED_TITLES]]
        known = [each for each in found if each is not None]
        return sorted(known, key=lambda each: (each.title.casefold(), each.key))

    def has_more_linked(self, name: str, entity: Entity) -> bool:
        """Whether the relation has more records than `linked` returns titles of."""
        return len(self._linked[name].ids.get(entity.id, ())) > MAX_LINKED_TITLES

    def value(self, entity: Entity, path: RelatedField) -> Any:
        """The value of a related record's field; None if the reader may not read it."""
        id = None if path.local in hidden_of(entity) else getattr(entity, path.local)
        titled = self.of(path.target, id)
        if titled is None or path.field in hidden_of(titled.entity):
            return None
        return getattr(titled.entity, path.field)

    def shown_with(self, entities: Sequence[Entity]) -> list[tuple[str | None, ...]]:
        """The titles and values that the rendering of each record depends on, as text."""
        columns: list[list[str | None]] = []
        for name, titles in self._by_key.items():
            found = [
                None if name in hidden_of(each) else titles.get(getattr(each, name))
                for each in entities
            ]
            columns.append([None if titled is None else titled.title for titled in found])
        for path in self._fields:
            columns.append([repr(self.value(each, path)) for each in entities])
        for name in self._linked:
            linked = [[titled[:2] for titled in self.linked(name, each)] for each in entities]
            columns.append(list(map(repr, linked)))
            columns.append([str(self.has_more_linked(name, each)) for each in entities])
        return list(zip(*columns, strict=True)) if columns else [()] * len(entities)


NO_TITLES = RelatedTitles()
"""The titles of a rendering that none were loaded for."""


async def titles_of(
    entities: Iterable[Entity],
    references: Mapping[str, EntityType],
    actor: Actor | None,
    policy: AccessPolicy,
    readable: Readable,
    fields: Sequence[RelatedField] = (),
    linked: Mapping[str, LinkedIds] | None = None,
) -> RelatedTitles:
    """Load the titles of the records that these entities refer to, by one query for each class.

    Only those that the policy lets the actor read. Foreign keys that are hidden from the viewer
    of an entity are not followed. Above 500 records of one class, a query for each 500.

    Shapes: references has the class that each foreign key refers to; readable(entity_type, ids,
    actor, policy) returns the readable records among ids; fields are those of the related records
    that are shown as well; linked are the relations to many records, by name.
    """
    wanted: dict[type[Entity], dict[Any, Titled | None]] = {}
    types: dict[type[Entity], EntityType] = {}
    entities = list(entities)
    for name, target in references.items():
        ids = [getattr(each, name) for each in entities if name not in hidden_of(each)]
        known = dict.fromkeys([id for id in ids if id is not None])
        if known:
            types[target.cls] = target
            wanted.setdefault(target.cls, {}).update(known)
    for target, of_owner in (linked or {}).values():
        types[target.cls] = target
        some = wanted.setdefault(target.cls, {})
        for others in of_owner.values():
            some |= dict.fromkeys(others[:MAX_LINKED_TITLES])
    for cls, known in wanted.items():
        found = await readable(types[cls], list(known), actor, policy) if known else ()
        seen = await each_seen_by(policy, actor, types[cls], list(found))
        known.update(zip([each.id for each in seen], titled(types[cls], seen), strict=True))
    if not wanted and not linked:
        return NO_TITLES
    by_key = {name: wanted.get(target.cls, NONE) for name, target in references.items()}
    return RelatedTitles(wanted, by_key, fields, linked or {})


def titled(entity_type: EntityType, seen: Sequence[Entity]) -> list[Titled]:
    """The titles of readable records of one class, as their reader sees them."""
    titles = record_titles(entity_type, seen, is_shared=True)
    return [Titled(title, key_of(each.id), each) for title, each in zip(titles, seen, strict=True)]


def titles_vary(
    policy: AccessPolicy,
    entity_type: EntityType,
    references: Mapping[str, EntityType],
    fields: Iterable[RelatedField] = (),
) -> bool:
    """Whether readers of both classes may see different titles or values beside one record."""
    if any(path.field in path.target.__entity__.guarded for path in fields):
        return True
    return not entity_type.cls.__entity__.guarded.isdisjoint(references) or any(
        policy.reads_fields(target)
        or not target.cls.__entity__.guarded.isdisjoint(title_names(target.cls))
        for target in references.values()
    )
