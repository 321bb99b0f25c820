"""Steps that concern indexes and constraints."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.migrations.steps.step import Step


@dataclass(frozen=True)
class AddIndex(Step):
    """Create an index of the entity. Shapes: name is that of its definition after."""

    entity: str
    name: str


@dataclass(frozen=True)
class DropIndex(Step):
    """Delete an index. Shapes: name is that of its definition before."""

    entity: str
    name: str


@dataclass(frozen=True)
class ChangeConstraints(Step):
    """Bring the unique constraints, checks and foreign keys of a table to those after.

    Rows that a new constraint would refuse are listed before anything runs.
    """

    entity: str
