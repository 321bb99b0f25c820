"""Forms of events: one compiled template per event, filled for each page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from fastcore.xml import to_xml
from pydantic_core import to_json

from starmodel.adapters.ui.compiled import Slots, Template, compiled
from starmodel.adapters.ui.elements import Button, Div, Fieldset, Form, Input, Legend
from starmodel.adapters.ui.franken.forms.fields import FormField, form_field
from starmodel.adapters.ui.franken.forms.inputs import slot_values
from starmodel.adapters.ui.franken.icons import icon
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.binding.form_names import WAS
from starmodel.app.commands.binding.parameters import Parameter
from starmodel.app.commands.elements import Element
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.app.queries.listing import key_of
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.events import Event
from starmodel.core.fields.field import excluding_private
from starmodel.texts.catalogue import ENGLISH, Catalogue

Labelled = Callable[[FormField, str, Slots, str], Any]
PLACE = "{id}"  # placeholder for the record id in URLs of a compiled form
_LABELS = {"create": "event.create", "update": "event.save", "delete": "event.delete"}
_ICONS = {"create": "plus", "update": "check", "delete": "trash"}


@dataclass(frozen=True, slots=True)
class EventForm:
    """The form of one event: its fields and its compiled template."""

    entity_type: EntityType
    event: Event[Any, Any, Any]
    fields: tuple[FormField, ...]
    parameters: Mapping[str, Parameter]
    template: Template

    @property
    def nbytes(self) -> int:
        """The approximate memory of the form."""
        return self.template.nbytes + 4000 * (1 + len(self.fields))

    def fill(
        self, id: Any = None, values: Mapping[str, Any] | None = None,
        problems: Mapping[str, str] | None = None,
        was: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """Render the form as HTML, with these values and validation errors."""
        return self.template.fill(self.slots(id, values or {}, problems or {}, was or {}))

    def slots(
        self,
        id: Any,
        values: Mapping[str, Any],
        problems: Mapping[str, str],
        was: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """The slot values of the template; defaults without their private fields."""
        slots: dict[str, Any] = {"id": "" if id is None else key_of(id)}
        slots["was"] = self._memory(was)
        token = excluding_private.set(True)
        try:
            for field in self.fields:
                value = values.get(field.name, self.default(field.name))
                slots |= slot_values(field, value, problems.get(field.name, ""))
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

    def _memory(self, was: Mapping[str, str]) -> str:
        own = {field.name: was[field.name] for field in self.fields if field.name in was}
        return to_json(own).decode() if own else ""

    def problems(self, id: Any, told: Mapping[str, str], was: Mapping[str, str]) -> list[Element]:
        """The patches that render each validation error and clear all others."""
        form = form_id(self.entity_type, self.event, "" if id is None else key_of(id))
        names = [f.name for field in self.fields for f in (field, *field.parts)]
        patches = [
            f'<small id="{form}-{name}-problem" class="sm-problem">'
            f"{escape(told.get(name, ''))}</small>"
            for name in names
        ]
        if was:
            patches.append(str(to_xml(_remembers(form, self._memory(was)), indent=False)))
        return [Element(patch) for patch in patches]


def form_id(entity_type: EntityType, event: Event[Any, Any, Any], id: str) -> str:
    """The element id of a form. Shapes: id is percent-encoded, "" for no record."""
    return f"{entity_type.name}-{event.name}" + (f"-{id}" if id else "")


def _remembers(form: str, was: str) -> Any:
    """A hidden input with field digests, so that an edit form overwrites no concurrent changes."""
    return Input(type="hidden", name=WAS, value=was, id=f"{form}-was")


def event_form(
    entity_type: EntityType,
    event: Event[Any, Any, Any],
    binder: Binder,
    registry: Registry,
    realtime: RealtimeAdapter,
    sprite: str,
    labelled: Labelled,
    max_body_bytes: int = 0,
    texts: Catalogue = ENGLISH,
) -> EventForm:
    """Compile the form of one event at the current mount path; `labelled` renders its inputs.

    Units: max_body_bytes is the request limit that file inputs validate; 0 for no limit.
    """
    specs = entity_type.cls.__entity__.fields
    fields = tuple(
        form_field(
            parameter, specs.get(parameter.name) if parameter.is_field else None, texts=texts
        )
        for parameter in binder.public_parameters
    )
    parameters = {parameter.name: parameter for parameter in binder.public_parameters}
    has_id = entity_type.is_record and event.name != "create"
    built_in = entity_type.is_record and event.name in _LABELS
    label = texts.text(_LABELS[event.name]) if built_in else texts.render(event.title)

    def component(s: Slots) -> Any:
        id = s.token("id") if has_id else ""
        form = form_id(entity_type, event, id)
        inputs = {}
        for field in fields:
            records = ""
            if field.record is not None:
                records = f"{realtime.root_path}{registry[field.record].path}"
            inputs[field.name] = labelled(field, form, s, records)
        # The adapter percent-encodes ids, so the slot replaces the encoded placeholder in the URL.
        place = quote(PLACE, safe="")
        action = realtime.address(entity_type, event, PLACE if has_id else None).replace(place, id)
        send = realtime.form_action(entity_type, event, PLACE if has_id else None).replace(
            place, id
        )
        files = any(field.kind in ("file", "image") for field in fields)
        kind = "uk-btn-primary" if fields else "uk-btn-default"
        if event.name == "delete" and entity_type.is_record:
            kind += " sm-quiet-danger"
        button = Button(
            icon(_ICONS[event.name], sprite) if event.name in _ICONS else None, label,
            type="submit", cls=f"uk-btn {kind}",
        )  # fmt: skip
        return Form(
            _remembers(form, s.text("was")) if event.name == "update" else None,
            *_grouped(entity_type, event, inputs),
            Div(button, cls="sm-form-end"),
            {"data-on:submit": send},
            {} if event.name == "update" else {"data-reset": True},
            {"data-check": True} if fields else {},
            {"data-once": True} if built_in else {},
            {"data-max-body": max_body_bytes} if files and max_body_bytes else {},
            id=form, name="", method="post", action=action, novalidate=False,
            cls="sm-form" if fields else "sm-form sm-form-bare",
            enctype="multipart/form-data" if files else "application/x-www-form-urlencoded",
        )  # fmt: skip

    return EventForm(entity_type, event, fields, parameters, compiled(component))


def _grouped(
    entity_type: EntityType, event: Event[Any, Any, Any], inputs: dict[str, Any]
) -> Sequence[Any]:
    """The inputs in the fieldsets of the class; unlisted ones come last."""
    sets: Mapping[str, Any] = entity_type.cls.model_config.get("fieldsets") or {}
    if event.name not in ("create", "update") or not sets:
        return list(inputs.values())
    left, made = dict(inputs), []
    for title, names in sets.items():
        members = [left.pop(name) for name in names if name in left]
        if members:
            made.append(Fieldset(Legend(title), *members, cls="sm-fieldset"))
    return [*made, *left.values()]
