"""The port of transports: how the patches of a frontend reach a client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

EXTENSION = "starmodel.transport"

Patch = Any
"""One update in the protocol of a frontend. Only frontends and their clients know its type."""
Chunk = Any
"""Framed patches, ready to be sent."""
Framing = Callable[[Sequence[Patch]], Chunk]


class Outbox(Protocol):
    """The pending chunks of one stream, as its transport reads them."""

    @property
    def closed(self) -> bool: ...
    def take(self) -> list[Chunk]: ...
    async def wait(self) -> None: ...
    def close(self) -> None: ...


class Transport(Protocol):
    """Frames patches, and sends them as the reply to an event or as a stream.

    Shapes: media_type is the Content-Type of responses; frame is a pure function, and its
    results are shared by all streams of the process; heartbeat is a chunk without patches.
    """

    @property
    def media_type(self) -> bytes: ...
    @property
    def heartbeat(self) -> Chunk: ...
    @property
    def frame(self) -> Framing: ...

    def body(self, patches: Sequence[Patch]) -> bytes:
        """The response body of these patches, or the next part of one."""

    async def stream(
        self, outbox: Outbox, opening: Sequence[Patch], receive: Any, send: Any
    ) -> None:
        """Respond with the opening patches, then with each chunk, until either side closes."""


def transport_of(scope: Mapping[str, Any], default: Transport) -> Transport:
    """The transport that the server of a request offers as an ASGI extension, else the default.

    Extensions are objects of the server process; no client can set one.
    """
    extensions = scope.get("extensions")
    chosen: Transport = extensions.get(EXTENSION, default) if extensions else default
    return chosen
