"""Whether the stores can be opened, as a start would open them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from starmodel.app.application import Application
from starmodel.cli.doctor.finding import Finding
from starmodel.cli.doctor.values import masked_url
from starmodel.config import Settings
from starmodel.core.errors import StarModelError


def stores(application: Application, settings: Settings) -> Iterator[Finding]:
    """Open every store and close it again; a SQLite file that is not there is not made."""
    used = {entity_type.store for entity_type in application.registry}
    file = _sqlite_file(settings.database_url) if "sql" in used else None
    if file is not None and not file.exists():
        yield _place_of(file)
        return
    try:
        notes, warnings = asyncio.run(_opened(application))
    except (StarModelError, OSError) as error:
        yield Finding(
            "problem", "database" if "sql" in used else "stores", str(error),
            "Correct what it names, and run doctor again.",
        )  # fmt: skip
        return
    if "sql" in used:
        name = masked_url(settings.database_url)
        yield Finding("ok", "database", f"{name} can be reached and written.")
    for note in notes:
        yield Finding("ok", "database", note)
    for text, blocks in warnings:
        about, remedy = _parts(text)
        yield Finding("problem" if blocks else "warning", "database", about, remedy)


def _parts(text: str) -> tuple[str, str]:
    """A warning of the SQL store, apart: what is found, and from the second sentence what to do."""
    found, _, remedy = text.partition(". ")
    return f"{found}.", remedy


async def _opened(application: Application) -> tuple[list[str], list[tuple[str, bool]]]:
    """Open and close them. Shapes: notes and warnings of the SQL store about its tables."""
    await application.ready()
    notes: list[str] = []
    warnings: list[tuple[str, bool]] = []
    if any(entity_type.store == "sql" for entity_type in application.registry):
        from starmodel.adapters.persistence.sql.repository import SqlRepository

        opened = {
            application.persistence.for_class(entity_type.cls)
            for entity_type in application.registry
        }
        for store in opened:
            if isinstance(store, SqlRepository):
                notes += store.notes
                warnings += store.warnings
    await application.close()
    return notes, warnings


def _sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL; None for a database in memory, and for every other kind."""
    parts = urlsplit(url)
    name = url.partition("://")[2].partition("?")[0].removeprefix("/")
    if (
        not parts.scheme.startswith("sqlite")
        or name in ("", ":memory:")
        or name.startswith("file:")
    ):
        return None
    return Path(name)


def _place_of(file: Path) -> Finding:
    folder = file.parent
    if not folder.is_dir():
        return Finding(
            "problem", "database", f"{file} can't be made: there is no folder {folder}.",
            f"Make the folder, or correct the database URL: mkdir -p {folder}",
        )  # fmt: skip
    if not os.access(folder, os.W_OK):
        return Finding(
            "problem", "database", f"{file} can't be made: {folder} can't be written.",
            "Make the folder writable, or correct the database URL.",
        )  # fmt: skip
    return Finding("ok", "database", f"{file} is not there yet; the first start makes it.")
