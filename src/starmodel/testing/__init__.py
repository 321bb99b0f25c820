"""What applications and authors of backends test with; no application imports it."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starmodel.testing.page import Element, Page
    from starmodel.testing.plugin import in_memory
    from starmodel.testing.problems import (
        NotOnPageError,
        ServerFailedError,
        UnreadableExpressionError,
    )
    from starmodel.testing.stores import memory_stores
    from starmodel.testing.visitor import Visitor

__all__ = [
    "Element",
    "NotOnPageError",
    "Page",
    "ServerFailedError",
    "UnreadableExpressionError",
    "Visitor",
    "in_memory",
    "memory_stores",
]

# Loaded when they are first asked for: pytest imports this package at its start.
_LAZY = {
    "Element": "page",
    "Page": "page",
    "in_memory": "plugin",
    "NotOnPageError": "problems",
    "ServerFailedError": "problems",
    "UnreadableExpressionError": "problems",
    "memory_stores": "stores",
    "Visitor": "visitor",
}

if "pytest" in sys.modules:  # so that a failed contract says what differed
    import pytest

    for _part in ("base", "writes", "markers", "queries", "concurrency"):
        pytest.register_assert_rewrite(f"{__name__}.contracts.{_part}")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'starmodel.testing' has no attribute {name!r}")
