"""Runs functions of Alembic's operations, or records their statements."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from starmodel.migrations.running.database.session import Session


def run_operations(session: Session, do: Callable[[Any], None]) -> None:
    """Call a function with `alembic.operations.Operations` on this session."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    if not session.is_recording:
        do(Operations(MigrationContext.configure(session.connection)))
        return
    written = io.StringIO()
    context = MigrationContext.configure(
        dialect=session.sql_dialect.sqlalchemy, opts={"as_sql": True, "output_buffer": written}
    )
    do(Operations(context))
    for text in written.getvalue().split(";\n"):
        if text.strip():
            session.execute(text.strip().rstrip(";"))
