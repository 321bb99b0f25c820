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
class RenameIndex(Step):
    """Give an index the name that a renamed field or entity gives it; its rows stay as they are.

    A database that can't rename an index creates it again.
    """

    entity: str
    old: str
    new: str


@dataclass(frozen=True)
class ChangeConstraints(Step):
    """Bring the unique constraints, checks and foreign keys of a table to those after.

    Rows that a new constraint would refuse are listed before anything runs.
    """

    entity: str
