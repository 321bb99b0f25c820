"""MySQL and MariaDB: binary collation, and limited lengths for indexed columns."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import AwareDatetime, NaiveDatetime
from sqlalchemy import (
    BigInteger,
    DefaultClause,
    Integer,
    Numeric,
    SmallInteger,
    String,
    cast,
    collate,
    func,
    text,
)
from sqlalchemy.dialects.mysql import (
    CHAR,
    DATETIME,
    DECIMAL,
    DOUBLE,
    LONGBLOB,
    LONGTEXT,
    TIME,
    VARCHAR,
)
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql import true as true_
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.encoders import (
    encode_aware,
    encode_naive,
    encode_naive_time,
    of_type,
)
from starmodel.adapters.persistence.sql._compat.sqlalchemy import QuotingMysqlDialect
from starmodel.adapters.persistence.sql.dialects.codecs import SCALARS, Codec, is_enum
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect, lowers_uniformly
from starmodel.adapters.persistence.sql.dialects.nul_escapes import (
    is_searchable,
    unescaped,
    without_nul,
)
from starmodel.adapters.persistence.sql.dialects.numbers import (
    decimal_encoder,
    decimal_operand_encoder,
    encode_finite,
    int_encoder,
)

INDEXED_CHARS = 255
MAX_VARCHAR_CHARS = 16_000
_EARLIEST = datetime.datetime(1000, 1, 1)
_MIDNIGHT = datetime.datetime(2000, 1, 1)


def _storable_datetime(value: datetime.datetime) -> datetime.datetime:
    if value < _EARLIEST:
        raise ValueError("is before the year 1000, which this database can't keep")
    return value


def _storable_date(value: datetime.date) -> datetime.date:
    if value < _EARLIEST.date():
        raise ValueError("is before the year 1000, which this database can't keep")
    return value


def _decimal(value: Any) -> decimal.Decimal:
    """Strip the trailing zeros that the column type adds."""
    made = decimal.Decimal(value).normalize(_EXACT)
    return made.quantize(decimal.Decimal(1), context=_EXACT) if made.as_tuple()[2] > 0 else made  # type: ignore[operator]


_EXACT = decimal.Context(prec=65)


def _time(value: Any) -> datetime.time:
    if isinstance(value, datetime.timedelta):
        return (_MIDNIGHT + value).time()
    return value  # type: ignore[no-any-return]


def is_mariadb(version: str) -> bool:
    """True when the server's version string is MariaDB's."""
    return "mariadb" in version.lower()


class MysqlDialect(SqlDialect):
    """Compares texts byte by byte, which is the order of code points.

    Shapes: collation is the server's binary one without blank padding.
    """

    title = "MySQL"
    max_name_length = 64
    all_columns = (
        "SELECT columns.table_name, columns.column_name FROM information_schema.columns "
        "JOIN information_schema.tables USING (table_schema, table_name) "
        "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
    )
    sqlalchemy = QuotingMysqlDialect(paramstyle="format")
    collation = "utf8mb4_nopad_bin"
    deletes_self_references = False
    scalars: ClassVar[Mapping[Any, Codec]] = {
        **SCALARS,
        # MariaDB ignores a NUL at the end of a text when it sorts.
        str: replace(SCALARS[str], decode=unescaped),
        float: replace(SCALARS[float], encode=encode_finite),
        decimal.Decimal: replace(
            SCALARS[decimal.Decimal], encode_operand=decimal_operand_encoder(35, 30)
        ),
        AwareDatetime: Codec(
            lambda value: _storable_datetime(encode_aware(value).replace(tzinfo=None)),
            lambda value: value.replace(tzinfo=datetime.UTC),
            "plain",
            (datetime.datetime,),
            encode_operand=lambda value: encode_aware(value).replace(tzinfo=None),
        ),
        NaiveDatetime: Codec(
            lambda value: _storable_datetime(encode_naive(value)),
            None,
            "plain",
            (datetime.datetime,),
            encode_operand=encode_naive,
        ),
        datetime.date: replace(
            SCALARS[datetime.date], encode=of_type(datetime.date, _storable_date), decode=None
        ),
        datetime.time: replace(
            SCALARS[datetime.time],
            encode=lambda value: encode_naive_time(value).isoformat("microseconds"),
            decode=_time,
        ),
        uuid.UUID: SCALARS[uuid.UUID],
    }

    def detect(self, version: str) -> None:
        """Adopt the collation of the server with this version string."""
        self.collation = "utf8mb4_nopad_bin" if is_mariadb(version) else "utf8mb4_0900_bin"

    @property
    def table_options(self) -> dict[str, Any]:
        return {
            "mysql_engine": "InnoDB",
            "mysql_charset": "utf8mb4",
            "mysql_collate": self.collation,
        }

    def column_type(
        self, kind: Any, given: TypeEngine[Any], *, is_indexed: bool
    ) -> TypeEngine[Any]:
        length = getattr(given, "length", None)
        if kind is None:
            return VARCHAR(INDEXED_CHARS) if is_indexed else LONGTEXT()  # JSON reorders keys
        if kind is str:
            if length is None and is_indexed:
                length = INDEXED_CHARS
            fits = length is not None and length <= MAX_VARCHAR_CHARS
            return VARCHAR(length) if fits else LONGTEXT()
        if kind is datetime.datetime:
            return VARCHAR(48)
        if is_enum(kind):
            return VARCHAR(max(64, *(len(name) for name in kind.__members__)))
        if kind is decimal.Decimal:
            precision = getattr(given, "precision", None)
            scale = getattr(given, "scale", None)
            if precision is None:
                return DECIMAL(65, 30 if scale is None else scale)
            return DECIMAL(precision, scale or 0)
        if kind is int and isinstance(given, SmallInteger):
            return given
        return _COLUMN_TYPES.get(kind, given)

    def server_default(self, default: Any) -> Any:
        # The default of DATETIME(6) must be a now() of the same precision.
        is_now = isinstance(getattr(default, "arg", None), func.now().__class__)
        return DefaultClause(text("CURRENT_TIMESTAMP(6)")) if is_now else default

    def codec(self, kind: Any, column_type: TypeEngine[Any]) -> Codec:
        codec = super().codec(kind, column_type)
        if kind is str:
            return replace(
                codec, encode=without_nul(codec.encode, getattr(column_type, "length", None))
            )
        if kind is int:
            return replace(codec, encode=int_encoder(column_type))
        if kind is decimal.Decimal and isinstance(column_type, Numeric):
            free = (column_type.precision, column_type.scale) == (65, 30)
            decode = _decimal if free else None
            encode = decimal_encoder(column_type.precision, column_type.scale)
            return replace(codec, encode=encode, decode=decode)
        return codec

    def can_search(self, wanted: str) -> bool:
        return is_searchable(wanted)

    def search_agrees(self, wanted: str, text: str) -> bool:
        return lowers_uniformly(text)

    def is_not_nan(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return true_()

    def position(
        self, wanted: ColumnElement[Any], column: ColumnElement[Any], *, ascii_only: bool
    ) -> ColumnElement[Any]:
        return func.instr(func.lower(self.as_text(column)), wanted, type_=Integer)

    def as_text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return column  # the table options set the collation

    def as_binary_text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return collate(cast(column, CHAR(charset="utf8mb4")), self.collation)

    def order_terms(
        self, term: ColumnElement[Any], *, descending: bool, nullable: bool
    ) -> list[ColumnElement[Any]]:
        own = term.desc() if descending else term.asc()
        return [term.is_(None), own] if nullable else [own]


_COLUMN_TYPES: dict[Any, TypeEngine[Any]] = {
    int: BigInteger(),
    float: DOUBLE(),
    bytes: LONGBLOB(),
    AwareDatetime: DATETIME(fsp=6),
    NaiveDatetime: DATETIME(fsp=6),
    datetime.time: TIME(fsp=6),
    datetime.timedelta: BigInteger(),
    uuid.UUID: String(32),
}
