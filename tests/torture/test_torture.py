"""What was acknowledged is counted exactly, and nothing twice, whatever is killed meanwhile.

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
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from databases import PrivateServer, mariadb_server, postgresql_server
from torture.workload import Cluster, Figures, Size, stored, to_the_end, torture

LARGE = Size(commands=300, kills=20, deaths=20, pause_s=2, deaths_per_commit=0.004, restart_s=8)
SIZE = LARGE if os.environ.get("TORTURE") == "large" else Size()

pytestmark = pytest.mark.timeout(1200)


def test_sqlite_counts_what_it_acknowledged(tmp_path: Path) -> None:
    _run(Cluster(tmp_path, f"sqlite:///{tmp_path / 'torture.db'}", SIZE), "SQLite")


@pytest.mark.parametrize(
    ("database", "private_server"),
    [("PostgreSQL", postgresql_server), ("MariaDB", mariadb_server)],
    ids=["postgresql", "mariadb"],
)
def test_server_that_is_restarted_counts_what_it_acknowledged(
    database: str, private_server: Any, tmp_path: Path
) -> None:
    with private_server() as server:
        _run(Cluster(tmp_path, server.url, SIZE), database, _restarting(server))


async def _restarting(server: PrivateServer) -> None:
    """Restart the database again and again, every other time as after a loss of power."""
    for end in itertools.cycle((server.stop, server.kill)):
        await asyncio.sleep(SIZE.restart_s)
        await to_the_end(lambda end=end: (end(), server.start()))


def _run(cluster: Cluster, database: str, *torments: Coroutine[Any, Any, None]) -> None:
    cluster.start()
    try:
        figures, said = asyncio.run(_tortured(cluster, *torments))
    finally:
        cluster.kill()
    journal = _journal(cluster.journal)
    ahead = journal - _books(figures.acknowledged)
    sys.stdout.write(f"\n{database}: {figures}; the second store is {ahead.total()} ahead.\n")
    assert figures.failures == [], "answers from 500 on, which a retry would have avoided"
    for process in said:
        assert process == figures.acknowledged
    # Only a crash between the two commits may leave the journal ahead; never is it behind.
    assert not _books(figures.acknowledged) - journal
    assert len(ahead) == 0 or figures.kills + figures.deaths > 0


async def _tortured(
    cluster: Cluster, *torments: Coroutine[Any, Any, None]
) -> tuple[Figures, list[Counter[str]]]:
    figures = await torture(cluster, SIZE, *torments)
    await cluster.revive()
    return figures, await stored(cluster)


def _books(totals: Counter[str]) -> Counter[str]:
    return Counter({name: total for name, total in totals.items() if name.startswith("b")})


def _journal(path: Path) -> Counter[str]:
    """What the second store holds. A line that its process died in counts for nothing."""
    totals: Counter[str] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        book, amount = json.loads(line)
        totals[book] += amount
    return totals
