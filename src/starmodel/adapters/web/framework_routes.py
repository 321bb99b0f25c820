"""Requests to the framework's routes: body limits, the session cookie, and patches for clicks."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.framework import WebFramework
from starmodel.adapters.web.http.body_limits import within_limits
from starmodel.adapters.web.http.exchange import Exchange, with_cache_control
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.http.redirects import VARY, redirect_target
from starmodel.adapters.web.pages.htmx import HtmxCheck
from starmodel.app.application import Application
from starmodel.app.commands.replies import Reply
from starmodel.core.errors import StarModelError


class FrameworkRoutes:
    """Passes requests to the framework, which has the user's routes.

    Shapes: htmx warns about htmx attributes on pages without htmx; None does not.
    """

    def __init__(
        self,
        application: Application,
        patches: PatchResponses,
        error_responses: ErrorResponses,
        framework: WebFramework,
        htmx: HtmxCheck | None,
    ) -> None:
        self._application, self._patches = application, patches
        self._error_responses, self._framework, self._htmx = error_responses, framework, htmx

    async def serve(self, exchange: Exchange, receive: Any, send: Any) -> None:
        """Call the framework and add the session cookie to its response."""
        scope = exchange.request.scope
        try:
            receive = within_limits(exchange.request, receive)
        except StarModelError as error:
            await self._error_responses.send_error(exchange, error)
            return
        scope["starmodel.exchange"] = exchange
        try:
            await self._call(exchange, scope, receive, self.with_cookie(exchange, send))
        except Exception:
            if not exchange.is_client_error:  # Starlette re-raises after its error handler
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
                    headers = with_cache_control(message["headers"], await exchange.cookie())
                    message = {**message, "headers": headers}
                except StarModelError as error:  # the session was not stored
                    replaced = True
                    await self._error_responses.send_error(exchange.without_cookie(), error)
            if not replaced:
                await send(message)

        return send_with_cookie

    async def _call(self, exchange: Exchange, scope: Any, receive: Any, send: Any) -> None:
        """Serve a user route; a Datastar request gets patches, as from an event.

        Components are rendered without the surrounding page, and a redirect navigates the page.
        """
        is_click, is_redirected = exchange.request.is_datastar, False

        async def respond(message: Any) -> None:
            nonlocal is_redirected
            if message["type"] == "http.response.start":
                headers = [*message["headers"], VARY]
                url = redirect_target(message["status"], headers) if is_click else None
                if url is None:
                    await send({**message, "headers": headers})
                    return
                is_redirected = True
                lines = [line for line in headers if line[0] in (b"set-cookie", b"vary")]
                redirect = self._patches.encoder.encode_effects(Reply(redirect=url))
                await self._patches.send(exchange.without_cookie(send), redirect, lines)
            elif not is_redirected:
                if self._htmx is not None:
                    self._htmx.check(exchange.request.path, message.get("body", b""))
                await send(message)

        if is_click and self._framework.fragment_headers:
            scope = {**scope, "headers": [*scope["headers"], *self._framework.fragment_headers]}
        await self._framework.call(scope, receive, respond)
