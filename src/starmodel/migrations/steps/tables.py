"""Steps that concern whole tables."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.migrations.steps.step import Step


@dataclass(frozen=True)
class CreateEntity(Step):
    """Create the table of a new entity, with its indexes and constraints."""

    entity: str


@dataclass(frozen=True)
class DropEntity(Step):
    """Rename the table of a removed entity out of the way; `PurgeKept` deletes it."""

    entity: str


@dataclass(frozen=True)
class RenameEntity(Step):
    """Rename the table of an entity, with everything that refers to it."""

    old: str
    new: str


@dataclass(frozen=True)
class PurgeKept(Step):
    """Delete what earlier migrations kept aside. Shapes: names of `Schema.kept`."""

    names: tuple[str, ...]
