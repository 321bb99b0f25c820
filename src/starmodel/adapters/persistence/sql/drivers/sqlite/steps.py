"""Executes the steps of a batch on SQLite's writer connection, the only one that writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.engine import Transaction
from starmodel.adapters.persistence.sql.schema.constraints import (
    ConstraintViolatedError,
    ViolationKind,
)
from starmodel.adapters.persistence.sql.write.plan import Step
from starmodel.core.errors import ConstraintError, DuplicateCommandError, VersionConflictError

_VIOLATIONS: dict[str, ViolationKind] = {
    "SQLITE_CONSTRAINT_FOREIGNKEY": "foreign",
    "SQLITE_CONSTRAINT_NOTNULL": "null",
    "SQLITE_CONSTRAINT_CHECK": "check",
    "SQLITE_CONSTRAINT_TRIGGER": "check",
    "SQLITE_CONSTRAINT_FUNCTION": "check",
    "SQLITE_CONSTRAINT_COMMITHOOK": "check",
    "SQLITE_CONSTRAINT_DATATYPE": "value",  # raised by a STRICT table
    "SQLITE_MISMATCH": "value",
    "SQLITE_TOOBIG": "value",
}
_FOREIGN_KEY = "FOREIGN KEY constraint failed"


def work_of(transaction: Transaction) -> Callable[[sqlite3.Connection], None]:
    """Return the callable that stores a transaction on the writer's connection.

    Raises: VersionConflictError; ConstraintError; DuplicateCommandError.
    """
    marker, markers, now = transaction.marker, transaction.markers, transaction.now
    steps = transaction.steps

    def work(connection: sqlite3.Connection) -> None:
        step = transaction.find_step_without_base()
        if step is not None:
            raise _conflict(step, connection)
        if marker is not None:
            _put(connection, markers.put_sql, markers.put_params(marker, now))
        for step in steps:
            _execute(step, connection)

    return work


def _put(connection: sqlite3.Connection, sql: str | None, row: Row) -> None:
    """Insert a marker, or replace one of the same run. Raises: DuplicateCommandError."""
    if sql is not None and connection.execute(sql, row).rowcount != 1:
        raise DuplicateCommandError(row[0])


def _execute(step: Step, connection: sqlite3.Connection) -> None:
    """Execute one step. Raises: VersionConflictError; ConstraintError."""
    is_compared = step.needs_row_check and step.kind != "insert" and not step.continues
    if step.kind == "check" or is_compared:
        step.require_base(_row(step, connection))
        if step.kind == "check":
            return
    try:
        done = connection.execute(step.sql, step.params).rowcount
    except sqlite3.IntegrityError as error:
        if step.kind != "insert":
            raise _refused(step, connection, error) from error
        done = _insert_again(step, connection, error)
    if done != 1:
        raise _conflict(step, connection)
    if step.needs_row_check:
        step.announce(_row(step, connection))


def _insert_again(step: Step, connection: sqlite3.Connection, error: sqlite3.IntegrityError) -> int:
    """Retry a refused INSERT in place of an expired row, if that was the conflict."""
    row = _row(step, connection)
    if row is not None:
        raise step.conflict(row) from error
    if not step.statements.has_ttl:
        raise _refused(step, connection, error) from error
    connection.execute(step.statements.delete_expired, step.key_params)
    try:
        return connection.execute(step.sql, step.params).rowcount
    except sqlite3.IntegrityError as again:
        raise _refused(step, connection, again) from again


def _row(step: Step, connection: sqlite3.Connection) -> Row | None:
    found: Row | None = connection.execute(step.statements.version, step.key_params).fetchone()
    return found


def _conflict(step: Step, connection: sqlite3.Connection) -> VersionConflictError:
    """Return the conflict of a step, with the version that is stored now."""
    return step.conflict(_row(step, connection))


def _refused(
    step: Step, connection: sqlite3.Connection, error: sqlite3.IntegrityError
) -> ConstraintError:
    kind = _VIOLATIONS.get(error.sqlite_errorname, "unique")
    if str(error) == _FOREIGN_KEY:  # ON DELETE RESTRICT has the code of a trigger
        kind = "foreign"
    detail = str(error).partition(": ")[2]
    if kind == "check":
        return step.refused(_caused(ConstraintViolatedError(kind, check=detail), error))
    columns = [part.rpartition(".")[2] for part in detail.split(", ")]
    if kind == "foreign":
        mapped = step.statements.mapped
        columns = [
            mapped.fields[name].column.name
            for name, key in step.references
            if connection.execute(step.statements.target_queries[name], (key,)).fetchone() is None
        ]
    return step.refused(_caused(ConstraintViolatedError(kind, columns), error))


def _caused(refused: ConstraintViolatedError, error: sqlite3.Error) -> ConstraintViolatedError:
    refused.__cause__ = error
    return refused
