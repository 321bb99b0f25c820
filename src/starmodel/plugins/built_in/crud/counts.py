"""The number of records of a list, which its page asks for once it is shown."""

from __future__ import annotations

from starmodel.app.access.fields import readable_fields
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.counting import count_of
from starmodel.app.queries.listing import listing_of
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices


class Counts:
    """Sends how many records match the filters and the search of a URL.

    Shapes: the response is {"total": number, "more": bool}; with more, the total is a lower bound.
    """

    def __init__(self, services: PluginServices) -> None:
        self._application = services.application

    async def send(self, exchange: Exchange, resource: MountedResource, entity: None) -> None:
        """Send the number of readable matches. Raises: ListQueryError, AccessScanLimitError."""
        actor, policy, entity_type = exchange.session.actor, resource.policy, resource.entity_type
        hidden = readable_fields(policy, entity_type, actor).uncertain
        listing = listing_of(entity_type, exchange.request.query, lenient=True, hidden=hidden)
        total, more = await count_of(listing, actor, policy, self._application.window)
        await exchange.json({"total": total, "more": more})
