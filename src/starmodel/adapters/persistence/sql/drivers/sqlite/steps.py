"""Executes the steps of a batch on SQLite's writer connection, the only one that writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from starmodel.adapters.persistence.sql.engine import Transaction
from starmodel.adapters.persistence.sql.schema.constraints import Broken, RefusedError
from starmodel.adapters.persistence.sql.statements import Row
from starmodel.adapters.persistence.sql.write.plan import Step
from starmodel.core.errors import ConstraintError, DuplicateCommandError, VersionConflictError

_BROKEN: dict[str, Broken] = {
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


def work_of(transaction: Transaction) -> Callable[[sqlite3.Connection], None]:
    """Return the callable that stores a transaction on the writer's connection.

    Raises: VersionConflictError; ConstraintError; DuplicateCommandError.
    """
    marker, markers, now = transaction.marker, transaction.markers, transaction.now
    steps = transaction.steps

    def work(connection: sqlite3.Connection) -> None:
        lost = transaction.lost_ground()
        if lost is not None:
            raise conflict(lost, connection)
        if marker is not None:
            _put(connection, markers.put_sql, markers.row(marker, now))
        for step in steps:
            do(step, connection)

    return work


def _put(connection: sqlite3.Connection, sql: str | None, row: Row) -> None:
    """Insert a marker, or replace one of the same run. Raises: DuplicateCommandError."""
    if sql is not None and connection.execute(sql, row).rowcount != 1:
        raise DuplicateCommandError(row[0])


def do(step: Step, connection: sqlite3.Connection) -> None:
    """Execute one step. Raises: VersionConflictError; ConstraintError."""
    if step.kind == "check" or (step.looks and step.kind != "insert" and not step.follows):
        if _stored(step, connection) != step.expect:
            raise conflict(step, connection)
        if step.kind == "check":
            return
    try:
        done = connection.execute(step.sql, step.params).rowcount
    except sqlite3.IntegrityError as error:
        if step.kind != "insert":
            raise _refused(step, connection, error) from error
        done = _insert_again(step, connection, error)
    if done != 1:
        raise conflict(step, connection)
    if step.looks:
        step.announce(_row(step, connection))


def _insert_again(step: Step, connection: sqlite3.Connection, error: sqlite3.IntegrityError) -> int:
    """Retry a refused INSERT in place of an expired row, if that was the conflict."""
    if _stored(step, connection) is not None:
        raise conflict(step, connection) from error
    if not step.statements.mapped.mortal:
        raise _refused(step, connection, error) from error
    connection.execute(step.statements.remove_dead, step.find)
    try:
        return connection.execute(step.sql, step.params).rowcount
    except sqlite3.IntegrityError as again:
        raise _refused(step, connection, again) from again


def _stored(step: Step, connection: sqlite3.Connection) -> int | None:
    row = _row(step, connection)
    return None if row is None else step.statements.version_in(row)


def _row(step: Step, connection: sqlite3.Connection) -> Row | None:
    found: Row | None = connection.execute(step.statements.version, step.find).fetchone()
    return found


def conflict(step: Step, connection: sqlite3.Connection) -> VersionConflictError:
    """Return the conflict of a step, with the version that is stored now."""
    return step.conflict(_stored(step, connection))


def _refused(
    step: Step, connection: sqlite3.Connection, error: sqlite3.IntegrityError
) -> ConstraintError:
    broken = _BROKEN.get(error.sqlite_errorname, "unique")
    told = str(error).partition(": ")[2]
    if broken == "check":
        return step.refused(_caused(RefusedError(broken, check=told), error))
    columns = [part.rpartition(".")[2] for part in told.split(", ")]
    if broken == "foreign":
        mapped = step.statements.mapped
        columns = [
            mapped.fields[name].column.name
            for name, key in step.links
            if connection.execute(step.statements.targets[name], (key,)).fetchone() is None
        ]
    return step.refused(_caused(RefusedError(broken, columns), error))


def _caused(refused: RefusedError, error: sqlite3.Error) -> RefusedError:
    refused.__cause__ = error
    return refused
