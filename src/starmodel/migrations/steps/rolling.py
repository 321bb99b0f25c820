"""Steps of migrations that run while processes of the old version still work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starmodel.migrations.steps.step import Step
from starmodel.migrations.steps.values import UNSET


@dataclass(frozen=True)
class MirrorField(Step):
    """Keep the columns of two fields equal by triggers, and copy the old one to the new one.

    Processes of the old version write one of them, those of the new version the other. Between
    two types, values are converted both ways; what the other type can't have becomes NULL there.

    Shapes: on_error is the value of the new field, as JSON has it, for what it can't have; UNSET
    for NULL, and for a migration that lists such rows instead of beginning.
    """

    entity: str
    old: str
    new: str
    on_error: Any = UNSET


@dataclass(frozen=True)
class EndMirror(Step):
    """Remove the triggers of a `MirrorField`; both columns keep their values.

    Shapes: on_error is that of the `MirrorField`, whose triggers an undo creates again.
    """

    entity: str
    old: str
    new: str
    on_error: Any = UNSET


@dataclass(frozen=True)
class EndAlias(Step):
    """Delete the view that `RenameEntity(…, alias=True)` left under the former name of a table.

    Shapes: table is the former name.
    """

    entity: str
    table: str
