"""ASGI middleware of plugins, whose exceptions become error responses."""

from __future__ import annotations

import logging
from typing import Any

from starmodel.adapters.web.gateway import Gateway
from starmodel.app.failures import as_exception, is_failure
from starmodel.plugins.contributions.middleware import Middleware
from starmodel.plugins.reports import PluginReport

log = logging.getLogger("starmodel.plugins")


class GuardedMiddleware:
    """One middleware of a plugin around an ASGI application.

    An exception before the response is logged and becomes an error response; one after its
    start propagates to the server, which closes the connection.
    """

    def __init__(
        self, report: PluginReport, middleware: Middleware, app: Any, gateway: Gateway
    ) -> None:
        self._report, self._gateway = report, gateway
        self._app = middleware.make(app, **middleware.options)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        has_started = False

        async def watched(message: Any) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except BaseException as error:  # the web edge: every failure becomes a response
            if not is_failure(error):
                raise
            if has_started or scope["type"] != "http":
                raise as_exception(error)  # noqa: B904  # it has its cause
            log.error(
                "The middleware of the plugin %r failed\n%s",
                self._report.name,
                self._report.traceback_of(error),
            )
            exchange = self._gateway.exchange_of(scope, receive, send)
            await self._gateway.error_responses.send_error(exchange, error)
