"""Requests to the framework's routes: body limits and the session cookie."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.errors.responses import Refusals
from starmodel.adapters.web.http.body_limits import within_limits
from starmodel.adapters.web.http.exchange import Call, private
from starmodel.app.application import Application
from starmodel.core.errors import StarModelError


class FrameworkRoutes:
    """Passes requests to the framework, which has the user's routes."""

    def __init__(self, application: Application, refusals: Refusals) -> None:
        self._application, self._refusals = application, refusals

    async def serve(self, call: Call, receive: Any, send: Any, inner: Any) -> None:
        """Call the framework (`inner`) and add the session cookie to its response."""
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
            if not call.is_refused:  # Starlette re-raises after its error handler
                raise
        finally:
            # A reference cycle, which only the garbage collector would free.
            scope.pop("starmodel.call", None)
            await call.end_session()
            await self._application.end_sessions(call.session)

    def with_cookie(self, call: Call, send: Any) -> Any:
        """`send`, with the session cookie and cache headers added to the response."""
        replaced = False

        async def send_with_cookie(message: Any) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                try:
                    headers = private(message["headers"], await call.cookie())
                    message = {**message, "headers": headers}
                except StarModelError as error:  # the session was not stored
                    replaced = True
                    await self._refusals.send_failure(call.without_cookie(), error)
            if not replaced:
                await send(message)

        return send_with_cookie
