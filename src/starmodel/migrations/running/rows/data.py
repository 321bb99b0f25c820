"""The data of a migration: rows of entities, for functions of `RunData`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from starmodel.adapters.persistence.sql.schema.entity_table import VERSION
from starmodel.core.values.tagged_json import from_text, to_text
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.database.connection import Link
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ledger.ledger import ActionEntry, ActionKey, Ledger
from starmodel.migrations.running.rows.table import BATCH, Row, RowTable, default_of, stored_value
from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.schema.tables import build_tables

MAX_BATCH = 10_000


class Data:
    """The rows of all entities, as they are at this step of a migration.

    Rows are dicts by field name, with decoded values: an enum is the name of its member, a JSON
    field its data. They are read and written in the table directly: no event is dispatched, no
    handler runs, and the rules of the class are not checked. Each changed row gets a new version,
    so that a running application reads it again.

    The function runs in one transaction. With `batches`, each batch has its own: after an
    interruption, the function runs again, and a loop over `batches` goes on after the last batch
    that was committed.
    """

    def __init__(
        self,
        link: Link,
        schema: Schema,
        progress: Mapping[str, Any],
        commit: Callable[[Session, Mapping[str, Any]], None],
    ) -> None:
        self._link, self._schema, self._commit = link, schema, commit
        self._progress = dict(progress)
        self._loops: dict[str, int] = {}

    async def rows(self, entity: str, **equal: Any) -> AsyncIterator[Row]:
        """Yield the rows in the order of their ids, streamed, whose fields equal these values.

        Raises: MigrationError, for an unknown entity or field.
        """
        after: Any = None
        while True:
            found = await self._read(entity, after, BATCH, equal)
            for row in found:
                yield row
            if not found:
                return
            after = found[-1]["id"]

    async def batches(
        self, entity: str, *, size: int = BATCH, **equal: Any
    ) -> AsyncIterator[list[Row]]:
        """Yield the rows in lists, and commit what was written after each.

        Units: size is at most MAX_BATCH rows.
        Raises: MigrationError, for an unknown entity or field.
        """
        if not 1 <= size <= MAX_BATCH:
            raise MigrationError(f"batches: size is {size}; expected 1 to {MAX_BATCH}.")
        number = self._loops[entity] = self._loops.get(entity, 0) + 1
        name = f"{entity}:{number}"
        while True:
            state = self._progress.get(name, {})
            if state.get("ended"):
                return
            found = await self._read(entity, state.get("after"), size, equal)
            if found:
                yield found
            state = {"after": found[-1]["id"]} if found else {"ended": True}
            self._progress[name] = state
            await self._link.run(lambda session: self._commit(session, self._progress))

    async def count(self, entity: str) -> int:
        """Return the number of rows."""

        def work(session: Session) -> int:
            return int(session.value(f"SELECT COUNT(*) FROM {self._table(session, entity).name}"))  # noqa: S608

        return await self._link.run(work)

    async def update(self, entity: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write fields of rows. Shapes: each has its id and the fields to write.

        Raises: MigrationError, for an unknown entity or field, or a value that does not fit.
        """
        given = list(rows)
        await self._link.run(lambda session: self._update(session, entity, given))

    async def insert(self, entity: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows; a field that is left out gets its default.

        Raises: MigrationError, for an unknown entity or field, or a value that does not fit.
        """
        given = list(rows)
        await self._link.run(lambda session: self._insert(session, entity, given))

    async def delete(self, entity: str, ids: Iterable[Any]) -> None:
        """Delete the rows with these ids. Raises: MigrationError, for an unknown entity."""
        given = list(ids)

        def work(session: Session) -> None:
            table = self._table(session, entity)
            key = table.column("id")
            sql = f"DELETE FROM {table.name} WHERE {key} = {table.placeholder(1)}"  # noqa: S608
            session.execute_each(sql, [(self._stored(table, "id", id),) for id in given])

        await self._link.run(work)

    async def execute(self, sql: str) -> None:
        """Execute an SQL statement, without parameters."""
        await self._link.run(lambda session: session.execute(sql))

    async def _read(
        self, entity: str, after: Any, size: int, equal: Mapping[str, Any]
    ) -> list[Row]:
        def work(session: Session) -> list[Row]:
            table = self._table(session, entity)
            names = table.own_fields
            conditions, params = [], []
            for name, value in equal.items():
                self._known(table, name)
                if value is None:
                    conditions.append(f"{table.column(name)} IS NULL")
                else:
                    params.append(self._stored(table, name, value))
                    conditions.append(f"{table.column(name)} = {table.placeholder(len(params))}")
            where = " AND ".join(conditions)
            rows = table.batch(names, after, where=where, params=params, limit=size)
            return [table.decoded(names, values) for _, *values in rows]

        return await self._link.run(work)

    def _update(self, session: Session, entity: str, rows: Sequence[Mapping[str, Any]]) -> None:
        table = self._table(session, entity)
        grouped: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for row in rows:
            names = tuple(name for name in row if name != "id")
            values = [self._stored(table, name, row[name]) for name in names]
            if "id" not in row:
                raise MigrationError(f"update: a row of {entity} has no id: {dict(row)!r}.")
            grouped.setdefault(names, []).append((*values, self._stored(table, "id", row["id"])))
        for names, stored in grouped.items():
            sets = [
                f"{table.column(name)} = {table.placeholder(number)}"
                for number, name in enumerate(names, 1)
            ]
            if table.is_versioned:
                version = session.quote(VERSION)
                sets.append(f"{version} = {version} + 1")
            where = f"{table.column('id')} = {table.placeholder(len(names) + 1)}"
            if names:
                sql = f"UPDATE {table.name} SET {', '.join(sets)} WHERE {where}"  # noqa: S608
                session.execute_each(sql, stored)

    def _insert(self, session: Session, entity: str, rows: Sequence[Mapping[str, Any]]) -> None:
        table = self._table(session, entity)
        names = [
            name for name in table.own_fields if table.fields[name].definition.computed is None
        ]
        for row in rows:
            for name in row:
                self._known(table, name)
        columns = [table.fields[name].column.name for name in names]
        columns += [VERSION] if table.is_versioned else []
        marks = ", ".join(table.placeholder(number + 1) for number in range(len(columns)))
        quoted = ", ".join(map(session.quote, columns))
        stored = [
            (
                *(
                    self._stored(table, name, row[name])
                    if name in row
                    else default_of(table.fields[name])
                    for name in names
                ),
                *([1] if table.is_versioned else []),
            )
            for row in rows
        ]
        session.execute_each(f"INSERT INTO {table.name} ({quoted}) VALUES ({marks})", stored)  # noqa: S608

    def _table(self, session: Session, entity: str) -> RowTable:
        if not self._schema.has_entity(entity):
            known = ", ".join(e.name for e in self._schema if not e.name.startswith("~"))
            raise MigrationError(
                f"There is no entity {entity!r} at this step of the migration; it has {known}."
            )
        return RowTable(session, build_tables(self._schema, session.sql_dialect)[entity])

    def _known(self, table: RowTable, name: str) -> None:
        if name not in table.own_fields:
            raise MigrationError(
                f"{table.defined.definition.name} has no field {name!r} at this step of the "
                f"migration; it has {', '.join(table.own_fields)}."
            )

    def _stored(self, table: RowTable, name: str, value: Any) -> Any:
        self._known(table, name)
        try:
            return stored_value(table.fields[name], value)
        except ValueError as error:
            entity = table.defined.definition.name
            raise MigrationError(f"{entity}.{name}: {value!r} {error}") from error


async def run_data(
    link: Link,
    ledger: Ledger,
    do: Callable[[Data], Awaitable[None]],
    schema: Schema,
    key: ActionKey,
    begun: ActionEntry | None,
) -> None:
    """Run a function of `Data`, in one transaction or in batches.

    Raises: what the function raises; what was committed by then stays.
    """

    def begin(session: Session) -> None:
        session.execute("BEGIN IMMEDIATE" if session.kind == "sqlite" else "BEGIN")

    def start(session: Session) -> None:
        if begun is None:
            ledger.start(session, key)
        begin(session)

    def commit(session: Session, progress: Mapping[str, Any]) -> None:
        ledger.save_checkpoint(session, key, to_text(dict(progress)))
        session.execute("COMMIT")
        begin(session)

    def end(session: Session) -> None:
        ledger.finish(session, key)
        session.execute("COMMIT")

    progress = {} if begun is None or begun.checkpoint is None else from_text(begun.checkpoint)
    await link.run(start)
    try:
        await do(Data(link, schema, progress, commit))
        await link.run(end)
    except BaseException:
        with contextlib.suppress(Exception):
            await link.run(lambda session: session.execute("ROLLBACK"))
        raise
