"""The application whose schema is migrated, its folder of migrations and its database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starmodel.app.application import Application
from starmodel.cli.serving.loading import load_application
from starmodel.cli.serving.store_url import store_url
from starmodel.cli.terminal.errors import CommandError
from starmodel.config import Settings, load_settings
from starmodel.core.classes.registry import EntityType
from starmodel.core.definition.table_names import OWN_TABLES, table_name
from starmodel.migrations.files.loading import load_migrations
from starmodel.migrations.files.order import Migrations, in_order
from starmodel.migrations.migration import MigrationFile
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Schema


@dataclass(frozen=True)
class Project:
    """One application in the current folder."""

    application: Application
    settings: Settings
    folder: Path
    drafted: tuple[MigrationFile, ...] = ()
    """Migrations that are planned and not yet written, after those of the folder."""

    @cached_property
    def entity_types(self) -> list[EntityType]:
        """The entity types in the SQL store; StarModel's own tables excluded."""
        return [
            each
            for each in self.application.registry
            if each.store == "sql" and not table_name(each.cls).startswith(OWN_TABLES)
        ]

    @cached_property
    def database_url(self) -> str:
        """The database of the SQL store. Raises: CommandError, for a store of another kind."""
        url = store_url(self.application, self.settings)
        if url is None:
            raise CommandError(
                'The store "sql" of this application is of another kind than SqlRepository, whose '
                "tables migrations change. Change its tables by its own means."
            )
        return url

    @cached_property
    def migrations(self) -> Migrations:
        """Raises: MigrationError, for an invalid file or order."""
        found = load_migrations(self.folder)
        return in_order([*found, *self.drafted], found.environment)

    def schema(self, before: Schema, external: Collection[str] = ()) -> Schema:
        """Return the definitions of the classes, with the ids of those before.

        Raises: ConfigurationError, for a class that no table can store.
        """
        ignores = self.migrations.environment.ignores
        return collect(self.entity_types, before, external=external, ignores=ignores)


def load_project(app: str | None) -> Project:
    """Load the application of a command. Its lifespan does not run and no store is opened.

    Raises: CommandError; MigrationError.
    """
    application = load_application(app)
    found = application.settings
    settings = found if isinstance(found, Settings) else load_settings()
    project = Project(application, settings, Path(settings.migrations_folder))
    if not project.entity_types and not len(project.migrations):
        raise CommandError(
            'No class has store="sql", so there is nothing to migrate. Give a class '
            'model_config = {"store": "sql"}.'
        )
    return project
