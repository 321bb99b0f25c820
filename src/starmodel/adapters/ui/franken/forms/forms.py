"""The forms of events, compiled once for each resource, event and mount point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import Div
from starmodel.adapters.ui.franken.forms.chosen_records import ChosenRecords
from starmodel.adapters.ui.franken.forms.event_form import EventForm, RenderField, event_form
from starmodel.app.commands.elements import Element
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import NO_INPUTS, Services
from starmodel.core.events import Event
from starmodel.core.snapshot import NOTHING
from starmodel.core.values.bounded_cache import MB, cached


class EventForms:
    """Renders forms and their validation errors.

    Shapes: render_field renders one input; chosen reads the records that inputs show.
    """

    def __init__(
        self, services: Services, render_field: RenderField, chosen: ChosenRecords
    ) -> None:
        self._services, self._render_field, self._chosen = services, render_field, chosen
        self._form = cached(16 * MB)(self._make_form)

    def compiled(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        omitted: frozenset[str] = NOTHING,
    ) -> EventForm:
        """The compiled form of an event at the current mount point, without these fields."""
        return self._form(self._services.frontend.root_path, resource, event.name, omitted)

    def form(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: Any,
        values: Mapping[str, Any] | None,
        errors: Mapping[str, str] | None,
        originals: Mapping[str, str] | None,
        omitted: frozenset[str] = NOTHING,
        hidden: Mapping[str, str] = NO_INPUTS,
    ) -> Any:
        """The form of one event; see `Forms.form`."""
        compiled = self.compiled(resource, event, omitted)
        form = Safe(compiled.fill(id, values, errors, originals, hidden))
        if event.name in ("create", "update") and resource.entity_type.is_record:
            return Div(form, cls="uk-card sm-form-card")
        return form

    def error_patches(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: Any,
        errors: Mapping[str, str],
        originals: Mapping[str, str],
        omitted: frozenset[str] = NOTHING,
    ) -> Sequence[Element]:
        """The patches that render each validation error and clear all others."""
        form = self.compiled(resource, event, omitted)
        return form.error_patches(id or None, errors, originals)

    def _make_form(
        self, root_path: str, resource: MountedResource, name: str, omitted: frozenset[str]
    ) -> EventForm:
        event = resource.entity_type.events[name]
        return event_form(
            self._services, resource, event, self._render_field, self._chosen, omitted
        )
