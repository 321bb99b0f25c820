"""The field list of an entity's generated page, as a live view."""

from __future__ import annotations

from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import Dd, Div, Dt
from starmodel.adapters.ui.franken.lists.columns import ValueRenderers, is_number
from starmodel.adapters.ui.franken.records.layout import arranged, record_layout
from starmodel.app.live.views import LiveView
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.fields.widgets import UI
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import hidden_of

MAX_FIGURES = 4


def details_view(resource: MountedResource, values: ValueRenderers) -> LiveView:
    """The live view of a class; the few numbers of a singleton type are rendered as figures."""
    entity_type = resource.entity_type
    info = entity_type.cls.__entity__
    specs = [
        spec
        for name, spec in info.fields.items()
        if not spec.private and not (name == "id" and not entity_type.is_record)
    ]
    # Atomic fields are rendered unchanged, all others from their public JSON.
    fields = [
        (s.name, s.title, s.atomic, values(s.info.annotation, s.ui, brief=False)) for s in specs
    ]
    for name in info.computed:
        computed = entity_type.cls.__pydantic_computed_fields__[name]
        title = computed.title or name.replace("_", " ").capitalize()
        fields.append((name, title, False, values(computed.return_type, UI(), brief=False)))
    fields.sort(key=lambda item: item[0] == "id")
    has_figures = not entity_type.is_record and len(fields) <= MAX_FIGURES
    numbers = {s.name for s in specs if is_number(s.info.annotation)}  # without a dir attribute
    figures = numbers if has_figures else set()

    layout = record_layout(entity_type)

    def fields_of(entity: Any) -> Any:
        state, hidden = public_state(entity), hidden_of(entity)
        parts: dict[str, list[Any]] = {"facts": [], "fields": [], "times": []}
        for name, title, atomic, render in fields:
            value = getattr(entity, name, None) if atomic else state.get(name)
            if name in hidden or layout.is_left_out(name, value, entity):
                continue
            cls = "sm-figure" if name in figures else "sm-id" if name == "id" else None
            if layout.is_long(name, value):
                cls = "sm-long"
            direction = None if name in numbers else "auto"
            pair = Div(Dt(title), Dd(Safe(render(value)), dir=direction), cls=cls)
            parts[layout.part_of(name)].append(pair)
        key = f"-{entity.id}" if entity_type.is_record else ""
        return arranged(f"{entity_type.name}{key}-fields", parts)

    return LiveView(fields_of, entity_type.cls, f"starmodel.fields.{resource.name}", by_id=True)
