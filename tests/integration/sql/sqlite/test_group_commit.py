"""The group-commit writer: killed processes, concurrent processes, failed commits, long locks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from repositories import ignore_expiry, insert, opened, update
from starmodel.adapters.persistence.sql import sweeper
from starmodel.adapters.persistence.sql.drivers.sqlite import reader as sqlite_reader
from starmodel.adapters.persistence.sql.open_store import this_process
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Batch, Change, Marker
from starmodel.core.changes.patches import Patch
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.errors import StarModelError, VersionConflictError
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.field import Field
from starmodel.core.snapshot import version_of

SOURCE = Path(__file__).parents[4] / "src"


class _Count(Entity):
    n: int = 0


class _Note(Entity):
    text: str
    size: int = 0


async def _opened(file: Path) -> SqlRepository:
    return await opened(f"sqlite:///{file}", _Count, _Note)


@pytest.fixture
async def repository(tmp_path: Path) -> AsyncIterator[SqlRepository]:
    repository = await _opened(tmp_path / "app.db")
    yield repository
    await repository.close()


async def _add_one(repository: SqlRepository, id: str) -> None:
    while True:
        count = await repository.latest(_Count, id)
        assert count is not None
        try:
            return await repository.commit(Batch([update(count, n=count.n + 1)]))
        except VersionConflictError:
            await asyncio.sleep(0)


@pytest.fixture
async def overtaken(
    repository: SqlRepository, tmp_path: Path
) -> AsyncIterator[tuple[_Count, asyncio.Future[None]]]:
    """A queued state and its commit, which conflicts with a commit of another process.

    Both processes assign version 2 after version 1, so equal versions prove nothing.
    """
    other = await _opened(tmp_path / "app.db")
    count = _Count(id="both")
    await repository.commit(Batch([insert(count)]))
    ours, others = [await store.get(_Count, "both") for store in (repository, other)]
    assert ours is not None
    assert others is not None
    await other.commit(Batch([update(others, n=100)]))
    lost = asyncio.ensure_future(repository.commit(Batch([update(ours, n=1)])))
    await asyncio.sleep(0)
    queued = await repository.latest(_Count, "both")
    assert queued is not None
    assert (queued.n, version_of(queued)) == (1, 2)
    yield queued, lost
    stored = await repository.get(_Count, "both")
    await other.close()
    assert stored is not None
    assert (stored.n, version_of(stored)) == (100, 2)


async def test_commit_chained_on_a_conflicting_one_conflicts(
    repository: SqlRepository, overtaken: tuple[_Count, asyncio.Future[None]]
) -> None:
    queued, lost = overtaken
    second = asyncio.ensure_future(repository.commit(Batch([update(queued, n=2)])))
    done = await asyncio.gather(lost, second, return_exceptions=True)
    assert [type(error) for error in done] == [VersionConflictError] * 2


async def test_commit_on_a_rolled_back_queued_state_conflicts(
    repository: SqlRepository, overtaken: tuple[_Count, asyncio.Future[None]]
) -> None:
    """As when a command reads one entity, waits for another, and commits both."""
    queued, lost = overtaken
    with pytest.raises(VersionConflictError):
        await lost
    with pytest.raises(VersionConflictError):
        await repository.commit(Batch([update(queued, n=2)]))
    assert version_of(queued) == 2  # its number is that of the stored version
    check = Change(_Count, "both", "check", version_of(queued), version_of(queued))
    with pytest.raises(VersionConflictError):
        await repository.commit(Batch([check]))


CHILD = textwrap.dedent(
    """
    import asyncio, itertools, sys
    from starmodel.adapters.persistence.sql.repository import SqlRepository
    from starmodel.app.ports.repository import Batch, Change
    from starmodel.core.entity import Entity
    from starmodel.core.snapshot import version_of
    from starmodel.core.errors import VersionConflictError
    from starmodel.core.changes.patches import Patch
    from starmodel.core.classes.registry import entity_type

    class _Count(Entity):
        n: int = 0

    async def ignore(*_):
        pass

    async def insert(repository, n):
        count = _Count(id=str(n), n=n)
        await repository.commit(Batch([Change(_Count, count.id, "insert", 0, 1, count)]))
        print(n, flush=True)

    async def insert_for_ever(repository):
        for start in itertools.count(0, 10):
            await asyncio.gather(*(insert(repository, start + n) for n in range(10)))

    async def add(repository, times):
        for _ in range(times):
            while True:
                old = await repository.get(_Count, "shared")
                version = version_of(old)
                change = Change(_Count, "shared", "update", version, version + 1,
                                old.evolve(n=old.n + 1), Patch({"n": old.n + 1}))
                try:
                    await repository.commit(Batch([change]))
                    break
                except VersionConflictError:
                    await asyncio.sleep(0.001)

    async def main(url, times):
        repository = SqlRepository(url)
        await repository.open([entity_type(_Count, "sql")], ignore)
        await (add(repository, times) if times else insert_for_ever(repository))
        await repository.close()

    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
    """
)


def _child(file: Path, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, f"sqlite:///{file}", str(times)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
    )


async def test_killed_process_loses_nothing_acknowledged(tmp_path: Path) -> None:
    file = tmp_path / "killed.db"
    with _child(file, 0) as child:
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(60)]
        child.kill()
        acknowledged += [int(line) for line in child.stdout.read().splitlines()]
    repository = await _opened(file)
    stored = {count.n for count in await repository.list(Query(_Count))}  # type: ignore[attr-defined]
    assert set(acknowledged) <= stored
    await repository.close()


async def test_two_processes_on_one_row_lose_no_update(tmp_path: Path) -> None:
    file = tmp_path / "shared.db"
    repository = await _opened(file)
    await repository.commit(Batch([insert(_Count(id="shared"))]))
    with _child(file, 100) as child:
        for _ in range(10):
            await asyncio.gather(*(_add_one(repository, "shared") for _ in range(10)))
            await asyncio.sleep(0.01)
        assert await asyncio.to_thread(child.wait) == 0
    found = await repository.get(_Count, "shared")
    assert found is not None
    assert (found.n, version_of(found)) == (200, 201)
    await repository.close()


async def test_failed_commit_fails_its_whole_group_and_stores_nothing(tmp_path: Path) -> None:
    """A constraint that SQLite checks only at COMMIT, in a user-defined table."""
    file = tmp_path / "deferred.db"
    with sqlite3.connect(file) as raw:
        raw.execute("CREATE TABLE parent (id TEXT PRIMARY KEY)")
        raw.execute(
            "CREATE TABLE _note (id TEXT PRIMARY KEY, size INTEGER, _version BIGINT NOT NULL,"
            " _expires_at FLOAT, text TEXT REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
        )
    raw.close()
    repository = await _opened(file)
    good = [_Count() for _ in range(5)]
    done = await asyncio.gather(
        *(repository.commit(Batch([insert(count)])) for count in good),
        repository.commit(Batch([insert(_Note(text="no such parent"))])),
        return_exceptions=True,
    )
    assert all(isinstance(error, StarModelError) for error in done)
    assert "FOREIGN KEY" in str(done[0])
    assert await repository.list(Query(_Count)) == []
    assert await repository.latest(_Count, good[0].id) is None
    await repository.commit(Batch([insert(good[0])]))
    assert await repository.get(_Count, good[0].id) == good[0]
    await repository.close()


async def test_rejected_batch_does_not_affect_its_group(
    repository: SqlRepository,
) -> None:
    taken = _Count(id="taken")
    await repository.commit(Batch([insert(taken)]))
    pairs = [[insert(_Count(id=f"{n}")), insert(_Count(id=f"{n}b"))] for n in range(6)]
    pairs[3][1] = insert(taken)
    done = await asyncio.gather(
        *(repository.commit(Batch(pair)) for pair in pairs), return_exceptions=True
    )
    assert [type(error) for error in done if error] == [VersionConflictError]
    assert await repository.count(Query(_Count)) == 1 + 2 * 5
    assert await repository.get(_Count, "3") is None


async def test_chained_events_on_one_row_need_no_retry(repository: SqlRepository) -> None:
    await repository.commit(Batch([insert(_Count(id="hot"))]))

    async def add_one_at_once() -> None:
        count = await repository.latest(_Count, "hot")
        assert count is not None
        await repository.commit(Batch([update(count, n=count.n + 1)]))

    await asyncio.gather(*(add_one_at_once() for _ in range(100)))
    found = await repository.get(_Count, "hot")
    assert found is not None
    assert found.n == 100


async def test_stale_commit_does_not_become_the_latest(repository: SqlRepository) -> None:
    await repository.commit(Batch([insert(_Count(id="hot"))]))
    old = await repository.get(_Count, "hot")
    assert old is not None
    good = asyncio.ensure_future(repository.commit(Batch([update(old, n=1)])))
    await asyncio.sleep(0)
    stale = asyncio.ensure_future(repository.commit(Batch([update(old, n=99)])))
    await asyncio.sleep(0)
    await _add_one(repository, "hot")
    await good
    with pytest.raises(VersionConflictError):
        await stale
    found = await repository.get(_Count, "hot")
    assert found is not None
    assert found.n == 2


async def test_rejected_commit_removes_chained_states_from_latest(
    repository: SqlRepository,
) -> None:
    await repository.commit(Batch([insert(_Count(id="hot"))]))
    old = await repository.get(_Count, "hot")
    assert old is not None

    async def refuse() -> None:
        raise LookupError("the other store refused")

    first = asyncio.ensure_future(repository.commit(Batch([update(old, n=1)]), refuse))
    await asyncio.sleep(0)
    queued = await repository.latest(_Count, "hot")
    assert queued is not None
    assert queued.n == 1
    second = asyncio.ensure_future(repository.commit(Batch([update(queued, n=2)])))
    with pytest.raises(LookupError):
        await first
    assert await repository.latest(_Count, "hot") == old
    with pytest.raises(VersionConflictError):
        await second


async def test_update_writes_only_its_patch(repository: SqlRepository, tmp_path: Path) -> None:
    """Columns that another build wrote meanwhile stay unchanged."""
    note = _Note(id="1", text="ours", size=1)
    await repository.commit(Batch([insert(note)]))
    with sqlite3.connect(tmp_path / "app.db") as raw:
        raw.execute("ALTER TABLE _note ADD COLUMN newer TEXT DEFAULT 'kept'")
        raw.execute("UPDATE _note SET size = 7")
    new = note.evolve(text="new")
    change = Change(_Note, "1", "update", 1, 2, new, Patch({"text": "new"}))
    await repository.commit(Batch([change]))
    row = raw.execute("SELECT text, size, newer, _version FROM _note").fetchone()
    raw.close()
    assert row == ("new", 7, "kept", 2)


async def test_long_lock_of_another_process_does_not_hang_the_loop(
    repository: SqlRepository, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "app.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    count = _Count()
    waiting = asyncio.ensure_future(repository.commit(Batch([insert(count)])))
    slowest = 0.0
    for _ in range(30):
        started = time.perf_counter()
        assert await repository.get(_Count, count.id) is None
        await asyncio.sleep(0.01)
        slowest = max(slowest, time.perf_counter() - started)
    assert not waiting.done()
    assert slowest < 2
    other.execute("COMMIT")
    other.close()
    await waiting
    assert await repository.get(_Count, count.id) == count


async def test_long_read_moves_to_a_thread(
    repository: SqlRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = [_Count(n=n) for n in range(2000)]
    await repository.commit(Batch([insert(count) for count in counts]))
    monkeypatch.setattr(sqlite_reader, "BUDGET_S", -1.0)
    query = Query(_Count, order=(("n", True),))
    assert [c.n for c in await repository.list(query)] == list(range(1999, -1, -1))  # type: ignore[attr-defined]
    assert await repository.count(query) == 2000


async def test_commit_and_read_after_close_name_the_remedy(repository: SqlRepository) -> None:
    await repository.close()
    with pytest.raises(StarModelError, match="not open"):
        await repository.commit(Batch([insert(_Count())]))
    with pytest.raises(StarModelError, match="not open"):
        await repository.get(_Count, "1")
    await repository.close()


async def test_settled_commits_leave_nothing_to_the_garbage_collector(
    repository: SqlRepository,
) -> None:
    count = _Count()
    await repository.commit(Batch([insert(count)]))
    await _add_one(repository, count.id)  # which compiles the statement
    while gc.collect():  # a collected object may free others
        pass
    gc.disable()
    try:
        for _ in range(3):
            await _add_one(repository, count.id)
        assert gc.collect() == 0
    finally:
        gc.enable()


async def test_group_with_a_rejected_change_stores_all_the_others(
    repository: SqlRepository,
) -> None:
    counts = [_Count() for _ in range(4)]
    await repository.commit(Batch([insert(counts[2])]))
    outcomes = await asyncio.gather(
        *(repository.commit(Batch([insert(count)])) for count in counts), return_exceptions=True
    )
    refused = [isinstance(outcome, VersionConflictError) for outcome in outcomes]
    assert refused == [False, False, True, False]
    assert await repository.count(Query(_Count)) == 4


async def test_forked_process_may_not_use_the_connection(
    repository: SqlRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "getpid", lambda: -1)
        this_process.refresh()  # as every fork makes it do
        with pytest.raises(StarModelError, match="fork"):
            await repository.get(_Count, "1")
    this_process.refresh()


async def test_cancelled_caller_leaves_the_writer_at_work(repository: SqlRepository) -> None:
    counts = [_Count() for _ in range(3)]
    first = asyncio.ensure_future(repository.commit(Batch([insert(counts[0])])))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(*(repository.commit(Batch([insert(c)])) for c in counts[1:]))
    assert first.cancelled()
    assert await repository.count(Query(_Count)) == 3
    assert await repository.latest(_Count, counts[0].id) == counts[0]


async def test_cancelled_between_stores_nothing(repository: SqlRepository) -> None:
    count, started = _Count(), asyncio.Event()

    async def between() -> None:
        started.set()
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    with pytest.raises(asyncio.CancelledError):
        await repository.commit(Batch([insert(count)]), between)
    assert started.is_set()
    assert await repository.get(_Count, count.id) is None
    await repository.commit(Batch([insert(count)]))


async def test_old_markers_are_purged_periodically(tmp_path: Path) -> None:
    now = 1_000_000.0
    repository = SqlRepository(f"sqlite:///{tmp_path / 'markers.db'}", clock=lambda: now)
    await repository.open([entity_type(_Count, "sql")], ignore_expiry)
    for n in range(3):
        await repository.commit(Batch(marker=Marker(f"old{n}", "d", "c", now - 90_000)))
    await repository.commit(Batch(marker=Marker("young", "d", "c", now)))
    now += 61
    await repository.sweep()
    with sqlite3.connect(tmp_path / "markers.db") as raw:
        assert raw.execute("SELECT key FROM starmodel_marker").fetchall() == [("young",)]
    raw.close()
    await repository.close()


async def test_expired_row_is_ignored_before_the_sweep(tmp_path: Path) -> None:
    class Guest(Entity):
        model_config = EntityConfig(ttl=5.0)

        name: str = Field(default="", unique=True)

    now = 1_000_000.0
    repository = SqlRepository(f"sqlite:///{tmp_path / 'ttl.db'}", clock=lambda: now)
    await repository.open([entity_type(Guest, "sql")], ignore_expiry)
    for n in range(2):
        guest = Guest(id="1", name="Eve")
        change = Change(Guest, "1", "insert", 0, n + 1, guest, ttl_s=5.0)
        await repository.commit(Batch([change]))
        now += 10
        assert await repository.get(Guest, "1") is None
        assert await repository.list(Query(Guest)) == []
        with pytest.raises(VersionConflictError):
            await repository.commit(Batch([Change(Guest, "1", "delete", n + 1, n + 2)]))
    await repository.close()


async def test_expired_rows_are_swept_and_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Guest(Entity):
        model_config = EntityConfig(ttl=5.0)

        name: str = ""

    now, gone = 1_000_000.0, asyncio.Queue[Any]()

    async def expired(entity: type[Entity], id: Any, version: int) -> None:
        gone.put_nowait((entity, id, version))
        raise RuntimeError("a listener that fails must not end the sweeping")

    monkeypatch.setattr(sweeper, "SWEEP_S", 0.01)
    repository = SqlRepository(f"sqlite:///{tmp_path / 'ttl.db'}", clock=lambda: now)
    await repository.open([entity_type(Guest, "sql")], expired)
    for id in ("1", "2"):
        guest = Guest(id=id)
        await repository.commit(Batch([Change(Guest, id, "insert", 0, 3, guest, ttl_s=5.0)]))
        now += 10
        assert await asyncio.wait_for(gone.get(), 5) == (Guest, id, 3)
    await repository.close()


async def test_store_can_reopen_while_closing(tmp_path: Path) -> None:
    repository = await _opened(tmp_path / "again.db")
    for n in range(10):
        closing = asyncio.ensure_future(repository.close())
        await asyncio.sleep(0)
        await repository.open([entity_type(_Count, "sql")], ignore_expiry)
        await closing
        await repository.commit(Batch([insert(_Count())]))
        assert await repository.count(Query(_Count)) == n + 1
    await repository.close()


async def test_cancelled_start_waits_for_its_thread_and_can_be_repeated(tmp_path: Path) -> None:
    repository = SqlRepository(f"sqlite:///{tmp_path / 'again.db'}")
    types = [entity_type(_Count, "sql")]
    for _ in range(20):
        opening = asyncio.ensure_future(repository.open(types, ignore_expiry))
        await asyncio.sleep(0.002)
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await opening
        await repository.close()
    await repository.open(types, ignore_expiry)
    await repository.commit(Batch([insert(_Count())]))
    await repository.close()
