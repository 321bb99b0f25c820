"""Database servers that are killed, deadlocked, unreachable or out of connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from databases import SERVERS, emptied
from external_writers import ExternalWriter
from private_server import PrivateServer
from repositories import ignore_expiry, insert, opened, update
from starmodel.adapters.persistence.sql.drivers.network import transaction as network_transaction
from starmodel.adapters.persistence.sql.drivers.network.server import ConnectionLostError
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.query import Query, make_query
from starmodel.app.ports.repository import Batch, Change, Marker
from starmodel.core.changes.patches import Patch
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    StoreUnavailableError,
    VersionConflictError,
)
from starmodel.core.snapshot import version_of


class _Count(Entity):
    n: int = 0


async def _stored(repository: SqlRepository, id: str) -> _Count:
    found = await repository.get(_Count, id)
    assert found is not None
    return found


class Value(Entity):
    """Columns named by keywords that only some servers reserve."""

    key: str = ""
    rank: int = 0
    rows: int = 0
    system: str = ""


@pytest.fixture
async def repository(url: str) -> AsyncIterator[SqlRepository]:
    repository = await opened(url, _Count)
    yield repository
    await repository.close()


@pytest.fixture(params=["ours", "of others"])
async def either(request: pytest.FixtureRequest, url: str) -> AsyncIterator[SqlRepository]:
    """On a table with versions, and on one without."""
    if request.param == "of others":
        external = await ExternalWriter.at(url)
        await external.create(_Count)
        await external.close()
    repository = await opened(url, _Count)
    yield repository
    await repository.close()


@pytest.fixture(params=SERVERS)
def killable(request: pytest.FixtureRequest) -> Iterator[PrivateServer]:
    """The server of this test session, which the test may kill."""
    server: PrivateServer = request.getfixturevalue(request.param)
    emptied(server.url)
    yield server
    if server.process is None or server.process.poll() is not None:
        server.start()


async def test_pool_recovers_after_a_killed_server(killable: PrivateServer) -> None:
    repository = await opened(killable.url, _Count, timeout_s=1.0)
    await repository.commit(Batch([insert(_Count(id="a"))]))
    killable.kill()
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="can't be reached"):
        await repository.get(_Count, "a")
    with pytest.raises(StoreUnavailableError, match="can't be reached"):
        await repository.commit(Batch([insert(_Count(id="b"))]))
    assert time.monotonic() - started < 10
    killable.start()
    for _ in range(100):
        try:
            assert (await _stored(repository, "a")).n == 0
            break
        except StoreUnavailableError:
            await asyncio.sleep(0.1)
    await repository.commit(Batch([update(await _stored(repository, "a"), n=1)]))
    assert (await _stored(repository, "a")).n == 1
    assert await repository.get(_Count, "b") is None
    await repository.close()


async def test_restart_between_two_commands_is_transparent(killable: PrivateServer) -> None:
    repository = await opened(killable.url, _Count, timeout_s=20.0)
    await repository.commit(Batch([insert(_Count(id="c"))]))
    old = await _stored(repository, "c")
    killable.kill()
    waiting = asyncio.ensure_future(repository.commit(Batch([update(old, n=1)])))
    await asyncio.sleep(0.2)
    await asyncio.to_thread(killable.start)
    await waiting
    assert (await _stored(repository, "c")).n == 1
    await repository.close()


class _Losing:
    """A connection that drops at the commit, before or after the server applies it."""

    def __init__(self, connection: Any, *, done: bool) -> None:
        self._connection, self._done, self.closed = connection, done, False
        self.rows = connection.rows

    async def execute(self, sql: str, params: Any = ()) -> int:
        at_once = sql.startswith("WITH done AS")  # a change with its marker, on PostgreSQL
        if sql != "COMMIT" and not at_once:
            return int(await self._connection.execute(sql, params))
        if self._done:
            await self._connection.execute(sql, params)
        elif not at_once:
            await self._connection.execute("ROLLBACK")
        self.closed = True
        raise ConnectionLostError("the cable was pulled")


def _lose_once(monkeypatch: pytest.MonkeyPatch, *, done: bool) -> None:
    """Drop the connection at the next commit, before its response."""
    store = network_transaction.store
    left = [True]

    async def losing(connection: Any, attempt: Any) -> None:
        return await store(
            _Losing(connection, done=done) if left and left.pop() else connection, attempt
        )  # type: ignore[arg-type]

    monkeypatch.setattr("starmodel.adapters.persistence.sql.drivers.network.commits.store", losing)


@pytest.mark.parametrize("done", [True, False], ids=["committed", "not committed"])
async def test_lost_response_of_inserts_stores_them_once(
    either: SqlRepository, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    _lose_once(monkeypatch, done=done)
    await either.commit(Batch([insert(_Count(id="a", n=5)), insert(_Count(id="b"))]))
    assert await either.count(Query(_Count)) == 2
    assert (await _stored(either, "a")).n == 5


@pytest.mark.parametrize("done", [True, False], ids=["committed", "not committed"])
async def test_lost_response_of_a_marked_update_applies_once(
    either: SqlRepository, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    await either.commit(Batch([insert(_Count(id="a"))]))
    old = await _stored(either, "a")
    _lose_once(monkeypatch, done=done)
    marker = Marker("key", "digest", "run", time.time(), "done")
    await either.commit(Batch([update(old, n=1)], marker))
    found = await _stored(either, "a")
    assert (found.n, version_of(found)) == (1, 2)
    assert await either.marker("key") == marker


async def test_lost_response_before_an_external_revert_applies_once(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a version column, the marker detects the second change."""
    external = await ExternalWriter.at(url)
    await external.create(_Count)
    repository = await opened(url, _Count)
    await repository.commit(Batch([insert(_Count(id="a"))]))
    store = network_transaction.store

    async def losing(connection: Any, attempt: Any) -> None:
        try:
            await store(_Losing(connection, done=True), attempt)  # type: ignore[arg-type]
        finally:
            await external.run("UPDATE _count SET n = n - 1")

    marker = Marker("key", "digest", "run", time.time(), "done")
    change = update(await _stored(repository, "a"), n=1)
    with monkeypatch.context() as patched:
        patched.setattr("starmodel.adapters.persistence.sql.drivers.network.commits.store", losing)
        await repository.commit(Batch([change], marker))
    assert (await _stored(repository, "a")).n == 0
    await repository.close()
    await external.close()


async def test_lost_response_without_proof_is_an_error(
    either: SqlRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    await either.commit(Batch([insert(_Count(id="a")), insert(_Count(id="b"))]))
    changes = [update(await _stored(either, id), n=1) for id in "ab"]
    store = network_transaction.store

    async def losing(connection: Any, attempt: Any) -> None:
        await store(_Losing(connection, done=True), attempt)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("starmodel.adapters.persistence.sql.drivers.network.commits.store", losing)
        with pytest.raises(StoreUnavailableError, match="not known whether"):
            await either.commit(Batch(changes))


async def test_batches_in_opposite_lock_order_all_commit(url: str) -> None:
    """Two repositories, as two processes, that update the same rows in opposite order."""
    both = [await opened(url, _Count) for _ in range(2)]
    ids = [f"{n}" for n in range(6)]
    await both[0].commit(Batch([insert(_Count(id=id)) for id in ids]))

    async def add(repository: SqlRepository, order: list[str]) -> None:
        while True:
            olds = [await _stored(repository, id) for id in order]
            try:
                return await repository.commit(Batch([update(old, n=old.n + 1) for old in olds]))
            except VersionConflictError:
                await asyncio.sleep(0.001)

    orders = [ids, ids[::-1]]
    await asyncio.gather(*(add(both[n % 2], orders[n % 2]) for n in range(20)))
    assert [(await _stored(both[0], id)).n for id in ids] == [20] * 6
    for repository in both:
        await repository.close()


async def test_two_processes_on_one_row_lose_no_update(url: str) -> None:
    both = [await opened(url, _Count) for _ in range(2)]
    await both[0].commit(Batch([insert(_Count(id="a"))]))

    async def add(repository: SqlRepository) -> None:
        while True:
            old = await repository.latest(_Count, "a")
            assert old is not None
            try:
                return await repository.commit(Batch([update(old, n=old.n + 1)]))
            except VersionConflictError:
                await asyncio.sleep(0.001)

    await asyncio.gather(*(add(both[n % 2]) for n in range(60)))
    assert (await _stored(both[0], "a")).n == 60
    for repository in both:
        await repository.close()


async def test_concurrent_startups_on_an_empty_database_succeed(url: str) -> None:
    both = await asyncio.gather(*(opened(url, _Count) for _ in range(4)))
    for repository in both:
        await repository.close()


async def test_cancelled_caller_leaves_the_commit_atomic(
    repository: SqlRepository, url: str
) -> None:
    counts = [_Count() for _ in range(5)]
    waiting = asyncio.ensure_future(repository.commit(Batch([insert(c) for c in counts])))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await repository.commit(Batch([insert(_Count())]))
    await repository.close()
    again = await opened(url, _Count)
    assert await again.count(Query(_Count)) == 6
    await again.close()


@pytest.mark.parametrize("url", ["mariadb"], indirect=True)
async def test_statement_timeout_discards_its_connection(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = await opened(url, _Count, timeout_s=2.0)
    monkeypatch.setattr(
        "starmodel.adapters.persistence.sql.drivers.network.servers.mysql.STATEMENT_S", 2.0
    )
    with pytest.raises(StoreUnavailableError, match="the connection was lost"):
        await repository._store().engine.rows("SELECT SLEEP(20)", ())
    await repository.close()


async def test_exhausted_pool_error_names_the_setting(url: str) -> None:
    repository = await opened(url, _Count, pool_size=1, timeout_s=0.2)

    async def between() -> None:
        with pytest.raises(StoreUnavailableError, match="database_pool_size"):
            await repository.get(_Count, "a")

    await repository.commit(Batch([insert(_Count())]), between)
    await repository.close()


async def test_sql_keywords_are_valid_column_names(url: str) -> None:
    repository = SqlRepository(url)
    await repository.open([entity_type(Value, "sql")], ignore_expiry)
    value = Value(key="k", rank=2)
    await repository.commit(Batch([insert(value)]))
    assert await repository.list(make_query(Value, {"rank": 2}, order="-rows")) == [value]
    new = value.evolve(system="s")
    change = Change(Value, new.id, "update", 1, 2, new, Patch({"system": "s"}))
    await repository.commit(Batch([change]))
    assert await repository.get(Value, value.id) == new
    await repository.close()


async def test_driver_emits_no_warning(url: str, caplog: pytest.LogCaptureFixture) -> None:
    repository = await opened(url, _Count)
    await repository.commit(Batch([insert(_Count())]))
    await repository.close()
    assert caplog.messages == []


async def test_commit_chained_on_a_conflicting_one_conflicts(url: str) -> None:
    """Both processes assign the same next version."""
    ours, other = [await opened(url, _Count) for _ in range(2)]
    await ours.commit(Batch([insert(_Count(id="a"))]))
    old = await _stored(ours, "a")
    await other.commit(Batch([update(old, n=10)]))
    first = asyncio.ensure_future(ours.commit(Batch([update(old, n=1)])))
    await asyncio.sleep(0)
    queued = await ours.latest(_Count, "a")
    assert queued is not None
    assert queued.n == 1
    second = asyncio.ensure_future(ours.commit(Batch([update(queued, n=2)])))
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert all(isinstance(result, VersionConflictError) for result in results)
    assert (await _stored(ours, "a")).n == 10
    for repository in (ours, other):
        await repository.close()


async def test_lost_response_before_another_commit_is_a_conflict(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The marker of a finished command also proves that a commit was not stored."""
    ours, other = [await opened(url, _Count) for _ in range(2)]
    await ours.commit(Batch([insert(_Count(id="a"))]))
    old = await _stored(ours, "a")
    store = network_transaction.store

    async def losing(connection: Any, attempt: Any) -> None:
        if attempt.was_in_doubt or attempt.transaction.marker is None:
            return await store(connection, attempt)
        try:
            await store(_Losing(connection, done=False), attempt)  # type: ignore[arg-type]
        finally:
            await other.commit(Batch([update(old, n=10)]))

    monkeypatch.setattr("starmodel.adapters.persistence.sql.drivers.network.commits.store", losing)
    marker = Marker("key", "digest", "run", time.time(), "done")
    with pytest.raises(VersionConflictError):
        await ours.commit(Batch([update(old, n=1)], marker))
    assert (await _stored(ours, "a")).n == 10
    assert await ours.marker("key") is None
    for repository in (ours, other):
        await repository.close()
