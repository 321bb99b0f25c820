"""What input each parameter of a form has: kind, words and limits, worked out once."""

from __future__ import annotations

import datetime
import decimal
import inspect
import typing
from dataclasses import dataclass, replace
from typing import Any

from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from starmodel.adapters.ui.choices import choice_key, choices_of
from starmodel.app.binding import Parameter
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.fields import FieldSpec, is_atomic, plain_types
from starmodel.core.widgets import UI, wishes

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
_BY_NAME = {"EmailStr": "email", "UploadFile": "file", "Color": "color", "SecretStr": "password"}


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of a form.

    Shapes: kind is one of `starmodel.core.widgets.WIDGETS`, or "group" for
    a nested model with its parts; choices are
    (value, label) pairs; limits are attributes of the input, such as
    {"min": 0}; record is the class whose records can be chosen.
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
    parts: tuple[FormField, ...] = ()

    def of_part(self, part: FormField, value: Any) -> Any:
        """A nested model's value for one of the parts."""
        name = part.name.rpartition(".")[2]
        return value.get(name) if isinstance(value, dict) else getattr(value, name, None)

    def text(self, value: Any) -> str:
        """A value as the input holds it; what was typed and refused comes back as it was."""
        if value is None or self.kind in ("password", "file", "image"):
            return ""
        if self.kind == "lines" and isinstance(value, list | tuple | set | frozenset):
            return "\n".join(str(plain(item)) for item in value)
        if self.kind == "json" and not isinstance(value, str):
            return to_json(value, fallback=str, indent=2).decode()
        if self.kind == "datetime":
            return _local(value)
        return choice_key(plain(value))

    def chosen(self, value: Any) -> frozenset[str]:
        """The keys of the choices that a value selects."""
        several = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        return frozenset(choice_key(plain(item)) for item in several if item is not None)

    def rest(self, value: Any) -> str:
        """What `datetime-local` can't hold of a moment: digits below milliseconds, "Z" for UTC."""
        moment = _moment(value)
        if not isinstance(moment, datetime.datetime):
            return ""
        below = moment.microsecond % 1000
        return (f"{below:03}" if below else "") + ("Z" if moment.tzinfo is not None else "")


def form_field(
    parameter: Parameter, spec: FieldSpec | None = None, info: FieldInfo | None = None
) -> FormField:
    """The input of an event's parameter; `spec` is the entity's field that it fills."""
    annotation = parameter.annotation
    if spec is not None:
        info = spec.info
    elif info is None:
        said = [item for item in typing.get_args(annotation)[1:] if isinstance(item, FieldInfo)]
        info = said[0] if said else FieldInfo()
    ui = spec.ui if spec is not None else wishes(annotation, info.metadata)
    choices = choices_of(annotation)
    if not choices and _holds_choices(annotation):
        choices = choices_of(typing.get_args(plain_types(annotation)[0])[0])
    model = None if ui.widget or parameter.is_secret else _nested(annotation)
    kind = ui.widget or ("group" if model else _kind(parameter, choices))
    required = _is_required(parameter, spec) and kind not in ("switch", "checkboxes")
    title = parameter.name.replace("_", " ").capitalize() if spec is None else spec.title
    return FormField(
        parameter.name,
        kind,
        info.title or title,
        ui.help or info.description or "",
        ui.placeholder or _example(info),
        required,
        choices,
        tuple(_limits(annotation, info).items()) if kind in ("number", "range") else (),
        parameter.entity,
        _parts(parameter.name, model) if model else (),
    )


def _kind(parameter: Parameter, choices: tuple[Any, ...]) -> str:
    annotation = parameter.annotation
    if parameter.entity is not None:
        return "record"
    if choices:
        return "checkboxes" if _holds_choices(annotation) else "select"
    if parameter.is_secret:
        return "password"
    kinds = [kind for kind in plain_types(annotation) if isinstance(kind, type)]
    names = [kind.__name__ for kind in kinds]
    found = next((_BY_NAME[name] for name in names if name in _BY_NAME), None)
    if found:
        return found
    if any("Url" in name for name in names):
        return "url"
    if not is_atomic(annotation) and annotation is not Any:
        return "lines" if _holds_texts(annotation) else "json"
    for kind in kinds[:1]:
        for known, widget in _BY_TYPE:
            if issubclass(kind, known):
                return widget
    return "textarea" if parameter.name in LONG_TEXT_NAMES else "text"


def _items(annotation: Any) -> Any:
    """What a list or set holds, None for every other type."""
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
    if spec is not None:  # an input of `create` or `update`, which take fields one by one
        return spec.info.is_required() and not parameter.may_be_none
    return parameter.required and not parameter.may_be_none


def _example(info: FieldInfo) -> str:
    return str(info.examples[0]) if info.examples else ""


def _limits(annotation: Any, info: FieldInfo) -> dict[str, Any]:
    kinds = plain_types(annotation)
    step: Any = 1 if int in kinds else "any"
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


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value)
        except ValueError:
            return None
    return value


def _local(value: Any) -> str:
    """A moment as `datetime-local` takes it, which knows no zones; those are shown in UTC."""
    moment = _moment(value)
    if not isinstance(moment, datetime.datetime):
        return str(value)
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "minutes")


def _nested(annotation: Any) -> type[BaseModel] | None:
    """The model of a field that always holds one."""
    kind = typing.get_args(annotation)[0] if wishes(annotation) != UI() else annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel) and not issubclass(kind, Entity):
        return kind
    return None


def _parts(name: str, model: type[BaseModel]) -> tuple[FormField, ...]:
    """An input for each field of a nested model, named like "address.street"."""
    made = []
    for field, info in model.__pydantic_fields__.items():
        default = inspect.Parameter.empty if info.is_required() else None
        part = Parameter(f"{name}.{field}", info.annotation, None, default)
        words = info.title or field.replace("_", " ").capitalize()
        made.append(replace(form_field(part, info=info), title=words))
    return tuple(made)
