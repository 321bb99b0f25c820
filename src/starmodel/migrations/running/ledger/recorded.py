"""The definitions of tables that were created without migrations, stored in their database.

The first migration of a project starts from these definitions, so later renames and removals of
classes are detected.
"""

from __future__ import annotations

import json
import time

from pydantic import ValidationError
from sqlalchemy import Column, Double, Integer, MetaData, Table, Text, delete, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ddl.clauses import ddl
from starmodel.migrations.schema.definitions import FORMAT, Schema, from_json, to_json

TABLE = "starmodel_schema"
_ROW = 1


class RecordedSchema:
    """The statements of the one row that has the definitions."""

    def __init__(self, sql_dialect: SqlDialect) -> None:
        self._dialect = sql_dialect
        text = sql_dialect.column_type(str, Text(), is_indexed=False)
        self._table = Table(
            TABLE,
            MetaData(),
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("format", Integer, nullable=False),
            Column("definitions", text, nullable=False),
            Column("at", Double, nullable=False),
            **sql_dialect.table_options,
        )

    def read(self, session: Session) -> Schema | None:
        """Return the definitions; None without any. Raises: MigrationError, for a newer format."""
        if not Catalogue(session).has_table(TABLE):
            return None
        columns = self._table.c
        rows = session.rows(session.text(select(columns.format, columns.definitions)))
        if not rows:
            return None
        number, text = rows[0]
        if number > FORMAT:
            raise MigrationError(
                "The definitions of the tables were recorded by a newer version of StarModel. "
                "Install that version here too; nothing was changed."
            )
        try:
            return from_json(json.loads(text))
        except (ValidationError, ValueError) as error:
            raise MigrationError(
                f"The definitions in the table {TABLE} can't be read: {error}. Delete its row, and "
                "start the application on a database that fits its classes."
            ) from error

    def write(self, session: Session, schema: Schema) -> None:
        """Replace the definitions; of concurrent writers, one wins."""
        session.execute(ddl(CreateTable(self._table, if_not_exists=True), self._dialect))
        text = json.dumps(to_json(schema), ensure_ascii=True)
        row = {"id": _ROW, "format": FORMAT, "definitions": text, "at": round(time.time(), 3)}
        try:
            with session.transaction():
                session.execute(session.text(delete(self._table)))
                session.execute(session.text(insert(self._table).values(row)))
        except DBAPIError:
            if self.read(session) is None:
                raise

    def forget(self, session: Session) -> None:
        """Delete the definitions, once migrations have them."""
        if Catalogue(session).has_table(TABLE):
            session.execute(session.text(delete(self._table)))
