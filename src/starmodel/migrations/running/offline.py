"""The statements that migrations would run, as a script."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.engine import URL

from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.engines import parsed_url
from starmodel.migrations.files.order import Migrations
from starmodel.migrations.running.database.connection import (
    LOCK_S,
    Link,
    open_link,
    settings_of,
    sqlite_file,
)
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.running.ddl.online import LARGE_ROWS
from starmodel.migrations.running.ddl.prediction import PredictedCatalogue
from starmodel.migrations.running.ledger.ledger import LEDGER, STEPS, Ledger
from starmodel.migrations.running.progress import Progress
from starmodel.migrations.running.run import Options, Run
from starmodel.migrations.running.runner import go_down, go_up

T = TypeVar("T")
HEAD = "-- Rows that a step would refuse are not looked for here; `starmodel db upgrade` does."
BRIEF = (
    f"-- Tables of fewer than {LARGE_ROWS:,} rows are changed in one transaction, which keeps "
    "writers away from them for a moment. In larger ones, a check _required_… shows that a column "
    f"has no NULL, and is dropped again. Each wait for a lock ends after {LOCK_S} s."
)
NOT_BY_HAND = (
    "-- Don't run this by hand: where a comment stands for work on rows, values would be lost. "
    "Run `starmodel db upgrade`."
)


async def statements(
    url: str,
    migrations: Migrations,
    direction: Literal["up", "down"],
    to: str | None = None,
    options: Options | None = None,
) -> list[str]:
    """Return the statements that `upgrade` or `downgrade` would run now, in their order.

    The database is read, and not changed. Work on rows whose statements depend on the rows is a
    comment; the script begins with a warning then.

    Raises: MigrationError; ConfigurationError, when the database is unreachable.
    """
    options = options or Options()
    async with _recording(url) as link:
        ledger = Ledger(link.sql_dialect)
        await link.run(ledger.exists)
        await link.run(ledger.create)
        run = Run(link, ledger, options, Progress(options.report))
        if direction == "up":
            await go_up(run, migrations, to, contract=options.contract)
        else:
            await go_down(run, migrations, to)
        has_comments = any(sql.startswith("--") for sql in link.recorded)
        kind: Any = link.sql_dialect.sqlalchemy.name
        head = [HEAD, *([BRIEF] if kind == "postgresql" else [])]
        head += [NOT_BY_HAND] if has_comments else []
        return [*head, *(_ended(sql) for sql in (*settings_of(kind), *link.recorded))]


def _ended(sql: str) -> str:
    return sql if sql.startswith("--") else f"{sql};"


class RecordingSession(Session):
    """Records statements. Shapes: executes, they also run, on a copy."""

    is_recording = True

    def __init__(
        self,
        connection: Connection,
        sql_dialect: SqlDialect,
        recorded: list[str],
        *,
        executes: bool,
        catalogue: Any,
    ) -> None:
        super().__init__(connection, sql_dialect)
        self._recorded, self._executes, self.catalogue = recorded, executes, catalogue

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        self._recorded.append(sql)
        if self._executes and not sql.startswith("--"):
            return super().execute(sql, params)
        return 0


class RecordingLink:
    """Records what sessions execute on another link."""

    def __init__(self, link: Link, *, executes: bool) -> None:
        self._link, self._executes = link, executes
        self.sql_dialect, self.where = link.sql_dialect, link.where
        self.on_wait: Callable[[], None] = link.on_wait
        self.recorded: list[str] = []
        self._catalogue: Any = None

    async def run(self, work: Callable[[Session], T]) -> T:
        def recording(session: Session) -> T:
            if self._catalogue is None and not self._executes:
                self._catalogue = PredictedCatalogue(session)
            elif self._catalogue is not None:
                self._catalogue.use(session)
            made = RecordingSession(
                session.connection, self.sql_dialect, self.recorded,
                executes=self._executes, catalogue=self._catalogue,
            )  # fmt: skip
            return work(made)

        return await self._link.run(recording)


@contextlib.asynccontextmanager
async def _recording(url: str) -> AsyncIterator[RecordingLink]:
    """Open a link that records. SQLite runs on a copy of the schema, without rows."""
    parsed, kind = parsed_url(url)
    if kind != "sqlite":
        async with open_link(url) as link:
            yield RecordingLink(link, executes=False)
        return
    with tempfile.TemporaryDirectory(prefix="starmodel-") as folder:
        copy = Path(folder) / "schema.db"
        _copy_schema(parsed, copy)
        async with open_link(
            make_url("sqlite://").set(database=str(copy)).render_as_string()
        ) as on:
            yield RecordingLink(on, executes=True)


def _copy_schema(url: URL, target: Path) -> None:
    """Copy the schema of an SQLite database, and the rows of the ledger."""
    source = sqlite_file(url)
    if not source.exists():
        return
    with (
        contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        order = "CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, rowid"
        found = old.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL "  # noqa: S608 - a constant
            f"AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY {order}"
        ).fetchall()
        for _, sql in found:
            new.execute(sql)
        names = {name for name, _ in found}
        for table in {LEDGER, STEPS, "starmodel_system"} & names:
            _copy_rows(old, new, table)
        if old.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
            _copy_rows(old, new, "sqlite_sequence")
        new.commit()


def _copy_rows(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> None:
    rows = old.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a constant
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        new.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
