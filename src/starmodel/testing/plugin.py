"""What StarModel offers to pytest by itself; nothing is loaded before a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def in_memory() -> Iterator[None]:
    """Keep all server stores in memory, and end every visitor's application with the test."""
    from starmodel.testing.stores import memory_stores

    with memory_stores():
        yield
