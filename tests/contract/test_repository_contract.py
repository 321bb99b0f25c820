"""Every shipped repository keeps the promises of the port."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from databases import DATABASES, SERVERS, emptied
from external_writers import Outsider
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import Repository
from starmodel.testing.contracts import RepositoryContract
from starmodel.testing.contracts.base import Item, Lamp, Ticket


class TestMemoryRepository(RepositoryContract):
    def make_repository(self, clock: Clock) -> Repository:
        return MemoryRepository(clock=clock)


class TestSqlRepositoryInAFile(RepositoryContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.url = f"sqlite:///{tmp_path / 'contract.db'}"

    def make_repository(self, clock: Clock) -> Repository:
        return SqlRepository(self.url, clock=clock)


class TestSqlRepositoryInMemory(RepositoryContract):
    def make_repository(self, clock: Clock) -> Repository:
        return SqlRepository("sqlite://", clock=clock)


class TestSqlRepositoryOnAServer(RepositoryContract):
    @pytest.fixture(autouse=True, params=SERVERS)
    def _database(self, request: pytest.FixtureRequest) -> None:
        self.url = emptied(request.getfixturevalue(f"{request.param}_url"))

    def make_repository(self, clock: Clock) -> Repository:
        return SqlRepository(self.url, clock=clock)


class TestSqlRepositoryOnTablesOfOthers(RepositoryContract):
    """Tables without columns for versions; expiry needs one of ours, so that table is ours."""

    @pytest.fixture(autouse=True, params=DATABASES)
    def _database(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        self.url = f"sqlite:///{tmp_path / 'contract.db'}"
        if request.param != "sqlite":
            self.url = emptied(request.getfixturevalue(f"{request.param}_url"))
        asyncio.run(self._create())

    async def _create(self) -> None:
        outsider = await Outsider.at(self.url)
        await outsider.create(Item, Lamp, Ticket)
        await outsider.close()

    def make_repository(self, clock: Clock) -> Repository:
        return SqlRepository(self.url, clock=clock)
