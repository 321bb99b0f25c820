"""What migrations do with rows: fill, convert, replace and split values.

Each work runs in batches, and each batch in a transaction of its own. A batch that runs again
changes nothing more.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starmodel.adapters.persistence.sql.schema.entity_table import VERSION
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.rows.converting import converted_value
from starmodel.migrations.running.rows.literals import literal_of
from starmodel.migrations.running.rows.table import RowTable, default_of, stored_value
from starmodel.migrations.schema.codecs import StoredColumn
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.tables import build_tables
from starmodel.migrations.steps.values import UNSET


class RowError(ValueError):
    """A row has a value that can't be filled, converted or stored. The message names the row."""


BY_ROW = "row by row"
"""The end of a comment in place of work that no SQL statement does."""


@dataclass(frozen=True)
class RowWork(ABC):
    """Work on the rows of one entity. Shapes: schema is physical, and has the entity."""

    schema: Schema
    entity: str

    @abstractmethod
    def describe(self) -> str:
        """Return what it does, as a sentence without its full stop."""

    @abstractmethod
    def batch(self, table: RowTable, after: Any) -> list[Sequence[Any]]:
        """Work on the rows that follow a key; return them, none at the end."""

    def statement(self, table: RowTable) -> str | None:
        """Return one statement with the effect of all batches; None where there is none."""
        return None

    def record(self, session: Session, when: str = "") -> None:
        """Record the work in a session that records statements."""
        sql = self.statement(self.table(session))
        session.execute(sql or f"-- {self.describe()}{when}: {BY_ROW}")

    def table(self, session: Session) -> RowTable:
        defined = build_tables(self.schema, session.sql_dialect)[self.entity]
        return RowTable(session, defined)

    def run_all(self, session: Session) -> None:
        """Work on all rows, in the present transaction."""
        table, after = self.table(session), None
        while rows := self.batch(table, after):
            after = table.decode_key(rows[-1][0])


@dataclass(frozen=True)
class Fill(RowWork):
    """Give a column a value where it has none. Shapes: fill is that of `AddField`."""

    name: str
    fill: Any = UNSET
    again: bool = False
    """True for the rows that were inserted since the column was filled."""

    def describe(self) -> str:
        return f"Fill {self.entity}.{self.name}" + (" in new rows" if self.again else "")

    def statement(self, table: RowTable) -> str | None:
        if callable(self.fill):
            return None
        value = constant_fill(table.fields[self.name], self.fill)
        literal = literal_of(value, table.session.sql_dialect)
        column = table.column(self.name)
        if literal is None:
            return None
        return f"UPDATE {table.name} SET {column} = {literal} WHERE {column} IS NULL"  # noqa: S608

    def batch(self, table: RowTable, after: Any) -> list[Sequence[Any]]:
        column = table.fields[self.name]
        where = f"{table.column(self.name)} IS NULL"
        if not callable(self.fill):
            rows = table.batch([], after, where=where)
            constant = constant_fill(column, self.fill)
            if rows and constant is not None:
                table.update_all(column.column.name, constant, [row[0] for row in rows])
            return rows
        rows = table.batch(table.own_fields, after, where=where)
        written = []
        for key, *values in rows:
            value = computed_fill(table, column, self.fill, key, values)
            if value is not None:
                written.append((value, key))
        table.update([column.column.name], written)
        return rows


def constant_fill(column: StoredColumn, fill: Any) -> Any:
    """Return the stored value of a fill that is no function. Raises: ValueError."""
    return default_of(column) if fill is UNSET else stored_value(column, fill)


def computed_fill(
    table: RowTable, column: StoredColumn, fill: Callable[..., Any], key: Any, values: Sequence[Any]
) -> Any:
    """Return the stored value that a function makes of a row. Raises: RowError."""
    try:
        made = fill(table.decoded(table.own_fields, values))
        if inspect.isawaitable(made):
            raise ValueError("returns an awaitable; fill takes a plain function")
        return stored_value(column, made)
    except Exception as error:  # a function of the application may raise anything
        raise RowError(f"{key!r}: {error}") from error


@dataclass(frozen=True)
class Convert(RowWork):
    """Convert a column into a temporary one of another type.

    A column of marks has the version of each row at its conversion, so that
    rows that were changed since are converted again.

    Shapes: old, new and mark are the names of physical fields.
    """

    old: str
    new: str
    mark: str
    convert: Callable[[Any], Any] | None = None
    on_error: Any = UNSET
    fill: Any = UNSET
    title: str = ""

    def describe(self) -> str:
        return f"Convert the values of {self.entity}.{self.title}"

    def batch(self, table: RowTable, after: Any) -> list[Sequence[Any]]:
        mark, version = table.column(self.mark), table.session.quote(VERSION)
        where = f"{mark} IS NULL OR {mark} <> {version}"
        rows = table.batch([self.old], after, where=where)
        old, new = table.fields[self.old], table.fields[self.new]
        column, marked = new.column.name, table.fields[self.mark].column.name
        versions = self._versions(table, rows)
        written = []
        for key, value in rows:
            written.append((self.converted(old, new, key, value), versions[key], key))
        table.update([column, marked], written)
        return rows

    def _versions(self, table: RowTable, rows: Sequence[Sequence[Any]]) -> dict[Any, Any]:
        """Read the versions in the transaction that writes the converted values."""
        if not rows:
            return {}
        key = table.session.quote(table.key.column.name)
        marks = ", ".join(table.placeholder(number + 1) for number in range(len(rows)))
        lock = "" if table.session.kind == "sqlite" else " FOR UPDATE"
        old = table.selected(self.old)
        found = table.session.rows(
            f"SELECT {key}, {table.session.quote(VERSION)}, {old} FROM {table.name} "  # noqa: S608
            f"WHERE {key} IN ({marks}){lock}",
            [row[0] for row in rows],
        )
        fresh = {row[0]: row for row in found}
        for place, row in enumerate(rows):  # the value may have changed since the first query
            if row[0] in fresh:
                rows[place] = (row[0], fresh[row[0]][2])  # type: ignore[index]
        return {row[0]: fresh[row[0]][1] if row[0] in fresh else None for row in rows}

    def converted(self, old: StoredColumn, new: StoredColumn, key: Any, stored: Any) -> Any:
        """Return the new stored value. Raises: RowError, naming the row."""
        if stored is None:
            return None if self.fill is UNSET else stored_value(new, self.fill)
        try:
            return converted_value(old, new, stored, self.convert)
        except Exception as error:  # a function of the application may raise anything
            if self.on_error is not UNSET:
                return None if self.on_error is None else stored_value(new, self.on_error)
            raise RowError(f"{shown_value(old, stored)} in the row {key!r}: {error}") from error


def shown_value(column: StoredColumn, stored: Any) -> str:
    """Return a value for messages, as it is stored where its column can't decode it."""
    try:
        return repr(column.decode(stored))
    except ValueError:
        return repr(stored)


def decoded_value(column: StoredColumn, key: Any, stored: Any) -> Any:
    """Decode a stored value. Raises: RowError, naming the row."""
    try:
        return column.decode(stored)
    except ValueError as error:
        name = column.definition.name
        raise RowError(f"{name} in the row {key!r}: {error}") from error


@dataclass(frozen=True)
class Replace(RowWork):
    """Replace values of a column.

    Shapes: values are as in `ReplaceValues`; undo are those that an undo replaces.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    undo: Mapping[str, Any] = field(default_factory=dict)

    def describe(self) -> str:
        return f"Replace values of {self.entity}.{self.name}"

    def batch(self, table: RowTable, after: Any) -> list[Sequence[Any]]:
        column = table.fields[self.name]
        rows = table.batch([self.name], after, where=f"{table.column(self.name)} IS NOT NULL")
        written = []
        for key, stored in rows:
            value = str_key(column, key, stored)
            if value in self.values:
                written.append((stored_value(column, self.values[value]), key))
        table.update([column.column.name], written)
        return rows


def str_key(column: StoredColumn, key: Any, stored: Any) -> str:
    """Return a stored value as a key of `ReplaceValues.values`. Raises: RowError."""
    value = decoded_value(column, key, stored)
    made = column.to_json(value)
    return made if isinstance(made, str) else str(made)


@dataclass(frozen=True)
class Split(RowWork):
    """Copy the parts of a JSON column into columns of their own."""

    name: str
    parts: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> str:
        return f"Copy the parts of {self.entity}.{self.name}"

    def batch(self, table: RowTable, after: Any) -> list[Sequence[Any]]:
        names = list(self.parts)
        where = f"{table.column(self.name)} IS NOT NULL"
        rows = table.batch([self.name, *names], after, where=where)
        written = []
        for key, stored, *present in rows:
            data = decoded_value(table.fields[self.name], key, stored)
            values = []
            for name, now in zip(names, present, strict=True):
                found = part_of(data, self.parts[name])
                try:
                    value = now if found is None else stored_value(table.fields[name], found)
                except ValueError as error:
                    where = f"{self.parts[name]} of {self.name} in the row {key!r}"
                    raise RowError(f"{where} {error}") from error
                values.append(value)
            written.append((*values, key))
        table.update([table.fields[name].column.name for name in names], written)
        return rows


@dataclass(frozen=True)
class Join(RowWork):
    """Write columns back into the JSON from which `Split` copied them."""

    name: str
    parts: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> str:
        return f"Write {', '.join(self.parts)} back into {self.entity}.{self.name}"

    def batch(self, table: RowTable, after: Any) -> list[Sequence[Any]]:
        names = list(self.parts)
        rows = table.batch([self.name, *names], after)
        written = []
        column = table.fields[self.name]
        for key, stored, *present in rows:
            data = decoded_value(column, key, stored)
            data = dict(data) if isinstance(data, dict) else {}
            for name, value in zip(names, present, strict=True):
                put_part(data, self.parts[name], table.fields[name].decode(value))
            written.append((column.encode(data), key))
        table.update([column.column.name], written)
        return rows


def part_of(data: Any, path: str) -> Any:
    """Return the value at a path ("geo.lat"); None where there is none."""
    for name in path.split("."):
        if not isinstance(data, Mapping) or name not in data:
            return None
        data = data[name]
    return data


def put_part(data: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path, with dicts on the way."""
    *parents, last = path.split(".")
    for name in parents:
        inner = data.get(name)
        data[name] = inner = dict(inner) if isinstance(inner, dict) else {}
        data = inner
    data[last] = value
