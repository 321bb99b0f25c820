"""Adds the titles of related records to windows of lists, and to single records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from starmodel.app.access.decisions import permits
from starmodel.app.access.fields import each_seen_by
from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.queries.listing import Listing, Window
from starmodel.app.queries.related_titles import (
    LinkedIds,
    Readable,
    RelatedTitles,
    ShownTitles,
    Titled,
    titled,
    titles_of,
)
from starmodel.app.queries.shown_fields import shown_fields, shown_related
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.classes.relations import Resolved
from starmodel.core.entity import Entity

ReadLinks = Callable[[Resolved, Sequence[Any]], Awaitable[Mapping[Any, Sequence[Any]]]]


class TitleQueries:
    """Loads titles for the pages of one application, by one query for each related class.

    Shapes: readable(entity_type, ids, actor, policy) returns the readable records among ids;
    read_links(relation, ids) returns the ids of the linked records, by id.
    """

    def __init__(self, registry: Registry, readable: Readable, read_links: ReadLinks) -> None:
        self._registry, self._readable, self._read_links = registry, readable, read_links
        self._shown: dict[type[Entity], dict[str, EntityType]] = {}

    def references(self, entity_type: EntityType) -> dict[str, EntityType]:
        """The class of the records that pages show for each public key of a class."""
        fields, get = entity_type.cls.__entity__.fields, self._registry.get
        targets = self._registry.shown_records.get(entity_type.cls, {}).items()
        found = {name: get(cls) for name, cls in targets if not fields[name].private}
        return {
            name: target
            for name, target in found.items()
            if target is not None and target.is_record and not target.in_browser
        }

    def linked(self, entity_type: EntityType) -> dict[str, EntityType]:
        """The class of each relation of a class to many records through a link class."""
        found = {
            name: self._registry.get(made.target) for name, made in entity_type.shown_links.items()
        }
        return {name: target for name, target in found.items() if target is not None}

    def shown_linked(
        self, entity_type: EntityType, columns: Sequence[str] = ()
    ) -> dict[str, EntityType]:
        """The `linked` relations that the list of a class has a column of."""
        names = columns or entity_type.cls.model_config.get("list_display") or ()
        return {n: target for n, target in self.linked(entity_type).items() if n in names}

    def followed(self, entity_type: EntityType) -> list[EntityType]:
        """The classes whose titles lists of a class can show."""
        linked = self.linked(entity_type)
        return [*self.references(entity_type).values(), *linked.values()]

    async def _linked_ids(
        self, entity_type: EntityType, names: Iterable[str], entities: Sequence[Entity]
    ) -> dict[str, LinkedIds]:
        """The ids of linked records, by one query for each relation."""
        targets, ids = self.linked(entity_type), [entity.id for entity in entities]
        return {
            name: LinkedIds(targets[name], await self._read_links(entity_type.linked[name], ids))
            for name in names
        }

    def shown(self, entity_type: EntityType, columns: Sequence[str] = ()) -> dict[str, EntityType]:
        """The `references` that the list of a class has a column of.

        Shapes: columns are those that the visitor has chosen, empty for those of the class.
        """
        if columns:
            names = [*columns, *(path.local for path in shown_related(entity_type, columns))]
            return {n: target for n, target in self.references(entity_type).items() if n in names}
        found = self._shown.get(entity_type.cls)
        if found is None:
            found = self.references(entity_type)
            if entity_type.cls.model_config.get("list_display") is not None:
                names = [*shown_fields(entity_type), *(p.local for p in shown_related(entity_type))]
                found = {name: target for name, target in found.items() if name in names}
            self._shown[entity_type.cls] = found
        return found

    async def of(
        self,
        entity_type: EntityType,
        entities: Iterable[Entity],
        actor: Actor | None,
        policy: AccessPolicy,
    ) -> RelatedTitles:
        """The titles of all records that these entities of one class refer to."""
        references, entities = self.references(entity_type), list(entities)
        linked = await self._linked_ids(entity_type, self.linked(entity_type), entities)
        return await titles_of(entities, references, actor, policy, self._readable, linked=linked)

    async def of_relation(
        self,
        entity_type: EntityType,
        name: str,
        entity: Entity,
        actor: Actor | None,
        policy: AccessPolicy,
    ) -> RelatedTitles:
        """The titles of the records that one relation of a record links."""
        linked = await self._linked_ids(entity_type, [name], [entity])
        return await titles_of([entity], {}, actor, policy, self._readable, linked=linked)

    async def record(
        self, entity_type: EntityType, id: Any, actor: Actor | None, policy: AccessPolicy
    ) -> Titled | None:
        """The title of one record; None if it is missing or the actor may not read it."""
        found = await self._readable(entity_type, [id], actor, policy)
        seen = await each_seen_by(policy, actor, entity_type, list(found))
        return next(iter(titled(entity_type, seen)), None)

    async def add(
        self,
        window: Window,
        entity_type: EntityType,
        actor: Actor | None,
        policy: AccessPolicy,
        columns: Sequence[str] = (),
    ) -> Window:
        """The window with the titles that its list shows."""
        references = self.shown(entity_type, columns)
        linked = self.shown_linked(entity_type, columns)
        if not (references or linked) or not window.entities:
            return window
        return await self._added(
            window, entity_type, references, linked, actor, policy, self._readable, columns
        )

    async def watched(
        self,
        entity_type: EntityType,
        actor: Actor | None,
        policy: AccessPolicy,
        columns: Sequence[str] = (),
    ) -> ShownTitles:
        """The titles that the list of a class shows, and which of them the actor may read."""
        return tuple([
            (name, target, await permits(policy, target, actor))
            for shown in (
                self.shown(entity_type, columns), self.shown_linked(entity_type, columns)
            )
            for name, target in shown.items()
        ])  # fmt: skip

    async def add_watched(
        self,
        window: Window,
        listing: Listing,
        shown: ShownTitles,
        actor: Actor | None,
        policy: AccessPolicy,
    ) -> Window:
        """The window with the titles that the viewers of a live list may see."""
        entity_type, columns = listing.entity_type, listing.columns
        denied = {target.cls for _, target, may_read in shown if not may_read}
        linked = self.shown_linked(entity_type, columns)
        references = {name: target for name, target, _ in shown if name not in linked}
        readable = _without(denied, self._readable) if denied else self._readable
        return await self._added(
            window, entity_type, references, linked, actor, policy, readable, columns
        )

    async def _added(
        self,
        window: Window,
        entity_type: EntityType,
        references: dict[str, EntityType],
        links: Iterable[str],
        actor: Actor | None,
        policy: AccessPolicy,
        readable: Readable,
        columns: Sequence[str],
    ) -> Window:
        fields = shown_related(entity_type, columns)
        linked = await self._linked_ids(entity_type, links, window.entities)
        titles = await titles_of(
            window.entities, references, actor, policy, readable, fields, linked
        )
        return replace(window, titles=titles)


def _without(denied: Container[type[Entity]], readable: Readable) -> Readable:
    async def permitted(
        entity_type: EntityType, ids: Sequence[Any], actor: Actor | None, policy: AccessPolicy
    ) -> Iterable[Entity]:
        if entity_type.cls in denied:
            return ()
        return await readable(entity_type, ids, actor, policy)

    return permitted
