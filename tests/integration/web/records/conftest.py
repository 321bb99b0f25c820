"""The order desk in memory and in SQLite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integration.web.records.desk import Desk


@pytest.fixture(params=["memory", "sql"])
def desk(request: pytest.FixtureRequest) -> Desk:
    return Desk.in_store(request.param)


@pytest.fixture
def app(desk: Desk, serve: Callable[..., Any]) -> Any:
    return serve(*desk)
