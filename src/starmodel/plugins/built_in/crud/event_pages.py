"""The page of one event with parameters: its form, at the URL that the event is sent to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from starmodel.app.access.decisions import check
from starmodel.app.access.readiness import check_ready
from starmodel.app.commands.field_access import unsettable
from starmodel.app.presentation.record_names import name_of
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.entity import Entity
from starmodel.core.errors import RequestError
from starmodel.core.events import Event
from starmodel.core.events.built_in import BUILT_IN
from starmodel.plugins import Exchange, ResourceRoute
from starmodel.plugins.built_in.crud.bulk_forms import is_for_several
from starmodel.plugins.web import PluginServices


class EventPages:
    """Pages for browsers without JavaScript; others open them in dialogs of lists."""

    def __init__(self, services: PluginServices) -> None:
        self._application = services.application
        self._default_method = services.settings.default_event_method

    def routes(self, resource: MountedResource) -> Iterator[ResourceRoute]:
        """The route of each event of a record that has inputs and is sent by another method."""
        taken = {"edit", "delete"}
        for event in resource.entity_type.events.values():
            tail = event.info.path or event.name
            if event.name not in BUILT_IN and tail not in taken and self._has_form(resource, event):
                resource.forms.add(event.name)
                if is_for_several(self._application, resource, event):
                    resource.bulk_forms.add(event.name)
                yield ResourceRoute(f"/{{id}}/{tail}", partial(self._send, event))

    def _has_form(self, resource: MountedResource, event: Event[Any, Any, Any]) -> bool:
        dispatcher, entity_type = self._application.dispatcher, resource.entity_type
        binder = dispatcher.binders[entity_type.cls, event.name]
        return (
            binder.method(self._default_method) != "get"
            and not binder.browser_stores
            and not dispatcher.runs_at_once(entity_type, event)
        )

    async def _send(
        self,
        event: Event[Any, Any, Any],
        exchange: Exchange,
        resource: MountedResource,
        entity: Entity,
    ) -> None:
        """Send the form. Raises: AccessDeniedError; EventUnavailableError; RequestError."""
        entity_type, actor, ui = resource.entity_type, exchange.session.actor, resource.ui
        if not exchange.request.wants_html:
            raise RequestError(f"{entity_type.name}.{event.name} runs by POST.", status=405)
        await check(resource.policy, entity_type, "write", actor, event=event, entity=entity)
        await check_ready(entity_type, event, actor, entity)
        texts = self._application.texts
        name = name_of(entity_type, ui.record_title(resource, entity))
        title = texts.text("event.page", event=texts.render(event.title), name=name)

        def page() -> str:
            omitted = unsettable(resource.policy, entity_type, actor, entity)
            form = ui.form(resource, event, entity.id, omitted=omitted)
            return str(ui.page(title, form, actor=actor, resource=resource))

        await exchange.page(page)
