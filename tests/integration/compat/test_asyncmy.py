"""The undocumented behaviour of asyncmy that the SQL store relies on."""

from __future__ import annotations

import asyncio

import asyncmy
import pytest
from asyncmy.connection import Connection
from sqlalchemy.engine import make_url

from private_server import PrivateServer
from starmodel.adapters.persistence.sql._compat.asyncmy import is_connected


async def test_unopened_connection_has_a_broken_stream() -> None:
    connection = Connection()
    changed = "asyncmy's Connection no longer has _stream_broken"
    assert connection._stream_broken is True, changed
    assert not is_connected(connection)


@pytest.mark.server
async def test_connection_closed_by_the_server_is_detected_without_a_statement(
    mariadb: PrivateServer,
) -> None:
    url = make_url(mariadb.url)
    options = {
        "host": url.host, "port": url.port, "user": url.username,
        "password": url.password or "", "autocommit": True,
    }  # fmt: skip
    connection, other = [await asyncmy.connect(**options) for _ in range(2)]
    assert is_connected(connection)

    cursor = connection.cursor()
    await cursor.execute("SELECT CONNECTION_ID()")
    [[id]] = await cursor.fetchall()
    await other.cursor().execute(f"KILL {id}")
    for _ in range(1000):
        if not is_connected(connection):
            break
        await asyncio.sleep(0.01)
    assert not is_connected(connection), "asyncmy's _stream_broken no longer follows the stream"

    changed = "asyncmy's `connected` follows the stream now; `_stream_broken` is not needed"
    assert connection.connected, changed
    connection.close()
    await other.ensure_closed()
