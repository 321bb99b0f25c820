"""Every shipped repository keeps the promises of the port."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import SERVERS, emptied
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports import Clock, Repository
from starmodel.testing.contracts import RepositoryContract


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
