"""Values of rows that exist: functions of a row for `fill`, and conversions of stored values."""

from __future__ import annotations

import copy
import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def new_uuid(row: Mapping[str, Any]) -> uuid.UUID:
    """Return a new random UUID for a row."""
    return uuid.uuid4()


def now(row: Mapping[str, Any]) -> datetime.datetime:
    """Return the present time, in UTC."""
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class AddParts:
    """A conversion of `ChangeField`: adds parts to the objects of a JSON field.

    Parts that an object has stay as they are, and so do values that are no objects.

    Shapes: parts are JSON values by path: `AddParts({"zip": "", "geo.lat": 0})`; `*` stands for
    each element of a list, or each value of a dict: `AddParts({"lines.*.tax": 0})`.
    """

    parts: Mapping[str, Any]

    def __call__(self, value: Any) -> Any:
        for path, part in self.parts.items():
            value = _with_part(value, path.split("."), part)
        return value


def _with_part(value: Any, path: Sequence[str], part: Any) -> Any:
    name, *inner = path
    if name == "*" and inner:
        if isinstance(value, list):
            return [_with_part(each, inner, part) for each in value]
        if isinstance(value, Mapping):
            return {key: _with_part(each, inner, part) for key, each in value.items()}
    if not isinstance(value, Mapping):
        return value
    if inner:
        return {**value, name: _with_part(value[name], inner, part)} if name in value else value
    return {name: copy.deepcopy(part), **value}
