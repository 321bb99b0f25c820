"""A TCP proxy in front of Redis that loses replies, or answers nothing at all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class RedisProxy:
    """Forwards connections to a server.

    Shapes: url is that of the proxy. lose_replies is how many of the next replies to scripts
    are swallowed, each with its connection, after the server has executed them; lose_every
    swallows every n-th of them. While `answers` is cleared, nothing is forwarded.
    """

    def __init__(self, target: str) -> None:
        place = urlsplit(target)
        self._target = place.hostname or "127.0.0.1", place.port or 6379
        self.url = ""
        self.lose_replies = self.lose_every = self.lost = self._scripts = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        to_server: asyncio.StreamWriter | None = None
        try:
            from_server, to_server = await asyncio.open_connection(*self._target)
            while data := await reader.read(2**20):
                await self.answers.wait()
                to_server.write(data)
                reply = await asyncio.wait_for(from_server.read(2**20), 5)
                if self._loses(data):
                    self.lost += 1
                    return
                if not reply:
                    return
                writer.write(reply)
                # The rest of a long reply.
                with contextlib.suppress(TimeoutError):
                    while rest := await asyncio.wait_for(from_server.read(2**20), 0.001):
                        writer.write(rest)
                await writer.drain()
        except (OSError, TimeoutError):
            return
        finally:
            self._tasks.discard(task)
            writer.close()
            if to_server is not None:
                to_server.close()

    def _loses(self, data: bytes) -> bool:
        if b"EVALSHA" not in data:
            return False
        self._scripts += 1
        if self.lose_every:
            return self._scripts % self.lose_every == 0
        self.lose_replies -= 1
        return self.lose_replies >= 0

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def redis_proxy(target: str) -> AsyncIterator[RedisProxy]:
    """A proxy of the server with this URL, on a port of its own."""
    proxy = RedisProxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    try:
        yield proxy
    finally:
        server.close()
        proxy.cancel()
        await asyncio.sleep(0)
