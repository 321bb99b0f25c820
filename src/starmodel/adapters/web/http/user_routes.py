"""Responses of user routes to Datastar requests: page fragments and redirects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starmodel.adapters.web.http.exchange import NO_STORE, SSE, Exchange
from starmodel.adapters.web.pages.htmx import HtmxCheck
from starmodel.app.commands.redirects import is_web_address
from starmodel.app.commands.replies import Reply
from starmodel.app.presentation.frontend import RealtimeAdapter

PARTS_ONLY = (b"hx-request", b"true")  # makes FastHTML render components without the page
VARY = (b"vary", b"Datastar-Request")


async def serve_user_route(
    inner: Any,
    realtime: RealtimeAdapter,
    htmx: HtmxCheck | None,
    scope: Any,
    receive: Any,
    send: Any,
) -> None:
    """Serve a user route; a Datastar request gets patches, as from an event.

    Components are rendered without the surrounding page, and a redirect navigates the page.
    In development `htmx` warns about htmx attributes on pages without htmx.
    """
    exchange: Exchange = scope["starmodel.exchange"]
    is_click, moved = exchange.request.is_datastar, False

    async def answer(message: Any) -> None:
        nonlocal moved
        if message["type"] == "http.response.start":
            headers = [*message["headers"], VARY]
            url = redirect_target(message["status"], headers) if is_click else None
            if url is None:
                await send({**message, "headers": headers})
                return
            moved = True
            kept = [line for line in headers if line[0] in (b"set-cookie", b"vary")]
            body = realtime.encode_effects(Reply(redirect=url))
            await exchange.without_cookie(send).answer(200, SSE, body, [NO_STORE, *kept])
        elif not moved:
            if htmx is not None:
                htmx.look(exchange.request.path, message.get("body", b""))
            await send(message)

    if is_click:
        scope = {**scope, "headers": [*scope["headers"], PARTS_ONLY]}
    await inner(scope, receive, answer)


def redirect_target(status: int, headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """The URL of Location or HX-Redirect; None for a response without a web address in either."""
    for name, value in headers:
        if name == b"hx-redirect" or (name == b"location" and 300 <= status < 400):
            url = value.decode("latin-1")
            return url if is_web_address(url) else None
    return None
