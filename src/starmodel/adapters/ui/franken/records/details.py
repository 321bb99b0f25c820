"""The field list of an entity's generated page, as a live view."""

from __future__ import annotations

from typing import Any

from fastcore.xml import Safe

from starmodel.adapters.ui.elements import Dd, Div, Dl, Dt
from starmodel.adapters.ui.franken.lists.columns import Showing, is_number
from starmodel.app.live.views import LiveView
from starmodel.core.classes.registry import EntityType
from starmodel.core.fields.widgets import UI
from starmodel.core.public_state import public_state

MAX_FIGURES = 4


def details_view(entity_type: EntityType, showing: Showing) -> LiveView:
    """The live view of a class; the few numbers of a singleton type are rendered as figures."""
    info = entity_type.cls.__entity__
    specs = [
        spec
        for name, spec in info.fields.items()
        if not spec.private and not (name == "id" and not entity_type.is_record)
    ]
    # Atomic fields are rendered unchanged, all others from their public JSON.
    shown = [
        (s.name, s.title, s.atomic, showing(s.info.annotation, s.ui, brief=False)) for s in specs
    ]
    for name in info.computed:
        computed = entity_type.cls.__pydantic_computed_fields__[name]
        title = computed.title or name.replace("_", " ").capitalize()
        shown.append((name, title, False, showing(computed.return_type, UI(), brief=False)))
    shown.sort(key=lambda item: item[0] == "id")
    big = not entity_type.is_record and len(shown) <= MAX_FIGURES
    plain = {s.name for s in specs if is_number(s.info.annotation)}  # without a dir attribute
    figures = plain if big else set()

    def fields_of(entity: Any) -> Any:
        state = public_state(entity)
        pairs = []
        for name, title, atomic, show in shown:
            value = getattr(entity, name, None) if atomic else state.get(name)
            look = "sm-figure" if name in figures else "sm-id" if name == "id" else None
            way = None if name in plain else "auto"
            pairs.append(Div(Dt(title), Dd(Safe(show(value)), dir=way), cls=look))
        key = f"-{entity.id}" if entity_type.is_record else ""
        return Dl(*pairs, id=f"{entity_type.name}{key}-fields", cls="sm-fields")

    return LiveView(fields_of, entity_type.cls, f"starmodel.fields.{entity_type.name}", by_id=True)
