"""The routes below `/_starmodel/`: assets, health, page streams and browser states."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.pages.assets import PREFIX, serve_asset
from starmodel.adapters.web.pages.plugin_assets import PluginAssets
from starmodel.adapters.web.paths import HEALTH_PATH, SLOTS_PATH, STATE_ROUTES, STREAM_PATH
from starmodel.adapters.web.resources.browser_states import parse_states, use_states
from starmodel.adapters.web.resources.slots import SlotRoute
from starmodel.app.application import Application
from starmodel.app.presentation.frontend import Frontend
from starmodel.core.errors import StarModelError


class InternalRoutes:
    """Serves the internal paths of every application."""

    def __init__(
        self,
        application: Application,
        frontend: Frontend,
        patches: PatchResponses,
        error_responses: ErrorResponses,
        plugin_assets: PluginAssets,
        slots: SlotRoute,
    ) -> None:
        self._application, self._frontend, self._patches = application, frontend, patches
        self._error_responses, self._plugin_assets = error_responses, plugin_assets
        self._slots = slots

    async def serve_public(self, exchange: Exchange, send: Any) -> bool:
        """Respond to requests for assets, health and unknown paths.

        False for page streams and browser states, which the user's middleware and `before`
        functions may reject, like any page.
        """
        path, method = exchange.request.path, exchange.request.method
        if (path, method) in STATE_ROUTES:
            return False
        if path == HEALTH_PATH:
            await exchange.json({"status": "ok"})
        elif not path.startswith(PREFIX) or not await self._serve_asset(exchange, send):
            await self._error_responses.send_not_found(exchange)
        return True

    async def _serve_asset(self, exchange: Exchange, send: Any) -> bool:
        name, takes_gzip = exchange.request.path[len(PREFIX) :], exchange.request.takes_gzip
        if "/" in name:
            return await self._plugin_assets.serve(name, takes_gzip, send)
        return await serve_asset(name, takes_gzip, send)

    async def serve_state(self, exchange: Exchange, receive: Any, send: Any) -> None:
        """Serve a page's stream, browser states or content of a slot.

        Shapes: send adds the session cookie.
        """
        path = exchange.request.path
        try:
            if path == STREAM_PATH:
                await self._stream(exchange, receive, send)
            elif path == SLOTS_PATH:
                await self._slots.serve(exchange)
            else:
                await self._send_states(exchange)
        except StarModelError as error:
            where = f"{exchange.request.method} {path}"
            await self._error_responses.send(
                exchange, self._error_responses.problem(exchange, error, where)
            )

    async def _stream(self, exchange: Exchange, receive: Any, send: Any) -> None:
        """Serve the one stream of a page. Raises: StarModelError, before the response starts."""
        await self._application.ready()
        scope, session = exchange.request.scope, exchange.session
        query = scope["query_string"].decode("latin-1")
        topics = await self._frontend.stream_topics(query, session)
        transport, address = self._patches.transport(exchange), (scope.get("client") or ("",))[0]
        streams = self._application.streams
        async with streams.open(topics, session, transport, address=address) as subscription:
            opening = self._frontend.stream_opening()
            await transport.stream(subscription, opening, receive, send)

    async def _send_states(self, exchange: Exchange) -> None:
        """Send the page's patches for the browser states. Raises: StarModelError."""
        await self._application.ready()
        sent = parse_states(exchange.request, await exchange.request.json())
        types = [t for t in self._application.registry if t.in_browser]
        names = [entity_type.name for entity_type in types if entity_type.name in sent.states]
        use_states(sent, exchange.session, self._application.scopes, names)
        patches = await self._patches.encoder.encode_shown(exchange.session)
        await self._patches.send(exchange, patches)
