"""Saved views in a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starmodel.adapters.persistence.system.connection import SqlPart, SystemDatabase
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.saved_views import SavedView

if TYPE_CHECKING:
    from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
    from starmodel.adapters.persistence.system.saved_views.tables import SavedViewTables

_TABLE = "starmodel_saved_view"
LOOK_EVERY_S = 2.0
"""How often a process looks whether another one has saved the first view."""


class SqlSavedViews:
    """The views of one database; the first one that is saved creates their table."""

    def __init__(self, database: SystemDatabase, clock: Clock) -> None:
        self._part, self._clock = SqlPart(database, "saved views", _tables), clock
        self._exists, self._looked_at = False, 0.0

    async def of(self, owner: str, entity: str) -> Sequence[SavedView]:
        if not self._exists:
            now = self._clock()
            if now - self._looked_at < LOOK_EVERY_S:
                return ()
            self._exists, self._looked_at = await self._part.exists(_TABLE), now
            if not self._exists:
                return ()
        rows = await self._part.rows(lambda to: to.of, owner_=owner, entity_=entity)
        return [SavedView(*row) for row in rows]

    async def add(self, view: SavedView) -> None:
        given = {f"{name}_": value for name, value in view._asdict().items()}
        await self._part.write(lambda to: to.add, given)
        self._exists = True

    async def rename(self, id: str, owner: str, name: str) -> None:
        given = {"id_": id, "owner_": owner, "name_": name}
        await self._part.write(lambda to: to.rename, given)

    async def remove(self, id: str, owner: str) -> None:
        await self._part.write(lambda to: to.remove, {"id_": id, "owner_": owner})

    async def close(self) -> None:
        await self._part.database.close()


def _tables(sql_dialect: SqlDialect) -> SavedViewTables:
    from starmodel.adapters.persistence.system.saved_views.tables import SavedViewTables

    return SavedViewTables(sql_dialect)
