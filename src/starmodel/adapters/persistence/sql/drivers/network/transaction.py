"""One batch stored over one connection, and what became of it when the connection was lost."""

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
from starmodel.adapters.persistence.sql.write.plan import Step
from starmodel.app.ports.repository import Marker
from starmodel.core.errors import DuplicateCommandError, StarModelError, VersionConflictError


@dataclass(slots=True)
class Attempt:
    """How far a transaction has come.

    Shapes: begun says that there is something to roll back; committing,
    that the commit has been sent; joined, that `between` has run, which it
    does only once; doubted, that an earlier try may still have been under
    way when this one began.
    """

    transaction: Transaction
    begun: bool = False
    committing: bool = False
    joined: bool = False
    doubted: bool = False

    def was_first(self, conflict: VersionConflictError) -> bool:
        """True when what is in the way is this very transaction, stored by an earlier try."""
        return self.doubted and any(
            step.kind == "insert" and (step.id, step.makes) == (conflict.id, conflict.stored)
            for step in self.transaction.steps
        )


class Fate(enum.Enum):
    """What became of a commit whose answer never came."""

    STORED = enum.auto()
    LOST = enum.auto()
    UNKNOWN = enum.auto()


async def store(link: Link, attempt: Attempt) -> None:
    """Store the batch in one transaction, which may have begun.

    Raises: VersionConflictError; ConstraintError; DuplicateCommandError; what `between` and
    the link raise. Then the caller has to roll back.
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
    except RefusedError as refused:  # of a deferred constraint; whose step's is not told
        raise attempt.transaction.steps[0].refused(refused) from refused


async def _at_once(link: Link, attempt: Attempt) -> bool:
    """Store what one statement can store; False when nothing was.

    It is a transaction by itself, unless one has begun. Why a database
    refused a change with its marker is told when they are stored one after
    the other.
    """
    transaction = attempt.transaction
    steps, marker = transaction.steps, transaction.marker
    if marker is not None and len(steps) == 1:
        return await _both(link, attempt, marker)
    attempt.committing = transaction.alone or (marker is not None and not steps)
    if transaction.alone:
        await _do(steps[0], link, attempt)
    elif marker is not None and not steps:
        await _put(link, transaction, marker)
    return attempt.committing


async def _both(link: Link, attempt: Attempt, marker: Marker) -> bool:
    """Store a change and its marker by one statement; False when that can't be or was refused.

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
        if attempt.begun:  # PostgreSQL answers no more in it; the version guards the next one
            await link.run("ROLLBACK")
            attempt.begun = False
        return False
    attempt.committing = False  # the row was not found
    found = await link.rows(markers.get_sql, (row[0], row[-1]))
    if found and Marker(*found[0]).command != marker.command:
        raise DuplicateCommandError(marker.key)
    stored = await _version(link, step.statements.version, step)
    if stored != step.expect:
        raise step.conflict(stored)
    return False


def _holds(transaction: Transaction) -> bool:
    return len(transaction.steps) > 1 or transaction.looks


async def _hold(link: Link, transaction: Transaction) -> None:
    """Lock the rows of a batch in the one order that every process follows."""
    for step in sorted(transaction.steps, key=lambda step: step.place):
        if step.kind != "insert" and not step.follows:
            own = step.statements
            stored = await _version(link, own.share if step.kind == "check" else own.lock, step)
            if stored != step.expect:
                raise step.conflict(stored)


async def _do(step: Step, link: Link, attempt: Attempt) -> None:
    if step.kind == "check":
        if not _holds(attempt.transaction):
            stored = await _version(link, step.statements.share, step)
            if stored != step.expect:
                raise step.conflict(stored)
        return
    try:
        if step.kind == "insert" and step.statements.mapped.mortal:
            # What has expired is out of the way of what is new.
            await link.run(step.statements.remove_dead, step.find)
        done = await link.run(step.sql, step.params)
    except RefusedError as refused:
        raise await _explained(step, link, attempt, refused) from refused
    if done != 1:
        raise step.conflict(await _version(link, step.statements.version, step))
    if step.looks:
        rows = await link.rows(step.statements.version, step.find)
        step.announce(rows[0] if rows else None)


async def _explained(
    step: Step, link: Link, attempt: Attempt, refused: RefusedError
) -> StarModelError:
    """A conflict, when the id was taken; else the broken constraint."""
    if attempt.begun:
        await link.run("ROLLBACK")  # or PostgreSQL would not answer any more
        attempt.begun = False
    if step.kind == "insert" and refused.broken == "unique":
        stored = await _version(link, step.statements.version, step)
        if stored is not None:
            return step.conflict(stored)
    return step.refused(refused)


async def _version(link: Link, sql: str, step: Step) -> int | None:
    rows = await link.rows(sql, step.find)
    return step.statements.version_in(rows[0]) if rows else None


async def _put(link: Link, transaction: Transaction, marker: Marker) -> None:
    """Put the marker, or replace one of the same run. Raises: DuplicateCommandError."""
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
    """Roll back; a connection that can't is closed, which does so too."""
    try:
        if not link.closed:
            await link.run("ROLLBACK")
    except (LostError, CollidedError, LockedError, FailedError):
        await link.end()


async def fate_of(link: Link, attempt: Attempt) -> Fate:
    """Whether a batch was stored, when its commit was sent and no answer came.

    Holds the row that tells, so that what is still under way at the
    server comes to its end first. The caller rolls back. Of a row without
    a version the marker tells more than the row, which somebody may have
    put back meanwhile to what it was.
    """
    transaction = attempt.transaction
    await link.run("BEGIN")
    for kind in ("update", "delete", "insert"):
        for step in transaction.steps:
            if step.kind == kind and not step.follows:
                stored = await _version(link, step.statements.lock, step)
                if stored == step.expect and not (step.looks and transaction.told):
                    return Fate.LOST
                if kind == "insert" and stored == step.makes:
                    return Fate.STORED  # ids and first versions are made only once
                return await _as_marked(link, transaction)
    return Fate.LOST  # a marker alone can be put again


async def _as_marked(link: Link, transaction: Transaction) -> Fate:
    """What the marker of a finished command proves; that of one under way proves nothing."""
    marker = transaction.marker
    if marker is None or not transaction.told:
        return Fate.UNKNOWN
    row = transaction.markers.row(marker, transaction.now)
    found = await link.rows(transaction.markers.get_sql, (row[0], row[-1]))
    return Fate.STORED if found and tuple(found[0]) == tuple(row[:-1]) else Fate.LOST
