"""Tries again when a lock is not acquired in time, so that nobody else waits for long."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.database.connection import LOCK_S, Link
from starmodel.migrations.running.database.session import Session

PATIENCE_S = 300.0
"""The time after which a migration gives up on a lock; what is done by then stays done."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 10.0
_POSTGRESQL = {"55P03", "40P01"}  # lock not available, deadlock detected
_MYSQL = {1205, 1213, 3572}  # lock wait timeout, deadlock, NOWAIT


async def retrying(
    link: Link, work: Callable[[Session], None], *, patience_s: float = PATIENCE_S
) -> None:
    """Run work that leaves nothing behind when it fails for a lock, until it succeeds.

    Between two attempts the queue behind the lock is empty again. The wait is reported once.

    Raises: MigrationError, when others hold the lock for patience_s.
    """
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + patience_s, _FIRST_PAUSE_S
    is_reported = False
    while True:
        try:
            await link.run(work)
            return
        except DBAPIError as error:
            if not is_lock_timeout(error):
                raise
            if loop.time() > deadline:
                raise MigrationError(
                    f"Others have held a lock on a table for {patience_s:g} s; each attempt gave "
                    f"way after {LOCK_S} s. End long transactions, and run this again: it "
                    "continues where it stopped."
                ) from error
        if not is_reported:
            link.on_wait()
            is_reported = True
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter
        pause = min(pause * 2, _LONGEST_PAUSE_S)


def is_lock_timeout(error: DBAPIError) -> bool:
    """True when a statement gave way to the holder of a lock."""
    cause = error.orig
    if getattr(cause, "sqlstate", None) in _POSTGRESQL:
        return True
    code = cause.args[0] if cause is not None and cause.args else None
    if isinstance(code, int) and code in _MYSQL:
        return True
    text = str(cause)
    return "database is locked" in text or "database table is locked" in text
