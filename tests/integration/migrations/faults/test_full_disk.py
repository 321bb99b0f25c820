"""A migration of an SQLite file whose disk is full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from integration.migrations.killed import ROWS, SALES, check, history, prepare
from starmodel.migrations.errors import MigrationError


@contextmanager
def limited(pages: int) -> Iterator[None]:
    """Let SQLite report a full disk beyond so many pages."""

    @event.listens_for(Engine, "connect")
    def limit(connection: Any, record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


@pytest.mark.parametrize("more", range(7))
def test_full_disk_is_explained_and_the_migration_continues(tmp_path: Path, more: int) -> None:
    path = tmp_path / "data.db"
    url = f"sqlite:///{path}"
    made = history()
    prepare(url, made)
    pages = path.stat().st_size // 4096
    with limited(pages + more), pytest.raises(MigrationError) as caught:
        made.up(url)
    assert "full" in str(caught.value)
    assert "run this again" in str(caught.value)
    if "step 1 of" in str(caught.value):  # nothing has run
        assert made.rows(url, "Product", at=1) == ROWS
        assert made.rows(url, "Sale", at=1) == SALES
    check(url, made)
