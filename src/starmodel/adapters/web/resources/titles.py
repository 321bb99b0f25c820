"""The route of one related title, which open pages request when a foreign key has changed."""

from __future__ import annotations

import re
from typing import Any

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.app.access.offers import rendered
from starmodel.app.application import Application
from starmodel.app.commands.elements import Element
from starmodel.app.context import current_context
from starmodel.app.presentation.ui import RecordPages
from starmodel.core.errors import RequestError, StarModelError

_ELEMENT = re.compile(r"ref-[0-9a-f]{16}")


class TitleRoute:
    """Sends the title of a record as a link, with the rights of the visitor.

    A record that the visitor may not read is answered like a missing one.
    """

    def __init__(
        self, application: Application, patches: PatchResponses, error_responses: ErrorResponses
    ) -> None:
        self._application, self._patches = application, patches
        self._error_responses = error_responses

    async def run(self, exchange: Exchange, found: Any, id: str) -> None:
        """Send one title; an error is an error response."""
        try:
            await self._send(exchange)
        except StarModelError as error:
            await self._error_responses.send_error(exchange, error)

    async def _send(self, exchange: Exchange) -> None:
        """Send the patch of the element. Raises: RequestError, for an unknown class or element."""
        application, query = self._application, exchange.request.query
        await application.ready()
        entity_type = application.registry.find(query.get("entity", ""))
        area, element = application.areas.find(query.get("area", "")), query.get("element", "")
        resource = None if entity_type is None or area is None else area[entity_type]
        if (
            area is None
            or resource is None
            or resource.ui is None
            or not resource.entity_type.is_record
            or not _ELEMENT.fullmatch(element)
        ):
            raise RequestError("There is no related record of that name.", status=404)
        context = current_context.get()
        if context is not None:
            context.area = area
        own = resource.entity_type
        id = application.id_of(own.cls, query.get("id", ""))
        actor, relation = exchange.session.actor, query.get("relation", "")
        titled = await application.titles.record(own, id, actor, area.policy)
        ui: RecordPages = resource.ui
        titles = None
        if relation:
            if titled is None or relation not in own.shown_links:
                raise RequestError("There is no related record of that name.", status=404)
            about = own, relation, titled.entity, actor, area.policy
            titles = await application.titles.of_relation(*about)

        def render() -> Element:
            if titles is None or titled is None:
                part = ui.record_link(resource, titled, element)
            else:
                part = ui.record_linked(resource, titled.entity, relation, titles, element)
            return Element(resource.ui.render(part), f"#{element}", "replace")

        patches = self._patches.encoder.encode_part(await rendered(render))
        await self._patches.send(exchange, patches)
