"""Changes of many-to-many relations: the links that a commit creates and deletes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from starmodel.app.commit.tracked import Tracked
from starmodel.app.persistence import Repositories
from starmodel.app.ports.query import Filter, Query
from starmodel.core.classes.implicit_links import is_implicit, link_id
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.classes.relations import Resolved
from starmodel.core.entity import Entity
from starmodel.core.errors import RequestError
from starmodel.core.fields.linked_records import LinkChange

MAX_LINKS = 1000
"""The most records that one change of a relation may name."""

Enlist = Callable[[EntityType, Any, Entity, bool], Tracked]


def link_changes(facts: Iterable[Any]) -> list[LinkChange]:
    """The changes of relations among the effects of a run."""
    return [fact for fact in facts if isinstance(fact, LinkChange)]


class LinkWriter:
    """Enlists the links that changes of relations create and delete in a unit of work.

    The record whose relation changes gets a new version, so concurrent changes of one relation
    conflict and run again.
    """

    def __init__(self, registry: Registry, persistence: Repositories, enlist: Enlist) -> None:
        self._registry, self._persistence, self._enlist = registry, persistence, enlist

    async def write(
        self, changes: Iterable[LinkChange], tracked: Mapping[tuple[type[Entity], Any], Tracked]
    ) -> None:
        """Enlist the links of these changes, by one query for each relation of a record.

        Shapes: tracked has the entities of the unit, whose new records have their ids.
        Raises: RequestError, for a relation that has no such links.
        """
        grouped: dict[tuple[int, str], list[LinkChange]] = {}
        for change in changes:
            grouped.setdefault((id(change.draft), change.relation), []).append(change)
        owners = {id(each.draft): each for each in tracked.values()}
        for (draft, name), group in grouped.items():
            owner = owners.get(draft)
            if owner is not None and not owner.deleted:
                await self._write(owner, name, group, tracked)

    async def _write(
        self,
        owner: Tracked,
        name: str,
        changes: list[LinkChange],
        tracked: Mapping[tuple[type[Entity], Any], Tracked],
    ) -> None:
        made = linked_relation(owner.entity_type, name)
        link = self._registry[_link_of(made)]
        own_key = getattr(owner.draft, made.local)
        stored: list[Entity] = []
        if not owner.new:
            condition = Filter(made.link_local, "eq", own_key)
            stored = await self._persistence.for_class(link.cls).list(Query(link.cls, (condition,)))
        before = {getattr(each, made.link_remote): each for each in stored}
        after = _applied(dict.fromkeys(before), changes, made)
        if after.keys() == before.keys():
            return
        owner.is_linked = True
        for key, each in before.items():
            if key not in after:
                mine = tracked.get((link.cls, each.id))
                (mine or self._enlist(link, each.id, each, False)).deleted = True
        for key in after:
            if key not in before:
                new = _new_link(made, own_key, key)
                mine = tracked.get((link.cls, new.id))
                if mine is None or mine.deleted:
                    self._enlist(link, new.id, new, True)


def linked_relation(entity_type: EntityType, name: str) -> Resolved:
    """A relation through a link class. Raises: RequestError, for any other relation."""
    made = entity_type.linked.get(name)
    if made is None:
        raise RequestError(
            f"{entity_type.name}.{name} follows from a foreign key of the other class. Change "
            "that in an event of the other record."
        )
    return made


def _applied(
    keys: dict[Any, None], changes: Iterable[LinkChange], made: Resolved
) -> dict[Any, None]:
    for change in changes:
        named = dict.fromkeys(_key(record, made) for record in change.records)
        if len(named) > MAX_LINKS:
            raise RequestError(
                f"{made.relation.owner}.{made.relation.name} got {len(named)} records; expected "
                f"at most {MAX_LINKS} at once."
            )
        if change.kind == "replace":
            keys = {key: None for key in keys if key in named} | named
        elif change.kind == "add":
            keys |= named
        else:
            keys = {key: None for key in keys if key not in named}
    return keys


def _key(record: Any, made: Resolved) -> Any:
    if not hasattr(record, "__entity__"):
        return record
    if record.__entity__.cls is not made.target:
        raise RequestError(
            f"{made.relation.owner}.{made.relation.name} got a {record.__entity__.name}; expected "
            f"{made.target.__name__} records or their ids."
        )
    return getattr(record, made.remote)


def _new_link(made: Resolved, own_key: Any, key: Any) -> Entity:
    link = _link_of(made)
    values = {made.link_local: own_key, made.link_remote: key}
    if is_implicit(link):
        values["id"] = link_id(link, values)
    try:
        return link(**values)
    except ValidationError as error:
        raise RequestError(
            f"{made.relation.owner}.{made.relation.name} can't link {key!r}: {link.__name__} "
            f"needs more than its two foreign keys. Create a {link.__name__} instead."
        ) from error


def _link_of(made: Resolved) -> type[Entity]:
    if made.link is None:
        raise RequestError(f"{made.relation.owner}.{made.relation.name} has no link class.")
    return made.link
