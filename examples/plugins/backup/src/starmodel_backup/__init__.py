"""A plugin with a command, `starmodel backup`, and a health check: the age of the newest backup."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, Field

from starmodel.cli.serving.loading import load_application, open_stores
from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppOption
from starmodel.core.errors import ConfigurationError
from starmodel.plugins import HealthCheck, Plugin
from starmodel_backup.files import Backups

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)]


class BackupSettings(BaseModel):
    """Shapes: keep is the number of backups in the folder; older ones are deleted.

    Units: max_age_days is the age of the newest backup from which on the application is
    unhealthy; None for any.
    """

    folder: Path = Path("backups")
    keep: int = Field(default=7, ge=1)
    max_age_days: float | None = Field(default=None, gt=0)


class Backup(Plugin):
    """Writes and restores backups of every record."""

    name = "backup"
    Settings = BackupSettings

    def health_checks(self) -> list[HealthCheck]:
        return [] if self.settings.max_age_days is None else [HealthCheck("age", self.check_age)]

    async def check_age(self) -> None:
        """Raises: ConfigurationError, without a backup that is new enough."""
        backups = Backups(self.settings.folder, self.settings.keep)
        newest = await asyncio.to_thread(backups.newest_at)
        limit = timedelta(days=self.settings.max_age_days)
        if newest is None or datetime.now(UTC) - newest > limit:
            found = "none" if newest is None else f"one of {newest:%Y-%m-%d %H:%M} UTC"
            raise ConfigurationError(
                f"The newest backup in {self.settings.folder} is {found}; expected one that is at "
                f"most {limit} old. Run: starmodel backup write"
            )

    def commands(self) -> dict[str, typer.Typer]:
        group = typer.Typer(help="Write and restore backups.", no_args_is_help=True)
        group.command("write")(self.write)
        group.command("restore")(self.restore)
        return {"backup": group}

    def write(self, app: AppOption = None) -> None:
        """Write every record to a new file, and delete the oldest files beyond `keep`."""
        with reporting_errors():
            file, counts = asyncio.run(self._write(app))
        total = sum(counts.values())
        typer.echo(f"{file} has {total:,} records of {len(counts)} entities.")

    def restore(self, file: BackupFile, app: AppOption = None) -> None:
        """Create the records of a backup that are missing, all or none."""
        with reporting_errors():
            created, existing = asyncio.run(self._restore(file, app))
        typer.echo(f"Restored {created:,} records; {existing:,} exist already.")

    async def _write(self, app: str | None) -> tuple[Path, dict[str, int]]:
        async with open_stores(load_application(app)) as application:
            backups = Backups(self.settings.folder, self.settings.keep)
            return await backups.write(application)

    async def _restore(self, file: Path, app: str | None) -> tuple[int, int]:
        async with open_stores(load_application(app)) as application:
            return await Backups(self.settings.folder, self.settings.keep).restore(
                application, file
            )
