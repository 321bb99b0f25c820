"""The status bar of a record: the states of a choice field with declared transitions, in order."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.ui.choices import choices_of
from starmodel.adapters.ui.elements import Div, Li, Ol, Span
from starmodel.adapters.ui.franken.icons import icon
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import Services
from starmodel.core.entity import Entity
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.fields.transitions import Transitions, value_of
from starmodel.core.snapshot import hidden_of
from starmodel.texts.catalogue import Catalogue


class StatusBar:
    """Renders the bars of one resource, one for each field with transitions, live."""

    def __init__(self, services: Services, resource: MountedResource) -> None:
        self._services = services
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

    def _bar(self, spec: FieldSpec, rule: Transitions, entity: Entity) -> Any:
        services, state = self._services, getattr(entity, spec.name)
        items = [
            _step(services.texts, services.icons_url, label, place)
            for member, label in choices_of(spec.info.annotation)
            if (place := _place(rule, state, member))
        ]
        return Ol(*items, cls="sm-steps", aria_label=spec.title)


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
    if place == "done":
        said = Span(texts.text("status.done"), cls="sm-hidden")
        done = (icon("check", icons_url), said)
    current = {"aria-current": "step"} if place == "now" else {}
    return Li(done, label, current, cls=f"sm-step sm-step-{place}")
