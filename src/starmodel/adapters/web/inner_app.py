"""Requests that the web framework answers: limits on the body, and the session's cookie."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.errors.responses import Refusals
from starmodel.adapters.web.http.body_limits import within_limits
from starmodel.adapters.web.http.exchange import Call, private
from starmodel.app.application import Application
from starmodel.core.errors import StarModelError


class FrameworkRoutes:
    """Passes requests to the framework with the user's routes."""

    def __init__(self, application: Application, refusals: Refusals) -> None:
        self._application, self._refusals = application, refusals

    async def serve(self, call: Call, receive: Any, send: Any, inner: Any) -> None:
        """Let the framework (`inner`) answer; its response gets the session's cookie."""
        scope = call.request.scope
        try:
            receive = within_limits(call.request, receive)
        except StarModelError as error:
            await self._refusals.send_failure(call, error)
            return
        scope["starmodel.call"] = call
        try:
            await inner(scope, receive, self.with_cookie(call, send))
        except Exception:
            if not call.is_refused:  # Starlette raises again what it has answered
                raise
        finally:
            # A reference cycle, which only the garbage collector would free.
            scope.pop("starmodel.call", None)
            await call.end_session()
            await self._application.end_sessions(call.session)

    def with_cookie(self, call: Call, send: Any) -> Any:
        """`send`, with the session's cookie and caching headers added to the response."""
        replaced = False

        async def send_with_cookie(message: Any) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                try:
                    headers = private(message["headers"], await call.cookie())
                    message = {**message, "headers": headers}
                except StarModelError as error:  # a session that can't be stored
                    replaced = True
                    await self._refusals.send_failure(call.without_cookie(), error)
            if not replaced:
                await send(message)

        return send_with_cookie
