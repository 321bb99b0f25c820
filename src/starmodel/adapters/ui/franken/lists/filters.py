"""The inputs of a list's filters: of each an operator, and the values that it compares with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.adapters.ui.elements import Div, Input, Label, Option, Select, Span
from starmodel.adapters.ui.franken.lists.filter_operators import (
    UsedFilter,
    operator_select,
    used_filter,
)
from starmodel.adapters.ui.franken.lists.rows import ListView
from starmodel.app.commands.binding.form_texts import without_zone
from starmodel.app.ports.field_kinds import (
    BETWEEN,
    EMPTY,
    NOT_EMPTY,
    kind_of,
    operators_of,
)
from starmodel.app.ports.filter_syntax import split_values
from starmodel.app.ports.moments import takes_only_aware
from starmodel.app.queries.filter_forms import SEVERAL
from starmodel.app.queries.listing import Listing, filter_name
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.related_fields import foreign_key_of
from starmodel.core.fields.field_types import accepts_none, plain_types
from starmodel.core.fields.specs import FieldSpec
from starmodel.texts.catalogue import Catalogue

MAX_FILTERS = 4
_TYPES = {"number": "number", "date": "date", "moment": "datetime-local", "time": "time"}


class FilterControls(NamedTuple):
    """The inputs of filters. Shapes: words are the query parameters that have one."""

    controls: list[Any]
    words: set[str]


def filter_controls(view: ListView, listing: Listing, related: Mapping[str, Any]) -> FilterControls:
    """The filters that the class offers.

    Shapes: related has the controls of filters by a related record, by field.
    """
    found = FilterControls([], set())
    specs = view.entity_type.cls.__entity__.fields
    for name in dict.fromkeys([*filter_fields(view.entity_type), *related]):
        if name in view.audience.uncertain:
            continue
        if name in related:
            used = used_filter(view.entity_type, name, listing.filters)
            found.words.update(used.words if name in specs else {filter_name(name)})
            found.controls.append(related[name])
            continue
        if name not in specs:
            continue  # a relation whose records have no list to choose from
        words, control = _field_filter(view, name, listing)
        found.words.update(words)
        found.controls.append(control)
    return found


def _field_filter(view: ListView, name: str, listing: Listing) -> tuple[frozenset[str], Any]:
    spec, texts = view.entity_type.cls.__entity__.fields[name], view.texts
    annotation, id = spec.info.annotation, f"filter-{name}"
    ops = operators_of(annotation)
    used = used_filter(view.entity_type, name, listing.filters, ops[0])
    if used.op not in ops:  # one of the URL, which has no input
        used = UsedFilter(ops[0], ("",), frozenset())
    select = operator_select(texts, name, f"{id}-title", used.op, ops, annotation)
    choices = _choices(spec, texts)
    if choices:
        key = used.values[0] if used.op in ("eq", "ne") else ""
        options = [Option(label, value=value, selected=key == value) for value, label in choices]
        every = Option(texts.text("list.any"), value="")
        box = Select(
            every, *options, name=filter_name(name), id=id, data_value=True, cls="uk-select"
        )
        several = _checks(texts, name, choices, used) if "in" in ops else None
        inputs: tuple[Any, ...] = (box, several)
    else:
        inputs = _boxes(texts, spec, id, used, two=BETWEEN in ops)
    head = Div(Label(spec.title, fr=id, id=f"{id}-title"), select, cls="sm-filter-head")
    is_text = kind_of(annotation) == "text" and not accepts_none(annotation)
    about = {"data-empty": "text"} if is_text else {}
    about |= {"data-eq": filter_name(name)} if filter_name(name) != name else {}
    return used.words, Div(head, *inputs, about, data_filter=name, cls="sm-filter")


def _choices(spec: FieldSpec, texts: Catalogue) -> list[tuple[str, str]]:
    if plain_types(spec.info.annotation) == [bool]:
        return [("true", texts.text("shown.yes")), ("false", texts.text("shown.no"))]
    return [(choice_key(v), label) for v, label in choices_of(spec.info.annotation)]


def _checks(
    texts: Catalogue, name: str, choices: Sequence[tuple[str, str]], used: UsedFilter
) -> Any:
    """A check box for each choice, for the operators with several values."""
    chosen = split_values(used.values[0]) if used.op in ("in", "not_in") else []
    boxes = [
        Label(
            Input(
                type="checkbox", name=f"{SEVERAL}{name}", value=value, checked=value in chosen,
                cls="uk-checkbox",
            ),
            Span(label), cls="sm-check",
        )
        for value, label in choices
    ]  # fmt: skip
    label = texts.text("filter.several")
    return Div(*boxes, role="group", aria_label=label, data_several=True, cls="sm-several")


def _boxes(
    texts: Catalogue, spec: FieldSpec, id: str, used: UsedFilter, *, two: bool
) -> tuple[Any, ...]:
    """The input of the value, or those of two bounds."""
    kind = _TYPES.get(kind_of(spec.info.annotation), "text")
    aware = takes_only_aware(spec.info.annotation)
    zone = " (UTC)" if aware else ""
    names = [f"{spec.name}__gte", f"{spec.name}__lte"] if two else [f"{spec.name}__contains"]
    if used.op not in (BETWEEN, "contains", EMPTY, NOT_EMPTY):
        names[0] = filter_name(spec.name) if used.op == "eq" else f"{spec.name}__{used.op}"
    values = [*(_shown(value, kind) for value in used.values), ""]
    shared: dict[str, Any] = {
        "type": kind, "cls": "uk-input", "step": "any" if kind in ("number", "time") else None,
        "dir": "auto" if kind == "text" else None, "data_local": "zone" if aware else None,
    }  # fmt: skip
    if not two:
        return (Input(name=names[0], value=values[0], id=id, data_value=True, **shared),)
    labels = [texts.text(key, title=spec.title, zone=zone) for key in ("list.from", "list.to")]
    first = Input(
        name=names[0], value=values[0], id=id, aria_label=labels[0], data_value=True, **shared
    )
    last = Input(name=names[1], value=values[1], aria_label=labels[1], data_to=True, **shared)
    word = Span(texts.text("filter.and"), aria_hidden="true")
    return (Div(first, word, last, cls="sm-bounds"),)


def _shown(value: str, kind: str) -> str:
    return _typed(value) if kind == "datetime-local" and value else value


def filter_fields(entity_type: EntityType) -> list[str]:
    """The filter fields of a type: those the class configures, else its choice fields."""
    fields = entity_type.cls.__entity__.fields
    configured = entity_type.cls.model_config.get("list_filter")
    if configured is not None:
        return [foreign_key_of(entity_type, name) for name in configured]
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
    choices = _choices(spec, texts)
    if choices:
        word = filter_name(name)
        options = [
            Option(label, value=key, selected=given.get(word) == key) for key, label in choices
        ]
        every = Option(texts.text("list.any"), value="")
        chosen = Select(every, *options, name=f"{prefix}{word}", cls="uk-select")
        return [(word, _labelled(spec.title, chosen))]
    kind = _TYPES.get(kind_of(spec.info.annotation), "text")
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
