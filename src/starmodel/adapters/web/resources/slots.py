"""The route of one content of a slot, which open pages request when its data has changed."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.app.access.decisions import check
from starmodel.app.access.offers import rendered
from starmodel.app.application import Application
from starmodel.app.commands.elements import Element
from starmodel.app.context import current_context
from starmodel.app.presentation.areas import Area
from starmodel.app.presentation.slots import Place
from starmodel.app.presentation.ui import UIAdapter
from starmodel.core.errors import RequestError, StarModelError


class SlotRoute:
    """Sends the current content of a slot, with the rights of the visitor."""

    def __init__(
        self,
        application: Application,
        patches: PatchResponses,
        error_responses: ErrorResponses,
        ui: UIAdapter,
    ) -> None:
        self._application, self._patches, self._ui = application, patches, ui
        self._error_responses = error_responses

    async def run(self, exchange: Exchange, found: Any, id: str) -> None:
        """Send one content; an error is an error response."""
        try:
            await self._send(exchange)
        except StarModelError as error:
            await self._error_responses.send_error(exchange, error)

    async def _send(self, exchange: Exchange) -> None:
        """Send one content as a patch; its removal when the visitor may not see it any more.

        Raises: RequestError, for an unknown content; StarModelError, for a record that the
        visitor may not read.
        """
        await self._application.ready()
        query, slots = exchange.request.query, self._application.extensions.slots
        id = query.get("content", "")
        content, area = slots.named(id), self._application.areas.find(query.get("area", ""))
        if content is None or area is None:
            raise RequestError("There is no content of that name on any page.", status=404)
        context = current_context.get()
        if context is not None:
            context.area = area
        place = await self._place(exchange, area, content.slot)

        def render() -> Element:
            filled = slots.fill_one(id, content, place)
            if filled is None:
                return Element("", f"#{id}", "remove")
            return Element(self._ui.render(self._ui.page_slot(filled, place)))

        patches = self._patches.encoder.encode_part(await rendered(render))
        await self._patches.send(exchange, patches)

    async def _place(self, exchange: Exchange, area: Area, slot: str) -> Place:
        query, actor = exchange.request.query, exchange.session.actor
        entity_type: Any = self._application.registry.find(query.get("entity", ""))
        if entity_type is None:
            return Place(slot, actor)
        await check(area.policy, entity_type, "read", actor)
        if "id" not in query:
            return Place(slot, actor, entity_type)
        entity = await self._application.instance(
            entity_type, exchange.session, query["id"], policy=area.policy
        )
        return Place(slot, actor, entity_type, entity)
