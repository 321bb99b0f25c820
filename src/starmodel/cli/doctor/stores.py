"""Checks that stores can be opened, that their schemas match, and the health checks of plugins."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from urllib.parse import urlsplit

from starmodel.app.application import Application
from starmodel.app.health import CheckResult, run_checks
from starmodel.cli.doctor.finding import Finding
from starmodel.cli.serving.store_url import store_url
from starmodel.cli.terminal.setting_row import masked_url
from starmodel.config import Settings
from starmodel.core.errors import StarModelError
from starmodel.migrations.errors import DriftError
from starmodel.migrations.files.folder import migration_paths


def check_stores(application: Application, settings: Settings) -> Iterator[Finding]:
    """Open and close a connection of every store, and run health checks in between.

    A missing SQLite file is not created; then no check runs.
    """
    used = {entity_type.store for entity_type in application.registry}
    try:
        url = store_url(application, settings)
    except StarModelError as error:
        yield Finding("problem", "database", str(error), "Correct what it names.")
        return
    file = _sqlite_file(url) if url is not None and "sql" in used else None
    if file is not None and not file.exists():
        yield _check_missing_file(file, settings)
        return
    try:
        notes, warnings, checks, redis = asyncio.run(_open(application))
    except DriftError as error:
        remedy = f"Run: {error.command}" if error.command else ""
        yield Finding("problem", "database", error.text, remedy or "Correct what it names.")
        return
    except (StarModelError, OSError) as error:
        about = "database" if "sql" in used and "'redis'" not in str(error) else "stores"
        failure = Finding(
            "problem", about, str(error), "Correct what it names, and run doctor again."
        )
        yield from _drift_behind(application, settings, url) or [failure]
        return
    if "sql" in used:
        name = "The store" if url is None else masked_url(url)
        yield Finding("ok", "database", f"{name} can be reached and written.")
    for note in notes:
        yield Finding("ok", "database", note)
    yield from redis
    blocking = any(blocks for _, blocks in warnings)
    drift = [] if url is None else list(_check_schema(application, settings, url, blocks=blocking))
    yield from drift
    for text, blocks in () if any(found.level != "note" for found in drift) else warnings:
        sentence, remedy = _sentence_and_remedy(text)
        yield Finding("problem" if blocks else "warning", "database", sentence, remedy)
    yield from map(_health_finding, checks)


def _health_finding(result: CheckResult) -> Finding:
    if result.state == "ok":
        return Finding("ok", "health", f"{result.name} passes.")
    plugin = result.name.partition(".")[0]
    return Finding(
        "problem", "health", f"{result.name} fails: {result.reason}",
        f"Correct what it names; `starmodel plugin inspect {plugin}` shows the settings.",
    )  # fmt: skip


def _check_schema(
    application: Application, settings: Settings, url: str, *, blocks: bool
) -> Iterator[Finding]:
    """Compare the tables with the classes and the migrations, on a database that can be opened.

    Shapes: blocks, a difference makes every creation of a record fail.
    """
    types = [each for each in application.registry if each.store == "sql"]
    if not types:
        return
    from starmodel.migrations.explaining import drifted, explained
    from starmodel.migrations.files.loading import load_migrations
    from starmodel.migrations.running.database.connection import is_lasting
    from starmodel.migrations.state import state_of

    if not is_lasting(url):
        return
    production = settings.env == "production"
    migrations = load_migrations(Path(settings.migrations_folder))
    state = asyncio.run(state_of(url, migrations, types, thorough=True))
    if state.drift:
        problem = drifted(state, production=production)
        remedy = f"Run: {problem.command}" if problem.command else "Deploy its migration."
        yield Finding("problem" if blocks else "warning", "database", problem.text, remedy)
    for each in explained(state, production=production):
        remedy = each.remedy or "Nothing is to be done."
        yield Finding(each.level, "database", each.text, remedy)


def _drift_behind(application: Application, settings: Settings, url: str | None) -> list[Finding]:
    """Return the drift because of which a store can't be opened; none, for another cause."""
    if url is None:
        return []
    try:
        found = list(_check_schema(application, settings, url, blocks=True))
    except (StarModelError, OSError):
        return []
    return found if any(finding.level == "problem" for finding in found) else []


def _sentence_and_remedy(text: str) -> tuple[str, str]:
    """A warning of the SQL store, split after its first sentence."""
    sentence, _, remedy = text.partition(". ")
    return f"{sentence}.", remedy


async def _open(
    application: Application,
) -> tuple[list[str], list[tuple[str, bool]], list[CheckResult], list[Finding]]:
    """Open and close the stores.

    Shapes: the notes and warnings of SQL stores about the schema, the results of the health
    checks of plugins, and the findings about Redis.
    """
    with redirect_stdout(sys.stderr):  # of plugins
        await application.ready()
        checks = await run_checks(application.extensions.health_checks)
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
    redis: list[Finding] = []
    if any(entity_type.store == "redis" for entity_type in application.registry):
        from starmodel.cli.doctor.redis import redis_findings

        redis = await redis_findings(application)
    with redirect_stdout(sys.stderr):
        await application.close()
    return notes, warnings, checks, redis


def _sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL; None for an in-memory database and other dialects."""
    parts = urlsplit(url)
    name = url.partition("://")[2].partition("?")[0].removeprefix("/")
    if (
        not parts.scheme.startswith("sqlite")
        or name in ("", ":memory:")
        or name.startswith("file:")
    ):
        return None
    return Path(name)


def _check_missing_file(file: Path, settings: Settings) -> Finding:
    folder = file.parent
    if not folder.is_dir():
        return Finding(
            "problem", "database", f"{file} can't be created: there is no folder {folder}.",
            f"Create the folder, or correct the database URL: mkdir -p {folder}",
        )  # fmt: skip
    if not os.access(folder, os.W_OK):
        return Finding(
            "problem", "database", f"{file} can't be created: {folder} can't be written.",
            "Make the folder writable, or correct the database URL.",
        )  # fmt: skip
    is_migrated_apart = settings.env == "production" and not settings.migrate_on_start
    if is_migrated_apart and migration_paths(Path(settings.migrations_folder)):
        return Finding(
            "problem", "database", f"{file} does not exist yet, and in production migrations "
            "create its tables.", "Run: starmodel db upgrade",
        )  # fmt: skip
    return Finding("ok", "database", f"{file} does not exist yet; the first start creates it.")
