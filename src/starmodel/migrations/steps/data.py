"""Steps that a developer writes: data, events, SQL, and operations of Alembic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.migrations.steps.step import Step


@dataclass(frozen=True)
class RunData(Step):
    """Run an async function of `Data`, which reads and writes rows in batches.

    Shapes: undo is that of a downgrade; None, the data stays as it is.
    """

    do: Callable[[Any], Awaitable[None]]
    undo: Callable[[Any], Awaitable[None]] | None = None


@dataclass(frozen=True)
class RunEvents(Step):
    """Run an async function of `Events`, which dispatches events of the classes.

    It runs after the steps of the last pending migration, because the classes need their newest
    tables. A downgrade doesn't undo the events.
    """

    do: Callable[[Any], Awaitable[None]]


@dataclass(frozen=True)
class RunSql(Step):
    """Run SQL statements. Shapes: undo are those of a downgrade; empty, there is none."""

    do: Sequence[str] | str
    undo: Sequence[str] | str = ()


@dataclass(frozen=True)
class Operations(Step):
    """Run Alembic's operations: functions of `alembic.operations.Operations`."""

    do: Callable[[Any], None]
    undo: Callable[[Any], None] | None = None
