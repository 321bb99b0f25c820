"""Steps of migrations that run while processes of the old version still work."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.migrations.steps.step import Step


@dataclass(frozen=True)
class MirrorField(Step):
    """Keep the columns of two fields equal by triggers, and copy the old one to the new one.

    Processes of the old version write one of them, those of the new version the other.
    """

    entity: str
    old: str
    new: str


@dataclass(frozen=True)
class EndMirror(Step):
    """Remove the triggers of a `MirrorField`; both columns keep their values."""

    entity: str
    old: str
    new: str


@dataclass(frozen=True)
class EndAlias(Step):
    """Delete the view that `RenameEntity(…, alias=True)` left under the former name of a table.

    Shapes: table is the former name.
    """

    entity: str
    table: str
