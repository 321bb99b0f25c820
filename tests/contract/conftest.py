"""Empty, open repositories of each store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.values import Value
from databases import STORES, empty_store
from repositories import ignore_expiry
from starmodel.app.ports.repository import Repository
from starmodel.core.classes.registry import entity_type


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=STORES)
def repository(
    request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path: Path
) -> Iterator[Repository]:
    repository = empty_store(request, tmp_path)
    runner.run(repository.open([entity_type(Value, "sql")], ignore_expiry))
    yield repository
    runner.run(repository.close())
