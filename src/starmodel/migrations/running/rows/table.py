"""Reads and writes the rows of one defined table, in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starmodel.adapters.persistence.sql.schema.entity_table import VERSION
from starmodel.core.values.tagged_json import from_text, to_text
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.schema.codecs import StoredColumn
from starmodel.migrations.schema.tables import DefinedTable

BATCH = 500
Row = dict[str, Any]
"""The decoded values of a row, by field name."""


class RowTable:
    """The rows of a table. Shapes: keys are decoded ids."""

    def __init__(self, session: Session, defined: DefinedTable) -> None:
        self.session, self.defined = session, defined
        self.fields = defined.fields
        self.key: StoredColumn = defined.fields["id"]
        preparer = session.sql_dialect.sqlalchemy.identifier_preparer
        self.name = preparer.format_table(defined.table)
        self._quote = preparer.quote

    def column(self, field: str) -> str:
        """Return the quoted column of a field."""
        return str(self._quote(self.fields[field].column.name))

    def selected(self, field: str) -> str:
        """Return the column of a field for a SELECT, as its codec decodes it."""
        cast = self.session.kind == "postgresql" and self.fields[field].codec.is_json
        return f"{self.column(field)}::TEXT" if cast else self.column(field)

    def placeholder(self, number: int) -> str:
        """Return the placeholder of the parameter with this number, from 1 on."""
        return {"sqlite": "?", "mysql": "%s"}.get(self.session.kind, f"${number}")

    def batch(
        self,
        fields: Sequence[str],
        after: Any = None,
        *,
        where: str = "",
        params: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[Sequence[Any]]:
        """Return stored values of the rows after a key, each row beginning with its key.

        Shapes: where is SQL whose placeholders are numbered from 1; after is decoded.
        Units: limit is BATCH by default.
        """
        key = self._quote(self.key.column.name)
        given = list(params)
        conditions = [f"({where})"] if where else []
        if after is not None:
            given.append(self.key.encode(after))
            conditions.append(f"{key} > {self.placeholder(len(given))}")
        columns = ", ".join([str(key), *(self.selected(name) for name in fields)])
        clause = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = (
            f"SELECT {columns} FROM {self.name}{clause} "  # noqa: S608 - quoted names
            f"ORDER BY {key} LIMIT {int(limit or BATCH)}"
        )
        return self.session.rows(sql, given)

    def all(
        self, fields: Sequence[str], *, where: str = "", params: Sequence[Any] = ()
    ) -> Iterator[Sequence[Any]]:
        """Yield the stored values of all rows, each beginning with its key."""
        after = None
        while rows := self.batch(fields, after, where=where, params=params):
            yield from rows
            after = self.decode_key(rows[-1][0])

    def update(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Write stored values to rows.

        Shapes: columns are column names; each row has their values, then its stored key.
        """
        sets = ", ".join(
            f"{self._quote(name)} = {self.placeholder(number)}"
            for number, name in enumerate(columns, 1)
        )
        key = self._quote(self.key.column.name)
        where = f"{key} = {self.placeholder(len(columns) + 1)}"
        self.session.execute_each(f"UPDATE {self.name} SET {sets} WHERE {where}", rows)  # noqa: S608

    def update_all(self, column: str, value: Any, keys: Sequence[Any]) -> None:
        """Write one stored value to the rows with these stored keys."""
        key = self._quote(self.key.column.name)
        marks = ", ".join(self.placeholder(number + 2) for number in range(len(keys)))
        self.session.execute(
            f"UPDATE {self.name} SET {self._quote(column)} = {self.placeholder(1)} "  # noqa: S608
            f"WHERE {key} IN ({marks})",
            [value, *keys],
        )

    def decoded(self, fields: Sequence[str], stored: Sequence[Any]) -> Row:
        """Return decoded values by field name. Raises: ValueError, naming the field."""
        row = {}
        for name, value in zip(fields, stored, strict=True):
            try:
                row[name] = self.fields[name].decode(value)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from error
        return row

    def decode_key(self, stored: Any) -> Any:
        return self.key.decode(stored)

    @property
    def own_fields(self) -> list[str]:
        """The fields that a class has; those that are kept aside begin with "~"."""
        return [name for name in self.fields if not name.startswith("~")]

    @property
    def is_versioned(self) -> bool:
        return VERSION in self.defined.table.c


def checkpoint_text(key: Any) -> str:
    """Return a decoded key as text for the ledger."""
    return to_text(key)


def checkpoint_key(text: str | None) -> Any:
    """Return the key of `checkpoint_text`; None for None."""
    return None if text is None else from_text(text)


def stored_value(column: StoredColumn, value: Any) -> Any:
    """Encode a value that is given as Python or as JSON has it. Raises: ValueError."""
    if value is None:
        return None
    try:
        return column.encode(value)
    except (ValueError, KeyError, TypeError, AttributeError):
        return column.encode(column.from_json(value))


def default_of(column: StoredColumn) -> Any:
    """Return the stored default of a field; None without one."""
    definition = column.definition
    if not definition.has_default or definition.default is None:
        return None
    return column.encode(column.from_json(definition.default))


def values_by_name(table: RowTable, stored: Sequence[Any]) -> Mapping[str, Any]:
    """Return the decoded values of a row of `own_fields`, without its key in front."""
    return table.decoded(table.own_fields, stored)
