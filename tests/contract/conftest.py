"""Empty, open repositories of each database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.values import Value
from databases import DATABASES, empty_database
from repositories import opened
from starmodel.adapters.persistence.sql.repository import SqlRepository


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=DATABASES)
def repository(
    request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path: Path
) -> Iterator[SqlRepository]:
    repository = runner.run(opened(empty_database(request, tmp_path), Value))
    yield repository
    runner.run(repository.close())
