"""A change and its idempotency marker commit in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncmy
import asyncpg
import pytest

from repositories import delete, insert, opened, update
from starmodel.adapters.persistence.sql.drivers.network import transaction as network_transaction
from starmodel.adapters.persistence.sql.drivers.network.connection import DriverConnection
from starmodel.adapters.persistence.sql.drivers.network.server import ConnectionLostError
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.repository import Batch, Marker
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConstraintError,
    DuplicateCommandError,
    StoreUnavailableError,
    VersionConflictError,
)
from starmodel.core.fields.field import Field
from starmodel.core.snapshot import version_of


class _Seat(Entity):
    number: int = Field(unique=True)
    guest: str = ""


@pytest.fixture
async def repository(url: str) -> AsyncIterator[SqlRepository]:
    repository = await opened(url, _Seat)
    for number in (1, 2):
        await repository.commit(Batch([insert(_Seat(id=f"{number}", number=number))]))
    yield repository
    await repository.close()


def _marker(command: str = "run", outcome: str | None = "done") -> Marker:
    return Marker("key", "digest", command, time.time(), outcome)


async def _seat(repository: SqlRepository, id: str = "1") -> _Seat:
    found = await repository.get(_Seat, id)
    assert found is not None
    return found


async def test_change_of_each_kind_is_stored_with_its_marker(repository: SqlRepository) -> None:
    old, other = await _seat(repository), await _seat(repository, "2")
    changes = [insert(_Seat(id="3", number=3)), update(old, guest="Ada"), delete(other)]
    for change in changes:
        marker = Marker(change.kind, "digest", "run", time.time(), "done")
        await repository.commit(Batch([change], marker))
        assert await repository.marker(change.kind) == marker
    assert (await _seat(repository)).guest == "Ada"
    assert (await _seat(repository, "3")).number == 3
    assert await repository.get(_Seat, "2") is None


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_marked_change_on_postgresql_is_one_statement(
    repository: SqlRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, run, sent = await _seat(repository), DriverConnection.execute, []

    async def counted(connection: DriverConnection, sql: str, params: Any = ()) -> int:
        sent.append(sql)
        return await run(connection, sql, params)

    monkeypatch.setattr(DriverConnection, "execute", counted)
    await repository.commit(Batch([update(old, guest="Ada")], _marker()))
    assert len(sent) == 1


async def test_repeated_key_changes_nothing(repository: SqlRepository) -> None:
    await repository.commit(Batch([update(await _seat(repository), guest="Ada")], _marker()))
    again = update(await _seat(repository), guest="Bob")
    with pytest.raises(DuplicateCommandError):
        await repository.commit(Batch([again], _marker("another run")))
    assert (await _seat(repository)).guest == "Ada"
    assert (await repository.marker("key") or _marker("")).command == "run"


async def test_repeated_key_on_a_changed_row_is_no_conflict(repository: SqlRepository) -> None:
    """As when one click reaches two processes concurrently: both return its outcome."""
    old = await _seat(repository)
    await repository.commit(Batch([update(old, guest="Ada")], _marker()))
    with pytest.raises(DuplicateCommandError):
        await repository.commit(Batch([update(old, guest="Ada")], _marker("another run")))


async def test_marker_of_the_same_run_is_replaced_with_the_change(
    repository: SqlRepository,
) -> None:
    await repository.commit(Batch(marker=_marker(outcome=None)))
    with pytest.raises(DuplicateCommandError):
        await repository.commit(Batch(marker=_marker("another run", outcome=None)))
    finished = _marker()
    await repository.commit(Batch([update(await _seat(repository), guest="Ada")], finished))
    assert await repository.marker("key") == finished
    assert (await _seat(repository)).guest == "Ada"


async def test_conflict_leaves_no_marker(repository: SqlRepository) -> None:
    old = await _seat(repository)
    await repository.commit(Batch([update(old, guest="Ada")]))
    taken = insert(_Seat(id="2", number=5))
    for change in (update(old, guest="Bob"), delete(old), taken):
        with pytest.raises(VersionConflictError) as caught:
            await repository.commit(Batch([change], _marker()))
        assert caught.value.stored == (1 if change is taken else 2)
        assert await repository.marker("key") is None
    assert (await _seat(repository)).guest == "Ada"


async def test_broken_constraint_names_its_field_and_leaves_no_marker(
    repository: SqlRepository,
) -> None:
    twice = [update(await _seat(repository), number=2), insert(_Seat(id="3", number=2))]
    for change in twice:
        with pytest.raises(ConstraintError) as caught:
            await repository.commit(Batch([change], _marker()))
        assert caught.value.fields == {"number": "Number is already taken."}
        assert await repository.marker("key") is None


@contextlib.asynccontextmanager
async def _held(url: str) -> AsyncIterator[Callable[[], Awaitable[list[Any]]]]:
    """Locks rows from another connection; the result terminates the connections that wait."""
    hold = "SELECT 1 FROM _seat FOR UPDATE"
    if url.startswith("postgresql"):
        connection = await asyncpg.connect(url)
        await connection.execute(f"BEGIN; {hold}")
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type='Lock'"
        yield lambda: connection.fetch(end)
        await connection.close()
        return
    host, port = url.rpartition("@")[2].partition("/")[0].split(":")
    connection = await asyncmy.connect(host=host, port=int(port), user="root", database="test")
    cursor = connection.cursor()
    await cursor.execute(hold)

    async def end_waiting() -> list[Any]:
        await cursor.execute(
            "SELECT id FROM information_schema.processlist "
            "WHERE command = 'Execute' AND id <> CONNECTION_ID()"
        )
        waiting = list(await cursor.fetchall())
        for (thread,) in waiting:
            await cursor.execute(f"KILL {thread}")
        return waiting

    yield end_waiting
    await connection.ensure_closed()


async def test_connection_lost_during_the_commit_stores_both_once(
    repository: SqlRepository, url: str
) -> None:
    old = await _seat(repository)
    marker = _marker()
    async with _held(url) as end_waiting:
        batch = Batch([update(old, guest="Ada")], marker)
        commit = asyncio.ensure_future(repository.commit(batch))
        for _ in range(1000):
            if await end_waiting():
                break
            await asyncio.sleep(0.01)
    await commit
    found = await _seat(repository)
    assert (found.guest, version_of(found)) == ("Ada", version_of(old) + 1)
    assert await repository.marker("key") == marker


def _late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delay the first attempt until the client has queried its marker."""
    store, tries = network_transaction.store, []

    async def late(connection: DriverConnection, attempt: Any) -> None:
        tries.append(attempt)
        if len(tries) == 1:
            attempt.is_committing = True
            raise ConnectionLostError("the cable was pulled")
        if len(tries) == 2:
            await store(connection, network_transaction.Attempt(attempt.transaction))
        await store(connection, attempt)

    monkeypatch.setattr("starmodel.adapters.persistence.sql.drivers.network.commits.store", late)


async def test_attempt_applied_late_by_the_server_counts_once(
    repository: SqlRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, marker = await _seat(repository), _marker()
    _late(monkeypatch)
    await repository.commit(Batch([update(old, guest="Ada")], marker))
    found = await _seat(repository)
    assert (found.guest, version_of(found)) == ("Ada", version_of(old) + 1)
    assert await repository.marker("key") == marker


async def test_attempt_possibly_applied_late_is_no_conflict_without_marker(
    repository: SqlRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conflict would be retried, and counted twice."""
    old = await _seat(repository)
    _late(monkeypatch)
    with pytest.raises(StoreUnavailableError, match="not known whether"):
        await repository.commit(Batch([update(old, guest="Ada")]))


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("number", [1, 2], ids=["one change", "several"])
async def test_deferred_constraint_names_its_field(repository: SqlRepository, number: int) -> None:
    await repository.commit(Batch([update(await _seat(repository), guest="Ada")]))
    await repository._store().engine.execute(
        "ALTER TABLE _seat ADD CONSTRAINT later UNIQUE (guest) DEFERRABLE INITIALLY DEFERRED", ()
    )
    guests = [insert(_Seat(id=f"{n}", number=n, guest="Ada")) for n in (3, 4)]
    with pytest.raises(ConstraintError) as caught:
        await repository.commit(Batch(guests[:number], _marker()))
    assert caught.value.fields == {"guest": "Guest is already taken."}
    assert await repository.marker("key") is None
