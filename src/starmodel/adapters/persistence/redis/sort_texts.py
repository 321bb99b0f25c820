"""Sort texts: encode values so that their UTF-8 bytes are ordered as the values are.

No sort text contains NUL, which separates it from the id in an index entry.
"""

from __future__ import annotations

import datetime
import decimal
import struct
import uuid
from typing import Any

from starmodel.adapters.persistence.encoders import datetime_text
from starmodel.core.values.tagged_json import MICROSECOND

NAN = "~"
"""The sort text of NaN, above all numbers."""
MAX_SORT_BYTES = 1024
_EXPONENT_OFFSET = 10**19
_MAX_TIMEDELTA = 2**67
_COMPLEMENTS = str.maketrans("0123456789", "9876543210")


def of_text(value: str) -> str:
    """
    >>> of_text("a") < of_text("a" + chr(0)) < of_text("a" + chr(1)) < of_text("aa")
    True
    """
    if "\0" not in value and "\1" not in value:
        return value
    return value.replace("\1", "\1\2").replace("\0", "\1\1")


def of_int(value: int) -> str:
    """
    >>> of_int(-2) < of_int(-1) < of_int(0) < of_int(255)
    True
    """
    return f"{value + 2**63:016x}"


def int_of(text: str) -> int:
    """
    >>> int_of(of_int(-2))
    -2
    """
    return int(text, 16) - 2**63


def of_float(value: float) -> str:
    """
    >>> of_float(-1.5) < of_float(-0.0) == of_float(0.0) < of_float(1e300) < of_float(float("nan"))
    True
    """
    if value != value:
        return NAN
    (bits,) = struct.unpack(">Q", struct.pack(">d", value + 0.0))
    return f"{bits ^ (2**64 - 1 if bits >> 63 else 2**63):016x}"


def of_decimal(value: decimal.Decimal) -> str:
    """
    >>> from decimal import Decimal as D
    >>> made = [of_decimal(D(t)) for t in ("-Inf", "-12", "-1.10", "0", "0.1", "1.1", "10", "NaN")]
    >>> made == sorted(made), of_decimal(D("1.10")) == of_decimal(D("1.1"))
    (True, True)
    """
    if value.is_nan():
        return NAN
    if value.is_infinite():
        return "2~" if value > 0 else "0 "
    digits = "".join(map(str, value.as_tuple().digits)).lstrip("0")
    if not digits:
        return "1"
    exponent, digits = value.adjusted(), digits.rstrip("0")
    if value > 0:
        return f"2{exponent + _EXPONENT_OFFSET:020d}{digits}"
    return f"0{2 * _EXPONENT_OFFSET - exponent:020d}{digits.translate(_COMPLEMENTS)}~"


def of_timedelta(value: datetime.timedelta) -> str:
    """
    >>> of_timedelta(-MICROSECOND) < of_timedelta(MICROSECOND)
    True
    """
    return f"{value // MICROSECOND + _MAX_TIMEDELTA:018x}"


def of_bool(value: bool) -> str:
    """
    >>> of_bool(False) < of_bool(True)
    True
    """
    return "1" if value else "0"


def of_datetime(value: datetime.datetime) -> str:
    """Orders by moment; one moment in several zones by their offsets, a naive one first."""
    text = datetime_text(value)
    return text.replace("+00:00", "+", 1) if value.utcoffset() is not None else text


def of_date(value: datetime.date) -> str:
    return value.isoformat()


def of_bytes(value: bytes) -> str:
    return value.hex()


def of_uuid(value: uuid.UUID) -> str:
    return value.hex


def of_enum(value: Any) -> str:
    """Of the member's name: for equality, as the members have an order of their own."""
    return str(value.name)
