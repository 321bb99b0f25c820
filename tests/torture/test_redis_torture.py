"""Acknowledged commands on Redis are stored exactly once, whatever is killed or swallowed.

Three server processes that are killed, a Redis with an append-only file that is killed too,
and a proxy in front of it that swallows every tenth reply to a script.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from databases import redis_server
from private_server import PrivateServer
from redis_proxy import RedisProxy, redis_proxy
from torture.application import APPLICATION
from torture.workload import Cluster, Figures, Size, stored, to_the_end, torture

LARGE = Size(
    commands=300, kills=20, deaths=0, restarts=10,
    pause_s=2, deaths_per_commit=0, restart_s=8,
)  # fmt: skip
SMALL = Size(
    writers=20, commands=8, kills=2, deaths=0, restarts=2,
    pause_s=1.5, deaths_per_commit=0, restart_s=2,
)  # fmt: skip
SIZE = LARGE if os.environ.get("TORTURE") == "large" else SMALL
ON_REDIS = APPLICATION.replace('"store": "sql"', '"store": "redis", "scope": "record"', 1)

pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow]


@contextmanager
def proxied(url: str) -> Iterator[RedisProxy]:
    """A proxy that loses every tenth reply, with an event loop in a thread of its own."""
    started, stopped = threading.Event(), asyncio.Event()
    found: list[tuple[RedisProxy, asyncio.AbstractEventLoop]] = []

    async def serve() -> None:
        async with redis_proxy(url) as proxy:
            proxy.lose_every = 10
            found.append((proxy, asyncio.get_running_loop()))
            started.set()
            await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    started.wait()
    proxy, loop = found[0]
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()


def test_redis_stores_acknowledged_commands_exactly_once(tmp_path: Path) -> None:
    with (
        redis_server("--appendonly", "yes", "--appendfsync", "always") as server,
        proxied(server.url) as proxy,
    ):
        cluster = Cluster(
            tmp_path, f"sqlite:///{tmp_path / 'torture.db'}", SIZE,
            application=ON_REDIS, REDIS_URL=proxy.url, STARMODEL_REDIS_TIMEOUT_S="2",
        )  # fmt: skip
        cluster.start()
        try:
            figures, said = asyncio.run(_tortured(cluster, server))
        finally:
            cluster.kill()
    sys.stdout.write(f"\nredis: {figures}; {proxy.lost} replies lost.\n")
    assert proxy.lost > 0
    assert {status for status in figures.statuses if status >= 500} <= {503}
    # A key that is still in progress, and no conflict of versions.
    assert [text for text in figures.conflicts if "is still running" not in text] == []
    for process in said:
        assert process == figures.acknowledged


async def _tortured(cluster: Cluster, server: PrivateServer) -> tuple[Figures, list[object]]:
    async def restart(figures: Figures) -> None:
        while True:
            await asyncio.sleep(SIZE.restart_s)
            await to_the_end(lambda: (server.kill(), server.start()))
            figures.restarts += 1

    figures = await torture(cluster, SIZE, restart)
    await cluster.revive()
    return figures, list(await stored(cluster))
