"""The form of one event: its fields and its compiled template, filled for each page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import Any

from fastcore.xml import Safe
from pydantic_core import to_json

from starmodel.adapters.ui.compiled import Slots, Template, compiled
from starmodel.adapters.ui.elements import Button, Div, Form, Input, render
from starmodel.adapters.ui.franken.event_buttons import button_attributes, shortcut_hint
from starmodel.adapters.ui.franken.forms.chosen_records import ChosenRecords
from starmodel.adapters.ui.franken.forms.fields import form_field
from starmodel.adapters.ui.franken.forms.form_field import FormField, Within
from starmodel.adapters.ui.franken.forms.form_footer import browser_texts, cancel_link, further_ways
from starmodel.adapters.ui.franken.forms.form_layout import arranged, cell
from starmodel.adapters.ui.franken.forms.inputs import slot_values
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.titles import title_names
from starmodel.app.access.readiness import POSSIBLE, Availability
from starmodel.app.choosing.given import parameter
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.binding.form_names import ORIGINALS
from starmodel.app.commands.binding.parameters import Parameter
from starmodel.app.commands.binding.shown_fields import as_data
from starmodel.app.commands.elements import Element
from starmodel.app.presentation.resource import ANY_ID, ID, MountedResource
from starmodel.app.presentation.ui import NO_INPUTS, FormFlow, Services
from starmodel.app.queries.record_keys import key_of
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import foreign_key_of
from starmodel.core.entity import Entity
from starmodel.core.events import Event
from starmodel.core.events.main_event import main_event
from starmodel.core.fields.field import excluding_private
from starmodel.core.fields.form_layout import FormLayout, form_layout
from starmodel.core.snapshot import NOTHING
from starmodel.texts.catalogue import Catalogue

BULK_KEY = "bulk"
"""The key, in element ids, of the form for several records."""

RenderField = Callable[[FormField, str, Slots, str], Any]
# Hidden from sight only: some browsers submit by no button that is not rendered.
_FIRST_BUTTON = Button(type="submit", cls="sm-hidden", tabindex="-1", aria_hidden="true")
_LABELS = {"create": "event.create", "update": "event.save", "delete": "event.delete"}
_ICONS = {"create": "plus", "update": "check", "delete": "trash"}
_SAVING = ("create", "update")


@dataclass(frozen=True, slots=True)
class EventForm:
    """The form of one event: its fields and its compiled template."""

    entity_type: EntityType
    event: Event[Any, Any, Any]
    fields: tuple[FormField, ...]
    parameters: Mapping[str, Parameter]
    template: Template
    texts: Catalogue
    layout: FormLayout
    chosen: ChosenRecords

    @property
    def is_of_record(self) -> bool:
        """True for the forms that create and change records."""
        return self.entity_type.is_record and self.event.name in _SAVING

    @property
    def nbytes(self) -> int:
        """The approximate memory of the form."""
        return self.template.nbytes + 4000 * (1 + len(self.fields))

    def fill(
        self,
        id: Any = None,
        values: Mapping[str, Any] | None = None,
        errors: Mapping[str, str] | None = None,
        originals: Mapping[str, str] | None = None,
        hidden: Mapping[str, str] | Sequence[tuple[str, str]] = NO_INPUTS,
        flow: FormFlow | None = None,
        inlines: str = "",
        state: Availability = POSSIBLE,
    ) -> str:
        """Render the form as HTML, with these values, validation errors and hidden inputs.

        Shapes: inlines is the HTML of rows of children, and of computed fields; state is that
        of the event on the record.
        """
        slots = self.slots(id, values or {}, errors or {}, originals or NO_INPUTS)
        given = hidden.items() if isinstance(hidden, Mapping) else hidden
        slots["hidden"] = "".join([render(Input(type="hidden", name=n, value=v)) for n, v in given])
        slots["inlines"] = inlines
        slots["reason"] = self.texts.render(state.reason) or shortcut_hint(self.event, self.texts)
        slots["disabled"] = "true" if state.reason else "false"
        slots["hides"] = not state.is_visible
        if self.is_of_record:
            slots["cancel"] = "" if flow is None else cancel_link(flow, self.texts)
            slots["ways"] = "" if flow is None else further_ways(flow, self.texts)
            slots["draft"] = "" if flow is None else flow.draft
        return self.template.fill(slots)

    def slots(
        self,
        id: Any,
        values: Mapping[str, Any],
        errors: Mapping[str, str],
        originals: Mapping[str, str] = NO_INPUTS,
    ) -> dict[str, Any]:
        """The slot values of the template; defaults without their private fields."""
        slots: dict[str, Any] = {"id": "" if id is None else key_of(id)}
        slots["originals"] = self._originals(originals)
        form = form_id(self.entity_type, self.event, slots["id"])
        chosen = self.chosen.beside(values)
        token = excluding_private.set(True)
        try:
            for field in self.fields:
                value = values.get(field.name, self.default(field.name))
                within = Within(form, field.name, errors)
                slots |= slot_values(field, value, within=within, records=chosen)
        finally:
            excluding_private.reset(token)
        return slots

    def default(self, name: str) -> Any:
        """The initial value of an input."""
        parameter, fields = self.parameters[name], self.entity_type.cls.__pydantic_fields__
        if self.event.name == "create" and name in fields:
            info = fields[name]
            return None if info.is_required() else info.get_default(call_default_factory=True)
        return None if parameter.required else parameter.default

    def error_patches(
        self, id: Any, errors: Mapping[str, str], originals: Mapping[str, str]
    ) -> list[Element]:
        """The patches that render each validation error and clear all others."""
        form = form_id(self.entity_type, self.event, "" if id is None else key_of(id))
        names = [f.name for field in self.fields for f in (field, *field.parts)]
        names += [name for name in errors if name not in names and self._has_rows(name)]
        patches = [
            f'<small id="{form}-{escape(name)}-problem" class="sm-problem">'
            f"{escape(errors.get(name, ''))}</small>"
            for name in names
        ]
        if originals:
            patches.append(render(_originals_input(form, self._originals(originals))))
        return [Element(patch) for patch in patches]

    def _has_rows(self, name: str) -> bool:
        """Whether the input with this name, such as "tags.3", may be one of a row."""
        return any(name.startswith(f"{field.name}.") for field in self.fields)

    def _originals(self, originals: Mapping[str, str]) -> str:
        """The digests of the fields in this form, as JSON; "" for none."""
        own = {
            field.name: originals[field.name] for field in self.fields if field.name in originals
        }
        return to_json(own).decode() if own else ""


def form_id(entity_type: EntityType, event: Event[Any, Any, Any], key: str) -> str:
    """The element id of a form. Shapes: key is that of the record, "" for no record."""
    return f"{entity_type.name}-{event.name}" + (f"-{key}" if key else "")


def event_form(
    services: Services,
    resource: MountedResource,
    event: Event[Any, Any, Any],
    render_field: RenderField,
    chosen: ChosenRecords,
    omitted: frozenset[str] = NOTHING,
    unread: frozenset[str] = NOTHING,
    *,
    is_bulk: bool = False,
) -> EventForm:
    """Compile the form of one event at the current mount path, without the omitted fields.

    Shapes: unread are the inputs that choose from a class which their reader may not read;
    is_bulk is True for the form that runs the event on several records.
    """
    entity_type, texts = resource.entity_type, services.texts
    binder = services.binder(entity_type, event)
    specs = entity_type.cls.__entity__.fields
    targets = targets_of(services, entity_type, binder)
    parameters = [
        parameter
        for parameter in binder.form_parameters
        if not (
            parameter.name in omitted and (parameter.is_field or parameter.name in binder.linked)
        )
        and (parameter.name in targets or parameter.name not in binder.linked)
    ]
    fields = tuple(
        chosen.with_texts(
            form_field(
                parameter, specs.get(parameter.name), target=targets.get(parameter.name),
                texts=texts,
            )
            if parameter.is_field
            else form_field(parameter, target=targets.get(parameter.name), texts=texts)
        )
        for parameter in parameters
    )  # fmt: skip
    fields = tuple(
        chosen.unread(field) if field.name in unread else _with_rule(services, entity_type, field)
        for field in fields
    )
    if event.name == "update":
        rules = entity_type.cls.__entity__.transitions
        fields = tuple(replace(f, transitions=rules.get(f.name)) for f in fields)
    template = compiled(
        lambda s: _component(services, resource, event, fields, render_field, s, is_bulk)
    )
    by_name = {parameter.name: parameter for parameter in parameters}
    layout = _layout(entity_type, event)
    return EventForm(entity_type, event, fields, by_name, template, services.texts, layout, chosen)


def _component(
    services: Services,
    resource: MountedResource,
    event: Event[Any, Any, Any],
    fields: Sequence[FormField],
    render_field: RenderField,
    s: Slots,
    is_bulk: bool,
) -> Any:
    entity_type, frontend = resource.entity_type, services.frontend
    of_record = entity_type.is_record and event.name != "create" and not is_bulk
    key, id = (s.token("id"), ID) if of_record else (BULK_KEY if is_bulk else "", None)
    form = form_id(entity_type, event, key)
    inputs = {
        field.name: render_field(field, form, s, choices_url(services, field)) for field in fields
    }
    is_saving = entity_type.is_record and event.name in _SAVING
    if is_saving:
        conditions = services.binder(entity_type, event).conditions
        shown_if = {name: as_data(condition) for name, condition in conditions.items()}
        inputs = {
            field.name: cell(field, inputs[field.name], shown_if.get(field.name))
            for field in fields
        }
    # Ids are percent-encoded in URLs, so the slot replaces the encoded placeholder.
    url = resource.event_url(event, id, root_path=frontend.root_path).replace(ANY_ID, key)
    submit = frontend.form_action(resource, event, id).replace(ANY_ID, key)
    if is_bulk:
        url, submit = services.url_for(resource, "bulk"), frontend.bulk_action(resource)
    files = any(field.kind in ("file", "image") for field in fields)
    max_body_bytes = services.site.max_body_bytes
    button = _button(services, entity_type, event, s, has_fields=bool(fields))
    # Without JavaScript the button leads to the page that asks.
    asks = event.name == "delete" and not fields and "delete" in resource.pages
    return Form(
        # The first button of a form is the one that Enter presses, so it is none of a row's.
        _FIRST_BUTTON
        if any(map(_has_buttons, fields))
        or (is_saving and entity_type.cls.model_config.get("inlines"))
        else None,
        _originals_input(form, s.text("originals")) if event.name == "update" else None,
        Safe(s.html("hidden")),
        *arranged(_layout(entity_type, event), inputs, form),
        Safe(s.html("inlines")),
        _footer(button, s) if is_saving else Div(button, cls="sm-form-end"),
        {"data-draft": s.token("draft"), "data-texts": browser_texts(services.texts)}
        if is_saving
        else {},
        {"data-on:submit": submit},
        {} if event.name == "update" else {"data-reset": True},
        {} if fields or event.info.visible is None else {"hidden": s.flag("hides")},
        {"data-check": True} if fields and not is_bulk else {},
        {"data-once": True} if _is_built_in(entity_type, event) else {},
        {"data-max-body": max_body_bytes} if files and max_body_bytes else {},
        id=form, name="", method="get" if asks else "post", action=url, novalidate=False,
        cls="sm-form" if fields else "sm-form sm-form-bare",
        enctype="multipart/form-data" if files else "application/x-www-form-urlencoded",
    )  # fmt: skip


def _footer(button: Any, s: Slots) -> Any:
    """The button that saves and the link to cancel, then the other ways to save."""
    own = Div(button, Safe(s.html("cancel")), cls="sm-form-go")
    return Div(own, Safe(s.html("ways")), cls="sm-form-end sm-form-foot")


def _has_buttons(field: FormField) -> bool:
    return field.editor is not None or any(map(_has_buttons, field.parts))


def _with_rule(services: Services, entity_type: EntityType, field: FormField) -> FormField:
    """The field, with the rule that its choices follow."""
    rule = services.choices.rules.find(entity_type.cls, field.name) if field.is_key else None
    if rule is None:
        return field
    # Of a field by way of a foreign key, the form has the foreign key.
    needs = {parameter(each.path[:1]): each.path[0] for each in rule.reads}
    return replace(field, rule=rule.name, needs=tuple(needs.items()))


def targets_of(
    services: Services, entity_type: EntityType, binder: Binder
) -> dict[str, type[Entity]]:
    """The class whose records each foreign key, relation and list of records is chosen from.

    Only those whose records have a list and names to search by.
    """
    areas = services.areas
    named = {name: entity_type.linked[name].target for name in binder.linked}
    named |= {p.name: p.entity for p in binder.parameters.values() if p.entity and p.has_records}
    found = areas.referenced(entity_type) | {
        name: areas.current_resource(cls) for name, cls in named.items()
    }
    return {
        field: resource.entity_type.cls
        for field, resource in found.items()
        if "choices" in resource.pages and title_names(resource.entity_type.cls)
    }


def choices_url(services: Services, field: FormField) -> str:
    """The URL of the choices of a record input in the current area; "" where none is served."""
    if field.record is None:
        return ""
    resource = services.areas.current_resource(field.record)
    return services.url_for(resource, "choices") if "choices" in resource.pages else ""


def _button(
    services: Services,
    entity_type: EntityType,
    event: Event[Any, Any, Any],
    s: Slots,
    *,
    has_fields: bool,
) -> Any:
    texts = services.texts
    is_strong = has_fields or (entity_type.is_record and main_event(entity_type.events) is event)
    cls = "uk-btn-primary" if is_strong else "uk-btn-default"
    if event.name == "delete" and entity_type.is_record:
        cls += " sm-quiet-danger"
    built_in = _is_built_in(entity_type, event)
    label = texts.text(_LABELS[event.name]) if built_in else texts.render(event.title)
    name = event.info.icon or _ICONS.get(event.name)
    picture = icon(name, services.icons_url) if name else None
    state: dict[str, Any] = {}
    if not has_fields and (attributes := button_attributes(event, POSSIBLE, texts)):
        state = {**attributes, "title": s.text("reason")}
        if "aria-disabled" in attributes:
            state["aria-disabled"] = s.text("disabled")
    return Button(picture, label, state, type="submit", cls=f"uk-btn {cls}")


def _is_built_in(entity_type: EntityType, event: Event[Any, Any, Any]) -> bool:
    return entity_type.is_record and event.name in _LABELS


def _originals_input(form: str, originals: str) -> Any:
    """A hidden input with field digests, so that an edit form overwrites no concurrent changes."""
    return Input(type="hidden", name=ORIGINALS, value=originals, id=f"{form}-originals")


def _layout(entity_type: EntityType, event: Event[Any, Any, Any]) -> FormLayout:
    """The layout of the class, for the forms that create and change its records."""
    if event.name not in _SAVING:
        return FormLayout()
    layout = form_layout(entity_type.name, entity_type.cls.model_config.get("fieldsets"))
    return layout.renamed(partial(foreign_key_of, entity_type))
