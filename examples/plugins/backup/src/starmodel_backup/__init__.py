"""A plugin with a command: `starmodel backup write` and `starmodel backup restore`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, Field

from starmodel.cli.serving.loading import load_application, open_stores
from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppOption
from starmodel.plugins import Plugin
from starmodel_backup.files import Backups

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)]


class BackupSettings(BaseModel):
    """Shapes: keep is the number of backups in the folder; older ones are deleted."""

    folder: Path = Path("backups")
    keep: int = Field(default=7, ge=1)


class Backup(Plugin):
    """Writes and restores backups of every record."""

    name = "backup"
    Settings = BackupSettings

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
