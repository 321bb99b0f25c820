"""The search of one class by words, for a search over all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.ports.query import Filter, Query, searched_fields
from starmodel.app.queries.choices import LAST_CHARACTER, title_prefixes
from starmodel.app.queries.counting import ReadWindow
from starmodel.app.queries.listing import listing_of
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.titles import title_field
from starmodel.core.entity import Entity

MAX_SHOWN = 5
MAX_COUNTED = 100
"""The matches of one class that are read and counted."""


@dataclass(frozen=True, slots=True)
class SearchMatches:
    """The readable matches of one class, those whose title begins with the words first.

    Shapes: entities has at most `MAX_SHOWN`; count is a lower bound where has_more is True.
    """

    entities: tuple[Entity, ...]
    count: int
    has_more: bool = False


async def search_class(
    read: ReadWindow, entity_type: EntityType, words: str, actor: Actor | None, policy: AccessPolicy
) -> SearchMatches:
    """The readable records that match the words.

    One query for at most `MAX_COUNTED` records, and up to two before by an indexed title, whose
    prefixes are looked up first. Fields that the actor may not read on every record decide
    nothing.

    Shapes: read is `Application.window`.
    Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError, ListQueryError.
    """
    hidden = readable_fields(policy, entity_type, actor).uncertain
    named = title_field(entity_type)
    title = "" if named is None or named in hidden else named
    found: dict[Any, Entity] = {}
    for prefix in title_prefixes(entity_type, title, words):
        ends = (Filter(title, "gte", prefix), Filter(title, "lt", prefix + LAST_CHARACTER))
        query = Query(entity_type.cls, ends, order=((title, False),), limit=MAX_SHOWN)
        listing = replace(listing_of(entity_type, {}, hidden=hidden), query=query)
        window = await read(replace(listing, per_page=MAX_SHOWN), actor, policy=policy)
        found |= {entity.id: entity for entity in window.entities}
    if not searched_fields(entity_type.cls):
        return SearchMatches(tuple(found.values())[:MAX_SHOWN], len(found))
    asked = {"search": words, "per_page": str(MAX_COUNTED), "order": title}
    window = await read(listing_of(entity_type, asked, hidden=hidden), actor, policy=policy)
    start = words.casefold()

    def is_further(entity: Entity) -> bool:
        return not (title and str(getattr(entity, title, "")).casefold().startswith(start))

    found |= {entity.id: entity for entity in sorted(window.entities, key=is_further)}
    count = min(max(len(found), len(window.entities)), MAX_COUNTED)
    return SearchMatches(tuple(found.values())[:MAX_SHOWN], count, window.more)
