"""`Environment`: what `migrations/env.py` declares for all migrations of a project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.operations import Operations

Hook = Callable[["Operations", str], None]
"""Receives Alembic's operations on the connection, and the id of the migration."""


@dataclass(frozen=True)
class Environment:
    """Hooks around each migration, and the tables that StarModel leaves alone.

    Hooks run under the lock of the migration, outside of its transactions. They run again when
    a migration that was interrupted is continued.

    Shapes: ignore are names of tables of classes, or patterns such as "legacy_*".
    """

    ignore: Sequence[str] = field(default_factory=tuple)
    before: Hook | None = None
    after: Hook | None = None

    def ignores(self, table: str) -> bool:
        """True for a table that no migration may create or alter."""
        return any(fnmatchcase(table, pattern) for pattern in self.ignore)
