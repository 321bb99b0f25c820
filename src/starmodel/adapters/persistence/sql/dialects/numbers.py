"""Encoders of numbers, which a column stores without loss or not at all."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Any

from sqlalchemy import Integer, SmallInteger
from sqlalchemy.types import BigInteger, TypeEngine

from starmodel.adapters.persistence.encoders import encode_int, wrong_type


def int_encoder(entity_type: TypeEngine[Any]) -> Callable[[Any], int]:
    """Return the encoder of integers for a column of this type."""
    if isinstance(entity_type, BigInteger) or not isinstance(entity_type, Integer):
        return encode_int
    bits = 15 if isinstance(entity_type, SmallInteger) else 31

    def encode(value: Any) -> int:
        made = encode_int(value)
        if not -(2**bits) <= made < 2**bits:
            raise ValueError(f"is beyond the {bits + 1} bits of its column")
        return made

    return encode


def encode_float(value: Any) -> float:
    """Encode any real number as a float."""
    if not isinstance(value, float | int):
        raise wrong_type(value, "float")
    return float(value)


def encode_finite(value: Any) -> float:
    """Encode a finite float, for databases without NaN and infinity."""
    made = encode_float(value)
    if made != made or made in (float("inf"), float("-inf")):
        raise ValueError(f"is {made}, which this database can't keep")
    return made


def decimal_encoder(precision: int | None, scale: int | None) -> Callable[[Any], decimal.Decimal]:
    """Return the encoder of decimals with this precision and scale.

    >>> decimal_encoder(4, 2)(decimal.Decimal("1.5"))
    Decimal('1.5')
    """

    def encode(value: Any) -> decimal.Decimal:
        if not isinstance(value, decimal.Decimal):
            raise wrong_type(value, "Decimal")
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            raise ValueError(f"is {value}, which this database can't keep")
        text = "".join(map(str, digits)).rstrip("0") if exponent < 0 else ""
        behind = max(0, -exponent - (len(digits) - len(text))) if text else 0
        before = max(0, value.adjusted() + 1) if value else 0
        if scale is not None and behind > scale:
            raise ValueError(f"has more than {scale} digits behind the point")
        whole_digits = None if precision is None else precision - (scale or 0)
        if whole_digits is not None and before > whole_digits:
            raise ValueError(f"has more than {whole_digits} digits before the point")
        if max(before, behind) > 16_000:
            raise ValueError("has too many digits for this database")
        return value

    return encode


def decimal_operand_encoder(before: int, behind: int) -> Callable[[Any], decimal.Decimal]:
    """Return the encoder of numbers in comparisons, with limited digits around the point.

    Raises: ValueError, for other numbers, which databases round or refuse.
    """

    def encode_operand(value: Any) -> decimal.Decimal:
        made = decimal.Decimal(value)
        exponent = made.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -behind or made.adjusted() >= before:
            raise ValueError(f"is {value}, which this database can't compare exactly")
        return made

    return encode_operand
