"""Test clients for applications, and contract tests for backends."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starmodel.testing.errors import (
        NotOnPageError,
        ServerFailedError,
        UnreadableExpressionError,
    )
    from starmodel.testing.live_data import LiveData
    from starmodel.testing.migrations import migrated
    from starmodel.testing.page import Element, Page
    from starmodel.testing.plugin import in_memory
    from starmodel.testing.stores import memory_stores
    from starmodel.testing.visitor import Visitor

__all__ = [
    "Element",
    "LiveData",
    "NotOnPageError",
    "Page",
    "ServerFailedError",
    "UnreadableExpressionError",
    "Visitor",
    "in_memory",
    "memory_stores",
    "migrated",
]

# Imported on first access: pytest imports this package at startup, as a plugin.
_LAZY = {
    "Element": "page",
    "LiveData": "live_data",
    "Page": "page",
    "in_memory": "plugin",
    "NotOnPageError": "errors",
    "ServerFailedError": "errors",
    "UnreadableExpressionError": "errors",
    "memory_stores": "stores",
    "migrated": "migrations",
    "Visitor": "visitor",
}

if "pytest" in sys.modules:  # contract failures show the compared values
    import pytest

    for _part in (
        "base",
        "writes",
        "markers",
        "queries",
        "concurrency",
        "plugins",
        "mailers",
        "web",
    ):
        pytest.register_assert_rewrite(f"{__name__}.contracts.{_part}")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'starmodel.testing' has no attribute {name!r}")
