"""Parsing of form and query strings into values, and formatting of values for inputs."""

from __future__ import annotations

import contextlib
import datetime
import typing
from typing import Any

from pydantic import BaseModel

from starmodel.app.commands.binding.number_texts import (
    AmbiguousNumberError,
    is_number,
    plain_number,
)
from starmodel.app.commands.binding.rows import KEY, MAX_ROWS, VALUE, Rows, is_pair, item_type
from starmodel.app.ports.moments import in_utc, takes_only_aware
from starmodel.core.fields.field_types import choice_of, is_atomic, is_typed_dict, plain_types
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


def filled(annotation: Any, value: Any, bounds: Bounds = DEFAULT_BOUNDS) -> Any:
    """Parse the form inputs of a nested model, or of the rows of a list or mapping.

    Empty inputs of non-string types, and rows that were left empty, are dropped.

    Raises: BoundsError, for a string or a number of rows beyond a bound; RowError, for
    a key that is used twice.
    """
    if isinstance(value, Rows):
        return _filled_rows(annotation, value, bounds)
    types = fields_of(annotation)
    parsed: dict[str, Any] = {}
    for name, inner in value.items():
        part_type: Any = types.get(name)
        if inner == "" and str not in plain_types(part_type):
            if type(None) in typing.get_args(part_type):
                parsed[name] = None
            elif is_list(part_type):
                parsed[name] = []
        elif name in types or isinstance(inner, dict | Rows):
            parsed[name] = _filled_part(part_type, inner, bounds, name)
        else:
            parsed[name] = inner
    return parsed


def fields_of(annotation: Any) -> dict[str, Any]:
    """The types of the fields of a model or typed dictionary, {} for other types."""
    for kind in plain_types(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return {name: info.annotation for name, info in kind.__pydantic_fields__.items()}
        if is_typed_dict(kind):
            return typing.get_type_hints(kind)
    return {}


class RowError(ValueError):
    """The rows can't be read. Shapes: place is the row's input, below the parameter's name."""

    def __init__(self, place: str, problem: Message) -> None:
        super().__init__(problem)
        self.place, self.problem = place, problem


def _filled_rows(annotation: Any, rows: Rows, bounds: Bounds) -> Any:
    if len(rows) > MAX_ROWS:
        raise BoundsError(Message("bounds.rows", rows=MAX_ROWS))
    kind = next(iter(plain_types(annotation)), None)
    if typing.get_origin(kind) is not dict:
        item = item_type(kind)
        return [_filled_part(item, row, bounds, key) for key, row in rows.filled]
    rows.pairs = True
    value_type, made = typing.get_args(kind)[1], dict[str, Any]()
    for key, row in rows.filled:
        if not is_pair(row):
            raise RowError(key, Message("value.missing"))
        if row[KEY] in made:
            raise RowError(f"{key}.{KEY}", Message("value.key_twice"))
        if row[KEY] == "" and key not in rows.kept:
            raise RowError(f"{key}.{KEY}", Message("value.missing"))
        made[row[KEY]] = _filled_part(value_type, row[VALUE], bounds, f"{key}.{VALUE}")
    return made


def _filled_part(annotation: Any, value: Any, bounds: Bounds, place: str) -> Any:
    if isinstance(value, dict | Rows):
        try:
            return filled(annotation, value, bounds)
        except RowError as error:
            raise RowError(f"{place}.{error.place}", error.problem) from None
    kinds = plain_types(annotation)
    if value == "" and str not in kinds and type(None) in typing.get_args(annotation):
        return None
    if isinstance(value, str | list) and str not in kinds:
        try:
            if isinstance(value, str) and is_number(annotation):
                return plain_number(value, whole=kinds == [int])
            return from_text(annotation, value, bounds)
        except BoundsError:
            raise
        except AmbiguousNumberError as error:
            raise RowError(place, error.problem) from None
        except ValueError:
            return value  # rejected by the validator of the type
    return value


def written_types(annotation: Any) -> list[Any]:
    """As `plain_types`, without the types of literals, except `str` for the literal ""."""
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return [str] if "" in parts else []
    if any(typing.get_origin(part) is typing.Literal for part in parts):
        return [kind for part in parts for kind in written_types(part)]
    return plain_types(annotation)
