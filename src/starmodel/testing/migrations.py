"""Runs migrations on sample data."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

Rows = dict[str, list[dict[str, Any]]]
"""Rows by the name of their entity: dicts by field name."""


def migrated(
    data: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    after: str,
    to: str | None = None,
    undo: bool = False,
    folder: str | Path = "migrations",
    database_url: str | None = None,
    app: Callable[[str], Any] | None = None,
) -> Rows:
    """Return what migrations make of sample rows, in a new database.

    The database is brought to the migration `after`, gets the rows, and is then brought to `to`.
    Rows have the fields of the class at that time: an enum is the name of its member, a model its
    data. A field that is left out gets its default. With undo, the migrations are undone
    afterwards, and the rows are those that result.

    Shapes: after and to are ids or numbers of migrations ("0003"), to is the newest by default;
    database_url is an empty database, by default an SQLite file that is deleted; app returns
    the application for the URL of a database, to dispatch the events of `RunEvents`.
    Raises: MigrationError, as `starmodel db upgrade` reports it.
    """
    from starmodel.migrations.files.loading import load_migrations
    from starmodel.migrations.running.runner import Options, downgrade, upgrade

    migrations = load_migrations(Path(folder))
    options = Options(contract=True)
    by_number = {file.id.partition("_")[0]: file.id for file in migrations}
    ids = [by_number.get(id, id) for id in (after, to or migrations.files[-1].id)]
    with _database(database_url) as url:

        async def run() -> Rows:
            await upgrade(url, migrations, ids[0], options)
            await _insert(url, migrations[ids[0]].schema, data)
            application = None if app is None else app(url).starmodel
            await upgrade(url, migrations, ids[1], replace(options, application=application))
            if not undo:
                return await _read(url, migrations[ids[1]].schema)
            await downgrade(url, migrations, ids[0], options)
            return await _read(url, migrations[ids[0]].schema)

        return asyncio.run(run())


@contextlib.contextmanager
def _database(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="starmodel-") as folder:
        yield f"sqlite:///{folder}/migrated.db"


async def _insert(url: str, schema: Any, data: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    from starmodel.migrations.running.database.connection import open_link
    from starmodel.migrations.running.rows.data import Data

    async with open_link(url) as link:
        rows = Data(link, schema, {}, lambda session, progress: None)
        for entity, given in data.items():
            await rows.insert(entity, given)


async def _read(url: str, schema: Any) -> Rows:
    from starmodel.migrations.running.database.connection import open_link
    from starmodel.migrations.running.rows.data import Data

    async with open_link(url) as link:
        rows = Data(link, schema, {}, lambda session, progress: None)
        names = [entity.name for entity in schema if not entity.external]
        return {name: [row async for row in rows.rows(name)] for name in names}
