"""What a user's own route answers to a click: parts of the page, or where the page goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starmodel.adapters.web.http.exchange import NO_STORE, SSE, Call
from starmodel.adapters.web.pages.htmx import HtmxCheck
from starmodel.app.commands.redirects import is_web_address
from starmodel.app.commands.replies import Reply
from starmodel.app.presentation.frontend import RealtimeAdapter

PARTS_ONLY = (b"hx-request", b"true")  # by which FastHTML leaves out the page around components
VARY = (b"vary", b"Datastar-Request")


async def serve_own(
    inner: Any,
    realtime: RealtimeAdapter,
    htmx: HtmxCheck | None,
    scope: Any,
    receive: Any,
    send: Any,
) -> None:
    """Serve one of the user's own routes, to Datastar as an event would answer it.

    Components come back without a page around them, and a redirect moves the page. In
    development `htmx` looks for attributes that do nothing there.
    """
    call: Call = scope["starmodel.call"]
    is_click, moved = call.request.is_datastar, False

    async def answer(message: Any) -> None:
        nonlocal moved
        if message["type"] == "http.response.start":
            headers = [*message["headers"], VARY]
            url = leads_to(message["status"], headers) if is_click else None
            if url is None:
                await send({**message, "headers": headers})
                return
            moved = True
            kept = [line for line in headers if line[0] in (b"set-cookie", b"vary")]
            body = realtime.encode_effects(Reply(redirect=url))
            await call.without_cookie(send).answer(200, SSE, body, [NO_STORE, *kept])
        elif not moved:
            if htmx is not None:
                htmx.look(call.request.path, message.get("body", b""))
            await send(message)

    if is_click:
        scope = {**scope, "headers": [*scope["headers"], PARTS_ONLY]}
    await inner(scope, receive, answer)


def leads_to(status: int, headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """The address to which a response sends a browser on; None for none that it would follow."""
    for name, value in headers:
        if name == b"hx-redirect" or (name == b"location" and 300 <= status < 400):
            url = value.decode("latin-1")
            return url if is_web_address(url) else None
    return None
