"""The start of an application on a database: checked, migrated or refused."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import ConfigurationError
from starmodel.migrations.comparing.changes.change import Change
from starmodel.migrations.comparing.changes.tables import AddedEntity
from starmodel.migrations.comparing.compare import compare
from starmodel.migrations.environment import Environment
from starmodel.migrations.errors import DriftError, MigrationError
from starmodel.migrations.explaining import MIGRATE, drifted, explained, refusal
from starmodel.migrations.files.loading import load_migrations
from starmodel.migrations.files.order import Migrations
from starmodel.migrations.running.database.connection import is_lasting, is_new_file, open_link
from starmodel.migrations.running.database.rights import may_create_tables
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.clauses import creation_of
from starmodel.migrations.running.executing.events import dispatches_events
from starmodel.migrations.running.ledger.recorded import RecordedSchema
from starmodel.migrations.running.runner import Options, record_as_applied, upgrade
from starmodel.migrations.schema.reflecting import reflect
from starmodel.migrations.state import DatabaseState, present_schema, state_of

log = logging.getLogger("starmodel.migrations")


@dataclass(frozen=True)
class Start:
    """How applications of this process start on their database.

    Shapes: folder has the migration files; production, drift is refused with what to do there;
    migrates, the pending migrations are applied by the node that comes first.
    """

    url: str
    folder: Path
    production: bool
    migrates: bool

    @asynccontextmanager
    async def opening(self, types: Sequence[EntityType]) -> AsyncIterator[list[str]]:
        """Check the database before its tables are opened, and record what was created.

        Yields a list that has, at the end, what was logged about the tables.

        Raises: DriftError, with the command to type; ConfigurationError, when the database is
        unreachable.
        """
        said: list[str] = []
        if not types or not is_lasting(self.url) or dispatches_events.get():
            yield said
            return
        try:
            migrations = load_migrations(self.folder)
            creates = len(migrations) > 0 and await self._checked(migrations, types, said)
        except MigrationError as error:
            raise DriftError(str(error)) from error
        if not len(migrations):
            async with self._without_migrations(migrations, types, said):
                yield said
            return
        yield said
        if creates:
            await record_as_applied(self.url, migrations)

    async def _checked(
        self, migrations: Migrations, types: Sequence[EntityType], said: list[str]
    ) -> bool:
        """Return True when the store is to create the tables of all migrations at once.

        Raises: DriftError; MigrationError.
        """
        state = await state_of(self.url, migrations, types, thorough=not self.production)
        if self.migrates and state.kind in ("fresh", "unmanaged", "interrupted", "behind"):
            await self._migrate(migrations)
            state = await state_of(self.url, migrations, types)
        elif not self.production and state.kind == "fresh":
            if not state.drift:
                return True
            await self._migrate(migrations)
            state = await state_of(self.url, migrations, types)
        elif not (self.production or state.drift or state.edited) and state.kind == "unmanaged":
            await record_as_applied(self.url, migrations)
            log.info("The tables equal the migrations, which are recorded as applied.")
            return False
        if (problem := refusal(state, production=self.production)) is not None:
            raise problem
        for each in explained(state, production=self.production):
            said.append(each.text)
            log.log(logging.WARNING if each.level == "warning" else logging.INFO, "%s", each.text)
        return False

    async def _migrate(self, migrations: Migrations) -> None:
        def report(sentence: str, _: float) -> None:
            log.info("%s", sentence)

        result = await upgrade(self.url, migrations, options=Options(report=report))
        if result.applied:
            log.info("Applied: %s.", ", ".join(result.applied))

    @asynccontextmanager
    async def _without_migrations(
        self, migrations: Migrations, types: Sequence[EntityType], said: list[str]
    ) -> AsyncIterator[None]:
        """Create tables from the classes, and record their definitions for the first migration."""
        is_new = is_new_file(self.url)
        if not is_new:
            state = await state_of(self.url, migrations, types)
            if state.may_be_renamed:
                raise drifted(
                    state,
                    production=self.production,
                    creation=await self._creation(state, migrations, types),
                )
        try:
            yield
        except DriftError:
            raise
        except ConfigurationError as error:
            problem = await self._explained_failure(migrations, types)
            if problem is None:
                raise
            raise problem from error
        if self.production and not is_new:
            return
        left = await record_definitions(
            self.url, types, created=is_new, environment=migrations.environment
        )
        if left:
            sentences = " ".join(change.sentence() for change in left if change.is_said)
            said.append(sentences)
            log.warning("The tables are not as the classes. %s Run: %s", sentences, MIGRATE)

    async def _creation(
        self, state: DatabaseState, migrations: Migrations, types: Sequence[EntityType]
    ) -> list[str]:
        """Return the statements for the new classes; none if StarModel may create the tables."""
        added = [change.entity.name for change in state.drift if isinstance(change, AddedEntity)]

        def read(session: Session) -> list[str]:
            if may_create_tables(session):
                return []
            schema = present_schema(session, types, state.recorded, migrations.environment)
            return creation_of(schema, added, session.sql_dialect)

        async with open_link(self.url) as link:
            return await link.run(read)

    async def _explained_failure(
        self, migrations: Migrations, types: Sequence[EntityType]
    ) -> DriftError | None:
        """Return in which changes the tables don't fit; None when that is not the cause."""
        try:
            state = await state_of(self.url, migrations, types, thorough=True)
        except (ConfigurationError, MigrationError):
            return None  # the first error reports an unreachable database
        return drifted(state, production=self.production) if state.drift else None


async def record_definitions(
    url: str,
    types: Sequence[EntityType],
    *,
    created: bool = False,
    environment: Environment | None = None,
) -> list[Change]:
    """Record the definitions of tables, as far as they are those of the classes.

    Shapes: created, all of them were created from the classes just now.
    Returns: the changes of classes that their tables don't have yet.
    """
    async with open_link(url) as link:
        return await link.run(lambda session: _record(session, types, created, environment))


def _record(
    session: Session, types: Sequence[EntityType], created: bool, environment: Environment | None
) -> list[Change]:
    recorded = RecordedSchema(session.sql_dialect)
    known = None if created else recorded.read(session)
    schema = present_schema(session, types, known, environment)
    if known is None and not created:  # created by an earlier version, and perhaps changed since
        ignores = (environment or Environment()).ignores
        known = reflect(session.connection, schema, session.sql_dialect, ignores)
    left: list[Change] = []
    if known is not None:
        changes = compare(known, schema)
        left = [c for c in changes if c.in_database and not isinstance(c, AddedEntity)]
        if left:  # the store has created the new tables
            ids = {entity.id for entity in known}
            added = tuple(entity for entity in schema if entity.id not in ids)
            schema = known.model_copy(update={"entities": (*known.entities, *added)})
    if schema != recorded.read(session):
        recorded.write(session, schema)
    return left
