"""Requests to the framework's routes: body limits and the session cookie."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.body_limits import within_limits
from starmodel.adapters.web.http.exchange import Exchange, private
from starmodel.app.application import Application
from starmodel.core.errors import StarModelError


class FrameworkRoutes:
    """Passes requests to the framework, which has the user's routes."""

    def __init__(self, application: Application, error_responses: ErrorResponses) -> None:
        self._application, self._error_responses = application, error_responses

    async def serve(self, exchange: Exchange, receive: Any, send: Any, inner: Any) -> None:
        """Call the framework (`inner`) and add the session cookie to its response."""
        scope = exchange.request.scope
        try:
            receive = within_limits(exchange.request, receive)
        except StarModelError as error:
            await self._error_responses.send_error(exchange, error)
            return
        scope["starmodel.exchange"] = exchange
        try:
            await inner(scope, receive, self.with_cookie(exchange, send))
        except Exception:
            if not exchange.is_refused:  # Starlette re-raises after its error handler
                raise
        finally:
            # A reference cycle, which only the garbage collector would free.
            scope.pop("starmodel.exchange", None)
            await exchange.end_session()
            await self._application.end_sessions(exchange.session)

    def with_cookie(self, exchange: Exchange, send: Any) -> Any:
        """`send`, with the session cookie and cache headers added to the response."""
        replaced = False

        async def send_with_cookie(message: Any) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                try:
                    headers = private(message["headers"], await exchange.cookie())
                    message = {**message, "headers": headers}
                except StarModelError as error:  # the session was not stored
                    replaced = True
                    await self._error_responses.send_error(exchange.without_cookie(), error)
            if not replaced:
                await send(message)

        return send_with_cookie
