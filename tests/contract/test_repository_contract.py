"""Every shipped repository passes the contract of the port."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from databases import DATABASES, SERVERS, empty_database
from external_writers import ExternalWriter
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.redis.repository import RedisRepository
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import Repository
from starmodel.testing.contracts import RepositoryContract
from starmodel.testing.contracts.base import Item, Lamp, Ticket


class TestMemoryRepository(RepositoryContract):
    def make_repository(self, clock: Clock) -> Repository:
        return MemoryRepository(clock=clock)


class TestRedisRepository(RepositoryContract):
    @pytest.fixture(autouse=True)
    def _server(self, redis_url: str) -> None:
        self.url = redis_url

    def make_repository(self, clock: Clock) -> Repository:
        return RedisRepository(self.url, clock=clock)


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
    def _database(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        self.url = empty_database(request, tmp_path)

    def make_repository(self, clock: Clock) -> Repository:
        return SqlRepository(self.url, clock=clock)


class TestSqlRepositoryOnTablesOfOthers(RepositoryContract):
    """Tables without a version column; only the table with expiry is created by StarModel."""

    @pytest.fixture(autouse=True, params=DATABASES)
    def _database(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        self.url = empty_database(request, tmp_path)
        asyncio.run(self._create())

    async def _create(self) -> None:
        external = await ExternalWriter.at(self.url)
        await external.create(Item, Lamp, Ticket)
        await external.close()

    def make_repository(self, clock: Clock) -> Repository:
        return SqlRepository(self.url, clock=clock)
