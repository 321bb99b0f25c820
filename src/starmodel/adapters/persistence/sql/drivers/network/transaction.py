"""Stores one batch over one connection, and resolves commits with a lost response."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from starmodel.adapters.persistence.sql.compiled_sql import Row
from starmodel.adapters.persistence.sql.drivers.network.server import (
    CONNECTION_ERRORS,
    Connection,
)
from starmodel.adapters.persistence.sql.engine import Transaction
from starmodel.adapters.persistence.sql.schema.constraints import ConstraintViolatedError
from starmodel.adapters.persistence.sql.write.plan import Step
from starmodel.app.ports.repository import Marker
from starmodel.core.errors import DuplicateCommandError, StarModelError, VersionConflictError


@dataclass(slots=True)
class Attempt:
    """Progress of one transaction.

    Shapes: has_begun, there is a transaction to roll back; is_committing,
    COMMIT has been sent; between_is_done, `between` has run, which happens
    only once; was_in_doubt, an earlier attempt may still have been in flight
    when this one began.
    """

    transaction: Transaction
    has_begun: bool = False
    is_committing: bool = False
    between_is_done: bool = False
    was_in_doubt: bool = False

    def conflicts_with_itself(self, conflict: VersionConflictError) -> bool:
        """True when the conflict is with this same transaction, stored by an earlier attempt."""
        return self.was_in_doubt and any(
            step.kind == "insert" and (step.id, step.version) == (conflict.id, conflict.stored)
            for step in self.transaction.steps
        )


class CommitOutcome(enum.Enum):
    """Outcome of a commit whose response was lost."""

    STORED = enum.auto()
    NOT_STORED = enum.auto()
    UNKNOWN = enum.auto()


async def store(connection: Connection, attempt: Attempt) -> None:
    """Store the batch in one transaction, which may have begun already.

    Raises: VersionConflictError; ConstraintError; DuplicateCommandError; errors of `between`
    and of the connection. The caller then has to roll back.
    """
    transaction = attempt.transaction
    if transaction.between is None and await _store_by_single_statement(connection, attempt):
        if attempt.has_begun:
            await _commit(connection, attempt)
        return
    if not attempt.has_begun:
        attempt.has_begun = True
        await connection.execute("BEGIN")
    if transaction.marker is not None:
        await _put_marker(connection, transaction, transaction.marker)
    if _locks_rows(transaction):
        await _lock_rows(connection, transaction)
    for step in transaction.steps:
        await _execute(step, connection, attempt)
    if transaction.between is not None and not attempt.between_is_done:
        await transaction.between()
        attempt.between_is_done = True
    await _commit(connection, attempt)


async def _commit(connection: Connection, attempt: Attempt) -> None:
    attempt.is_committing = True
    try:
        await connection.execute("COMMIT")
    except ConstraintViolatedError as refused:  # a deferred constraint; the error names no step
        raise attempt.transaction.steps[0].refused(refused) from refused


async def _store_by_single_statement(connection: Connection, attempt: Attempt) -> bool:
    """Store a batch by a single statement; False when nothing was stored.

    The statement commits implicitly, unless a transaction has begun. A
    refused change with an idempotency marker is retried as two statements,
    which identify the cause.
    """
    transaction = attempt.transaction
    steps, marker = transaction.steps, transaction.marker
    if marker is not None and len(steps) == 1:
        return await _store_with_marker(connection, attempt, marker)
    attempt.is_committing = transaction.is_single_statement or (marker is not None and not steps)
    if transaction.is_single_statement:
        await _execute(steps[0], connection, attempt)
    elif marker is not None and not steps:
        await _put_marker(connection, transaction, marker)
    return attempt.is_committing


async def _store_with_marker(connection: Connection, attempt: Attempt, marker: Marker) -> bool:
    """Store a change and its marker by one statement; False when impossible or refused.

    Raises: DuplicateCommandError; VersionConflictError.
    """
    transaction, markers = attempt.transaction, attempt.transaction.markers
    (step,), row = transaction.steps, markers.put_params(marker, transaction.now)
    both = None if markers.with_change is None else markers.with_change.statement(step, row)
    if both is None:
        return False
    attempt.is_committing = True
    try:
        if await connection.execute(*both) == 1:
            return True
    except ConstraintViolatedError:
        attempt.is_committing = False
        if attempt.has_begun:  # PostgreSQL aborts the transaction; the version guards the retry
            await connection.execute("ROLLBACK")
            attempt.has_begun = False
        return False
    attempt.is_committing = False  # no row matched
    found = await connection.rows(markers.get_sql, (row[0], row[-1]))
    if found and Marker(*found[0]).command != marker.command:
        raise DuplicateCommandError(marker.key)
    step.require_base(await _row(connection, step.statements.version, step))
    return False


def _locks_rows(transaction: Transaction) -> bool:
    return len(transaction.steps) > 1 or transaction.needs_row_check


async def _lock_rows(connection: Connection, transaction: Transaction) -> None:
    """Lock the rows of a batch in the lock order that every process follows."""
    for step in sorted(transaction.steps, key=lambda step: step.lock_order):
        if step.kind != "insert" and not step.continues:
            own = step.statements
            step.require_base(
                await _row(connection, own.share if step.kind == "check" else own.lock, step)
            )


async def _execute(step: Step, connection: Connection, attempt: Attempt) -> None:
    if step.kind == "check":
        if not _locks_rows(attempt.transaction):
            step.require_base(await _row(connection, step.statements.share, step))
        return
    try:
        if step.kind == "insert" and step.statements.has_ttl:
            # An expired row must not block the key of a new one.
            await connection.execute(step.statements.delete_expired, step.key_params)
        done = await connection.execute(step.sql, step.params)
    except ConstraintViolatedError as refused:
        raise await _violation_or_conflict(step, connection, attempt, refused) from refused
    if done != 1:
        raise step.conflict(await _row(connection, step.statements.version, step))
    if step.needs_row_check:
        step.announce(await _row(connection, step.statements.version, step))


async def _violation_or_conflict(
    step: Step, connection: Connection, attempt: Attempt, refused: ConstraintViolatedError
) -> StarModelError:
    """Return a conflict when the id was taken, otherwise the broken constraint."""
    if attempt.has_begun:
        await connection.execute("ROLLBACK")  # PostgreSQL refuses queries in an aborted transaction
        attempt.has_begun = False
    if step.kind == "insert" and refused.kind == "unique":
        row = await _row(connection, step.statements.version, step)
        if row is not None:
            return step.conflict(row)
    return step.refused(refused)


async def _row(connection: Connection, sql: str, step: Step) -> Row | None:
    rows = await connection.rows(sql, step.key_params)
    return rows[0] if rows else None


async def _put_marker(connection: Connection, transaction: Transaction, marker: Marker) -> None:
    """Insert the marker, or replace one of the same run. Raises: DuplicateCommandError."""
    markers, now = transaction.markers, transaction.now
    row = markers.put_params(marker, now)
    if markers.put_sql is not None:
        done = await connection.execute(markers.put_sql, row)
    else:
        try:
            done = await connection.execute(markers.insert_sql, row[:-1])
        except ConstraintViolatedError:
            done = await connection.execute(
                markers.replace.sql, markers.replace_params(marker, now)
            )
    if done != 1:
        raise DuplicateCommandError(marker.key)


async def roll_back(connection: Connection) -> None:
    """Roll back; when that fails, close the connection, which rolls back too."""
    try:
        if not connection.closed:
            await connection.execute("ROLLBACK")
    except CONNECTION_ERRORS:
        await connection.terminate()


async def outcome_of(connection: Connection, attempt: Attempt) -> CommitOutcome:
    """Determine whether a batch was stored after its commit lost the response.

    Locks a row of the batch first, which waits for a transaction that is
    still in flight on the server. The caller rolls back. For a row without
    a version the idempotency marker is better evidence than the row: an
    external writer may have restored its old content.
    """
    transaction = attempt.transaction
    await connection.execute("BEGIN")
    for kind in ("update", "delete", "insert"):
        for step in transaction.steps:
            if step.kind == kind and not step.continues:
                row = await _row(connection, step.statements.lock, step)
                if step.is_base(row) and not (step.needs_row_check and transaction.is_finished):
                    return CommitOutcome.NOT_STORED
                is_stored = row is not None and step.statements.is_at(row, step.version)
                if kind == "insert" and is_stored:
                    return CommitOutcome.STORED  # ids and first versions are never generated twice
                return await _outcome_by_marker(connection, transaction)
    return CommitOutcome.NOT_STORED  # a marker alone can be inserted again


async def _outcome_by_marker(connection: Connection, transaction: Transaction) -> CommitOutcome:
    """Derive the outcome from the marker of a finished command; a pending one proves nothing."""
    marker = transaction.marker
    if marker is None or not transaction.is_finished:
        return CommitOutcome.UNKNOWN
    row = transaction.markers.put_params(marker, transaction.now)
    found = await connection.rows(transaction.markers.get_sql, (row[0], row[-1]))
    return (
        CommitOutcome.STORED
        if found and tuple(found[0]) == tuple(row[:-1])
        else CommitOutcome.NOT_STORED
    )
