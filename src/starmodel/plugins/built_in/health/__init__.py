"""Health: whether the process responds, and the health checks of plugins."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from starmodel.app.health import CheckResult
from starmodel.core.values.json_data import json_bytes
from starmodel.plugins import Exchange, Plugin, Route

log = logging.getLogger("starmodel.health")
FRESH_S = 1.0
UNAVAILABLE = 503
JSON, NO_STORE = b"application/json", (b"cache-control", b"no-store")


class Health(Plugin):
    """`/_starmodel/health` for load balancers and containers.

    It responds with 200 and `{"status": "ok"}`, or with 503 when a health check of a plugin
    fails. Visitors see names and states of checks, no reasons; those are logged.
    """

    name = "health"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._running: asyncio.Task[list[CheckResult]] | None = None
        self._finished_at = 0.0
        self._failing: frozenset[str] = frozenset()

    def routes(self) -> list[Route]:
        return [
            Route(
                "/_starmodel/health", self.respond, access="public", is_open=True,
                has_session=False,
            )
        ]  # fmt: skip

    async def respond(self, exchange: Exchange) -> None:
        """Send the state of the application and of each check."""
        if not self.services.application.extensions.health_checks:
            await exchange.json({"status": "ok"})
            return
        results = await self._results()
        states = {result.name: result.state for result in results}
        is_ok = set(states.values()) == {"ok"}
        body = {"status": "ok" if is_ok else "failed", "checks": states}
        status = 200 if is_ok else UNAVAILABLE
        await exchange.answer(status, JSON, json_bytes(body), [NO_STORE])

    async def _results(self) -> list[CheckResult]:
        """The results of the last second; concurrent requests share one run of the checks."""
        running = self._running
        if running is not None and running.get_loop() is not asyncio.get_running_loop():
            running = None  # of an earlier server in this process
        is_old = self.services.application.clock() - self._finished_at > FRESH_S
        if running is None or (running.done() and is_old):
            running = self._running = asyncio.create_task(self._run())
        # One caller that disconnects must not cancel the run of the others.
        return await asyncio.shield(running)

    async def _run(self) -> list[CheckResult]:
        results = await self.services.check_health()
        failing = {result.name: result.reason for result in results if result.state != "ok"}
        for name in failing.keys() - self._failing:
            log.error("The health check %s fails: %s", name, failing[name])
        for name in self._failing - failing.keys():
            log.info("The health check %s passes again", name)
        self._failing = frozenset(failing)
        self._finished_at = self.services.application.clock()
        return results

    async def on_shutdown(self, application: Any) -> None:
        if self._running is not None and not self._running.done():
            self._running.cancel()
