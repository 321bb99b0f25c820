"""The input of each event parameter: widget, label and limits, derived from its type."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import inspect
import re
import typing
from dataclasses import dataclass, replace
from typing import Any

from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.app.commands.binding.files import FileRule
from starmodel.app.commands.binding.form_texts import lines_of, without_zone
from starmodel.app.commands.binding.parameters import Parameter
from starmodel.app.ports.moments import takes_only_aware
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field_types import is_atomic, plain_types
from starmodel.core.fields.privacy import is_private, is_secret
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.fields.widgets import UI, ui_of
from starmodel.texts.catalogue import ENGLISH, Catalogue

LONG_TEXT_NAMES = ("body", "content", "description", "notes", "text", "message", "bio", "summary")
_BY_TYPE: tuple[tuple[type, str], ...] = (
    (bool, "switch"),
    (int, "number"),
    (float, "number"),
    (decimal.Decimal, "number"),
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
CHOOSING = ("select", "radio", "checkboxes")
_TALL = ("textarea", "markdown", "lines", "json", "hidden")
_EMPTY_IS_NONE = ("number", "date", "datetime", "time", "lines", "json", "select", "record")
_COLOR = re.compile("#[0-9a-fA-F]{6}")
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of a form.

    Shapes: kind is one of `starmodel.core.fields.widgets.WIDGETS`, or "group" for
    a nested model, whose fields are parts; choices are (value, label) pairs;
    limits are attributes of the input, such as {"min": 0}; file is the
    validation rule of a file input; record is the entity class of a record
    input; optional is True when None is a valid value.
    """

    name: str
    kind: str
    title: str
    help: str = ""
    placeholder: str = ""
    required: bool = False
    choices: tuple[tuple[Any, str], ...] = ()
    limits: tuple[tuple[str, Any], ...] = ()
    record: type[Entity] | None = None
    optional: bool = False
    file: FileRule | None = None
    parts: tuple[FormField, ...] = ()

    def of_part(self, part: FormField, value: Any) -> Any:
        """The value of one part of a nested model."""
        name = part.name.rpartition(".")[2]
        return value.get(name) if isinstance(value, dict) else getattr(value, name, None)

    def text(self, value: Any) -> str:
        """Encode a value for the input; a rejected string is returned unchanged."""
        if value is None or self.kind in ("password", "file", "image"):
            return ""
        if self.kind == "lines" and isinstance(value, list | tuple | set | frozenset):
            items = [str(plain(item)) for item in value]
            text = "\n".join(items)
            return text if lines_of(text) == items else to_json(items, indent=2).decode()
        if self.kind == "json" and not isinstance(value, str):
            return to_json(plain(value), fallback=str, indent=2).decode()
        if self.kind in ("datetime", "time"):
            moment = _moment(value)
            return choice_key(value) if moment is None else without_zone(moment)
        return choice_key(plain(value))

    def chosen(self, value: Any) -> frozenset[str]:
        """The choice keys that a value selects."""
        several = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        return frozenset(choice_key(plain(item)) for item in several if item is not None)

    def several(self, value: Any) -> str:
        """The previous choices as JSON, in order; "null" for None of an optional field."""
        if value is None:
            return "null" if self.optional else "[]"
        return to_json([choice_key(plain(item)) for item in value]).decode()

    def rest(self, value: Any) -> str:
        """The full ISO datetime or time, if the input can't represent its zone or microseconds."""
        moment = _moment(value)
        if moment is None or (moment.tzinfo is None and moment.microsecond % 1000 == 0):
            return ""
        return moment.isoformat()

    def exact(self, value: Any) -> str:
        """The JSON array [sent text, exact value], when the browser's input is lossy.

        Some input types can't represent every value: line breaks in a single
        line, None, a named colour. "" when the input sends the value itself; an
        array without a value marks the sent text as no input.
        """
        text = self.text(value)
        sent = _sent(self.kind, text)
        if self.kind in ("datetime", "time"):
            return ""  # see `rest`
        if self.kind == "range" and not sent:
            sent = _middle(dict(self.limits))
        if self.kind == "password" and value not in (None, ""):
            return to_json([sent]).decode()
        meant = plain(value)
        if value is None:
            if not self.optional or self.kind in _EMPTY_IS_NONE:
                return ""
        elif self.kind in ("lines", "json"):
            is_empty = text == "" and not isinstance(value, str)
            meant = "[]" if is_empty and self.optional else text
        elif self.kind == "number" or not isinstance(meant, str | int | float | list | dict):
            meant = text
        return "" if meant == sent else to_json([sent, meant]).decode()


def form_field(
    parameter: Parameter,
    spec: FieldSpec | None = None,
    info: FieldInfo | None = None,
    *,
    texts: Catalogue = ENGLISH,
) -> FormField:
    """The input of an event's parameter; `spec` is the entity field of the same name, if any."""
    annotation = parameter.annotation
    if spec is not None:
        info = spec.info
    elif info is None:
        said = [item for item in typing.get_args(annotation)[1:] if isinstance(item, FieldInfo)]
        info = said[0] if said else FieldInfo()
    ui = spec.ui if spec is not None else ui_of(annotation, info.metadata)
    choices = choices_of(annotation)
    if not choices and _holds_choices(annotation):
        choices = choices_of(typing.get_args(plain_types(annotation)[0])[0])
    model = None if ui.widget or is_secret(annotation) else _nested(annotation)
    kind = ui.widget or ("group" if model else _kind(parameter, choices))
    required = _is_required(parameter, spec) and kind not in ("switch", "checkboxes")
    if kind == "lines" and spec is not None:
        required = False  # an empty list is valid
    if kind == "select" and not choices and plain_types(annotation) == [bool]:
        choices = ((True, texts.text("shown.yes")), (False, texts.text("shown.no")))
    if kind in CHOOSING and not choices:
        raise ConfigurationError(
            f"{parameter.name}: UI(widget={kind!r}) needs an enum or Literal to choose from; the "
            f"type is {annotation!r}."
        )
    title = parameter.name.replace("_", " ").capitalize() if spec is None else spec.title
    title = info.title or title
    return FormField(
        parameter.name,
        kind,
        f"{title}{_zone(annotation, kind)}",
        ui.help or info.description or "",
        ui.placeholder or _example(info),
        required,
        choices,
        tuple(_limits(annotation, info).items()) if kind in ("number", "range") else (),
        parameter.entity,
        parameter.may_be_none,
        parameter.file,
        _parts(parameter.name, model, texts) if model else (),
    )


def _zone(annotation: Any, kind: str) -> str:
    """The time zone suffix of an input's label."""
    return " (UTC)" if kind == "datetime" and takes_only_aware(annotation) else ""


def _kind(parameter: Parameter, choices: tuple[Any, ...]) -> str:
    annotation = parameter.annotation
    if parameter.entity is not None:
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
    made: dict[str, Any] = {}
    for item in info.metadata:
        if isinstance(item, Ge):
            made["min"] = item.ge
        elif isinstance(item, Le):
            made["max"] = item.le
        elif isinstance(item, Gt) and step == 1:
            made["min"] = int(item.gt) + 1  # type: ignore[call-overload]
        elif isinstance(item, Lt) and step == 1:
            made["max"] = int(item.lt) - 1  # type: ignore[call-overload]
        elif isinstance(item, MultipleOf):
            step = item.multiple_of
    return {**made, "step": step}


def _moment(value: Any) -> datetime.datetime | datetime.time | None:
    """Parse a datetime or time from a value or ISO text; None for anything else."""
    if isinstance(value, datetime.datetime | datetime.time):
        return value
    for kind in (datetime.time, datetime.datetime) if isinstance(value, str) else ():
        with contextlib.suppress(ValueError):
            return kind.fromisoformat(value)
    return None


def _sent(kind: str, text: str) -> str:
    """The text that a browser submits for an unchanged input, with "\\n" line breaks."""
    text = text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    if kind in _TALL:
        return text
    text = text.replace("\n", "")
    if kind in ("email", "url"):
        return text.strip(" \t\f")
    if kind == "color":
        return text.lower() if _COLOR.fullmatch(text) else "#000000"
    if kind in ("number", "range"):
        return text if _NUMBER.fullmatch(text) else ""
    return text


def _middle(limits: dict[str, Any]) -> str:
    """The default position of a range input without a value."""
    least, most = limits.get("min", 0), limits.get("max", 100)
    middle = least if most < least else least + (most - least) / 2
    step = limits.get("step", 1)
    if step != "any":
        middle = least + int((middle - least) / step + 0.5) * step
    return f"{middle:g}"


def _nested(annotation: Any) -> type[BaseModel] | None:
    """The pydantic model of a field type that is exactly one model."""
    kind = typing.get_args(annotation)[0] if ui_of(annotation) != UI() else annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel) and not issubclass(kind, Entity):
        return kind
    return None


def _parts(name: str, model: type[BaseModel], texts: Catalogue) -> tuple[FormField, ...]:
    """The inputs for the public fields of a nested model, named like "address.street"."""
    made = []
    for field, info in model.__pydantic_fields__.items():
        if is_private(info) and not (is_secret(info.annotation) and info.is_required()):
            continue
        default = inspect.Parameter.empty if info.is_required() else None
        part = Parameter(f"{name}.{field}", info.annotation, None, default)
        words = info.title or field.replace("_", " ").capitalize()
        made_of = form_field(part, info=info, texts=texts)
        made.append(replace(made_of, title=f"{words}{_zone(info.annotation, made_of.kind)}"))
    return tuple(made)
