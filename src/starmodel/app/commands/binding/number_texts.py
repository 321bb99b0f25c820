"""Numbers as people write them: separators, currency signs and percent."""

from __future__ import annotations

import decimal
import enum
import re
import typing
from typing import Any, Literal

from starmodel.core.fields.field_types import plain_types
from starmodel.texts.catalogue import Message

MAX_CHARS = 100
_NUMBERS = (int, float, decimal.Decimal)
_SIGNS = re.compile(r"[\s'\u2019%\u066a€$£¥₹₩₽₺₴₪₫฿]|\b[A-Z]{3}\b")
_DIGITS = re.compile(r"[0-9.,]*[0-9][0-9.,]*")
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")


class AmbiguousNumberError(ValueError):
    """The text is one number in some languages and another in others."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem)
        self.problem = problem


def is_number(annotation: Any) -> bool:
    """Whether every value of the type is a number that people write, or None.

    >>> is_number(int | None), is_number(Literal[1, 2]), is_number(bool)
    (True, False, False)
    """
    kinds = plain_types(annotation)
    return bool(kinds) and all(map(_is_written, kinds)) and not _has_literals(annotation)


def _is_written(kind: Any) -> bool:
    return (
        isinstance(kind, type)
        and issubclass(kind, _NUMBERS)
        and not issubclass(kind, bool | enum.Enum)
    )


def _has_literals(annotation: Any) -> bool:
    """Whether a part of the type is a `Literal`, whose values are chosen."""
    annotation = getattr(annotation, "__value__", annotation)  # of an alias
    is_literal = typing.get_origin(annotation) is Literal
    return is_literal or any(map(_has_literals, typing.get_args(annotation)))


def plain_number(text: str, *, whole: bool = False) -> str:
    """The number that a text means, such as "1.234,50" or "25 %", in Python's form.

    A text that is no number is returned unchanged. Shapes: whole is True for an
    integer, in which each separator groups digits.
    Raises: AmbiguousNumberError, for a text such as "1,234".

    >>> plain_number("€ 1.234,50"), plain_number("12,5"), plain_number("25 %")
    ('1234.50', '12.5', '0.25')
    """
    if len(text) > MAX_CHARS:
        return text
    digits = _SIGNS.sub("", text)
    sign = "-" if digits[:1] in ("-", "\u2212") else ""
    digits = digits[1:] if digits[:1] in ("-", "+", "\u2212") else digits
    if not _DIGITS.fullmatch(digits):
        return text
    at = max(digits.rfind("."), digits.rfind(","))
    grouped = _GROUPED.fullmatch(digits)
    left, right = digits[:at] if at >= 0 else digits, digits[at + 1 :] if at >= 0 else ""
    if grouped and (whole or digits.count(digits[at]) > 1):
        left, right = digits, ""
    elif grouped and digits[at] == ",":
        one, other = f"{left}{right}", f"{left}.{right}"
        raise AmbiguousNumberError(Message("value.which_number", one=one, other=other))
    elif not (left == "" or left.isdigit() or _GROUPED.fullmatch(left)) or (
        at >= 0 and digits[at] in left
    ):
        return text
    number = f"{sign}{re.sub('[.,]', '', left) or '0'}" + (f".{right}" if right else "")
    if "%" not in text and "\u066a" not in text:
        return number
    return f"{decimal.Decimal(number).scaleb(-2):f}"
