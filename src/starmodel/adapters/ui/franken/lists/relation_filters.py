"""Filters of a list by a related record, chosen with the picker of forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import Div, Input, Label, Span
from starmodel.adapters.ui.franken.forms.chosen_records import ChosenRecords
from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.adapters.ui.franken.forms.record_picker import picker
from starmodel.adapters.ui.franken.lists.chips import title_slot
from starmodel.adapters.ui.franken.lists.filter_operators import (
    UsedFilter,
    operator_select,
    used_filter,
)
from starmodel.adapters.ui.franken.lists.filters import MAX_FILTERS, filter_fields
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.adapters.ui.titles import title_names
from starmodel.app.ports.field_kinds import record_operators
from starmodel.app.ports.filter_syntax import split_values
from starmodel.app.presentation.ui import Services
from starmodel.app.queries.filter_forms import SEVERAL
from starmodel.app.queries.listing import Listing, filter_name
from starmodel.core.entity import Entity
from starmodel.core.translations import translated
from starmodel.core.values.words import title_of


class RelationFilters:
    """Renders a picker for each foreign key and relation that a list is filtered by, or may be.

    The title of a chosen record depends on who reads it, so it is a slot of the list's template.
    """

    def __init__(self, services: Services, chosen: ChosenRecords) -> None:
        self._services, self._chosen = services, chosen

    def controls(self, view: ListView, listing: Listing, s: Slots) -> Mapping[str, Any]:
        """The labelled pickers, by field."""
        return {
            field.name: self._control(view, listing, field, s)
            for field in self._fields(view, listing)
        }

    def slots(self, view: ListView, listing: Listing) -> dict[str, str]:
        """The slot values of the pickers: what this visitor may see of the chosen records."""
        slots: dict[str, str] = {}
        for field in self._fields(view, listing):
            name = filter_name(field.name)
            used = used_filter(view.entity_type, field.name, listing.filters)
            value = used.values[0] if used.op in ("eq", "ne") else ""
            slots |= self._chosen.slots(field, value, name, is_refused=False)
            slots[title_slot(field.name)] = self._chosen.picked(field, value, is_refused=False).text
        return slots

    def _fields(self, view: ListView, listing: Listing) -> list[FormField]:
        entity_type, areas = view.entity_type, self._services.areas
        referenced = areas.referenced(entity_type)
        if not (referenced or entity_type.shown_links):
            return []
        specs, listed = entity_type.cls.__entity__.fields, filter_fields(entity_type)
        is_configured = entity_type.cls.model_config.get("list_filter") is not None
        room = 0 if is_configured else MAX_FILTERS - len(listed)
        fields = []
        for name, resource in referenced.items():
            spec, cls = specs[name], resource.entity_type.cls
            if spec.private or name in view.audience.uncertain or not title_names(cls):
                continue
            is_used = bool(used_filter(view.entity_type, name, listing.filters).values[0])
            is_shown = name in listed or is_used
            if "choices" not in resource.pages or not (is_shown or room > 0):
                continue
            room -= not is_shown
            title = translated(spec.info.title or title_of(name))
            fields.append(self._picker(name, title, cls))
        for name, made in entity_type.shown_links.items():
            is_asked = name in listing.filters or f"{name}__in" in listing.filters
            if not (name in listed or is_asked):
                continue
            if "choices" in areas.current_resource(made.target).pages and title_names(made.target):
                fields.append(self._picker(name, translated(title_of(name)), made.target))
        return fields

    def _picker(self, name: str, title: str, cls: type[Entity]) -> FormField:
        return self._chosen.with_texts(FormField(name, "record", title, record=cls, optional=True))

    def _control(self, view: ListView, listing: Listing, field: FormField, s: Slots) -> Any:
        id, name = f"filter-{field.name}", field.name
        resource = self._services.areas.current_resource(cast("type[Entity]", field.record))
        url = self._services.url_for(resource, "choices")
        shared = {"id": id, "dir": "auto"}
        control = picker(field, shared, s, url, filter_name(field.name))
        spec, select = view.entity_type.cls.__entity__.fields.get(name), None
        if spec is not None:
            annotation = spec.info.annotation
            used = used_filter(view.entity_type, name, listing.filters)
            ops = record_operators(annotation)
            select = operator_select(self._services.texts, name, f"{id}-title", used.op, ops, str)
        head = Div(Label(field.title, fr=id, id=f"{id}-title"), select, cls="sm-filter-head")
        value = Div(control, data_value=True)
        return Div(
            head, value, None if spec is None else self._several(name, used),
            data_filter=name, cls="sm-filter sm-filter-record",
        )  # fmt: skip

    def _several(self, name: str, used: UsedFilter) -> Any:
        """The chosen ones of several records; the browser adds those that the list has."""
        chosen = split_values(used.values[0]) if used.op in ("in", "not_in") else []
        boxes = [
            Label(
                Input(
                    type="checkbox", name=f"{SEVERAL}{name}", value=id, checked=True,
                    cls="uk-checkbox",
                ),
                Span(id), cls="sm-check",
            )
            for id in chosen
        ]  # fmt: skip
        label = self._services.texts.text("filter.several")
        return Div(*boxes, role="group", aria_label=label, data_several=True, cls="sm-several")
