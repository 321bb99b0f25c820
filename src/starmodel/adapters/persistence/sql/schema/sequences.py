"""Sequences of generated ids, reserved before the record is stored.

So the id is available to the response, to the idempotency marker, and to
foreign keys in the same commit.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, MetaData, String, Table
from sqlalchemy.engine import Dialect

from starmodel.adapters.persistence.sql.dialects.codecs import kind_of
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.schema.entity_table import EntityTable
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field_types import accepts_none

TABLE = "starmodel_sequence"
MAX_KEY_CHARS = 2 * 64 + 1  # a schema name and a table name


@dataclass(frozen=True, slots=True)
class Sequence:
    """The SQL that returns the next number for one table.

    The number is above all stored ids, including those of external writers.
    Shapes: next takes `key`; native queries the database's native sequence,
    where external writers use one: it takes the table's name, the column
    and the schema, and returns a number (NULL without a sequence) and
    whether a row already has it.
    """

    table: str
    column: str
    next: str
    native: str | None = None
    schema: str | None = None

    @property
    def key(self) -> str:
        """The key of this table's row in the sequence table."""
        return self.table if self.schema is None else f"{self.schema}.{self.table}"


def is_numbered(mapped: EntityTable) -> bool:
    """True when the type of the id is `int | None`: the store generates it."""
    annotation = mapped.cls.__pydantic_fields__["id"].annotation
    return kind_of(annotation) is int and accepts_none(annotation)


def sequence_table(metadata: MetaData, sql_dialect: SqlDialect) -> Table:
    """Return the table that stores the last number per entity table."""
    return Table(
        TABLE,
        metadata,
        Column("name", String(MAX_KEY_CHARS), primary_key=True),
        Column("last", BigInteger, nullable=False),
        **sql_dialect.table_options,
    )


def sequence_of(mapped: EntityTable, dialect: Dialect) -> Sequence:
    """Return the sequence of one table. Raises: ConfigurationError, when its ids are no numbers."""
    if not is_numbered(mapped):
        raise ConfigurationError(
            f"The store makes ids only where they are declared as `id: int | None`, and "
            f"{mapped.entity_type.name}.id is not. Give the record its id before it is stored."
        )
    quoted = dialect.identifier_preparer
    key = mapped.key.column
    highest = (
        f"(SELECT COALESCE(MAX({quoted.format_column(key)}), 0) "  # noqa: S608 - quoted names
        f"FROM {quoted.format_table(mapped.table)})"
    )
    if dialect.name == "mysql":
        sql = (
            f"INSERT INTO {TABLE} (name, last) VALUES (%s, LAST_INSERT_ID({highest} + 1)) "  # noqa: S608
            f"ON DUPLICATE KEY UPDATE last = LAST_INSERT_ID(GREATEST(last, {highest}) + 1)"
        )
    else:
        key_param, greatest = (
            ("$1::VARCHAR", "GREATEST") if dialect.name == "postgresql" else ("?", "MAX")
        )
        sql = (
            f"INSERT INTO {TABLE} AS stored (name, last) VALUES ({key_param}, {highest} + 1) "  # noqa: S608
            f"ON CONFLICT (name) DO UPDATE SET last = {greatest}(stored.last, {highest}) + 1 "
            "RETURNING last"
        )
    is_native = dialect.name == "postgresql" and not mapped.versioned
    native = _NATIVE_SEQUENCE.format(
        table=quoted.format_table(mapped.table), key=quoted.format_column(key)
    )
    return Sequence(
        mapped.table.name, key.name, sql, native if is_native else None, mapped.table.schema
    )


# A sequence is owned by its column (SERIAL, IDENTITY), or only referenced by the default.
_NATIVE_SEQUENCE = """
WITH given AS MATERIALIZED (
    SELECT nextval(COALESCE(
        pg_get_serial_sequence(
            COALESCE(quote_ident($3::TEXT) || '.', '') || quote_ident($1::TEXT), $2::TEXT
        ),
        (SELECT substring(pg_get_expr(adbin, adrelid) FROM 'nextval\\(''(.+)''::regclass')
         FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
         WHERE attname = $2::TEXT AND adrelid =
            (COALESCE(quote_ident($3::TEXT) || '.', '') || quote_ident($1::TEXT))::REGCLASS)
    )::REGCLASS) AS number
)
SELECT number, EXISTS (SELECT 1 FROM {table} WHERE {key} = number) FROM given
"""
