"""Responses to live pages: patches of the frontend, by the transport of each request."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.adapters.web.http.exchange import NO_STORE, Exchange, Header
from starmodel.app.commands.binding.form_names import STATUS_HEADER
from starmodel.app.ports.transport import Patch, Transport, transport_of
from starmodel.app.presentation.frontend import ReplyEncoder

_STATUS_HEADER = STATUS_HEADER.encode()


class PatchResponses:
    """Sends encoded replies as complete responses with status 200.

    Shapes: default is the transport of requests that offer none.
    """

    def __init__(self, encoder: ReplyEncoder, default: Transport) -> None:
        self.encoder, self.default = encoder, default

    def transport(self, exchange: Exchange) -> Transport:
        """The transport of the request."""
        return transport_of(exchange.request.scope, self.default)

    async def send(
        self,
        exchange: Exchange,
        patches: Sequence[Patch],
        headers: Sequence[Header] = (),
        *,
        status: int | None = None,
    ) -> None:
        """Send the patches. Shapes: status is the actual one, of the header StarModel-Status."""
        transport = self.transport(exchange)
        actual = [] if status is None else [(_STATUS_HEADER, str(status).encode())]
        await exchange.answer(
            200, transport.media_type, transport.body(patches), [NO_STORE, *actual, *headers]
        )
