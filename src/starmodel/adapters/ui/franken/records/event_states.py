"""Which events of a record are possible now, for its open pages: a hidden element that is live.

The buttons are rendered for one visitor, with the events that this visitor may run. The element
has what changes with the record: it is rendered for all viewers, or names the address where the
page asks with the rights of its visitor.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from starmodel.adapters.ui.elements import Span
from starmodel.adapters.ui.franken.event_buttons import States
from starmodel.app.access.policy import Actor
from starmodel.app.access.readiness import availability, is_shared, reasons_of
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.core.entity import Entity
from starmodel.core.snapshot import version_of


class EventStates:
    """The states of the conditional events of one resource."""

    def __init__(self, services: Services, resource: MountedResource) -> None:
        self._services, self._resource = services, resource
        entity_type = resource.entity_type
        self._conditional = entity_type.cls.__entity__.conditional
        self._shared = all(is_shared(entity_type, event) for event in self._conditional)
        name = f"starmodel.events.{resource.name}"
        self.view = LiveView(self._element, entity_type.cls, name, in_page=True)

    def of(self, entity: Entity, actor: Actor | None) -> States:
        """The state of each conditional event, by name; inside `rendered`."""
        entity_type = self._resource.entity_type
        return {e.name: availability(entity_type, e, actor, entity) for e in self._conditional}

    def live(self, entity: Entity) -> Any:
        """The element that follows the record; None where no event has a condition."""
        if not self._conditional or not (self._shared or self._has_address):
            return None
        return self.view(entity)

    @property
    def _has_address(self) -> bool:
        return "events" in self._resource.pages

    def _element(self, entity: Entity) -> Any:
        if self._shared:
            reasons = self._services.texts.render_all(reasons_of(self.of(entity, None)))
            return Span(hidden=True, data_ready=to_json(reasons).decode())
        url = self._services.url_for(self._resource, "events", entity.id)
        return Span(hidden=True, data_ready_at=f"{url}?version={version_of(entity)}")
