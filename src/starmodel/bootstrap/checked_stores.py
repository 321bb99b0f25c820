"""The check of migrations for an SQL store that the application builds itself."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from starmodel.app.ports.repository import Repository
from starmodel.bootstrap.assembly import Stores
from starmodel.bootstrap.services import start_on_database
from starmodel.config import Settings


@runtime_checkable
class ChecksDatabase(Protocol):
    """A store whose database can be checked when it opens, as `SqlRepository`'s."""

    url: str

    def check_by(self, opening: Any) -> None:
        """Check the database so, unless the store has a check already."""


def with_checked_database(settings: Settings, stores: Stores) -> Stores:
    """Return the stores, of which "sql" is checked and migrated as the built-in one is."""
    source = stores.get("sql")
    if source is None:
        return stores

    def checked() -> Repository:
        made = source() if callable(source) else source
        if isinstance(made, ChecksDatabase):
            made.check_by(start_on_database(settings, made.url).opening)
        return made

    return {**stores, "sql": checked}
