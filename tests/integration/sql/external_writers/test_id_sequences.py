"""Numbers for records in tables where other programs take numbers too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from databases import emptied
from external_writers import Outsider
from integration.sql.external_table import (
    is_refused,
    new,
    opened,
)
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
) -> AsyncIterator[tuple[str, Outsider]]:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    if request.param != "sqlite":
        server = "mariadb" if request.param == "mysql" else "postgresql"
        url = await asyncio.to_thread(emptied, request.getfixturevalue(f"{server}_url"))
    outsider = await Outsider.at(url)
    for sql in NUMBERED[request.param]:
        await outsider.run(sql)
    yield url, outsider
    await outsider.close()


async def test_numbers_of_ours_and_of_others_never_meet(numbering: tuple[str, Outsider]) -> None:
    url, outsider = numbering
    repository = await opened(url, _Client)
    for n in range(3):
        await outsider.run("INSERT INTO customer (name) VALUES (?)", f"theirs {n}")
        number = await repository.next_id(_Client)
        await repository.commit(Batch([new(_Client(id=number, name=f"ours {n}"))]))
    rows = await outsider.rows("SELECT name FROM customer ORDER BY id")
    assert [name for (name,) in rows] == [
        f"{who} {n}" for n in range(3) for who in ("theirs", "ours")
    ]
    await repository.close()


async def test_number_that_is_taken_already_is_passed_over(
    numbering: tuple[str, Outsider],
) -> None:
    url, outsider = numbering
    always = " OVERRIDING SYSTEM VALUE" if outsider.kind == "postgresql" else ""
    for id in (1, 2):
        await outsider.run(f"INSERT INTO customer (id, name){always} VALUES (?, 'theirs')", id)  # noqa: S608
    repository = await opened(url, _Client)
    assert await repository.next_id(_Client) == 3
    await repository.close()


async def test_number_that_others_take_before_our_commit_is_a_conflict(
    numbering: tuple[str, Outsider],
) -> None:
    url, outsider = numbering
    repository = await opened(url, _Client)
    number = await repository.next_id(_Client)
    always = " OVERRIDING SYSTEM VALUE" if outsider.kind == "postgresql" else ""
    await outsider.run(f"INSERT INTO customer (id, name){always} VALUES (?, 'theirs')", number)  # noqa: S608
    assert await is_refused(repository, new(_Client(id=number, name="ours")))
    assert [name for (name,) in await outsider.rows("SELECT name FROM customer")] == ["theirs"]
    await repository.close()
