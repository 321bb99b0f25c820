"""Parsing of form and query strings into values, and formatting of values for inputs."""

from __future__ import annotations

import contextlib
import datetime
import typing
from typing import Any

from pydantic import BaseModel

from starmodel.app.ports.moments import in_utc, takes_only_aware
from starmodel.core.fields.field_types import choice_of, is_atomic, plain_types
from starmodel.core.values.bounds import DEFAULT_BOUNDS, Bounds, BoundsError, read_json
from starmodel.texts.catalogue import Message


def from_text(annotation: Any, value: Any, bounds: Bounds = DEFAULT_BOUNDS) -> Any:
    """The input for a validator of `annotation` that a form or query string stands for.

    Lists and objects are parsed as JSON, lists of scalars also one per line,
    enum members and literals by their value. A datetime without a timezone
    is in UTC where the type needs one.

    Raises: BoundsError, beyond a bound; ValueError, for invalid JSON.
    """
    if isinstance(value, list):
        items = [arg for kind in plain_types(annotation) for arg in typing.get_args(kind)]
        return [choice_of(items[0], item) for item in value] if items else value
    if not isinstance(value, str):
        return value
    if takes_only_aware(annotation):
        return in_utc(value)  # the label of the input names UTC
    if is_atomic(annotation) or typing.get_origin(annotation) is typing.Literal:
        return choice_of(annotation, value)
    if is_list(annotation) and value.lstrip()[:1] not in ("[", "{"):
        lines = lines_of(value)
        if len(lines) > bounds.items:
            raise BoundsError(Message("bounds.lines", lines=bounds.items))
        return lines
    return read_json(value, bounds)


def lines_of(text: str) -> list[str]:
    """The items of a list, one per line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def is_list(annotation: Any) -> bool:
    """True for a list, set or tuple type."""
    kinds = plain_types(annotation)
    return len(kinds) == 1 and typing.get_origin(kinds[0]) in (list, set, frozenset, tuple)


def without_zone(moment: datetime.datetime | datetime.time) -> str:
    """The value of a `datetime-local` or `time` input in ISO 8601; an aware datetime in UTC."""
    if isinstance(moment, datetime.datetime) and moment.tzinfo is not None:
        with contextlib.suppress(OverflowError):  # datetime.max has no UTC equivalent
            moment = moment.astimezone(datetime.UTC)
    precise = "milliseconds" if moment.microsecond else "seconds" if moment.second else "minutes"
    return moment.replace(tzinfo=None).isoformat(timespec=precise)


def filled(
    annotation: Any, values: dict[str, Any], bounds: Bounds = DEFAULT_BOUNDS
) -> dict[str, Any]:
    """Parse the form inputs of a nested model; empty inputs of non-string types are dropped.

    Raises: BoundsError, for a string beyond a bound.
    """
    models = [
        k for k in plain_types(annotation) if isinstance(k, type) and issubclass(k, BaseModel)
    ]
    fields = models[0].__pydantic_fields__ if models else {}
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        part_type: Any = fields[name].annotation if name in fields else None
        kinds = plain_types(part_type)
        if isinstance(value, dict):
            parsed[name] = filled(part_type, value, bounds)
        elif value == "" and str not in kinds:
            if type(None) in typing.get_args(part_type):
                parsed[name] = None
            elif is_list(part_type):
                parsed[name] = []
        elif isinstance(value, str | list) and name in fields and str not in kinds:
            try:
                parsed[name] = from_text(part_type, value, bounds)
            except BoundsError:
                raise
            except ValueError:
                parsed[name] = value  # rejected by the validator of the model
        else:
            parsed[name] = value
    return parsed


def written_types(annotation: Any) -> list[Any]:
    """As `plain_types`, without the types of literals, except `str` for the literal ""."""
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return [str] if "" in parts else []
    if any(typing.get_origin(part) is typing.Literal for part in parts):
        return [kind for part in parts for kind in written_types(part)]
    return plain_types(annotation)
