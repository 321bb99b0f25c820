"""The many-to-many relations of a record, for the form that changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.binding.sent_records import SentRecords
from starmodel.app.queries.relations import Relations
from starmodel.core.entity import Entity

MAX_SHOWN_LINKS = 200


class LinkedValues(NamedTuple):
    """The ids of the linked records by relation.

    Shapes: too_many are the relations with more records than an input shows, which a form must
    leave as they are.
    """

    values: Mapping[str, SentRecords]
    too_many: frozenset[str]


async def linked_values(relations: Relations, binder: Binder, entity: Entity) -> LinkedValues:
    """What the form of a stored record begins with, by one query for each relation."""
    values: dict[str, SentRecords] = {}
    for name in binder.linked:
        made = relations.of(binder.entity_type.cls, name)
        key = getattr(entity, made.local)
        ids = (await relations.linked_ids(made, [key])).get(key, [])
        values[name] = SentRecords(ids, before=ids)
    too_many = [name for name, ids in values.items() if len(ids) > MAX_SHOWN_LINKS]
    return LinkedValues(values, frozenset(too_many))
