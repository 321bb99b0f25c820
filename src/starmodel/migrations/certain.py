"""Additive changes of classes, which need no answer and alter no stored value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from starmodel.core.classes.registry import EntityType
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import Change, Changes
from starmodel.migrations.comparing.changes.fields import AddedField
from starmodel.migrations.comparing.changes.tables import AddedConstraint, AddedEntity, AddedIndex
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.plan import plan
from starmodel.migrations.comparing.questions import open_questions
from starmodel.migrations.environment import Environment
from starmodel.migrations.files.order import Migrations
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ledger.recorded import RecordedSchema
from starmodel.migrations.running.runner import UNRECORDED, Options, apply_unrecorded
from starmodel.migrations.schema.definitions import EntityDefinition, ForeignKeyDefinition, Schema
from starmodel.migrations.state import read_state
from starmodel.migrations.steps import AddField, AddIndex, CreateEntity


def are_certain(changes: Changes) -> bool:
    """True for new tables, and new columns that are optional or have a plain default, alone.

    So are indexes of new columns, unless they are unique, and foreign keys of optional ones.
    """
    if open_questions(changes, Answers()):
        return False
    added = [change for change in changes if isinstance(change, AddedField) and change.has_value]
    new = {(change.entity.id, change.field.column) for change in added}
    optional = {
        (change.entity.id, change.field.column) for change in added if change.field.nullable
    }
    return all(
        not change.in_database
        or isinstance(change, AddedEntity)
        or change in added
        or _is_of_new_columns(change, new, optional)
        for change in changes
    )


def _is_of_new_columns(
    change: Change, new: set[tuple[str, str]], optional: set[tuple[str, str]]
) -> bool:
    """True for an index of new columns, and for a foreign key of optional ones."""
    if isinstance(change, AddedIndex) and not change.index.unique:
        return all((change.entity.id, part) in new for part in change.index.parts)
    if isinstance(change, AddedConstraint) and isinstance(change.constraint, ForeignKeyDefinition):
        return all((change.entity.id, name) in optional for name in change.constraint.columns)
    return False


def are_certain_steps(files: Sequence[MigrationFile]) -> bool:
    """True for migrations that only add tables, columns and indexes."""
    return all(
        isinstance(step, CreateEntity | AddIndex)
        or (isinstance(step, AddField) and not callable(step.fill))
        for file in files
        for step in file.steps
    )


@dataclass
class _Direct:
    """The changes of classes without migration files, applied to their tables."""

    types: Sequence[EntityType]
    environment: Environment
    sentences: tuple[str, ...] = ()
    after: Schema = field(default_factory=Schema)

    def planned(self, session: Session) -> tuple[Schema, MigrationFile] | None:
        none = Migrations(environment=self.environment)
        state = read_state(session, none, self.types, thorough=True)
        if state.changes is None or not state.drift or not are_certain(state.changes):
            return None
        self.after = state.changes.after
        self.sentences = tuple(each.sentence() for each in state.drift if each.is_said)
        before = _with_present_columns(session, state.changes.before, self.after)
        changes = compare(before, self.after)
        made = plan(changes, Answers(), UNRECORDED)
        return before, MigrationFile(UNRECORDED, (), made.steps, self.after, "")

    def settled(self, session: Session) -> None:
        RecordedSchema(session.sql_dialect).write(session, self.after)


async def apply_certain(
    url: str,
    types: Sequence[EntityType],
    options: Options | None = None,
    environment: Environment | None = None,
) -> tuple[str, ...]:
    """Apply the changes of classes to their tables, where no migration file exists.

    Returns: sentences on what was changed; none, when nothing is certain.
    Raises: MigrationError; ConfigurationError, when the database is unreachable.
    """
    direct = _Direct(types, environment or Environment())
    done = await apply_unrecorded(url, direct.planned, direct.settled, options)
    return direct.sentences if done else ()


def _with_present_columns(session: Session, before: Schema, after: Schema) -> Schema:
    """Add the columns that the tables have already, as after an interruption."""
    catalogue = Catalogue(session)
    by_id = {entity.id: entity for entity in after}

    def completed(entity: EntityDefinition) -> EntityDefinition:
        target = by_id.get(entity.id)
        if target is None:
            return entity
        known = {field.id for field in entity.fields}
        there = catalogue.columns(entity.table, entity.schema_name)
        added = [f for f in target.fields if f.id not in known and f.column in there]
        return entity.model_copy(update={"fields": (*entity.fields, *added)})

    return before.model_copy(update={"entities": tuple(map(completed, before))})
