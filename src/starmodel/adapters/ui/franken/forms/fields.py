"""The input of each event parameter: widget, label and limits, derived from its type."""

from __future__ import annotations

import datetime
import decimal
import inspect
import typing
from dataclasses import replace
from typing import Any

from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from pydantic import BaseModel, RootModel
from pydantic.fields import FieldInfo

from starmodel.adapters.ui.choices import choices_of
from starmodel.adapters.ui.franken.forms.editors.row_types import MAX_DEPTH, row_editor
from starmodel.adapters.ui.franken.forms.editors.rows import row_template
from starmodel.adapters.ui.franken.forms.form_field import CHOOSING, FormField
from starmodel.adapters.ui.franken.forms.inputs import labelled
from starmodel.adapters.ui.numbers import with_places
from starmodel.app.commands.binding.parameters import Parameter
from starmodel.app.ports.moments import takes_only_aware
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field_types import is_atomic, is_typed_dict, plain_types
from starmodel.core.fields.privacy import is_private, is_secret
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.fields.widgets import UI, ui_of
from starmodel.core.translations import translated
from starmodel.core.values.words import title_of
from starmodel.texts.catalogue import ENGLISH, Catalogue

LONG_TEXT_NAMES = ("body", "content", "description", "notes", "text", "message", "bio", "summary")
_BY_TYPE: tuple[tuple[type, str], ...] = (
    (bool, "switch"),
    (int, "number"),
    (float, "number"),
    (decimal.Decimal, "decimal"),
    (datetime.datetime, "datetime"),
    (datetime.date, "date"),
    (datetime.time, "time"),
)
_BY_NAME = {
    "EmailStr": "email", "UploadFile": "file", "Color": "color", "SecretStr": "password",
    "AwareDatetime": "datetime", "NaiveDatetime": "datetime",
    "PastDatetime": "datetime", "FutureDatetime": "datetime",
    "PastDate": "date", "FutureDate": "date",
}  # fmt: skip


def form_field(
    parameter: Parameter,
    spec: FieldSpec | None = None,
    info: FieldInfo | None = None,
    *,
    target: type[Entity] | None = None,
    texts: Catalogue = ENGLISH,
    around: tuple[Any, ...] = (),
) -> FormField:
    """The input of an event's parameter; `spec` is the entity field of the same name, if any.

    Shapes: target is the class whose records a foreign key, or a list of ids, is chosen from;
    around has the models and editors that the input is part of.
    """
    annotation = parameter.annotation
    if spec is not None:
        info = spec.info
    elif info is None:
        infos = [item for item in typing.get_args(annotation)[1:] if isinstance(item, FieldInfo)]
        info = infos[0] if infos else FieldInfo()
    ui = spec.ui if spec is not None else ui_of(annotation, info.metadata)
    choices = choices_of(annotation)
    if not choices and _holds_choices(annotation):
        choices = choices_of(typing.get_args(plain_types(annotation)[0])[0])
    is_open = ui.widget is None and not is_secret(annotation) and len(around) < MAX_DEPTH
    model = _nested(annotation) if is_open else None
    model = None if model in around else model
    is_key = target is not None and ui.widget in (None, "record") and not choices
    has_records = target is not None and _items(annotation) is not None
    is_key = is_key and not has_records
    default_kind = "record" if is_key else "group" if model else _kind(parameter, choices)
    if has_records:
        default_kind = "records"
    ui = with_places(ui, info.metadata)
    if default_kind == "number" and (ui.format == "percent" or ui.currency or ui.currency_field):
        default_kind = "decimal"
    kind = ui.widget or default_kind
    title = parameter.name.replace("_", " ").capitalize() if spec is None else spec.title
    if is_key:
        title = title_of(parameter.name)  # without "id"
    title = translated(info.title or title)
    editor = None
    if is_open and default_kind in ("lines", "json"):
        inside = (*around, kind)
        editor = row_editor(
            annotation, title, lambda part: form_field(part, texts=texts, around=inside), texts
        )
        kind = "rows" if editor else kind
    required = _is_required(parameter, spec) and kind not in ("switch", "checkboxes")
    if kind == "records":
        required = False  # no record is a choice, unless `min_length` says otherwise
    if kind in ("lines", "rows") and spec is not None:
        required = False  # an empty list is valid
    if kind == "select" and not choices and plain_types(annotation) == [bool]:
        choices = ((True, texts.text("shown.yes")), (False, texts.text("shown.no")))
    if kind in CHOOSING and not choices:
        raise ConfigurationError(
            f"{parameter.name}: UI(widget={kind!r}) needs an enum or Literal to choose from; the "
            f"type is {annotation!r}."
        )
    return FormField(
        parameter.name,
        kind,
        f"{title}{_zone(annotation, kind)}{_unit(ui, kind)}",
        translated(ui.help or info.description or ""),
        translated(ui.placeholder) or _example(info),
        required,
        choices,
        tuple(_limits(annotation, info).items()) if kind in ("number", "range") else (),
        target if is_key or has_records else parameter.entity,
        parameter.may_be_none,
        parameter.file,
        _parts(parameter, model, texts, (*around, model)) if model else (),
        is_key,
        editor,
        texts.text("value.given", title=title) if model and parameter.may_be_none else "",
        kind == "datetime" and takes_only_aware(annotation),
        ui if kind == "decimal" else UI(),
        row_template(editor, labelled) if editor else None,
    )


def _unit(ui: UI, kind: str) -> str:
    return f" ({ui.currency})" if kind == "decimal" and ui.currency else ""


def _zone(annotation: Any, kind: str) -> str:
    """The time zone suffix of an input's label."""
    return " (UTC)" if kind == "datetime" and takes_only_aware(annotation) else ""


def _kind(parameter: Parameter, choices: tuple[Any, ...]) -> str:
    annotation = parameter.annotation
    if parameter.entity is not None and not parameter.has_records:
        return "record"
    if parameter.file is not None:
        return "file"
    if choices:
        return "checkboxes" if _holds_choices(annotation) else "select"
    if is_secret(annotation):
        return "password"
    kinds = [kind for kind in plain_types(annotation) if isinstance(kind, type)]
    if kinds == [bool] and parameter.may_be_none:
        return "select"  # a switch can't encode None
    names = [kind.__name__ for kind in kinds]
    found = next((_BY_NAME[name] for name in names if name in _BY_NAME), None)
    if found:
        return found
    if any("Url" in name for name in names):
        return "url"
    if not is_atomic(annotation) and annotation is not Any:
        return "lines" if _holds_texts(annotation) else "json"
    for kind in kinds[:1] if str not in kinds else []:
        for known, widget in _BY_TYPE:
            if issubclass(kind, known):
                return widget
    return "textarea" if parameter.name in LONG_TEXT_NAMES else "text"


def _items(annotation: Any) -> Any:
    """The item type of a list or set; None for any other type."""
    kinds = plain_types(annotation)
    if len(kinds) == 1 and typing.get_origin(kinds[0]) in (list, set, frozenset):
        return typing.get_args(kinds[0])[0]
    return None


def _holds_choices(annotation: Any) -> bool:
    items = _items(annotation)
    return items is not None and bool(choices_of(items))


def _holds_texts(annotation: Any) -> bool:
    items = _items(annotation)
    return items is not None and plain_types(items) == [str]


def _is_required(parameter: Parameter, spec: FieldSpec | None) -> bool:
    if spec is not None:  # an input of `create` or `update`, which take single fields
        return spec.info.is_required() and not parameter.may_be_none
    return parameter.required and not parameter.may_be_none


def _example(info: FieldInfo) -> str:
    return str(info.examples[0]) if info.examples else ""


def _limits(annotation: Any, info: FieldInfo) -> dict[str, Any]:
    kinds = plain_types(annotation)
    step: Any = 1 if set(kinds) == {int} else "any"
    limits: dict[str, Any] = {}
    for item in info.metadata:
        if isinstance(item, Ge):
            limits["min"] = item.ge
        elif isinstance(item, Le):
            limits["max"] = item.le
        elif isinstance(item, Gt) and step == 1:
            limits["min"] = int(item.gt) + 1  # type: ignore[call-overload]
        elif isinstance(item, Lt) and step == 1:
            limits["max"] = int(item.lt) - 1  # type: ignore[call-overload]
        elif isinstance(item, MultipleOf):
            step = item.multiple_of
    return {**limits, "step": step}


def _nested(annotation: Any) -> Any:
    """The pydantic model or typed dictionary of a type that is exactly one, or one or None."""
    kinds = plain_types(annotation)
    kind: Any = kinds[0] if len(kinds) == 1 else None
    if is_typed_dict(kind):
        return kind if kind.__total__ and not kind.__optional_keys__ else None
    if not isinstance(kind, type) or not issubclass(kind, BaseModel):
        return None
    return None if issubclass(kind, Entity | RootModel) else kind


def _fields(model: Any) -> dict[str, FieldInfo]:
    if is_typed_dict(model):
        hints = typing.get_type_hints(model, include_extras=True)
        return {name: FieldInfo.from_annotation(hint) for name, hint in hints.items()}
    fields: dict[str, FieldInfo] = model.__pydantic_fields__
    return fields


def _parts(
    parameter: Parameter, model: Any, texts: Catalogue, around: tuple[Any, ...]
) -> tuple[FormField, ...]:
    """The inputs for the public fields of a nested model, named like "address.street"."""
    name, parts = parameter.name, []
    for field, info in _fields(model).items():
        if is_private(info) and not (is_secret(info.annotation) and info.is_required()):
            continue
        default = inspect.Parameter.empty if info.is_required() else None
        part = Parameter(f"{name}.{field}", info.annotation, None, default)
        words = translated(info.title or field.replace("_", " ").capitalize())
        input_field = form_field(part, info=info, texts=texts, around=around)
        if parameter.may_be_none:  # the browser must not ask for what is not given
            input_field = replace(input_field, required=False)
        title = f"{words}{_zone(info.annotation, input_field.kind)}"
        parts.append(replace(input_field, title=title))
    return tuple(parts)
