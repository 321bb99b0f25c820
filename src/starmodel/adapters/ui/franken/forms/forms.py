"""The forms of events, compiled once for each resource, event and mount point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import Div
from starmodel.adapters.ui.franken.forms.chosen_records import ChosenRecords
from starmodel.adapters.ui.franken.forms.computed_outputs import ComputedOutputs, MakeRenderer
from starmodel.adapters.ui.franken.forms.event_form import (
    BULK_KEY,
    EventForm,
    RenderField,
    choices_url,
    event_form,
    form_id,
    targets_of,
)
from starmodel.adapters.ui.franken.forms.inlines.table import InlineTable, inline_table
from starmodel.app.access.offers import offers
from starmodel.app.commands.elements import Element
from starmodel.app.context import current_context
from starmodel.app.presentation.inlines import InlineRows
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import NO_INPUTS, FormFlow, Services
from starmodel.app.queries.record_keys import key_of
from starmodel.core.classes.children import Children
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.snapshot import NOTHING
from starmodel.core.values.bounded_cache import MB, cached


class EventForms:
    """Renders forms and their validation errors.

    Shapes: render_field renders one input; chosen reads the records that inputs show; values
    makes the renderers of computed fields.
    """

    def __init__(
        self,
        services: Services,
        render_field: RenderField,
        chosen: ChosenRecords,
        values: MakeRenderer,
    ) -> None:
        self._services, self._render_field, self._chosen = services, render_field, chosen
        self._values = values
        self._form = cached(16 * MB)(self._make_form)
        self._table = cached(8 * MB)(self._make_table)
        self._outputs = cached(MB)(self._make_outputs)

    def compiled(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        omitted: frozenset[str] = NOTHING,
        *,
        is_bulk: bool = False,
    ) -> EventForm:
        """The compiled form of an event at the current mount point, without these fields."""
        root_path = self._services.frontend.root_path
        unread = self._unread(resource.entity_type, event)
        return self._form(root_path, resource, event.name, omitted, unread, is_bulk)

    def bulk(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        hidden: Sequence[tuple[str, str]],
        values: Mapping[str, Any],
        errors: Mapping[str, str],
    ) -> Any:
        """The form that runs an event on several records, which hidden inputs name."""
        form = self.compiled(resource, event, is_bulk=True)
        return Safe(form.fill(BULK_KEY, values, errors, hidden=hidden))

    def bulk_errors(
        self, resource: MountedResource, event: Event[Any, Any, Any], errors: Mapping[str, str]
    ) -> Sequence[Element]:
        """The patches of the validation errors of that form."""
        return self.compiled(resource, event, is_bulk=True).error_patches(BULK_KEY, errors, {})

    def _unread(self, entity_type: EntityType, event: Event[Any, Any, Any]) -> frozenset[str]:
        """The inputs that choose from a class which the visitor may not read."""
        areas, context = self._services.areas, current_context.get()
        session = None if context is None else context.session
        actor = None if session is None else session.actor
        targets = targets_of(self._services, entity_type, self._services.binder(entity_type, event))
        found = {name: areas.current_resource(cls) for name, cls in targets.items()}
        return frozenset(
            name for name, each in found.items() if not offers(each.policy, each.entity_type, actor)
        )

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
        flow: FormFlow | None = None,
        inlines: Sequence[InlineRows] = (),
        drafted: Entity | None = None,
    ) -> Any:
        """The form of one event; see `Forms.form`."""
        compiled = self.compiled(resource, event, omitted)
        key = "" if id is None else key_of(id)
        own = form_id(resource.entity_type, event, key)
        tables = "".join(
            [
                self._inline(resource, event, shown).html(
                    own, key, shown, errors or {}, values or {}
                )
                for shown in inlines
            ]
        )
        if compiled.is_of_record:
            tables += self._outputs(resource).html(own, drafted, omitted)
        form = Safe(compiled.fill(id, values, errors, originals, hidden, flow, tables))
        if compiled.is_of_record:
            wide = " sm-form-wide" if compiled.layout.sidebar else ""
            return Div(form, cls=f"uk-card sm-form-card{wide}")
        return form

    def computed(self, resource: MountedResource, drafted: Entity) -> Mapping[str, str]:
        """The HTML of the computed fields of a record that a form changes, by name."""
        return self._outputs(resource).values(drafted)

    def error_patches(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: Any,
        errors: Mapping[str, str],
        originals: Mapping[str, str],
        omitted: frozenset[str] = NOTHING,
        inlines: Sequence[InlineRows] = (),
    ) -> Sequence[Element]:
        """The patches that render each validation error and clear all others."""
        form = self.compiled(resource, event, omitted)
        own = {name: digest for name, digest in originals.items() if "." not in name}
        patches = form.error_patches(id or None, errors, own)
        element_id = form_id(resource.entity_type, event, key_of(id) if id else "")
        for shown in inlines:
            table = self._inline(resource, event, shown)
            patches += map(Element, table.problem_patches(element_id, shown, errors, originals))
        return patches

    def _inline(
        self, resource: MountedResource, event: Event[Any, Any, Any], shown: InlineRows
    ) -> InlineTable:
        theirs = shown.resource.entity_type
        unread = self._unread(theirs, theirs.events["create"])
        about = (shown.children, shown.omitted, shown.resource, unread)
        return self._table(self._services.frontend.root_path, resource, event.name, *about)

    def _make_table(
        self,
        root_path: str,
        resource: MountedResource,
        name: str,
        children: Children,
        omitted: frozenset[str],
        theirs: MountedResource,
        unread: frozenset[str],
    ) -> InlineTable:
        event, key = resource.entity_type.events[name], ""
        if name != "create":
            key = Slots().token("id")
        create = theirs.entity_type.events["create"]
        linked = frozenset(self._services.binder(theirs.entity_type, create).linked)
        fields = event_form(
            self._services,
            theirs,
            create,
            self._render_field,
            self._chosen,
            omitted | linked,
            unread,
        ).fields
        shown = InlineRows(children, theirs, (), omitted, may_add=True)
        return inline_table(
            self._services, form_id(resource.entity_type, event, key), shown, fields,
            self._render_field, partial(choices_url, self._services), self._chosen,
        )  # fmt: skip

    def _make_outputs(self, resource: MountedResource) -> ComputedOutputs:
        return ComputedOutputs(resource.entity_type, self._values)

    def _make_form(
        self,
        root_path: str,
        resource: MountedResource,
        name: str,
        omitted: frozenset[str],
        unread: frozenset[str],
        is_bulk: bool,
    ) -> EventForm:
        event, render = resource.entity_type.events[name], self._render_field
        return event_form(
            self._services,
            resource,
            event,
            render,
            self._chosen,
            omitted,
            unread,
            is_bulk=is_bulk,
        )
