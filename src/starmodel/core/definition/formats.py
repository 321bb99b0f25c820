"""Validation of `UI(format=…)` against the types of fields and computed fields."""

from __future__ import annotations

import datetime
import decimal
import typing
from collections.abc import Iterable
from typing import Any

from starmodel.core.definition.info import EntityInfo
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.annotations import type_name
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.widgets import UI, ui_of

_NUMBERS = (int, float, decimal.Decimal)
_TEXTS = (str,)
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "percent": _NUMBERS,
    "plain": _NUMBERS,
    "bar": _NUMBERS,
    "bytes": (int,),
    "duration": (*_NUMBERS, datetime.timedelta),
    "relative": (datetime.datetime, datetime.date),
    "avatar": _TEXTS,
    "image": _TEXTS,
    "link": _TEXTS,
}
_EXPECTED = {
    "bytes": "an int",
    "duration": "a number of seconds or a timedelta",
    "relative": "a date or datetime",
} | dict.fromkeys(("percent", "plain", "bar"), "a number")  # fmt: skip
# pydantic's annotations that are no subclasses of what they hold.
_BY_NAME: dict[str, type] = {
    **dict.fromkeys(("AwareDatetime", "NaiveDatetime", "PastDatetime", "FutureDatetime"),
                    datetime.datetime),
    **dict.fromkeys(("PastDate", "FutureDate"), datetime.date),
    **dict.fromkeys(("AnyUrl", "HttpUrl", "AnyHttpUrl", "EmailStr"), str),
}  # fmt: skip


def check_formats(about: EntityInfo) -> None:
    """Refuse formats that the values of a field can't have. Raises: ConfigurationError."""
    for name, spec in about.fields.items():
        _check(f"{about.cls.__name__}.{name}", spec.info.annotation, spec.ui, spec.info.metadata)
    for name in (*about.computed, *about.related_computed):
        kind = about.cls.__pydantic_computed_fields__[name].return_type
        _check(f"{about.cls.__name__}.{name}", kind, ui_of(kind), typing.get_args(kind)[1:])


def upper_bound(metadata: Iterable[Any]) -> float | None:
    """The upper bound in a field's constraints, as `le` or `lt`; None without one."""
    each = [inner for item in metadata for inner in (item, *getattr(item, "metadata", ()))]
    bounds = [getattr(item, name, None) for item in each for name in ("le", "lt")]
    return next((float(bound) for bound in bounds if isinstance(bound, _NUMBERS)), None)


def _check(where: str, annotation: Any, ui: UI, metadata: Iterable[Any]) -> None:
    accepted = _ACCEPTED.get(ui.format)
    if accepted is not None and not _all_are(plain_types(annotation), accepted):
        raise ConfigurationError(
            f"{where} has UI(format={ui.format!r}) and the type {type_name(annotation)}; expected "
            f"{_EXPECTED.get(ui.format, 'a str')}. Remove the format, or change the type."
        )
    if ui.max is not None and ui.format != "bar":
        raise ConfigurationError(
            f"{where} has UI(max={ui.max!r}), which is the end of a bar; add format='bar', or "
            "limit the value by Field(le=…)."
        )
    if ui.format == "bar" and not ((ui.max or upper_bound(metadata) or 0) > 0):
        raise ConfigurationError(
            f"{where} has UI(format='bar') and no end; write UI(format='bar', max=100), or "
            "Field(le=100)."
        )


def _all_are(kinds: list[Any], accepted: tuple[type, ...]) -> bool:
    known = [_BY_NAME.get(getattr(kind, "__name__", ""), kind) for kind in kinds]
    return bool(known) and all(
        isinstance(kind, type) and issubclass(kind, accepted) and not issubclass(kind, bool)
        for kind in known
    )
