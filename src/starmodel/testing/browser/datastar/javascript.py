"""JavaScript's operators and type conversions for Python values."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "%": math.fmod,
}  # fmt: skip


def operate(sign: str, left: Any, right: Any) -> Any:
    """The value of a binary operator, with JavaScript's implicit type conversion."""
    if sign in ("===", "!=="):
        same = left == right and isinstance(left, bool) == isinstance(right, bool)
        return same == (sign == "===")
    if sign in ("==", "!="):
        equal = left == right if type(left) is type(right) else number(left) == number(right)
        return equal == (sign == "==")
    strings = isinstance(left, str), isinstance(right, str)
    if sign == "+" and any(strings):
        return as_text(left) + as_text(right)
    if sign in _COMPARISONS:
        return _COMPARISONS[sign](*((left, right) if all(strings) else map(number, (left, right))))
    left, right = number(left), number(right)
    if sign in ("/", "%") and right == 0:
        return math.nan if sign == "%" or left == 0 else math.copysign(math.inf, left)
    result = _ARITHMETIC[sign](left, right)
    return int(result) if isinstance(result, float) and result.is_integer() else result


def truth(value: Any) -> bool:
    """Truthiness of a value; empty arrays and objects are truthy, NaN is falsy."""
    return isinstance(value, list | dict) or (bool(value) and value == value)


def number(value: Any) -> Any:
    """The value converted to JavaScript's number type; NaN for text that can't be parsed."""
    if isinstance(value, int | float):
        return int(value) if isinstance(value, bool) else value
    if value is None:
        return 0
    try:
        result = float(value) if str(value).strip() else 0.0
    except (TypeError, ValueError):
        return math.nan
    return int(result) if result.is_integer() else result


def as_text(value: Any) -> str:
    """The value converted to a string, as `data-text` renders it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, list):
        return ",".join("" if item is None else as_text(item) for item in value)
    return "[object Object]" if isinstance(value, dict) else str(value)
