"""The startup and shutdown hooks of plugins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from starmodel.app.failures import is_failure
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.host import PluginHost
from starmodel.plugins.reports import PluginError, error_in_plugin, place_of

log = logging.getLogger("starmodel.plugins")


class Lifecycle:
    """Runs `on_startup` in the order of the plugins, and `on_shutdown` in the opposite order.

    Each hook is cancelled after the time limit of its plugin.
    """

    def __init__(self, host: PluginHost) -> None:
        self._host = host

    async def start(self, application: Any) -> None:
        """Run the startup hooks. A failing one is logged and reported.

        Raises: ConfigurationError, for a required plugin.
        """
        self._host.note_replaced_routes()
        for made in self._host.loaded:
            plugin, report = made.plugin, made.report
            try:
                await _within(plugin.startup_limit_s, "startup", plugin.on_startup(application))
            except BaseException as error:  # plugin code may raise anything
                if not is_failure(error):
                    raise
                report.fail(error_in_plugin(error, "in on_startup()"))
                log.error("%s What it adds stays.\n%s", report.sentence, report.traceback_of(error))
                if plugin.name in self._host.required:
                    # The log has the cause without values of settings.
                    raise ConfigurationError(
                        f"{report.sentence} It is in plugins_required."
                    ) from None

    def serve(self, root_path: str) -> None:
        """Run the hooks of a server that starts to serve; a failing one is logged and reported."""
        for made in self._host.loaded:
            try:
                made.plugin.on_serve(root_path)
            except BaseException as error:  # plugin code may raise anything
                if not is_failure(error):
                    raise
                report = made.report
                report.fail(error_in_plugin(error, "in on_serve()"))
                log.error("%s What it adds stays.\n%s", report.sentence, report.traceback_of(error))

    async def stop(self, application: Any) -> None:
        """Run the shutdown hooks; exceptions are logged."""
        for made in reversed(self._host.loaded):
            plugin = made.plugin
            try:
                await _within(plugin.shutdown_limit_s, "shutdown", plugin.on_shutdown(application))
            except BaseException as error:  # plugin code may raise anything
                if not is_failure(error):
                    raise
                log.error(
                    "The plugin %s failed in on_shutdown()\n%s",
                    plugin.name,
                    made.report.traceback_of(error),
                )


async def _within(limit_s: float, stage: str, hook: Coroutine[Any, Any, None]) -> None:
    """Await a hook. Raises: PluginError, when it was cancelled at its time limit."""
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            await hook
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise PluginError(
            f"its on_{stage}() was cancelled after {limit_s:g} s.",
            f"Set a time limit on what it awaits, or raise {stage}_limit_s of its class.",
            place_of(error.__cause__ or error),
        ) from error
