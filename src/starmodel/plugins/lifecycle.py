"""The startup and shutdown hooks of plugins."""

from __future__ import annotations

import logging
from typing import Any

from starmodel.core.errors import ConfigurationError
from starmodel.plugins.host import PluginHost
from starmodel.plugins.reports import error_in_plugin

log = logging.getLogger("starmodel.plugins")


class Lifecycle:
    """Runs `on_startup` in the order of the plugins, and `on_shutdown` in the opposite order."""

    def __init__(self, host: PluginHost) -> None:
        self._host = host

    async def start(self, application: Any) -> None:
        """Run the startup hooks. A failing one is logged and reported.

        Raises: ConfigurationError, for a required plugin.
        """
        for made in self._host.loaded:
            try:
                await made.plugin.on_startup(application)
            except (Exception, SystemExit) as error:  # plugin code may raise anything
                failure = error_in_plugin(error, "in on_startup()")
                made.report.fail(failure)
                if made.plugin.name in self._host.required:
                    raise ConfigurationError(
                        f"{made.report.sentence} It is in plugins_required."
                    ) from error
                log.exception("%s What it adds stays.", made.report.sentence)

    def serve(self, root_path: str) -> None:
        """Run the hooks of a server that starts to serve; a failing one is logged and reported."""
        for made in self._host.loaded:
            try:
                made.plugin.on_serve(root_path)
            except (Exception, SystemExit) as error:  # plugin code may raise anything
                made.report.fail(error_in_plugin(error, "in on_serve()"))
                log.exception("%s What it adds stays.", made.report.sentence)

    async def stop(self, application: Any) -> None:
        """Run the shutdown hooks; exceptions are logged."""
        for made in reversed(self._host.loaded):
            try:
                await made.plugin.on_shutdown(application)
            except (Exception, SystemExit):  # plugin code may raise anything
                log.exception("The plugin %s failed in on_shutdown()", made.plugin.name)
