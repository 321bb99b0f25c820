"""The number of records of a list and its totals, which its page asks for once it is shown."""

from __future__ import annotations

from html import escape
from typing import Any

from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import Actor
from starmodel.app.ports.summaries import Measure, SummaryQuery, group_key
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.counting import count_of
from starmodel.app.queries.list_totals import grouping_of, measures_of
from starmodel.app.queries.listing import Listing, listing_of
from starmodel.app.queries.summaries import Summary
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices

MAX_GROUPS = 1000
"""The most groups whose numbers are sent: those with the most records."""


class Counts:
    """Sends how many records match the filters and the search of a URL.

    Shapes: the response is {"total": number, "more": bool}; with more, the total is a lower bound.
    For a class with `list_totals` it has {"totals": {field: value, as HTML}}, and for a grouped
    list {"groups": [{"key", "count", "totals"}]}. Both are left out where the store can't decide
    the access rules.
    """

    def __init__(self, services: PluginServices) -> None:
        self._application = services.application

    async def send(self, exchange: Exchange, resource: MountedResource, entity: None) -> None:
        """Send the number of readable matches. Raises: ListQueryError, AccessScanLimitError."""
        actor, policy, entity_type = exchange.session.actor, resource.policy, resource.entity_type
        hidden = readable_fields(policy, entity_type, actor).uncertain
        listing = listing_of(entity_type, exchange.request.query, lenient=True, hidden=hidden)
        total, more = await count_of(listing, actor, policy, self._application.window)
        found: dict[str, Any] = {"total": total, "more": more}
        measures = measures_of(entity_type, hidden)
        if measures:
            whole = await self._summary(resource, listing, SummaryQuery(measures=measures), actor)
            if whole is not None:
                found["totals"] = self._shown(resource, measures, whole.groups[0].totals)
        if listing.group:
            by = grouping_of(entity_type, listing.group, [listing.group])
            asked = SummaryQuery(by, measures, groups=MAX_GROUPS)
            groups = await self._summary(resource, listing, asked, actor)
            found["groups"] = [
                {
                    "key": group_key(each.value),
                    "count": each.number,
                    "totals": self._shown(resource, measures, each.totals, named=True),
                }
                for each in (() if groups is None else groups.groups)
            ]
        await exchange.json(found)

    async def _summary(
        self, resource: MountedResource, listing: Listing, asked: SummaryQuery, actor: Actor | None
    ) -> Summary | None:
        return await self._application.summary(listing, actor, asked, policy=resource.policy)

    def _shown(
        self,
        resource: MountedResource,
        measures: tuple[Measure, ...],
        values: tuple[Any, ...],
        *,
        named: bool = False,
    ) -> dict[str, str]:
        """The totals as the cells of their columns are shown.

        Shapes: named ones begin with their function, unless that is the sum.
        """
        found = {}
        for measure, value in zip(measures, values, strict=True):
            word = ""
            if named and measure.function != "sum":
                word = escape(self._application.texts.text(f"total.{measure.function}")) + " "
            found[measure.field] = word + resource.ui.list_total(resource, measure, value)
        return found
