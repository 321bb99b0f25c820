"""PostgreSQL's FATAL shutdown notice on an idle connection counts as a lost connection."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.engine import make_url

from starmodel.adapters.persistence.sql.drivers.network.server import (
    ConnectionLostError,
    UnreachableError,
)
from starmodel.adapters.persistence.sql.drivers.network.servers.postgresql import PostgresqlServer


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


READY = _message(b"Z", b"I")
GREETING = (
    _message(b"R", struct.pack("!i", 0))
    + _message(b"S", b"server_version\0" + b"15.0\0")
    + _message(b"S", b"client_encoding\0UTF8\0")
    + READY
)
DONE = _message(b"C", b"SET\0") + READY
DYING = _message(b"E", b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0")


@asynccontextmanager
async def _saying(*answers: bytes) -> AsyncIterator[PostgresqlServer]:
    """A server that sends one response to each message and leaves the connection open."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for result in answers:
            await reader.read(4096)
            writer.write(result)
            await writer.drain()
        await gone.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        url = make_url(f"postgresql://ann@127.0.0.1:{port}/shop?sslmode=disable")
        try:
            yield PostgresqlServer(url, 5.0)
        finally:
            gone.set()


async def test_shutdown_during_connect_is_store_unavailable() -> None:
    async with _saying(GREETING + DYING) as server:
        with pytest.raises(UnreachableError, match="can't be reached"):
            await server.connect()


async def test_shutdown_notice_on_a_connection_is_a_lost_connection() -> None:
    async with _saying(GREETING, DONE + DYING) as server:
        link = await server.connect()
        with pytest.raises(ConnectionLostError):
            await link.rows("SELECT 1", ())
        assert link.closed
