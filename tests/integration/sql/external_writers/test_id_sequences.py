"""Generated ids in tables where external writers take ids from the same sequence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from databases import emptied
from external_writers import ExternalWriter
from integration.sql.external_table import is_refused
from repositories import insert, opened
from starmodel.app.ports.repository import Batch
from starmodel.core.entity import Entity

NUMBERED = {
    "sqlite": ["CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)"],
    "mysql": ["CREATE TABLE customer (id INTEGER PRIMARY KEY AUTO_INCREMENT, name TEXT)"],
    "serial": ["CREATE TABLE customer (id SERIAL PRIMARY KEY, name TEXT)"],
    "identity": [
        "CREATE TABLE customer (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT)"
    ],
    "default": [
        'CREATE SEQUENCE "Numbers"',
        """CREATE TABLE customer (
           id INTEGER PRIMARY KEY DEFAULT nextval('"Numbers"'), name TEXT)""",
    ],
    "none": ["CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)"],
}


class _Client(Entity):
    __tablename__ = "customer"

    id: int | None = None  # type: ignore[assignment]
    name: str = ""


@pytest.fixture(
    params=[
        "sqlite",
        *(
            pytest.param(kind, marks=pytest.mark.server)
            for kind in ("mysql", "serial", "identity", "default")
        ),
    ]
)
async def numbering(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[str, ExternalWriter]]:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    if request.param != "sqlite":
        server = "mariadb" if request.param == "mysql" else "postgresql"
        url = await asyncio.to_thread(emptied, request.getfixturevalue(f"{server}_url"))
    external = await ExternalWriter.at(url)
    for sql in NUMBERED[request.param]:
        await external.run(sql)
    yield url, external
    await external.close()


async def test_sequence_skips_ids_taken_by_external_writers(
    numbering: tuple[str, ExternalWriter],
) -> None:
    url, external = numbering
    repository = await opened(url, _Client)
    for n in range(3):
        await external.run("INSERT INTO customer (name) VALUES (?)", f"theirs {n}")
        number = await repository.next_id(_Client)
        await repository.commit(Batch([insert(_Client(id=number, name=f"ours {n}"))]))
    rows = await external.rows("SELECT name FROM customer ORDER BY id")
    assert [name for (name,) in rows] == [
        f"{who} {n}" for n in range(3) for who in ("theirs", "ours")
    ]
    await repository.close()


async def test_taken_id_is_skipped(
    numbering: tuple[str, ExternalWriter],
) -> None:
    url, external = numbering
    always = " OVERRIDING SYSTEM VALUE" if external.kind == "postgresql" else ""
    for id in (1, 2):
        await external.run(f"INSERT INTO customer (id, name){always} VALUES (?, 'theirs')", id)  # noqa: S608
    repository = await opened(url, _Client)
    assert await repository.next_id(_Client) == 3
    await repository.close()


async def test_id_taken_externally_before_the_commit_is_a_conflict(
    numbering: tuple[str, ExternalWriter],
) -> None:
    url, external = numbering
    repository = await opened(url, _Client)
    number = await repository.next_id(_Client)
    always = " OVERRIDING SYSTEM VALUE" if external.kind == "postgresql" else ""
    await external.run(f"INSERT INTO customer (id, name){always} VALUES (?, 'theirs')", number)  # noqa: S608
    assert await is_refused(repository, insert(_Client(id=number, name="ours")))
    assert [name for (name,) in await external.rows("SELECT name FROM customer")] == ["theirs"]
    await repository.close()
