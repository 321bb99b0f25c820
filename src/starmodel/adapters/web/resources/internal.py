"""The routes below `/_starmodel/`: assets, health, page streams and browser states."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.errors.responses import Refusals
from starmodel.adapters.web.http.exchange import NO_STORE, SSE, Call
from starmodel.adapters.web.pages.assets import PREFIX, serve_asset
from starmodel.adapters.web.paths import HEALTH_PATH, STATE_ROUTES, STREAM_PATH
from starmodel.adapters.web.resources.browser_states import carry, taken
from starmodel.app.application import Application
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.core.errors import StarModelError


class InternalRoutes:
    """Serves the internal paths of every application."""

    def __init__(
        self, application: Application, realtime: RealtimeAdapter, refusals: Refusals
    ) -> None:
        self._application, self._realtime, self._refusals = application, realtime, refusals

    async def serve_public(self, call: Call, send: Any) -> bool:
        """Respond to requests for assets, health and unknown paths.

        False for page streams and browser states, which the user's middleware and `before`
        functions may reject, like any page.
        """
        path, request = call.request.path, call.request
        if (path, request.method) in STATE_ROUTES:
            return False
        if path == HEALTH_PATH:
            await call.json({"status": "ok"})
        elif not path.startswith(PREFIX) or not await serve_asset(
            path[len(PREFIX) :], request.takes_gzip, send
        ):
            await self._refusals.send_not_found(call)
        return True

    async def serve_state(self, call: Call, receive: Any, send: Any) -> None:
        """Serve a page's stream or browser states. Shapes: send adds the session cookie."""
        is_stream = call.request.path == STREAM_PATH
        try:
            if is_stream:
                await self._realtime.serve_stream(call.request.scope, receive, send, call.session)
            else:
                await self._send_states(call)
        except StarModelError as error:
            where = "The stream" if is_stream else "The states"
            await self._refusals.send(call, self._refusals.problem(call, error, where))

    async def _send_states(self, call: Call) -> None:
        """Send the page's patches for the browser states. Raises: StarModelError."""
        await self._application.ready()
        sent = taken(call.request, await call.request.json())
        types = [t for t in self._application.registry if t.in_browser]
        names = [entity_type.name for entity_type in types if entity_type.name in sent.states]
        carry(sent, call.session, self._application.scopes, names)
        await call.answer(200, SSE, await self._realtime.encode_shown(call.session), [NO_STORE])
