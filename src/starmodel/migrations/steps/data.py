"""Steps that a developer writes: data, SQL, and operations of Alembic."""

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

    def describe(self) -> str:
        return f"Run {name_of(self.do)}"


@dataclass(frozen=True)
class RunSql(Step):
    """Run SQL statements. Shapes: undo are those of a downgrade; empty, there is none."""

    do: Sequence[str] | str
    undo: Sequence[str] | str = ()

    def describe(self) -> str:
        return f"Run {'; '.join(statements_of(self.do))}"


@dataclass(frozen=True)
class Operations(Step):
    """Run Alembic's operations: functions of `alembic.operations.Operations`."""

    do: Callable[[Any], None]
    undo: Callable[[Any], None] | None = None

    def describe(self) -> str:
        return f"Run the operations of {name_of(self.do)}"


def statements_of(given: Sequence[str] | str) -> list[str]:
    """Return the statements without the semicolons at their ends."""
    statements = [given] if isinstance(given, str) else list(given)
    return [text.strip().rstrip(";") for text in statements if text.strip()]


def name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function for messages."""
    return getattr(function, "__name__", "a function")
