"""Streams of records and lists as data, on the URLs of their pages and JSON."""

from __future__ import annotations

from typing import Any

from starmodel.app.access.fields import readable_fields
from starmodel.app.live.topics import Topics
from starmodel.app.ports.transport import transport_of
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import listing_of, wants_total
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import RequestError
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices

NO_STORE = (b"cache-control", b"no-store")


class DataStreams:
    """Serves `Accept: application/x-ndjson`. Access is checked by the caller."""

    def __init__(self, services: PluginServices) -> None:
        self._application, self._frontend = services.application, services.data
        self._transport = services.data_transport  # of requests that offer none

    async def serve_entity(
        self, exchange: Exchange, resource: MountedResource, entity: Entity
    ) -> None:
        """Stream an entity. Raises: RequestError 406, for one that the browser stores."""
        if resource.entity_type.in_browser:
            raise RequestError("This is available as text/html and application/json.", status=406)
        await self._serve(exchange, self._frontend.entity_topics(resource, plain(entity.id)))

    async def serve_list(self, exchange: Exchange, resource: MountedResource) -> None:
        """Stream the window of a list. Raises: RequestError, AccessScanLimitError."""
        request, application = exchange.request, self._application
        request.check_repeated()
        policy = resource.policy
        if "cursor" in request.query:
            raise RequestError(
                "A stream follows a list by page, such as ?page=2. Send the cursor with "
                "Accept: application/json."
            )
        fields = readable_fields(policy, resource.entity_type, exchange.session.actor)
        listing = listing_of(resource.entity_type, request.query, hidden=fields.uncertain)
        total = wants_total(request.query)
        if policy.reads_fields(resource.entity_type):
            # A scan beyond the limit is an error of this request, not of the stream.
            actor = exchange.session.actor
            await application.window(listing, actor, total=total, policy=policy)
        await self._serve(exchange, self._frontend.list_topics(resource, listing, total=total))

    async def _serve(self, exchange: Exchange, topics: Topics) -> None:
        """Respond with a stream. Raises: TooManyStreamsError, before it starts."""
        request, session = exchange.request, exchange.session
        transport = transport_of(request.scope, self._transport)
        if request.method == "HEAD":
            kind = (b"content-type", transport.media_type)
            headers = [kind, (b"vary", b"accept"), NO_STORE]
            await exchange.empty(200, headers)
            return
        address = (request.scope.get("client") or ("",))[0]
        streams = self._application.streams
        async with streams.open(topics, session, transport, address=address) as subscription:

            async def respond(scope: Any, receive: Any, send: Any) -> None:
                await transport.stream(subscription, (), receive, send)

            await exchange.relay(respond)
