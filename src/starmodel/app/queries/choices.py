"""Records to choose from, as far as an actor may read them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starmodel.app.access.conditions.condition import ALWAYS, Condition
from starmodel.app.access.fields import readable_fields, seen_now
from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.choosing.given import Narrowed, narrowed_by
from starmodel.app.choosing.rules import ChoiceRule, ChoiceRules
from starmodel.app.ports.query import Filter, Query
from starmodel.app.queries.listing import MAX_SEARCH_CHARS, Listing, Window, listing_of
from starmodel.app.queries.related_titles import Readable
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import NotFoundError
from starmodel.core.fields.field_types import plain_types

MAX_CHOICES = 20
MAX_NAMED = 10
"""The most recent records that an input offers again."""
AT_ONCE = 500
LAST_CHARACTER = "\U0010ffff"

ReadWindow = Callable[..., Awaitable[Window]]


@dataclass(frozen=True, slots=True)
class Matches:
    """Readable records that match words, at most `MAX_CHOICES`, and whether there are more."""

    entities: tuple[Entity, ...]
    more: bool


class RecordChoices:
    """Reads the records that inputs choose from.

    Shapes: window is `Application.window`; id_of converts the text of an id, or raises
    NotFoundError; readable is `Windows.readable`; rules are those of `UI(choices=…)`.
    """

    def __init__(
        self,
        window: ReadWindow,
        id_of: Callable[[type[Entity], Any], Any],
        readable: Readable,
        rules: ChoiceRules,
    ) -> None:
        self._window, self._id_of, self._readable = window, id_of, readable
        self.rules = rules

    async def narrowed(
        self, rule: ChoiceRule, given: Mapping[str, str], actor: Actor | None, policy: AccessPolicy
    ) -> Narrowed:
        """The condition of a rule, for the values that a form sends.

        Shapes: as `narrowed_by`.
        """

        async def read(entity_type: EntityType, text: str) -> Entity | None:
            try:
                id = self._id_of(entity_type.cls, text)
            except NotFoundError:
                return None
            found = await self._readable(entity_type, [id], actor, policy)
            return next((seen_now(policy, actor, entity_type, each) for each in found), None)

        return await narrowed_by(rule, given, read)

    async def matching(
        self,
        entity_type: EntityType,
        words: str,
        actor: Actor | None,
        policy: AccessPolicy,
        *,
        title: str | None,
        where: Condition = ALWAYS,
    ) -> Matches:
        """The records that match the words, those whose title begins with them first.

        Parts of `where` that the store can't decide narrow nothing.

        At most two queries, whatever is stored, and two more for an indexed title, whose prefixes
        as they are typed and capitalised are looked up first. Fields that the actor may not read
        on every record decide nothing.

        Shapes: title is the stored field that titles the records, None for none.
        Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError.
        """
        words = words.strip()[:MAX_SEARCH_CHARS]
        hidden = readable_fields(policy, entity_type, actor).uncertain
        order = "" if title is None or title in hidden else title

        async def ask(*filters: Filter, **parameters: str) -> Window:
            asked = {**parameters, "order": order, "per_page": str(MAX_CHOICES)}
            listing = listing_of(entity_type, asked, hidden=hidden)
            query = replace(listing.query, where=where)
            if filters:
                query = replace(query, filters=filters)
            return await self._window(replace(listing, query=query), actor, policy=policy)

        if not words:
            window = await ask()
            return Matches(window.entities, window.more)
        found: dict[Any, Entity] = {}
        more = False
        for prefix in title_prefixes(entity_type, order, words):
            if len(found) < MAX_CHOICES:
                end = Filter(order, "lt", prefix + LAST_CHARACTER)
                window = await ask(Filter(order, "gte", prefix), end)
                more = more or window.more
                found |= {entity.id: entity for entity in window.entities}
        for parameters in ({f"{order}__startswith": words} if order else {}, {"search": words}):
            if parameters and len(found) < MAX_CHOICES:
                window = await ask(**parameters)
                more = more or window.more
                found |= {entity.id: entity for entity in window.entities if entity.id not in found}
        listed = tuple(found.values())
        return Matches(listed[:MAX_CHOICES], more or len(listed) > MAX_CHOICES)

    async def named(
        self,
        entity_type: EntityType,
        ids: Iterable[Any],
        actor: Actor | None,
        policy: AccessPolicy,
        where: Condition = ALWAYS,
    ) -> tuple[Entity, ...]:
        """The readable records with these ids, in their order; one query for each 500.

        An id that no readable record has is left out.

        Raises: NotSignedInError, AccessDeniedError, AccessScanLimitError.
        """
        wanted = []
        for id in ids:
            try:
                wanted.append(self._id_of(entity_type.cls, id))
            except NotFoundError:
                continue
        by_id: dict[Any, Entity] = {}
        for start in range(0, len(wanted), AT_ONCE):
            some = tuple(wanted[start : start + AT_ONCE])
            among = (Filter("id", "in", some),)
            query = Query(entity_type.cls, among, limit=len(some), where=where)
            listing: Listing = replace(listing_of(entity_type, {}), query=query, per_page=len(some))
            window = await self._window(listing, actor, policy=policy)
            by_id |= {entity.id: entity for entity in window.entities}
        return tuple(by_id[id] for id in dict.fromkeys(wanted) if id in by_id)


def title_prefixes(entity_type: EntityType, title: str, words: str) -> list[str]:
    """The beginnings of titles that an index finds; none without an index of a text field."""
    spec = entity_type.cls.__entity__.fields.get(title)
    if spec is None or plain_types(spec.info.annotation) != [str]:
        return []
    options = spec.options.sql
    if not (options.get("index") or options.get("unique") or options.get("primary_key")):
        return []
    return list(dict.fromkeys((words, words[:1].upper() + words[1:])))
