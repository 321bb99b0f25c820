"""The one context variable: what code that runs for a request reaches without a parameter."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

current_context: ContextVar[Any] = ContextVar("starmodel_context", default=None)
"""The context of the current request; typed in `core.current_app` and `app.context`."""
