"""What each step does, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starmodel.migrations.steps import (
    AddField,
    AddIndex,
    ChangeConstraints,
    ChangeField,
    ChangeTable,
    CreateEntity,
    DropEntity,
    DropField,
    DropIndex,
    EndAlias,
    EndMirror,
    MirrorField,
    Operations,
    PurgeKept,
    RenameEntity,
    RenameField,
    RenameIndex,
    ReplaceValues,
    RestoreField,
    RunData,
    RunEvents,
    RunSql,
    SplitField,
    Step,
)


def describe(step: Step) -> str:
    """Return what a step does, in the imperative and without a full stop."""
    words = _WORDS.get(type(step))
    return repr(step) if words is None else words(step)


def statements_of(given: Sequence[str] | str) -> list[str]:
    """Return SQL statements without the semicolons at their ends."""
    statements = [given] if isinstance(given, str) else list(given)
    return [text.strip().rstrip(";").rstrip() for text in statements if text.strip()]


def name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function for messages."""
    return getattr(function, "__name__", "a function")


def _replace(step: ReplaceValues) -> str:
    pairs = ", ".join(f"{old} by {new}" for old, new in step.values.items())
    return f"Replace {pairs} in {step.entity}.{step.field}"


_WORDS: dict[type[Step], Callable[[Any], str]] = {
    AddField: lambda s: f"Add {s.entity}.{s.field}",
    AddIndex: lambda s: f"Create the index {s.name} of {s.entity}",
    ChangeConstraints: lambda s: f"Change the constraints of {s.entity}",
    ChangeField: lambda s: f"Change {s.entity}.{s.field}",
    ChangeTable: lambda s: f"Change the table of {s.entity}",
    CreateEntity: lambda s: f"Create the table of {s.entity}",
    DropEntity: lambda s: f"Keep the table of {s.entity} aside",
    DropField: lambda s: f"Keep the values of {s.entity}.{s.field} aside",
    DropIndex: lambda s: f"Delete the index {s.name} of {s.entity}",
    EndAlias: lambda s: f"Delete the view {s.table} of {s.entity}",
    EndMirror: lambda s: f"No longer keep {s.entity}.{s.old} equal to {s.new}",
    MirrorField: lambda s: f"Keep {s.entity}.{s.old} equal to {s.new}",
    Operations: lambda s: f"Run the operations of {name_of(s.do)}",
    PurgeKept: lambda s: f"Delete {', '.join(s.names)} for good",
    RenameEntity: lambda s: f"Rename {s.old} to {s.new}",
    RenameField: lambda s: f"Rename {s.entity}.{s.old} to {s.new}",
    RenameIndex: lambda s: f"Rename the index {s.old} of {s.entity} to {s.new}",
    ReplaceValues: _replace,
    RestoreField: lambda s: f"Restore {s.entity}.{s.field} from {s.kept}",
    RunData: lambda s: f"Run {name_of(s.do)}",
    RunEvents: lambda s: f"Dispatch the events of {name_of(s.do)}",
    RunSql: lambda s: f"Run {'; '.join(statements_of(s.do))}",
    SplitField: lambda s: f"Copy the parts of {s.entity}.{s.field} into {', '.join(s.parts)}",
}
