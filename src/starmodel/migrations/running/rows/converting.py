"""Converts one stored value to the type of another column."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pydantic import JsonValue

from starmodel.migrations.running.rows.table import stored_value
from starmodel.migrations.schema.codecs import StoredColumn


def converted_value(
    old: StoredColumn, new: StoredColumn, stored: Any, convert: Callable[[Any], Any] | None
) -> Any:
    """Convert one stored value. Raises: ValueError; what `convert` raises."""
    value = old.decode(stored)
    if convert is not None:
        made = stored_value(new, convert(value))
    else:
        value, data = _without_members(old, new, value)
        try:
            made = new.encode(new.from_json(data))
        except ValueError:
            if isinstance(value, str):
                raise
            made = new.encode(new.from_json(str(value)))
        if new.definition.type.kind == "float":
            _check_exact(value, new.decode(made))
    if not new.allows(new.decode(made)):
        raise ValueError(f"is not one of {new.definition.bounds['values']}")
    return made


def _check_exact(value: Any, converted: float) -> None:
    """Refuse a whole number that a float does not have, also as text. Raises: ValueError."""
    if isinstance(value, int):
        is_exact = converted == value
    else:
        try:
            number = Decimal(value)
        except (ArithmeticError, TypeError, ValueError):
            return
        is_whole = number.is_finite() and number == number.to_integral_value()
        is_exact = not is_whole or Decimal(repr(converted)) == number
    if not is_exact:
        raise ValueError(f"would become {converted!r}")


def _without_members(old: StoredColumn, new: StoredColumn, value: Any) -> tuple[Any, JsonValue]:
    """Return a value and its JSON data; between an enum and another type, by its members' values.

    Data that is no value of the new enum may be the name of a member.
    """
    before, after = old.definition.type, new.definition.type
    if before.kind == "enum" and after.kind != "enum":
        value = before.values.get(value, value)
        return value, value
    data = old.to_json(value)
    if after.kind == "enum" and before.kind != "enum":
        return value, next((name for name, each in after.values.items() if each == data), data)
    return value, data
