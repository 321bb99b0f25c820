"""The state of a database, compared with the migration files and the classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from starmodel.adapters.persistence.sql.schema.entity_table import VERSION
from starmodel.core.classes.registry import EntityType
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.change import NO_ANSWERS, Change, Changes
from starmodel.migrations.comparing.changes.tables import AddedEntity, RemovedEntity
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.comparing.made_defaults import with_made_defaults
from starmodel.migrations.environment import Environment
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.order import Migrations
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.running.database.connection import is_new_file, open_link
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.catalogue import Catalogue
from starmodel.migrations.running.ledger.ledger import Entry, Ledger
from starmodel.migrations.running.ledger.recorded import RecordedSchema
from starmodel.migrations.running.ledger.waiting import waiting_contracts
from starmodel.migrations.running.runner import UNRECORDED
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import EntityDefinition, Schema
from starmodel.migrations.schema.editing import qualified_table
from starmodel.migrations.schema.physical import Difference, table_differences
from starmodel.migrations.schema.reflecting import reflect

Kind = Literal[
    "fresh", "unmanaged", "ahead", "branched", "interrupted", "behind", "drifted", "current"
]


@dataclass(frozen=True)
class DatabaseState:
    """What a database has, and what it lacks.

    Shapes: tables are those of the classes and snapshots that exist; entries are the migrations
    that it has; recorded are the definitions of tables that were created without migrations;
    changes lead from the newest snapshot, or from what is recorded, to the classes, None where
    neither is known; differences are those of tables from that snapshot, if they were compared;
    answers are those that the classes give to questions about the changes.
    """

    migrations: Migrations
    tables: frozenset[str]
    entries: tuple[Entry, ...]
    recorded: Schema | None
    changes: Changes | None
    differences: tuple[Difference, ...] = ()
    answers: Answers = NO_ANSWERS

    @property
    def kind(self) -> Kind:
        """The state in one word; of several that hold, the first to act on."""
        if len(self.migrations.heads) > 1:
            return "branched"
        if self.interrupted:
            return "interrupted"
        if not self.entries and not self.tables:
            return "fresh"
        if not self.entries and len(self.migrations):
            return "unmanaged"
        if self.pending:
            return "behind"
        if self.drift:
            return "drifted"
        if self.unknown:
            return "ahead"
        return "current"

    @property
    def pending(self) -> list[MigrationFile]:
        """The migrations that the database does not have, and which wait for nothing."""
        applied = {entry.id for entry in self.entries}
        waiting = set(self.waiting)
        return [f for f in self.migrations if f.id not in applied and f.id not in waiting]

    @property
    def waiting(self) -> list[str]:
        """The contract migrations that run once no process of the old version does."""
        return sorted(_waiting(self.migrations, self.entries))

    @property
    def unknown(self) -> list[str]:
        """The migrations of the database for which there is no file."""
        files = {file.id for file in self.migrations}
        return [entry.id for entry in self.entries if entry.id not in files]

    @property
    def interrupted(self) -> list[str]:
        """The migrations that are neither applied nor undone."""
        return [e.id for e in self.entries if e.state not in ("applied", "adopted")]

    @property
    def drift(self) -> list[Change]:
        """The changes of classes for which a table has to change."""
        return [change for change in self.changes or () if change.in_database]

    @property
    def may_be_renamed(self) -> bool:
        """True when a class is gone and another is new, which may have its records."""
        kinds = {type(change) for change in self.drift}
        return {RemovedEntity, AddedEntity} <= kinds

    @property
    def edited(self) -> list[Difference]:
        """What tables lack, or have in another form than the snapshot."""
        return [each for each in self.differences if not each.is_extra]


async def state_of(
    url: str, migrations: Migrations, types: Sequence[EntityType], *, thorough: bool = False
) -> DatabaseState:
    """Compare a database with the migrations and the classes of the SQL store.

    Shapes: thorough also compares the tables with the snapshot, and reads the definitions of
    tables that are not recorded from them.
    Raises: MigrationError; ConfigurationError, when the database is unreachable.
    """
    if is_new_file(url):  # is not created
        before = migrations.newest if len(migrations.heads) == 1 else None
        ignores = migrations.environment.ignores
        changes = (
            None if before is None else compare(before, collect(types, before, ignores=ignores))
        )
        return DatabaseState(migrations, frozenset(), (), None, changes)
    async with open_link(url) as link:
        return await link.run(
            lambda session: read_state(session, migrations, types, thorough=thorough)
        )


def read_state(
    session: Session,
    migrations: Migrations,
    types: Sequence[EntityType],
    *,
    thorough: bool = False,
) -> DatabaseState:
    """As `state_of`, in an open session."""
    ledger = Ledger(session.sql_dialect)
    found = ledger.entries(session) if ledger.exists(session) else []
    entries = tuple(entry for entry in found if entry.id != UNRECORDED)
    recorded = None if entries else RecordedSchema(session.sql_dialect).read(session)
    before: Schema | None = None
    if not len(migrations):
        before = recorded
    elif len(migrations.heads) == 1:
        before = migrations.newest
    ignores = migrations.environment.ignores
    after = present_schema(session, types, before, migrations.environment)
    there = _present(session, [after, *(file.schema for file in migrations)])
    if thorough and not len(migrations) and before is None and there:
        before = reflect(session.connection, after, session.sql_dialect, ignores)
    changes = None if before is None else compare(before, after)
    differences: tuple[Difference, ...] = ()
    if thorough and before is not None and there:
        waiting = _waiting(migrations, entries)
        done = Migrations(tuple(file for file in migrations if file.id not in waiting))
        expected = done.newest if waiting else before
        own = tuple(entity for entity in expected if not ignores(entity.table))
        managed = expected.model_copy(update={"entities": own})
        compared = table_differences(session.connection, managed, session.sql_dialect)
        differences = tuple(compared)
    answers = NO_ANSWERS if changes is None else with_made_defaults(changes, NO_ANSWERS, types)
    return DatabaseState(migrations, there, entries, recorded, changes, differences, answers)


def _waiting(migrations: Migrations, entries: Sequence[Entry]) -> set[str]:
    """Return the contract migrations that wait; none where another migration needs them."""
    if not entries:
        return set()
    try:
        return waiting_contracts(migrations, {entry.id for entry in entries})
    except MigrationError:
        return set()


def present_schema(
    session: Session,
    types: Sequence[EntityType],
    before: Schema | None = None,
    environment: Environment | None = None,
) -> Schema:
    """Return the definitions of classes, in which tables of other programs are external.

    Those are existing tables without a version, for which StarModel's own have a column, and what
    the environment ignores.
    """
    ignores = (environment or Environment()).ignores
    schema = collect(types, before, ignores=ignores)
    known = {entity.id for entity in before or ()}
    catalogue = Catalogue(session)
    external = []
    for entity in schema:
        columns = catalogue.columns(entity.table, entity.schema_name)
        if entity.id not in known and columns and VERSION not in columns:
            external.append(qualified_table(entity))
    return collect(types, before, external=external, ignores=ignores) if external else schema


def _present(session: Session, schemas: Sequence[Schema]) -> frozenset[str]:
    """Return the tables of these schemas that exist."""
    catalogue = Catalogue(session)
    entities: dict[tuple[str, str | None], EntityDefinition] = {
        (entity.table, entity.schema_name): entity
        for schema in schemas
        for entity in schema
        if not entity.external
    }
    return frozenset(table for table, schema in entities if catalogue.has_table(table, schema))
