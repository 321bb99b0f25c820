"""Runs the hooks of `migrations/env.py`."""

from __future__ import annotations

from starmodel.migrations.environment import Hook
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.database.connection import Link
from starmodel.migrations.running.executing.operations import run_operations


async def run_hook(link: Link, hook: Hook | None, id: str) -> None:
    """Run one hook with Alembic's operations, if there is one.

    Raises: MigrationError, from any exception of the hook.
    """
    if hook is None:
        return
    try:
        await link.run(lambda session: run_operations(session, lambda op: hook(op, id)))
    except Exception as error:  # the hook is the project's own code
        name = getattr(hook, "__name__", type(hook).__name__)
        raise MigrationError(
            f"{name} in migrations/env.py failed for {id}: {type(error).__name__}: {error}. "
            "Correct it, and run this again: it continues here."
        ) from error
