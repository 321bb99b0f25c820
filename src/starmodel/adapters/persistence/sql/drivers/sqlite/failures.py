"""Maps SQLite's result codes to the errors of the SQL store."""

from __future__ import annotations

import sqlite3

from starmodel.core.errors import (
    StarModelError,
    StoreBusyError,
    StoreFailedError,
    StorePermissionError,
    StoreUnavailableError,
)

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_PERMISSION_DENIED = {sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


def is_busy(error: BaseException) -> bool:
    """True when another connection holds a lock of this SQLite database."""
    return primary_code(error) in _BUSY


def sqlite_error(what: str, error: sqlite3.Error) -> StarModelError:
    """Map an SQLite error by its primary result code."""
    return _sqlite_kind_of(error)(f"{what}: {error}.")


def _sqlite_kind_of(error: sqlite3.Error) -> type[StarModelError]:
    code = primary_code(error)
    if code in _BUSY:
        return StoreBusyError
    if code in _PERMISSION_DENIED:
        return StorePermissionError
    if code is None or code == sqlite3.SQLITE_CANTOPEN:  # closed, or the file can't be reached
        return StoreUnavailableError
    return StoreFailedError


def primary_code(error: BaseException) -> int | None:
    """Return SQLite's result code without its extension; None for other errors."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
