"""Stores a change and its idempotency marker by one statement, which commits implicitly."""

from __future__ import annotations

from sqlalchemy import Double, Table, UpdateBase, bindparam, case, literal_column, or_, select
from sqlalchemy.dialects import postgresql

from starmodel.adapters.persistence.sql.compiled_sql import Row, compile_sql
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.statements import MAX_SHAPES
from starmodel.adapters.persistence.sql.write.plan import Step


class MarkedChanges:
    """Such PostgreSQL statements, compiled once per kind of change.

    A statement stores the marker if the change found its row, and nothing
    otherwise. On a conflict with another run's marker it would set that
    marker's digest to NULL, which the column refuses, so nothing is stored
    then either.
    """

    def __init__(self, table: Table, sql_dialect: SqlDialect) -> None:
        self._table, self._sql_dialect = table, sql_dialect
        self._sql: dict[str, str] = {}

    def statement(self, step: Step, marker: Row) -> tuple[str, Row] | None:
        """Return SQL that changes at most one row, and its parameters; None for any other step.

        Shapes: marker is the result of `Markers.put_params`.
        """
        change = (
            step.statements.write_statements.get(step.sql) if step.is_single_statement else None
        )
        if change is None:
            return None
        sql = self._sql.get(step.sql)
        if sql is None:
            if len(self._sql) >= MAX_SHAPES:
                self._sql.clear()
            sql = compile_sql(self._with(change), self._sql_dialect.sqlalchemy).sql
            self._sql[step.sql] = sql
        *row, stale = marker
        return sql, (*row, *step.params, stale)

    def _with(self, change: UpdateBase) -> postgresql.Insert:
        table = self._table
        done = change.returning(literal_column("1")).cte("done")
        row = select(*(bindparam(f"{column.name}_", type_=column.type) for column in table.columns))
        put = postgresql.insert(table).from_select(list(table.columns), row.select_from(done))
        new = put.excluded
        stale = table.c.at <= bindparam("stale_", type_=Double)
        values = {column.name: new[column.name] for column in table.columns}
        digest = case((or_(table.c.command == new.command, stale), new.digest))
        return put.on_conflict_do_update(
            index_elements=[table.c.key], set_={**values, "digest": digest}
        )
