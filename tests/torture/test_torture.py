"""Acknowledged commands are stored exactly once while processes and databases are killed.

Three server processes on one database, fifty writers who repeat each command until it is
acknowledged. `make torture` runs the same with more of everything, and prints the figures.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from databases import SERVERS
from private_server import PrivateServer
from torture.workload import Cluster, Figures, Size, Torment, stored, to_the_end, torture

LARGE = Size(
    commands=300, kills=20, deaths=20, restarts=10,
    pause_s=2, deaths_per_commit=0.004, restart_s=8,
)  # fmt: skip
SIZE = LARGE if os.environ.get("TORTURE") == "large" else Size()

pytestmark = pytest.mark.timeout(1200)


def test_sqlite_stores_acknowledged_commands_exactly_once(tmp_path: Path) -> None:
    _run("sqlite", f"sqlite:///{tmp_path / 'torture.db'}", tmp_path, replace(SIZE, restarts=0))


@pytest.mark.parametrize("database", SERVERS)
def test_restarted_server_stores_acknowledged_commands_exactly_once(
    database: str, tmp_path: Path
) -> None:
    with SERVERS[database]() as server:
        _run(database, server.url, tmp_path, SIZE, _restarting(server))


def _restarting(server: PrivateServer) -> Torment:
    """Restart the database in a loop, every other time by SIGKILL."""

    async def restart(figures: Figures) -> None:
        for end in itertools.cycle((server.stop, server.kill)):
            await asyncio.sleep(SIZE.restart_s)
            await to_the_end(lambda end=end: (end(), server.start()))
            figures.restarts += 1

    return restart


def _run(database: str, url: str, folder: Path, size: Size, *torments: Torment) -> None:
    cluster = Cluster(folder, url, size)
    cluster.start()
    try:
        figures, said = asyncio.run(_tortured(cluster, size, *torments))
    finally:
        cluster.kill()
    journal = _journal(cluster.journal)
    ahead = journal - _books(figures.acknowledged)
    sys.stdout.write(f"\n{database}: {figures}; the second store is {ahead.total()} ahead.\n")
    assert figures.failures == [], "answers from 500 on, which a retry would have avoided"
    for process in said:
        assert process == figures.acknowledged
    # A crash between the two commits may leave the journal ahead, and never behind.
    assert not _books(figures.acknowledged) - journal
    assert len(ahead) == 0 or figures.kills + figures.deaths > 0


async def _tortured(
    cluster: Cluster, size: Size, *torments: Torment
) -> tuple[Figures, list[Counter[str]]]:
    figures = await torture(cluster, size, *torments)
    await cluster.revive()
    return figures, await stored(cluster)


def _books(totals: Counter[str]) -> Counter[str]:
    return Counter({name: total for name, total in totals.items() if name.startswith("b")})


def _journal(path: Path) -> Counter[str]:
    """Entries of the second store. An incomplete last line of a killed process is ignored."""
    totals: Counter[str] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        book, amount = json.loads(line)
        totals[book] += amount
    return totals
