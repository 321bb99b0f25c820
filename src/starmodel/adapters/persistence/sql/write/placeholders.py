"""Temporary values that a row has until its final value can be written."""

from __future__ import annotations

import datetime
import decimal
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import SmallInteger

from starmodel.adapters.persistence.sql.dialects.codecs import kind_of
from starmodel.adapters.persistence.sql.schema.entity_table import Reference
from starmodel.adapters.persistence.sql.statements import Statements
from starmodel.app.ports.repository import Change
from starmodel.core.errors import ConstraintError

_EARLIEST = datetime.datetime(1200, 1, 1)
_UNUSED_VALUES: dict[Any, Callable[[], Any]] = {
    str: lambda: secrets.token_hex(16),
    bytes: lambda: secrets.token_bytes(16),
    int: lambda: secrets.randbelow(2**31),
    float: lambda: float(secrets.randbelow(2**52)),
    uuid.UUID: uuid.uuid4,
    decimal.Decimal: lambda: decimal.Decimal(secrets.randbelow(10**6)),
    datetime.datetime: lambda: _EARLIEST + datetime.timedelta(seconds=secrets.randbelow(10**10)),
    datetime.date: lambda: _EARLIEST.date() + datetime.timedelta(days=secrets.randbelow(10**5)),
    datetime.timedelta: lambda: datetime.timedelta(microseconds=secrets.randbelow(2**52)),
}


def placeholder(
    own: Statements, names: tuple[str, ...], change: Change, reference: Reference | None
) -> dict[str, Any]:
    """Return an encoded value for one of the fields that violates no constraint; {} for none.

    NULL in a nullable column. Otherwise a foreign key refers to the row
    itself, and a unique column gets a random value of its type.
    """
    fields = own.mapped.fields
    for name in names:
        if fields[name].column.nullable and not fields[name].column.primary_key:
            return {name: None}
    if reference is not None:
        table, targets = reference.target
        state = change.snapshot or change.before
        if table != own.table_name or state is None:
            return {}
        return {
            name: own.encoded(target, state.__dict__[target])
            for name, target in zip(names, targets, strict=True)
        }
    for name in names:
        column = fields[name].column
        if column.primary_key or column.foreign_keys or name == "id":
            continue
        value = _unused_value(own, name)
        if value is not None:
            return {name: value}
    return {}


def _unused_value(own: Statements, name: str) -> Any:
    column = own.mapped.fields[name].column
    make = _UNUSED_VALUES.get(kind_of(own.cls.__entity__.fields[name].info.annotation))
    if make is None:
        return None
    value = make()
    if isinstance(value, str):
        value = value[: getattr(column.type, "length", None)]
    elif isinstance(value, int) and isinstance(column.type, SmallInteger):
        value %= 2**15
    try:
        return own.encoded(name, value)
    except ConstraintError:
        return None
