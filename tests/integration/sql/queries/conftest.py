"""A store of each kind that can hold relations."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import DATABASES, empty_database
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.repository import Repository


@pytest.fixture(params=["memory", *DATABASES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    """An empty store that the test's application opens."""
    if request.param == "memory":
        return MemoryRepository()
    return SqlRepository(empty_database(request, tmp_path))
