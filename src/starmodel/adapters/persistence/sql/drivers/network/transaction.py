"""Stores one batch over one connection, and resolves commits with a lost response."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from starmodel.adapters.persistence.sql.drivers.network.server import (
    CollidedError,
    FailedError,
    Link,
    LockedError,
    LostError,
)
from starmodel.adapters.persistence.sql.engine import Transaction
from starmodel.adapters.persistence.sql.schema.constraints import RefusedError
from starmodel.adapters.persistence.sql.statements import Row
from starmodel.adapters.persistence.sql.write.plan import Step
from starmodel.app.ports.repository import Marker
from starmodel.core.errors import DuplicateCommandError, StarModelError, VersionConflictError


@dataclass(slots=True)
class Attempt:
    """Progress of one transaction.

    Shapes: begun, there is a transaction to roll back; committing, COMMIT
    has been sent; joined, `between` has run, which happens only once;
    doubted, an earlier attempt may still have been in flight when this one
    began.
    """

    transaction: Transaction
    begun: bool = False
    committing: bool = False
    joined: bool = False
    doubted: bool = False

    def was_first(self, conflict: VersionConflictError) -> bool:
        """True when the conflict is with this same transaction, stored by an earlier attempt."""
        return self.doubted and any(
            step.kind == "insert" and (step.id, step.version) == (conflict.id, conflict.stored)
            for step in self.transaction.steps
        )


class Fate(enum.Enum):
    """Outcome of a commit whose response was lost."""

    STORED = enum.auto()
    LOST = enum.auto()
    UNKNOWN = enum.auto()


async def store(link: Link, attempt: Attempt) -> None:
    """Store the batch in one transaction, which may have begun.

    Raises: VersionConflictError; ConstraintError; DuplicateCommandError; errors of `between`
    and of the link. The caller then has to roll back.
    """
    transaction = attempt.transaction
    if transaction.between is None and await _at_once(link, attempt):
        if attempt.begun:
            await _commit(link, attempt)
        return
    if not attempt.begun:
        attempt.begun = True
        await link.run("BEGIN")
    if transaction.marker is not None:
        await _put(link, transaction, transaction.marker)
    if _holds(transaction):
        await _hold(link, transaction)
    for step in transaction.steps:
        await _do(step, link, attempt)
    if transaction.between is not None and not attempt.joined:
        await transaction.between()
        attempt.joined = True
    await _commit(link, attempt)


async def _commit(link: Link, attempt: Attempt) -> None:
    attempt.committing = True
    try:
        await link.run("COMMIT")
    except RefusedError as refused:  # a deferred constraint; the error names no step
        raise attempt.transaction.steps[0].refused(refused) from refused


async def _at_once(link: Link, attempt: Attempt) -> bool:
    """Store a batch by a single statement; False when nothing was stored.

    The statement commits implicitly, unless a transaction has begun. A
    refused change with an idempotency marker is retried as two statements,
    which identify the cause.
    """
    transaction = attempt.transaction
    steps, marker = transaction.steps, transaction.marker
    if marker is not None and len(steps) == 1:
        return await _both(link, attempt, marker)
    attempt.committing = transaction.is_single_statement or (marker is not None and not steps)
    if transaction.is_single_statement:
        await _do(steps[0], link, attempt)
    elif marker is not None and not steps:
        await _put(link, transaction, marker)
    return attempt.committing


async def _both(link: Link, attempt: Attempt, marker: Marker) -> bool:
    """Store a change and its marker by one statement; False when impossible or refused.

    Raises: DuplicateCommandError; VersionConflictError.
    """
    transaction, markers = attempt.transaction, attempt.transaction.markers
    (step,), row = transaction.steps, markers.row(marker, transaction.now)
    both = None if markers.with_change is None else markers.with_change.statement(step, row)
    if both is None:
        return False
    attempt.committing = True
    try:
        if await link.run(*both) == 1:
            return True
    except RefusedError:
        attempt.committing = False
        if attempt.begun:  # PostgreSQL aborts the transaction; the version guards the retry
            await link.run("ROLLBACK")
            attempt.begun = False
        return False
    attempt.committing = False  # no row matched
    found = await link.rows(markers.get_sql, (row[0], row[-1]))
    if found and Marker(*found[0]).command != marker.command:
        raise DuplicateCommandError(marker.key)
    step.require_base(await _row(link, step.statements.version, step))
    return False


def _holds(transaction: Transaction) -> bool:
    return len(transaction.steps) > 1 or transaction.needs_row_check


async def _hold(link: Link, transaction: Transaction) -> None:
    """Lock the rows of a batch in the lock order that every process follows."""
    for step in sorted(transaction.steps, key=lambda step: step.lock_order):
        if step.kind != "insert" and not step.continues:
            own = step.statements
            step.require_base(
                await _row(link, own.share if step.kind == "check" else own.lock, step)
            )


async def _do(step: Step, link: Link, attempt: Attempt) -> None:
    if step.kind == "check":
        if not _holds(attempt.transaction):
            step.require_base(await _row(link, step.statements.share, step))
        return
    try:
        if step.kind == "insert" and step.statements.mapped.mortal:
            # An expired row must not block the key of a new one.
            await link.run(step.statements.remove_dead, step.key_params)
        done = await link.run(step.sql, step.params)
    except RefusedError as refused:
        raise await _explained(step, link, attempt, refused) from refused
    if done != 1:
        raise step.conflict(await _row(link, step.statements.version, step))
    if step.needs_row_check:
        step.announce(await _row(link, step.statements.version, step))


async def _explained(
    step: Step, link: Link, attempt: Attempt, refused: RefusedError
) -> StarModelError:
    """Return a conflict when the id was taken, otherwise the broken constraint."""
    if attempt.begun:
        await link.run("ROLLBACK")  # PostgreSQL refuses queries in an aborted transaction
        attempt.begun = False
    if step.kind == "insert" and refused.broken == "unique":
        row = await _row(link, step.statements.version, step)
        if row is not None:
            return step.conflict(row)
    return step.refused(refused)


async def _row(link: Link, sql: str, step: Step) -> Row | None:
    rows = await link.rows(sql, step.key_params)
    return rows[0] if rows else None


async def _put(link: Link, transaction: Transaction, marker: Marker) -> None:
    """Insert the marker, or replace one of the same run. Raises: DuplicateCommandError."""
    markers, now = transaction.markers, transaction.now
    row = markers.row(marker, now)
    if markers.put_sql is not None:
        done = await link.run(markers.put_sql, row)
    else:
        try:
            done = await link.run(markers.insert_sql, row[:-1])
        except RefusedError:
            done = await link.run(markers.replace.sql, markers.again(marker, now))
    if done != 1:
        raise DuplicateCommandError(marker.key)


async def roll_back(link: Link) -> None:
    """Roll back; when that fails, close the connection, which rolls back too."""
    try:
        if not link.closed:
            await link.run("ROLLBACK")
    except (LostError, CollidedError, LockedError, FailedError):
        await link.end()


async def fate_of(link: Link, attempt: Attempt) -> Fate:
    """Determine whether a batch was stored after its commit lost the response.

    Locks a row of the batch first, which waits for a transaction that is
    still in flight on the server. The caller rolls back. For a row without
    a version the idempotency marker is better evidence than the row: an
    external writer may have restored its old content.
    """
    transaction = attempt.transaction
    await link.run("BEGIN")
    for kind in ("update", "delete", "insert"):
        for step in transaction.steps:
            if step.kind == kind and not step.continues:
                row = await _row(link, step.statements.lock, step)
                if step.is_base(row) and not (step.needs_row_check and transaction.is_finished):
                    return Fate.LOST
                is_stored = row is not None and step.statements.is_at(row, step.version)
                if kind == "insert" and is_stored:
                    return Fate.STORED  # ids and first versions are never generated twice
                return await _as_marked(link, transaction)
    return Fate.LOST  # a marker alone can be inserted again


async def _as_marked(link: Link, transaction: Transaction) -> Fate:
    """Derive the outcome from the marker of a finished command; a pending one proves nothing."""
    marker = transaction.marker
    if marker is None or not transaction.is_finished:
        return Fate.UNKNOWN
    row = transaction.markers.row(marker, transaction.now)
    found = await link.rows(transaction.markers.get_sql, (row[0], row[-1]))
    return Fate.STORED if found and tuple(found[0]) == tuple(row[:-1]) else Fate.LOST
