"""The transport of clients in the server's process: patches are delivered as objects."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.adapters.transports.http import HttpTransport
from starmodel.app.ports.transport import Chunk, Patch

PART = b"\n"  # Starlette's BaseHTTPMiddleware drops empty parts


class MemoryTransport(HttpTransport):
    """Delivers the patches of one request as objects.

    The client passes it in the scope of the request, as the ASGI extension
    `starmodel.transport`. Each part of the response body is a line break; the patches that it
    stands for are returned by `take`. Patches are shared with other streams, so clients don't
    change them.
    """

    def __init__(self) -> None:
        super().__init__(b"text/event-stream", tuple, ())
        self._delivered: list[Patch] = []
        self.body, self.join = self._deliver, self._deliver_chunks

    def take(self) -> list[Patch]:
        """The patches that arrived since the last call."""
        patches, self._delivered = self._delivered, []
        return patches

    def _deliver(self, patches: Sequence[Patch]) -> bytes:
        self._delivered += patches
        return PART

    def _deliver_chunks(self, chunks: Sequence[Chunk]) -> bytes:
        for patches in chunks:
            self._delivered += patches
        return PART
