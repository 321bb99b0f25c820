"""The page of one entity: its fields, its actions and the forms of its events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import H2, A, Div, P, Section, Template
from starmodel.adapters.ui.franken.event_buttons import state_of
from starmodel.adapters.ui.franken.forms.forms import EventForms
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.lists.columns import ValueRenderers
from starmodel.adapters.ui.franken.records.details import Details, RenderLink
from starmodel.adapters.ui.franken.records.event_bar import event_bar
from starmodel.adapters.ui.franken.records.event_states import EventStates
from starmodel.adapters.ui.franken.records.record_menu import record_menu
from starmodel.adapters.ui.franken.records.status_bar import StatusBar
from starmodel.adapters.ui.franken.records.title_links import TitleLinks
from starmodel.adapters.ui.franken.slots import slot
from starmodel.adapters.ui.titles import first_line
from starmodel.app.access.offers import offers
from starmodel.app.access.policy import Actor
from starmodel.app.commands.field_access import unsettable
from starmodel.app.presentation.frontend import ABSENT_ID
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.slots import Place
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.related_titles import RelatedTitles, Titled
from starmodel.core.entity import Entity
from starmodel.core.events import Event

_BUILT_IN = ("create", "update", "delete")
RenderForm = Callable[[MountedResource, Event[Any, Any, Any], Any], Any]


class Records:
    """Renders entities. Shapes: values makes renderers of values, render_form one of an event."""

    def __init__(
        self,
        services: Services,
        resources: Sequence[MountedResource],
        forms: EventForms,
        values: ValueRenderers,
        render_form: RenderForm,
        render_link: RenderLink,
    ) -> None:
        self._services, self._forms, self._render_form = services, forms, render_form
        self._links = TitleLinks(services)
        self._details = {
            resource: Details(services, resource, values, render_link) for resource in resources
        }
        for details in self._details.values():
            services.register_view(details.view)
        self._bars = {resource: StatusBar(services, resource) for resource in resources}
        for bar in self._bars.values():
            services.register_view(bar.view)
        self._states = {resource: EventStates(services, resource) for resource in resources}
        for states in self._states.values():
            services.register_view(states.view)
        for view in self._links.add(resources):
            services.register_view(view)

    def detail(self, resource: MountedResource, entity: Entity, titles: RelatedTitles) -> Any:
        """The fields of an entity, live, with its signals."""
        declared = Safe(self._services.frontend.declare(entity))
        details = self._details[resource]
        bar = self._bars[resource].render(entity)
        fields = Div(details.render(entity, titles), cls="uk-card sm-details")
        return (declared, bar, fields, Template(id=ABSENT_ID) if details.has_references else None)

    def link(self, resource: MountedResource, titled: Titled | None, element: str) -> Any:
        """The live title of a related record, as a link."""
        return self._links.render(resource, titled, element)

    def linked(
        self,
        resource: MountedResource,
        entity: Entity,
        relation: str,
        titles: RelatedTitles,
        element: str,
    ) -> Any:
        """The live titles of the records that a many-to-many relation links."""
        return self._details[resource].linked(relation, entity, titles, element)

    def actions(self, resource: MountedResource, entity: Entity, actor: Actor | None) -> Any:
        """The links and buttons beside the heading: edit and delete."""
        entity_type, services = resource.entity_type, self._services
        if "edit" not in resource.pages:
            return None
        edit = A(
            icon("edit", services.icons_url), services.texts.text("event.edit"),
            href=services.url_for(resource, "edit", entity.id), cls="uk-btn uk-btn-default",
        )  # fmt: skip
        delete = None
        may_edit = _may_run(resource, "update", actor, entity)
        if _may_run(resource, "delete", actor, entity):
            delete = self._render_form(resource, entity_type.events["delete"], entity.id)
        more = slot(services, Place("record.actions", actor, entity_type, entity))
        menu = record_menu(services, entity)
        return Div(edit if may_edit else None, delete, *more, menu, cls="sm-buttons")

    def events(self, resource: MountedResource, entity: Entity, actor: Actor | None) -> Any:
        """The forms of the events that the actor may run on the entity."""
        entity_type = resource.entity_type
        id = entity.id if entity_type.is_record else None
        events = [
            event
            for name, event in entity_type.events.items()
            if not (entity_type.is_record and name in _BUILT_IN)
            and _may_run(resource, name, actor, entity)
        ]
        steps = None
        if entity_type.is_record and _may_run(resource, "update", actor, entity):
            steps = self._bars[resource].form(entity)
        if not events:
            return steps
        omitted = unsettable(resource.policy, entity_type, actor, entity)
        forms = [self._forms.compiled(resource, event, omitted) for event in events]
        states, live = self._states[resource].of(entity, actor), self._states[resource].live(entity)
        if entity_type.is_record:
            return event_bar(self._services, forms, id, states), live, steps
        buttons = [
            Safe(form.fill(id, state=state_of(states, form.event)))
            for form in forms
            if not form.fields
        ]
        cards = []
        for form in forms:
            if form.fields:
                about = first_line(form.event.fn)
                description = P(about, cls="sm-muted") if about else None
                cards.append(Div(description, Safe(form.fill(id)), cls="uk-card sm-action"))
        return Section(
            H2(self._services.texts.text("record.actions")),
            Div(*buttons, cls="sm-buttons") if buttons else None,
            *cards,
            live,
            cls="sm-actions",
        )


def _may_run(resource: MountedResource, name: str, actor: Actor | None, entity: Entity) -> bool:
    entity_type = resource.entity_type
    event = entity_type.events[name]
    return offers(resource.policy, entity_type, actor, event=event, entity=entity)
