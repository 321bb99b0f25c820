"""What is in the database: tables, columns, and the names that it gave to constraints."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import inspect

from starmodel.migrations.running.database.session import Session

SAMPLE = 200
_ROW_BYTES = 100
"""The size of a row in a table of PostgreSQL that was not analysed yet, so that it is not small."""
_POSTGRESQL_KEYS = """
SELECT conname::TEXT, contype::TEXT,
    (SELECT array_agg(attname::TEXT ORDER BY place) FROM unnest(conkey) WITH ORDINALITY
        AS own(number, place) JOIN pg_attribute ON attrelid = conrelid AND attnum = own.number)
FROM pg_constraint WHERE conrelid = to_regclass($1)
"""


class Catalogue:
    """Reads the tables of one database as they are now."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def has_table(self, table: str, schema: str | None = None) -> bool:
        dialect = self._session.sql_dialect
        if dialect.name_length(table) > dialect.max_name_length:
            return False  # MySQL refuses to look for it
        return inspect(self._session.connection).has_table(table, schema=schema)

    def columns(self, table: str, schema: str | None = None) -> dict[str, bool]:
        """Return the columns, each with True when it accepts NULL; empty without the table."""
        if not self.has_table(table, schema):
            return {}
        found = inspect(self._session.connection).get_columns(table, schema=schema)
        return {column["name"]: bool(column["nullable"]) for column in found}

    def indexes(self, table: str, schema: str | None = None) -> set[str]:
        """Return the names of the indexes of a table."""
        session = self._session
        if session.kind == "sqlite":
            rows = session.rows("SELECT name FROM pragma_index_list(?)", (table,))
        elif session.kind == "postgresql":
            rows = session.rows(
                "SELECT relname::TEXT FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
                "WHERE indrelid = to_regclass($1)",
                (self._regclass(table, schema),),
            )
        else:
            rows = session.rows(
                "SELECT DISTINCT index_name FROM information_schema.statistics "
                "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
                (schema, table),
            )
        return {str(row[0]) for row in rows}

    def index_columns(self, table: str, schema: str | None = None) -> dict[str, list[str]]:
        """Return the columns of the indexes that are not unique, on MySQL and MariaDB."""
        rows = self._session.rows(
            "SELECT index_name, column_name FROM information_schema.statistics "
            "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s "
            "AND non_unique = 1 ORDER BY index_name, seq_in_index",
            (schema, table),
        )
        found: dict[str, list[str]] = {}
        for name, column in rows:
            found.setdefault(name, []).append(column)
        return found

    def is_indexed(
        self,
        table: str,
        columns: Sequence[str],
        besides: Collection[str],
        schema: str | None = None,
    ) -> bool:
        """True when an index with another name begins with these columns, on MySQL and MariaDB."""
        found = self.index_columns(table, schema)
        return any(
            own[: len(columns)] == list(columns)
            for name, own in found.items()
            if name not in besides
        )

    def constraints(self, table: str, schema: str | None = None) -> set[str]:
        """Return the names of the constraints of a table; not on SQLite."""
        if self._session.kind == "postgresql":
            rows = self._session.rows(_POSTGRESQL_KEYS, (self._regclass(table, schema),))
        else:
            rows = self._session.rows(
                "SELECT constraint_name FROM information_schema.table_constraints "
                "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
                (schema, table),
            )
        return {str(row[0]) for row in rows}

    def primary_key_name(self, table: str, schema: str | None = None) -> str | None:
        """Return the name of the primary key, on PostgreSQL."""
        rows = self._session.rows(_POSTGRESQL_KEYS, (self._regclass(table, schema),))
        return next((name for name, kind, _ in rows if kind == "p"), None)

    def labels(self, name: str) -> list[str]:
        """Return the labels of an enum type of PostgreSQL; none without the type."""
        rows = self._session.rows(
            "SELECT enumlabel::TEXT FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid "
            "WHERE typname = $1 AND typnamespace = to_regnamespace(current_schema()) "
            "ORDER BY enumsortorder",
            (name,),
        )
        return [str(row[0]) for row in rows]

    def has_constraint(self, table: str, name: str, schema: str | None = None) -> bool:
        return name in self.constraints(table, schema)

    def is_invalid_index(self, quoted_name: str) -> bool:
        """True for an index of PostgreSQL that CREATE INDEX CONCURRENTLY left incomplete."""
        sql = "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)"
        return bool(self._session.value(sql, (quoted_name,)))

    def unique_name(
        self, table: str, columns: Sequence[str], schema: str | None = None
    ) -> str | None:
        """Return the name of the unique constraint over these columns."""
        return self._name("u", table, columns, schema)

    def has_unique(self, table: str, columns: Sequence[str], schema: str | None = None) -> bool:
        """True when the table has a unique constraint over these columns."""
        return self.unique_name(table, columns, schema) is not None

    def foreign_key_name(
        self, table: str, columns: Sequence[str], schema: str | None = None
    ) -> str | None:
        """Return the name of the foreign key over these columns."""
        return self._name("f", table, columns, schema)

    def _name(
        self, kind: str, table: str, columns: Sequence[str], schema: str | None
    ) -> str | None:
        if self._session.kind == "postgresql":
            rows = self._session.rows(_POSTGRESQL_KEYS, (self._regclass(table, schema),))
            found = [name for name, its, own in rows if its == kind and list(own) == list(columns)]
            return found[0] if found else None
        source = "statistics" if kind == "u" else "key_column_usage"
        label, place = (
            ("index_name", "seq_in_index")
            if kind == "u"
            else ("constraint_name", "ordinal_position")
        )
        more = "non_unique = 0" if kind == "u" else "referenced_table_name IS NOT NULL"
        rows = self._session.rows(
            f"SELECT {label}, column_name FROM information_schema.{source} "  # noqa: S608 - constants
            f"WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s AND {more} "
            f"ORDER BY {label}, {place}",
            (schema, table),
        )
        grouped: dict[str, list[str]] = {}
        for name, column in rows:
            grouped.setdefault(name, []).append(column)
        return next((name for name, own in grouped.items() if own == list(columns)), None)

    def row_estimate(self, table: str, schema: str | None = None) -> int:
        """Return about how many rows a table has, without reading them."""
        session = self._session
        if session.kind == "sqlite":
            largest = session.value(f"SELECT MAX(rowid) FROM {session.quote(table)}")  # noqa: S608
            return int(largest or 0)
        if session.kind == "postgresql":
            # The number at the last ANALYZE, for the present size; none for a new table.
            found = session.value(
                "SELECT CASE WHEN reltuples > 0 AND relpages > 0 "
                "THEN reltuples / relpages * pg_relation_size(oid) / 8192 "
                "ELSE pg_relation_size(oid) / $2::FLOAT END::BIGINT "
                "FROM pg_class WHERE oid = to_regclass($1)",
                (self._regclass(table, schema), _ROW_BYTES),
            )
        else:
            found = session.value(
                "SELECT table_rows FROM information_schema.tables "
                "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
                (schema, table),
            )
        return int(found or 0)

    def row_bytes(self, table: str, schema: str | None = None) -> float:
        """Return the mean size of the first SAMPLE rows, on SQLite, MySQL and MariaDB."""
        session = self._session
        cast = "CAST({} AS BLOB)" if session.kind == "sqlite" else "{}"
        sizes = [
            f"COALESCE(LENGTH({cast.format(session.quote(column))}), 0)"
            for column in self.columns(table, schema)
        ]
        where = ".".join(session.quote(part) for part in (schema, table) if part)
        rows = f"SELECT * FROM {where} LIMIT {SAMPLE}"  # noqa: S608 - quoted names
        sql = f"SELECT AVG({' + '.join(sizes)}) FROM ({rows}) AS sample"  # noqa: S608 - the same
        return float(session.value(sql) or 0) if sizes else 0.0

    def _regclass(self, table: str, schema: str | None) -> str:
        quoted = self._session.quote(table)
        return quoted if schema is None else f"{self._session.quote(schema)}.{quoted}"
