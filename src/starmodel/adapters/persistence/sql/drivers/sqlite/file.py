"""Detects that an open SQLite file was deleted or replaced."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from starmodel.core.errors import StoreUnavailableError


class SqliteFile:
    """The file of an open connection, identified by its inode.

    A connection writes to a deleted file without an error, and what it
    commits is lost when the process ends.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
        self._inode = self._found()

    def check(self) -> None:
        """Return while the path refers to the open file. Raises: StoreUnavailableError."""
        found = self._found()
        if found != self._inode:
            happened = "deleted" if found is None else "replaced"
            raise StoreUnavailableError(
                f"The database file {self._path.name} was {happened} while the application runs, "
                "so nothing was stored. Restart the application."
            )

    def _found(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino
