"""The connection of the system store, while it is opened."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from starmodel.adapters.persistence.sql.drivers.sqlite.engine import SqliteEngine
from starmodel.adapters.persistence.system.connection import SystemDatabase
from starmodel.adapters.persistence.system.database import DatabaseSessions


@pytest.mark.parametrize("kind", [SystemDatabase, DatabaseSessions])
async def test_cancelled_opening_closes_the_connection(
    kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, close, closed = SqliteEngine.connect, SqliteEngine.close, list[SqliteEngine]()

    async def connect_and_cancel(engine: SqliteEngine) -> None:
        await connect(engine)
        opening.cancel()
        await asyncio.sleep(0)

    async def recorded_close(engine: SqliteEngine) -> None:
        closed.append(engine)
        await close(engine)

    monkeypatch.setattr(SqliteEngine, "connect", connect_and_cancel)
    monkeypatch.setattr(SqliteEngine, "close", recorded_close)
    store = kind(f"sqlite:///{tmp_path / 'system.db'}", synchronous="NORMAL", timeout_s=5)
    opens = store.engine() if kind is SystemDatabase else store.find("unknown")
    opening = asyncio.ensure_future(opens)
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert len(closed) == 1
