"""A SQLite file that is deleted or replaced under a running application."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from integration.web.browser import unlisted
from starmodel import Entity
from starmodel.adapters.persistence.sql.drivers.sqlite import reader as sqlite_reader
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.core.errors import StoreUnavailableError
from starmodel.testing.fakes import fake_application


@unlisted
class Pen(Entity):
    model_config = {"store": "sql", "scope": "record"}
    name: str


def _lose(file: Path, *, is_replaced: bool) -> None:
    copy = file.with_name("backup")
    shutil.copy(file, copy)
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()
    if is_replaced:
        copy.rename(file)


@pytest.mark.parametrize("is_replaced", [False, True], ids=["deleted", "replaced"])
async def test_commit_into_a_deleted_file_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_replaced: bool
) -> None:
    monkeypatch.setattr(sqlite_reader, "FILE_CHECK_S", 0.0)
    file = tmp_path / "shop.db"
    app = fake_application(Pen, stores={"sql": SqlRepository(f"sqlite:///{file}")})
    await app.ready()
    await Pen.objects.create(name="red")
    _lose(file, is_replaced=is_replaced)
    word = "replaced" if is_replaced else "deleted"
    with pytest.raises(StoreUnavailableError, match=rf"shop\.db was {word}.*nothing was stored"):
        await Pen.objects.create(name="blue")
    with pytest.raises(StoreUnavailableError, match="Restart the application"):
        await Pen.objects.list()
    await app.close()

    again = fake_application(Pen, stores={"sql": SqlRepository(f"sqlite:///{file}")})
    await again.ready()
    await Pen.objects.create(name="green")
    assert "green" in [pen.name for pen in await Pen.objects.list()]
    await again.close()


async def test_in_memory_database_is_not_checked_for_deletion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sqlite_reader, "FILE_CHECK_S", 0.0)
    app = fake_application(Pen, stores={"sql": SqlRepository("sqlite://")})
    await app.ready()
    await Pen.objects.create(name="red")
    assert [pen.name for pen in await Pen.objects.list()] == ["red"]
    await app.close()
