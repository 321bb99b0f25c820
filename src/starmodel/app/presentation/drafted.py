"""The record of an open form, with the relations that its computed fields read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from starmodel.app.commands.command import Checked, RowCommand
from starmodel.app.queries.relations import Relations
from starmodel.app.sessions.scopes import default_snapshot
from starmodel.core.classes.registry import EntityType
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.snapshot import with_related


async def stored_with_relations(relations: Relations, entity: Entity) -> Entity:
    """A stored record with these relations loaded, by one query each."""
    names = _relations_read(entity)
    return (await relations.fill([entity], names))[0] if names else entity


def new_with_relations(relations: Relations, entity_type: EntityType) -> Entity:
    """The defaults of a new record, which no other record refers to."""
    entity = default_snapshot(entity_type.cls)
    loaded: dict[str, Any] = {
        name: [] if what.many else None
        for name in _relations_read(entity)
        if (what := relations.of(entity_type.cls, name)).local == "id"
    }
    return with_related(entity, loaded)


async def drafted_with_relations(
    relations: Relations, checked: Checked, rows: Sequence[RowCommand]
) -> Entity | None:
    """The checked record with these relations as they would be stored; None for no record.

    A row that is refused counts with its stored state, and a new one not at all. A relation by
    a missing foreign key is not loaded, so that a field that reads it can't be computed.
    """
    entity = checked.entity
    if entity is None:
        return None
    cls: Any = entity.__entity__.cls
    loaded, stored = dict[str, Any](), list[str]()
    for name in _relations_read(entity):
        what = relations.of(cls, name)
        # A new record has the id that its form sends: the records of another are not its own.
        if checked.is_new and what.local == "id":
            loaded[name] = [] if what.many else None
        elif what.local in entity.__dict__:
            stored.append(name)
    drafted = with_related(entity, loaded)
    if stored:
        [drafted] = await relations.fill([drafted], stored)
    for children in relations.children.get(cls, ()):
        if children.is_inline and children.name in drafted.__dict__:
            own = [row for row in rows if row.children is children]
            merged = _merged(drafted.__dict__[children.name], own)
            drafted = with_related(drafted, {children.name: merged})
    return drafted


def _relations_read(entity: Entity) -> list[str]:
    read = entity.__entity__.related_computed.values()
    return sorted({name for names in read for name in names})


def _merged(stored: Iterable[Entity], rows: Iterable[RowCommand]) -> list[Entity]:
    """The children after the rows, in their order; those that no row names come last."""
    by_id = {str(plain(entity.id)): entity for entity in stored}
    found: list[Entity] = []
    for row in rows:
        before = by_id.pop(str(row.id), None) if row.id is not None else None
        if row.command is not None and row.command.event.name == "delete":
            continue
        after = before if row.draft is None else row.draft
        if after is not None:
            found.append(after)
    return [*found, *by_id.values()]
