"""The input components of forms, with label, help text and validation error."""

from __future__ import annotations

from typing import Any

from fastcore.xml import Safe, to_xml

from starmodel.adapters.ui.choices import choice_key
from starmodel.adapters.ui.compiled import Slots
from starmodel.adapters.ui.elements import (
    Div,
    Fieldset,
    Input,
    Label,
    Legend,
    Option,
    P,
    Select,
    Small,
    Span,
    Textarea,
)  # fmt: skip
from starmodel.adapters.ui.franken.forms.chosen_records import ChosenRecords
from starmodel.adapters.ui.franken.forms.editors.rows import rows_editor, rows_html
from starmodel.adapters.ui.franken.forms.form_field import CHOOSING, PAIR, ROW, FormField, Within
from starmodel.adapters.ui.franken.forms.record_picker import Picked, picker, picker_slots
from starmodel.adapters.ui.franken.forms.records_picker import (
    PickedSeveral,
    records_picker,
    records_slots,
)
from starmodel.app.commands.binding.files import FileRule
from starmodel.app.commands.binding.form_names import (
    EXACT,
    FIELD,
    GIVEN,
    PERCENT,
    REST,
    SEVERAL,
    SEVERAL_SUFFIX,
)
from starmodel.texts.catalogue import ENGLISH

_TYPES = {"datetime": "datetime-local", "decimal": "text"}
_CLASSES = {
    "range": "sm-range", "color": "sm-color-input", "decimal": "uk-input sm-amount",
}  # fmt: skip
_TALL = {"textarea": 4, "markdown": 8, "lines": 3, "json": 5}
_IN_ANY_DIRECTION = frozenset({"text", "textarea", "markdown", "lines", "record", "records"})
_QUIET = {"password": {"autocomplete": "new-password"}, "json": {"spellcheck": "false"}}
# A control shadows the DOM property of its form with the same name. Datastar reads these
# properties, and would not find a form that has a field with one of the names.
_HIDING = frozenset({
    "addEventListener", "attributes", "checkValidity", "childNodes", "children", "cloneNode",
    "closest", "contains", "dataset", "dispatchEvent", "firstChild", "getAttribute",
    "hasAttribute", "insertBefore", "isConnected", "isEqualNode", "matches", "moveBefore",
    "nextSibling", "noValidate", "nodeName", "nodeType", "nodeValue", "parentElement",
    "parentNode", "querySelector", "querySelectorAll", "removeAttribute", "removeChild",
    "removeEventListener", "replaceWith", "reportValidity", "setAttribute", "tagName",
})  # fmt: skip


def input_name(name: str) -> str:
    """The form field name of an input."""
    return f"{FIELD}{name}" if name in _HIDING else name


def labelled(field: FormField, form_id: str, s: Slots, records_url: str = "") -> Any:
    """The input component with label, help text and validation error.

    Shapes: records_url is the list URL of a record input.
    """
    own = f"{form_id}-{field.name}"
    if field.kind == "hidden":
        value = s.text(f"value:{field.name}")
        return (Input(type="hidden", name=input_name(field.name), value=value), _exact(field, s))
    about = f"{own}-help {own}-problem" if field.help else f"{own}-problem"
    shared: dict[str, Any] = {
        "aria-describedby": about,
        "aria-invalid": s.text(f"invalid:{field.name}"),
    }
    texts = (
        P(field.help, id=f"{own}-help", cls="sm-help") if field.help else None,
        Small(s.text(f"error:{field.name}"), id=f"{own}-problem", cls="sm-problem"),
    )
    if field.kind == "unread":
        said = dict(field.choosing)
        return Div(
            Span(field.title, cls="uk-form-label"),
            P(s.text(f"value:{field.name}"), id=own, tabindex="-1"),
            P(said.get("unread", ""), cls="sm-help"), *texts, cls="sm-field",
        )  # fmt: skip
    if field.kind == "group":
        parts: list[Any] = [labelled(part, form_id, s, records_url) for part in field.parts]
        if field.optional:
            parts = [_given(field, own, s), Div(*parts, cls="sm-group-parts")]
        return Fieldset(Legend(field.title), *parts, *texts, cls="sm-group", **shared)
    if field.editor is not None:
        return rows_editor(field, field.editor, own, s, *texts, **shared)
    if field.kind in ("radio", "checkboxes"):
        return Fieldset(
            Legend(field.title, _required(field)), Div(*_options(field, own, s), cls="sm-options"),
            *texts, id=own, cls="sm-field", tabindex="-1", **shared,
        )  # fmt: skip
    shared |= {"id": own, "name": input_name(field.name)}
    # Except for a stored empty value, which must stay valid, and for a row that is left empty.
    if field.required and not field.name.startswith(ROW):
        shared["required"] = s.flag(f"need:{field.name}")
    label = Label(field.title, _required(field), cls="uk-form-label", fr=own)
    if field.kind == "switch":
        no = Input(type="hidden", name=input_name(field.name), value="false")
        box = Input(
            type="checkbox", value="true", cls="uk-toggle-switch uk-toggle-switch-primary",
            role="switch", checked=s.flag(f"on:{field.name}"), **shared,
        )  # fmt: skip
        return Div(Div(no, box, label, cls="sm-switch"), *texts, cls="sm-field")
    return Div(label, *_input(field, shared, s, records_url), *texts, cls="sm-field")


def _given(field: FormField, own: str, s: Slots) -> Any:
    """The switch of a nested model that may be None."""
    name, id = f"{GIVEN}{field.name}", f"{own}-given"
    box = Input(
        type="checkbox", name=name, value="true", id=id, role="switch",
        cls="uk-toggle-switch uk-toggle-switch-primary", checked=s.flag(f"given:{field.name}"),
    )  # fmt: skip
    label = Label(field.given, cls="uk-form-label", fr=id)
    return Div(Input(type="hidden", name=name, value="false"), box, label, cls="sm-switch sm-given")


def _required(field: FormField) -> Any:
    return Span("*", cls="sm-required", aria_hidden="true") if field.required else None


def _input(field: FormField, shared: dict[str, Any], s: Slots, records_url: str) -> tuple[Any, ...]:
    shared = {**shared, **_QUIET.get(field.kind, {}), **dict(field.limits)}
    if field.kind in _IN_ANY_DIRECTION:
        shared["dir"] = "auto"
    if field.placeholder:
        shared["placeholder"] = field.placeholder
    if field.kind == "select":
        empty = () if field.required else (Option("", value=""),)
        options = [
            Option(
                label, _closed(field, number, s), value=choice_key(choice),
                selected=s.flag(f"is:{field.name}:{number}"),
            )
            for number, (choice, label) in enumerate(field.choices)
        ]  # fmt: skip
        return (Select(*empty, *options, cls="uk-select", **shared),)
    value = s.text(f"value:{field.name}")
    if field.kind in _TALL:
        code = " sm-code" if field.kind == "json" else ""
        # HTML parsers drop the first line break of a textarea, so one precedes the value.
        return (
            Textarea(
                "\n", value, rows=_TALL[field.kind], cls=f"uk-textarea{code}", **shared
            ), _exact(field, s),
        )  # fmt: skip
    if field.kind in ("file", "image"):
        rule = field.file or FileRule()
        accept = ",".join(rule.accept) or ("image/*" if field.kind == "image" else None)
        return (
            Input(type="file", cls="uk-input sm-file", accept=accept, multiple=rule.several,
                  data_max_bytes=rule.max_bytes or None, **shared),
        )  # fmt: skip
    if field.kind == "record" and records_url:
        chosen = picker(field, shared, s, records_url, input_name(field.name))
        return (chosen, *((_exact(field, s),) if field.is_key else ()))
    if field.kind == "records":
        return (records_picker(field, shared, s, records_url, input_name(field.name)),)
    cls = _CLASSES.get(field.kind, "uk-input")
    rest: tuple[Any, ...] = (_exact(field, s),)
    if field.kind in ("datetime", "time"):
        # A hidden field for the precision that the input type drops.
        rest = (
            Input(type="hidden", name=f"{REST}{field.name}", value=s.text(f"rest:{field.name}")),
        )
        shared["step"] = "any"
    if field.kind == "decimal":
        percent = field.ui.format == "percent"
        if percent:  # before the exact value, which is that of the text with its sign
            rest = (Input(type="hidden", name=f"{PERCENT}{field.name}", value="1"), *rest)
        shared |= {
            "inputmode": "decimal", "autocomplete": "off", "data-local": True,
            "data-places": field.ui.decimal_places, "data-percent": percent,
        }  # fmt: skip
    elif field.kind == "datetime" and field.in_own_zone:
        shared["data-local"] = "zone"
    kind = _TYPES.get(field.kind, field.kind)
    return (Input(type=kind, value=value, cls=cls, **shared), *rest)


def _options(field: FormField, own: str, s: Slots) -> list[Any]:
    several = field.kind == "checkboxes"
    kind, cls = ("checkbox", "uk-checkbox") if several else ("radio", "uk-radio")
    name = f"{field.name}{SEVERAL_SUFFIX}" if several else input_name(field.name)
    options = []
    if several:  # distinguishes an empty choice from a form without this field
        before = s.text(f"several:{field.name}")
        options.append(Input(type="hidden", name=f"{SEVERAL}{field.name}", value=before))
    for number, (choice, label) in enumerate(field.choices):
        box = Input(
            _closed(field, number, s), type=kind, name=name, value=choice_key(choice), cls=cls,
            id=f"{own}-{number}", checked=s.flag(f"is:{field.name}:{number}"),
        )  # fmt: skip
        options.append(Div(box, Label(label, fr=f"{own}-{number}"), cls="sm-option"))
    return options


def _closed(field: FormField, number: int, s: Slots) -> dict[str, Any]:
    """The attribute of a choice that the state of the record does not permit."""
    return {} if field.transitions is None else {"disabled": s.flag(f"no:{field.name}:{number}")}


def _exact(field: FormField, s: Slots) -> Any:
    """The hidden input for values that the input type can't represent; see `FormField.exact`."""
    return Safe(s.html(f"exact:{field.name}"))


def slot_values(
    field: FormField,
    value: Any,
    error: str = "",
    within: Within | None = None,
    records: ChosenRecords | None = None,
) -> dict[str, Any]:
    """The slot values of one input.

    Shapes: within is where it stands, None for the top level; records reads the record that a
    picker shows.
    """
    name = field.name
    within = Within(path=name, errors={name: error}) if within is None else within
    error = within.error
    slots: dict[str, Any] = {f"error:{name}": error, f"invalid:{name}": str(bool(error)).lower()}
    slots[f"need:{name}"] = value != ""
    if field.kind in ("group", PAIR):
        slots[f"given:{name}"] = value is not None
        for part in field.parts:
            inside = within.inside(part.name.rpartition(".")[2])
            slots |= slot_values(part, field.of_part(part, value), within=inside)
    elif field.editor is not None and field.row is not None:
        slots[f"rows:{name}"] = rows_html(field, field.editor, value, within, field.row, _of_row)
    elif field.kind == "switch":
        slots[f"on:{name}"] = value is True or value == "true"
    elif field.kind in CHOOSING:
        chosen = field.chosen(value)
        if field.kind == "checkboxes":
            slots[f"several:{name}"] = field.several(value)
        slots |= {
            f"is:{name}:{number}": choice_key(choice) in chosen
            for number, (choice, _) in enumerate(field.choices)
        }
        if field.transitions is not None:  # what a refused form has is not the stored state
            permits = field.transitions.permits
            slots |= {
                f"no:{name}:{number}": not (error or permits(value, choice))
                for number, (choice, _) in enumerate(field.choices)
            }
    elif field.kind == "unread":
        has_value = value not in (None, "", [])
        slots[f"value:{name}"] = dict(field.choosing).get("hidden", "") if has_value else ""
    elif field.kind == "records":
        own = input_name(name)
        slots |= (
            records_slots(field, PickedSeveral(), own, ENGLISH, "")
            if records is None
            else records.slots(field, value, own, is_refused=bool(error))
        )
    else:
        slots[f"value:{name}"] = field.text(value)
        if field.kind in ("datetime", "time"):
            slots[f"rest:{name}"] = field.rest(value)
        exact = field.exact(value)
        hidden = Input(type="hidden", name=f"{EXACT}{within.path}", value=exact) if exact else ""
        slots[f"exact:{name}"] = to_xml(hidden, indent=False)
        if field.kind == "record":
            own, text = input_name(name), field.text(value)
            slots |= (
                picker_slots(field, Picked(text, text), own, ENGLISH, "")
                if records is None
                else records.slots(field, value, own, is_refused=bool(error))
            )
    return slots


def _of_row(item: FormField, value: Any, within: Within) -> dict[str, Any]:
    return slot_values(item, value, within=within)
