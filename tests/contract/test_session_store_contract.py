"""Every store of server-side sessions behaves alike; tables of earlier versions are upgraded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from databases import DATABASES, empty_database
from starmodel import Actor
from starmodel.adapters.persistence.sql.dialects.dialect import SqlDialect
from starmodel.adapters.persistence.sql.engine import Engine
from starmodel.adapters.persistence.sql.engines import engine_for
from starmodel.adapters.persistence.system.connection import SqlPart, SystemDatabase
from starmodel.adapters.persistence.system.database import DatabaseSessions
from starmodel.adapters.persistence.system.memory_sessions import MemorySessions
from starmodel.adapters.persistence.system.parts import PartStatements
from starmodel.app.ports.sessions import SessionRecord, SessionStore
from starmodel.core.errors import StoreUnavailableError

NOW = 1_800_000_000.0
ANN, BOB = Actor("ann", "Ann", frozenset({"editor"}), {"team": "red"}), Actor("bob")
LONG = Actor("x" * 100_000)
SCHEMA_1 = [
    "CREATE TABLE starmodel_system (part VARCHAR(32) NOT NULL PRIMARY KEY, "
    "schema_number INTEGER NOT NULL, revision BIGINT NOT NULL)",
    "CREATE TABLE starmodel_session (id VARCHAR(64) NOT NULL PRIMARY KEY, "
    "visitor VARCHAR(64) NOT NULL, actor TEXT, provider VARCHAR(64) NOT NULL, "
    "created_at DOUBLE PRECISION NOT NULL, seen_at DOUBLE PRECISION NOT NULL, "
    "ended_at DOUBLE PRECISION, revision BIGINT NOT NULL)",
    "INSERT INTO starmodel_system VALUES ('sessions', 1, 7)",
]
"""The tables of schema number 1, without their indexes."""


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    return empty_database(request, tmp_path)


@pytest.fixture(params=["memory", *DATABASES])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SessionStore]:
    if request.param == "memory":
        yield MemorySessions()
        return
    made = at(await asyncio.to_thread(empty_database, request, tmp_path))
    yield made
    await made.close()


def at(url: str) -> DatabaseSessions:
    return DatabaseSessions(url, synchronous="NORMAL", timeout_s=5.0)


def record(id: str, actor: Actor | None = ANN, *, created_at: float = NOW) -> SessionRecord:
    return SessionRecord(
        id, f"visitor of {id}", actor, "password", created_at, created_at,
        device="Firefox", address="::1",
    )  # fmt: skip


async def add(store: SessionStore, *records: SessionRecord) -> None:
    for each in records:
        await store.replace(each.visitor, NOW, [each])


def ids(records: object) -> list[str]:
    return [each.id for each in records]  # type: ignore[attr-defined]


async def test_sessions_of_an_actor_are_the_valid_ones_newest_first(store: SessionStore) -> None:
    assert list(await store.of_actor("ann")) == []
    await add(store, record("old"), record("new", created_at=NOW + 5), record("bobs", BOB))
    await add(store, record("ended", created_at=NOW + 9), record("left", None))
    await store.replace("visitor of ended", NOW + 9, [])

    found = await store.of_actor("ann")

    assert list(found) == [record("new", created_at=NOW + 5), record("old")]
    assert ids(await store.of_actor("bob")) == ["bobs"]
    assert list(await store.of_actor("")) == []


async def test_actor_id_of_any_length_is_found(store: SessionStore) -> None:
    await add(store, record("long", LONG), record("other"))
    assert ids(await store.of_actor(LONG.id)) == ["long"]


async def test_update_stores_actor_and_end_and_raises_the_revision(store: SessionStore) -> None:
    await add(store, record("one"), record("two"), record("three"))
    before, _ = await store.changes(None, 100)
    boss = Actor("ann", "Ann", frozenset({"boss"}), {"team": "blue"})

    await store.update([record("one")._replace(ended_at=NOW), record("two")._replace(actor=boss)])

    revision, changed = await store.changes(before, 100)
    assert revision == before + 1
    assert sorted(ids(changed)) == ["one", "two"]
    assert sorted(ids(await store.of_actor("ann"))) == ["three", "two"]
    assert await store.find("one") == record("one")._replace(ended_at=NOW)
    assert await store.find("two") == record("two")._replace(actor=boss)
    assert await store.find("three") == record("three")


async def test_update_leaves_an_ended_session_as_it_is(store: SessionStore) -> None:
    await add(store, record("one"))
    await store.replace("visitor of one", NOW + 1, [])

    await store.update([record("one")._replace(actor=BOB, ended_at=None)])

    assert await store.find("one") == record("one")._replace(ended_at=NOW + 1)


async def connected(url: str) -> Engine:
    engine = engine_for(url, synchronous="NORMAL", pool_size=1, timeout_s=5.0)
    await engine.connect()
    await engine.start()
    return engine


async def run(url: str, *statements: str) -> None:
    engine = await connected(url)
    try:
        for sql in statements:
            await engine.execute(sql, ())
    finally:
        await engine.close()


def row_of_schema_1(id: str, actor: str, ended_at: str = "NULL") -> str:
    columns = "id, visitor, actor, provider, created_at, seen_at, ended_at, revision"
    values = f"'{id}', 'visitor of {id}', {actor}, 'password', {NOW}, {NOW}, {ended_at}, 7"
    return f"INSERT INTO starmodel_session ({columns}) VALUES ({values})"  # noqa: S608


ANN_TEXT = """'["ann", "Ann", ["editor"], {"team": "red"}]'"""


async def test_tables_of_schema_number_1_are_upgraded(database: str) -> None:
    rows = row_of_schema_1("s1", ANN_TEXT), row_of_schema_1("s2", "NULL", str(NOW))
    await run(database, *SCHEMA_1, *rows)
    store = at(database)
    try:
        assert await store.exists()
        old = record("s1")._replace(device="", address="", confirmed_at=0.0)
        assert list(await store.of_actor("ann")) == [old]
        await add(store, record("s3"))
        assert sorted(ids(await store.of_actor("ann"))) == ["s1", "s3"]
        await store.update([old._replace(ended_at=NOW)])
        assert ids(await store.of_actor("ann")) == ["s3"]
    finally:
        await store.close()
    engine = await connected(database)
    try:
        numbers = await engine.rows("SELECT schema_number FROM starmodel_system", ())
        assert [tuple(row) for row in numbers] == [(3,)]
    finally:
        await engine.close()


async def test_upgrade_by_several_processes_at_once_runs_once(database: str) -> None:
    await run(database, *SCHEMA_1, row_of_schema_1("s1", ANN_TEXT))
    stores = [at(database) for _ in range(4)]
    try:
        assert await asyncio.gather(*(store.exists() for store in stores)) == [True] * 4
        for store in stores:
            assert ids(await store.of_actor("ann")) == ["s1"]
    finally:
        for store in stores:
            await store.close()


async def test_interrupted_upgrade_is_completed(database: str) -> None:
    store = at(database)
    await add(store, record("s1"))
    await store.close()
    await run(database, "UPDATE starmodel_system SET schema_number = 1")
    again = at(database)
    try:
        assert ids(await again.of_actor("ann")) == ["s1"]
    finally:
        await again.close()


async def test_session_added_by_a_process_of_schema_number_1_is_found(database: str) -> None:
    store = at(database)
    try:
        await add(store, record("s1"))
        await run(database, row_of_schema_1("s2", ANN_TEXT))
        assert sorted(ids(await store.of_actor("ann"))) == ["s1", "s2"]
    finally:
        await store.close()


async def test_tables_of_a_newer_version_are_refused(database: str) -> None:
    store = at(database)
    await add(store, record("s1"))
    await store.close()
    await run(database, "UPDATE starmodel_system SET schema_number = 99")
    again = at(database)
    try:
        with pytest.raises(StoreUnavailableError, match="schema number 99"):
            await again.exists()
    finally:
        await again.close()


async def test_parts_of_the_system_store_open_at_once(database: str) -> None:
    """Each part creates its tables while others write."""
    system = SystemDatabase(database, synchronous="NORMAL", timeout_s=5.0)
    parts = [SqlPart(system, f"part {n}", partial(part_statements, n)) for n in range(6)]
    try:
        await asyncio.gather(*(part.open() for part in parts))
    finally:
        await system.close()


def part_statements(number: int, sql_dialect: SqlDialect) -> PartStatements:
    metadata = MetaData()
    Table(f"starmodel_part_{number}", metadata, Column("id", Integer, primary_key=True))
    return PartStatements(metadata, sql_dialect, f"part {number}", 1)
