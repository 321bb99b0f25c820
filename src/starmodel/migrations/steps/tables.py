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
    """Rename the table of an entity, with the foreign keys that refer to it.

    Steps after this one use the new name. Both names are the same where only `__tablename__`
    changes. Indexes keep their names; `RenameIndex` changes them. A new name that begins with
    `_renaming_` is temporary: of two entities that exchange their names, one makes way.

    Shapes: alias, a view under the former name lets processes of the old version read and write
    rows until `EndAlias`; not on SQLite, where a writer isn't told how many rows of a view it
    changed.
    """

    old: str
    new: str
    alias: bool = False


@dataclass(frozen=True)
class ChangeTable(Step):
    """Bring the comment and the hidden columns of a table to those after.

    Rows get version 1 in a new column of versions, and no expiry in one of expiry.
    """

    entity: str


@dataclass(frozen=True)
class PurgeKept(Step):
    """Delete columns and tables that earlier migrations renamed instead of dropping.

    Shapes: names are those in `Schema.kept`.
    """

    names: tuple[str, ...]
