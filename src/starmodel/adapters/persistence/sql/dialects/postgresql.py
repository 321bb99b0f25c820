"""PostgreSQL: native types wherever they store every value without loss."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import AwareDatetime, NaiveDatetime
from sqlalchemy import (
    BigInteger,
    DateTime,
    Double,
    Enum,
    Integer,
    Numeric,
    SmallInteger,
    String,
    collate,
    func,
    type_coerce,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import JSON, TypeEngine

from starmodel.adapters.persistence.encoders import (
    encode_aware,
    encode_naive,
    encode_naive_time,
    of_type,
)
from starmodel.adapters.persistence.sql.dialects.codecs import SCALARS, Codec, is_enum
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.dialects.nul_escapes import (
    is_searchable,
    unescaped,
    without_nul,
)
from starmodel.adapters.persistence.sql.dialects.numbers import (
    decimal_encoder,
    decimal_operand_encoder,
    encode_float,
    int_encoder,
)

ICU = "und-x-icu"


def _unchanged(value: Any) -> Any:
    return value


class PostgresqlDialect(SqlDialect):
    """Compares texts by code points, whatever the locale of the database.

    Shapes: icu, the server has the ICU collation that lowers every Unicode
    letter.
    """

    title = "PostgreSQL"
    max_name_length = 63
    is_case_sensitive = True
    name_unit = "bytes"
    sqlalchemy = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
    icu = True
    all_columns = (
        "SELECT relname::TEXT, attname::TEXT FROM pg_class "
        "JOIN pg_attribute ON attrelid = pg_class.oid "
        "WHERE relnamespace = to_regnamespace(current_schema()) AND relkind IN ('r', 'p') "
        "AND attnum > 0 AND NOT attisdropped"
    )
    scalars: ClassVar[Mapping[Any, Codec]] = {
        **SCALARS,
        str: replace(SCALARS[str], decode=unescaped),
        bool: replace(SCALARS[bool], encode=of_type(bool, _unchanged), decode=None),
        float: replace(SCALARS[float], encode=encode_float, decode=None),
        decimal.Decimal: replace(
            SCALARS[decimal.Decimal],
            decode=None,
            encode_operand=decimal_operand_encoder(16_000, 16_000),
        ),
        uuid.UUID: replace(
            SCALARS[uuid.UUID],
            encode=of_type(uuid.UUID, _unchanged),
            decode=lambda value: uuid.UUID(int=value.int),
        ),
        AwareDatetime: Codec(
            encode_aware, None, "plain", (datetime.datetime,), encode_operand=encode_aware
        ),
        NaiveDatetime: Codec(
            encode_naive, None, "plain", (datetime.datetime,), encode_operand=encode_naive
        ),
        datetime.date: replace(
            SCALARS[datetime.date], encode=of_type(datetime.date, _unchanged), decode=None
        ),
        datetime.time: replace(SCALARS[datetime.time], encode=encode_naive_time, decode=None),
        datetime.timedelta: replace(
            SCALARS[datetime.timedelta], encode=of_type(datetime.timedelta, _unchanged), decode=None
        ),
    }

    def name_length(self, name: str) -> int:
        return len(name.encode())

    def column_type(
        self, kind: Any, given: TypeEngine[Any], *, is_indexed: bool
    ) -> TypeEngine[Any]:
        if kind is None:
            # JSONB would reorder keys and refuse NUL; JSON can't be part of a key.
            return given if isinstance(given, JSONB) else String() if is_indexed else JSON()
        if kind is int and not isinstance(given, SmallInteger):
            return BigInteger()
        if kind is float:
            return Double()
        if kind is str:
            return String(getattr(given, "length", None), collation="C")
        if kind is datetime.datetime:
            return String(48, collation="C")
        if kind is AwareDatetime:
            return DateTime(timezone=True)
        if is_enum(kind):
            return String(max(64, *(len(name) for name in kind.__members__)), collation="C")
        return given

    def declared_enum(self, given: Enum) -> TypeEngine[Any]:
        if given.native_enum:
            return given.dialect_impl(self.sqlalchemy)
        return String(given.length, collation="C")

    def codec(self, kind: Any, column_type: TypeEngine[Any]) -> Codec:
        codec = super().codec(kind, column_type)
        if kind is str:
            return replace(
                codec, encode=without_nul(codec.encode, getattr(column_type, "length", None))
            )
        if kind is int:
            return replace(codec, encode=int_encoder(column_type))
        if kind is decimal.Decimal and isinstance(column_type, Numeric):
            return replace(codec, encode=decimal_encoder(column_type.precision, column_type.scale))
        return codec

    def as_text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return collate(type_coerce(column, String), "C")

    def as_month(self, column: ColumnElement[Any], kind: Any) -> ColumnElement[Any]:
        return super().as_month(
            func.timezone("UTC", column) if kind is AwareDatetime else column, kind
        )

    def pads_like(
        self, column: ColumnElement[Any], value: ColumnElement[Any]
    ) -> Sequence[ColumnElement[bool]]:
        # CHAR(n) columns are equal to texts with fewer spaces at the end.
        return (func.octet_length(column) == func.octet_length(type_coerce(value, String)),)

    def overriding_generated(self, insert: str) -> str:
        return insert.replace(") VALUES (", ") OVERRIDING SYSTEM VALUE VALUES (", 1)

    def can_search(self, wanted: str) -> bool:
        return is_searchable(wanted) and (self.icu or wanted.isascii())

    def position(
        self, wanted: ColumnElement[Any], column: ColumnElement[Any], *, ascii_only: bool
    ) -> ColumnElement[Any]:
        lower = func.lower(collate(type_coerce(column, String), "C" if ascii_only else ICU))
        return func.strpos(lower, wanted, type_=Integer)
