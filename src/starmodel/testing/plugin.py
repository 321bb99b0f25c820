"""The pytest plugin; imports the rest of StarModel only when a fixture is used."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def in_memory() -> Iterator[None]:
    """Replace all server stores by in-memory stores, and close the applications after the test."""
    from starmodel.testing.stores import memory_stores

    with memory_stores():
        yield
