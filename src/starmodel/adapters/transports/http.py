"""Streams as HTTP responses: the chunks of an outbox, until either side closes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from starmodel.app.ports.transport import Chunk, Framing, Outbox, Patch

Header = tuple[bytes, bytes]


class HttpTransport:
    """Sends framed patches as the body of an HTTP response.

    Shapes: headers are those of a stream, in addition to the ones that keep caches and proxies
    from holding it back.
    """

    def __init__(
        self, media_type: bytes, frame: Framing, heartbeat: Chunk, headers: Sequence[Header] = ()
    ) -> None:
        self.media_type, self.frame, self.heartbeat = media_type, frame, heartbeat
        self.body: Callable[[Sequence[Patch]], bytes] = frame
        self.join: Callable[[Sequence[Chunk]], bytes] = b"".join
        self._headers = [
            (b"content-type", media_type),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),  # disables response buffering in nginx
            *headers,
        ]

    async def stream(
        self, outbox: Outbox, opening: Sequence[Patch], receive: Any, send: Any
    ) -> None:
        """Respond with the opening patches, then with each chunk, until either side closes."""

        async def close_on_disconnect() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            outbox.close()

        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        if opening:
            await send(_part(self.body(opening)))
        disconnect = asyncio.create_task(close_on_disconnect())
        try:
            while not outbox.closed:
                chunks = outbox.take()
                if chunks:
                    await send(_part(self.join(chunks)))
                await outbox.wait()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            disconnect.cancel()


def _part(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}
