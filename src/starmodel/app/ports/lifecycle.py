"""The port of hooks that run when an application starts and stops."""

from __future__ import annotations

from typing import Any, Protocol


class Lifecycle(Protocol):
    """Hooks around the time in which requests are served."""

    async def start(self, application: Any) -> None:
        """Runs after the stores are open, before the first request."""

    async def stop(self, application: Any) -> None:
        """Runs after the last request, before the stores close. Never raises."""
