"""The route of a page's stream."""

from __future__ import annotations

from typing import Any

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.app.application import Application
from starmodel.app.presentation.frontend import Frontend
from starmodel.core.errors import StarModelError


class StreamRoute:
    """Serves the one stream of a page."""

    def __init__(
        self,
        application: Application,
        frontend: Frontend,
        patches: PatchResponses,
        error_responses: ErrorResponses,
    ) -> None:
        self._application, self._frontend, self._patches = application, frontend, patches
        self._error_responses = error_responses

    async def run(self, exchange: Exchange, found: Any, id: str) -> None:
        """Open the stream; an error before its start is an error response."""
        try:
            await self._open(exchange)
        except StarModelError as error:
            await self._error_responses.send_error(exchange, error)

    async def _open(self, exchange: Exchange) -> None:
        if exchange.request.method == "HEAD":
            await exchange.empty(200, [(b"content-type", self._patches.default.media_type)])
            return
        await self._application.ready()
        scope, session = exchange.request.scope, exchange.session
        query = scope["query_string"].decode("latin-1")
        topics = await self._frontend.stream_topics(query, session)
        transport, address = self._patches.transport(exchange), (scope.get("client") or ("",))[0]
        streams = self._application.streams
        async with streams.open(topics, session, transport, address=address) as subscription:
            opening = self._frontend.stream_opening()

            async def respond(scope: Any, receive: Any, send: Any) -> None:
                await transport.stream(subscription, opening, receive, send)

            await exchange.relay(respond)
