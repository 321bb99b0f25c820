"""An application with employees, in memory and in SQL, and who visits it."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.access.fields.employees import (
    MemoryEmployee,
    SqlEmployee,
    hire,
    signed_in,
)


@pytest.fixture(params=[MemoryEmployee, SqlEmployee], ids=["memory", "sql"])
async def employees(request: Any, serve: Any) -> Any:
    """The application."""
    app = serve(request.param)
    await hire(app, request.param)
    return app


@pytest.fixture
async def ann(visit: Any, employees: Any) -> Any:
    """She reads her own note, and no salary."""
    return await signed_in(visit, employees, "ann")


@pytest.fixture
async def eve(visit: Any, employees: Any) -> Any:
    """She is of the role hr, so she reads and writes everything."""
    return await signed_in(visit, employees, "eve", "hr")
