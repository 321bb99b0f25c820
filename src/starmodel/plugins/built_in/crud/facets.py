"""How many records each choice of a list's filters would leave, asked for when they open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import Actor
from starmodel.app.ports.field_kinds import kind_of
from starmodel.app.ports.summaries import Grouping, SummaryQuery
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.counting import MAX_COUNTED
from starmodel.app.queries.listing import Listing, listing_of
from starmodel.app.queries.summaries import Summary
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.titles import title_of
from starmodel.core.commands import plain
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices

FIELDS = "_of"
"""The parameter that names the fields, separated by commas."""
MAX_FACETS = 8
MAX_VALUES = 100
MAX_RECORDS = 20
"""The most values of a relation: those with the most records."""


class Facets:
    """Sends the values of choices, booleans and relations with their numbers of records.

    A number counts the records that match the question of the URL without the filter by that
    field, up to 10,000 records for each field. A field is left out where the store can't decide
    the access rules.

    Shapes: the response is {field: {"values": [{"value", "count", "title"?}], "more": bool}};
    with more, the numbers are lower bounds.
    """

    def __init__(self, services: PluginServices) -> None:
        self._application = services.application

    async def send(self, exchange: Exchange, resource: MountedResource, entity: None) -> None:
        """Send the numbers; one query for each field. Raises: ListQueryError."""
        actor, policy, entity_type = exchange.session.actor, resource.policy, resource.entity_type
        query = exchange.request.query
        hidden = readable_fields(policy, entity_type, actor).uncertain
        listing = listing_of(entity_type, query, lenient=True, hidden=hidden)
        wanted = query.get(FIELDS, "").split(",", MAX_FACETS)[:MAX_FACETS]
        found: dict[str, Any] = {}
        for name in dict.fromkeys(wanted):
            if name in hidden or not self._has_facet(entity_type, name):
                continue
            summary = await self._summary(resource, listing, name, actor)
            if summary is not None:
                values = await self._values(resource, name, summary, actor)
                found[name] = {"values": values, "more": summary.more}
        await exchange.json(found)

    def _has_facet(self, entity_type: EntityType, name: str) -> bool:
        spec = entity_type.cls.__entity__.fields.get(name)
        if spec is None or spec.private or not spec.atomic:
            return False
        is_record = name in self._application.titles.references(entity_type)
        return is_record or kind_of(spec.info.annotation) in ("choice", "bool")

    async def _summary(
        self, resource: MountedResource, listing: Listing, name: str, actor: Actor | None
    ) -> Summary | None:
        others = tuple(each for each in listing.query.filters if each.field != name)
        query = replace(listing.query, filters=others)
        asked = SummaryQuery(Grouping(name), most=MAX_COUNTED, groups=MAX_VALUES)
        return await self._application.summary(
            replace(listing, query=query), actor, asked, policy=resource.policy
        )

    async def _values(
        self, resource: MountedResource, name: str, summary: Summary, actor: Actor | None
    ) -> list[dict[str, Any]]:
        groups = [group for group in summary.groups if group.value is not None]
        target = self._application.titles.references(resource.entity_type).get(name)
        if target is None:
            return [{"value": _word(each.value), "count": each.number} for each in groups]
        titles = await self._titles(
            target, [each.value for each in groups[:MAX_RECORDS]], actor, resource
        )
        return [
            {"value": _word(each.value), "count": each.number, "title": titles[each.value]}
            for each in groups[:MAX_RECORDS]
            if each.value in titles
        ]

    async def _titles(
        self,
        target: EntityType,
        ids: Iterable[Any],
        actor: Actor | None,
        resource: MountedResource,
    ) -> dict[Any, str]:
        """The titles of the records that the visitor may read."""
        found = await self._application.choices.named(target, ids, actor, resource.policy)
        return {each.id: title_of(target, each) for each in found}


def _word(value: Any) -> str:
    """A value as a filter of the URL has it."""
    value = plain(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
