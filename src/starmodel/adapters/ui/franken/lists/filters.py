"""The inputs of a list's filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.elements import Input, Label, Option, Select, Span
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.app.commands.binding.form_texts import without_zone
from starmodel.app.ports.moments import DATES, KINDS, kind_names, takes_only_aware
from starmodel.app.queries.listing import Listing, filter_name
from starmodel.core.classes.registry import EntityType
from starmodel.core.fields.field_types import plain_types
from starmodel.texts.catalogue import Catalogue

MAX_FILTERS = 4


class FilterControls(NamedTuple):
    """The inputs of filters. Shapes: words are the query parameters that have one."""

    controls: list[Any]
    words: set[str]


def filter_controls(view: ListView, listing: Listing, related: Mapping[str, Any]) -> FilterControls:
    """One input per filter that the class offers.

    Shapes: related has the controls of filters by a related record, by field.
    """
    found = FilterControls([], set())
    for name in dict.fromkeys([*filter_fields(view.entity_type), *related]):
        if name in view.audience.uncertain:
            continue
        if name in related:
            found.words.add(filter_name(name))
            found.controls.append(related[name])
            continue
        if name not in view.entity_type.cls.__entity__.fields:
            continue  # a relation whose records have no list to choose from
        for word, control in filter_inputs(view.entity_type, name, listing.filters, view.texts):
            found.words.add(word)
            found.controls.append(control)
    return found


def filter_fields(entity_type: EntityType) -> list[str]:
    """The filter fields of a type: those the class configures, else its choice fields."""
    fields = entity_type.cls.__entity__.fields
    configured = entity_type.cls.model_config.get("list_filter")
    if configured is not None:
        return list(configured)
    return [
        name
        for name, spec in fields.items()
        if not spec.private
        and spec.atomic
        and (choices_of(spec.info.annotation) or plain_types(spec.info.annotation) == [bool])
    ][:MAX_FILTERS]


def filter_inputs(
    entity_type: EntityType, name: str, given: Any, texts: Catalogue, prefix: str = ""
) -> list[tuple[str, Any]]:
    """The query parameters of a field's filter, each with its labelled input.

    Shapes: prefix begins the names of the inputs.
    """
    spec = entity_type.cls.__entity__.fields[name]
    choices = [(choice_key(v), label) for v, label in choices_of(spec.info.annotation)]
    if plain_types(spec.info.annotation) == [bool]:
        choices = [("true", texts.text("shown.yes")), ("false", texts.text("shown.no"))]
    if choices:
        word = filter_name(name)
        options = [
            Option(label, value=key, selected=given.get(word) == key) for key, label in choices
        ]
        every = Option(texts.text("list.any"), value="")
        chosen = Select(every, *options, name=f"{prefix}{word}", cls="uk-select")
        return [(word, _labelled(spec.title, chosen))]
    names = kind_names(spec.info.annotation)
    kind = (
        "number" if names & {"int", "float", "Decimal"}
        else "date" if names & DATES
        else "datetime-local" if names & KINDS
        else "time" if names & {"time"}
        else "text"
    )  # fmt: skip
    words = (f"{name}__contains",) if kind == "text" else (f"{name}__gte", f"{name}__lte")
    zone = " (UTC)" if takes_only_aware(spec.info.annotation) else ""
    titles = {
        "contains": spec.title,
        "gte": texts.text("list.from", title=spec.title, zone=zone),
        "lte": texts.text("list.to", title=spec.title, zone=zone),
    }
    controls = []
    for word in words:
        value = given.get(word, "")
        if kind == "datetime-local" and value:
            value = _typed(value)
        step = "any" if kind in ("number", "time") else None
        box = Input(
            type=kind, name=f"{prefix}{word}", value=value, cls="uk-input", step=step,
            dir="auto" if kind == "text" else None, data_local="zone" if zone else None,
        )  # fmt: skip
        controls.append((word, _labelled(titles[word.rpartition("__")[2]], box)))
    return controls


def _typed(text: str) -> str:
    """Encode a filter bound for its input; the end of a minute as that minute."""
    moment = datetime.fromisoformat(text)
    if (moment.second, moment.microsecond) == (59, 999_999):
        moment = moment.replace(second=0, microsecond=0)
    return without_zone(moment)


def _labelled(title: str, control: Any) -> Any:
    return Label(Span(title), control, cls="sm-filter")
