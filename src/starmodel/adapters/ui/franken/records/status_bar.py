"""The status bar of a record: the states of a choice field with declared transitions, in order."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.elements import Button, Div, Form, Li, Ol, Span
from starmodel.adapters.ui.franken.forms.inputs import input_name
from starmodel.adapters.ui.franken.icons import icon
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.record_keys import key_of
from starmodel.core.entity import Entity
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.fields.transitions import Transitions, value_of
from starmodel.core.snapshot import hidden_of
from starmodel.texts.catalogue import Catalogue


class StatusBar:
    """Renders the bars of one resource, one for each field with transitions, live."""

    def __init__(self, services: Services, resource: MountedResource) -> None:
        self._services, self._resource = services, resource
        info = resource.entity_type.cls.__entity__
        self._fields = [(info.fields[name], rule) for name, rule in info.transitions.items()]
        self._fields = [(spec, rule) for spec, rule in self._fields if not spec.private]
        self.names = frozenset(spec.name for spec, _ in self._fields)
        cls, name = resource.entity_type.cls, f"starmodel.status.{resource.name}"
        self.view = LiveView(self._bars, cls, name, in_page=True)

    def render(self, entity: Entity) -> Any:
        """The bars of an entity; None where no field has transitions."""
        return self.view(entity) if self._fields else None

    def _bars(self, entity: Entity) -> Any:
        shown = [each for each in self._fields if each[0].name not in hidden_of(entity)]
        return Div(*[self._bar(spec, rule, entity) for spec, rule in shown], cls="sm-steps-bars")

    def form(self, entity: Entity) -> Any:
        """The form that the buttons of the bars submit, for an actor who may change the record.

        Without it on the page the style sheet hides the buttons.
        """
        if not any(self._has_buttons(spec) for spec, _ in self._fields):
            return None
        frontend, resource = self._services.frontend, self._resource
        event = resource.entity_type.events["update"]
        url = resource.event_url(event, entity.id, root_path=frontend.root_path)
        return Form(
            {"data-on:submit": frontend.form_action(resource, event, entity.id)},
            id=_form_id(entity), method="post", action=url, cls="sm-steps-form",
            enctype="application/x-www-form-urlencoded", hidden=True,
        )  # fmt: skip

    def _has_buttons(self, spec: FieldSpec) -> bool:
        """Whether who may change the record may change the field too."""
        entity_type = self._resource.entity_type
        guarded = entity_type.cls.__entity__.write_rules
        return entity_type.is_record and spec.editable and spec.name not in guarded

    def _bar(self, spec: FieldSpec, rule: Transitions, entity: Entity) -> Any:
        state, items = getattr(entity, spec.name), []
        following = rule.after(state) if self._has_buttons(spec) else ()
        before: Any = None
        for member, label in choices_of(spec.info.annotation):
            place, value = _place(rule, state, member), value_of(member)
            if not place:
                continue
            if before is not None and value not in rule.reachable(before):
                place += " sm-step-apart"
            before = value
            if value in following:
                items.append(self._offered(spec, member, label, place, entity))
            else:
                items.append(_step(self._services.texts, self._services.icons_url, label, place))
        return Ol(*items, cls="sm-steps", aria_label=spec.title)

    def _offered(self, spec: FieldSpec, member: Any, label: str, place: str, entity: Entity) -> Any:
        """A state that may follow, with the button that changes the record to it."""
        title = self._services.texts.text("status.change", title=spec.title, state=label)
        button = Button(
            label, type="submit", form=_form_id(entity), name=input_name(spec.name),
            value=choice_key(member), title=title,
        )  # fmt: skip
        return Li(Span(label), button, cls=f"sm-step sm-step-{place}")


def _form_id(entity: Entity) -> str:
    return f"{entity.__entity__.name}-{key_of(entity.id)}-steps"


def _place(rule: Transitions, state: Any, member: Any) -> str:
    """Where a state stands: "done", "now" or "ahead"; "" for one off the record's way."""
    value = value_of(member)
    if value == value_of(state):
        return "now"
    if value in rule.reachable(state):
        return "ahead"
    return "done" if value_of(state) in rule.reachable(value) else ""


def _step(texts: Catalogue, icons_url: str, label: str, place: str) -> Any:
    done = None
    if place.startswith("done"):
        said = Span(texts.text("status.done"), cls="sm-hidden")
        done = (icon("check", icons_url), said)
    current = {"aria-current": "step"} if place.startswith("now") else {}
    return Li(done, label, current, cls=f"sm-step sm-step-{place}")
