"""The route that says which events of a record are possible now, and why others are not."""

from __future__ import annotations

from collections.abc import Mapping

from starmodel.app.access.offers import offers, rendered
from starmodel.app.access.readiness import Availability, availability, reasons_of
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.entity import Entity
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices


class EventStatesPage:
    """The events of a record as JSON; open pages request it when their record changes."""

    def __init__(self, services: PluginServices) -> None:
        self._texts = services.application.texts

    async def send(self, exchange: Exchange, resource: MountedResource, entity: Entity) -> None:
        """Send {event: reason} of the events that the actor may run: "" for a possible one.

        None stands for an event whose button is hidden.
        """
        actor, entity_type = exchange.session.actor, resource.entity_type

        def states() -> Mapping[str, Availability]:
            return {
                event.name: availability(entity_type, event, actor, entity)
                for event in entity_type.events.values()
                if event.name != "create"
                and offers(resource.policy, entity_type, actor, event=event, entity=entity)
            }

        await exchange.json(self._texts.render_all(reasons_of(await rendered(states))))
