"""Repositories of every kind, open and empty."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.values import Value
from databases import DATABASES, emptied
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.core.classes.registry import entity_type


async def _ignore(*_: Any) -> None:
    """Nobody listens to expiry here."""


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=DATABASES)
def repository(
    request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path: Path
) -> Iterator[SqlRepository]:
    url = f"sqlite:///{tmp_path / 'values.db'}"
    if request.param != "sqlite":
        url = emptied(request.getfixturevalue(f"{request.param}_url"))
    repository = SqlRepository(url)
    runner.run(repository.open([entity_type(Value, "sql")], _ignore))
    yield repository
    runner.run(repository.close())
