"""Tables that were edited by hand are noticed, and nothing else is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from databases import DATABASES, empty_database
from repositories import opened
from starmodel import ConfigurationError, Entity, Field
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.schema.collecting import collect
from starmodel.migrations.schema.definitions import Kept, Schema
from starmodel.migrations.schema.physical import Difference, table_differences
from unit.migrations.schema.declared import SUBJECTS, sql_types


@pytest.fixture(params=DATABASES)
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each dialect."""
    return empty_database(request, tmp_path)


class Room(Entity):
    model_config = {"store": "sql"}
    __table_args__ = (
        UniqueConstraint("name", "floor", name="uq_room"),
        CheckConstraint("seats > 0", name="ck_seats"),
        Index("ix_floor", "floor"),
    )
    name: str = Field(max_length=20)
    floor: int = 0
    seats: int = 1
    note: str | None = None


async def _differences(url: str, schema: Schema) -> list[Difference]:
    async with open_link(url) as link:
        return await link.run(
            lambda session: table_differences(session.connection, schema, link.sql_dialect)
        )


async def _edited(url: str, *statements: str) -> list[str]:
    repository = await opened(url, Room)
    await repository.close()
    async with open_link(url) as link:
        for sql in statements:
            await link.run(lambda session, sql=sql: session.execute(sql))
    return [each.text for each in await _differences(url, collect(sql_types(Room)))]


@pytest.mark.filterwarnings("ignore:This declarative base already contains")
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__)
async def test_tables_as_the_store_made_them_do_not_differ(
    any_url: str, subject: Callable[[], list[type[Entity]]]
) -> None:
    classes = subject()
    if subject.__name__ == "in_schema":
        return  # no store creates a database schema
    try:
        repository = await opened(any_url, *classes)
    except ConfigurationError:
        assert subject.__name__ in (
            "virtual", "expressions", "deferred", "deferred_uniques", "postgresql_types",
        )  # fmt: skip
        return
    await repository.close()
    assert await _differences(any_url, collect(sql_types(*classes))) == []


async def test_missing_table_is_one_difference(any_url: str) -> None:
    found = await _differences(any_url, collect(sql_types(Room)))
    assert [each.text for each in found] == ["There is no table 'room' for Room."]


@pytest.mark.parametrize("any_url", ["postgresql", "mariadb"], indirect=True)
async def test_edited_columns_and_constraints_are_named(any_url: str) -> None:
    is_mysql = any_url.startswith("mysql")
    found = await _edited(
        any_url,
        "ALTER TABLE room DROP COLUMN note",
        "ALTER TABLE room ADD COLUMN extra INT",
        "ALTER TABLE room MODIFY seats SMALLINT NULL" if is_mysql
        else "ALTER TABLE room ALTER seats DROP NOT NULL, ALTER seats TYPE SMALLINT",
        "ALTER TABLE room DROP CONSTRAINT ck_seats",
        "DROP INDEX ix_floor ON room" if is_mysql else "DROP INDEX ix_floor",
        "ALTER TABLE room DROP INDEX uq_room" if is_mysql
        else "ALTER TABLE room DROP CONSTRAINT uq_room",
        "CREATE INDEX own ON room (floor, seats)",
    )  # fmt: skip
    assert {text for text in found if "'seats'" not in text} == {
        "The table 'room' has the column 'extra', which Room lacks.",
        "The table 'room' lacks the column 'note'.",
        "The table 'room' lacks the index 'ix_floor' on floor.",
        "The table 'room' has the index 'own' on floor, seats.",
        "The table 'room' lacks the check 'ck_seats'.",
        "The table 'room' lacks the unique constraint 'uq_room' on name, floor.",
    }
    [null, kind] = [text for text in found if "'seats'" in text]
    assert null == "The column 'seats' of the table 'room' accepts NULL; expected otherwise."
    assert kind.startswith("The column 'seats' of the table 'room' is SMALLINT")


async def test_edited_file_of_sqlite_is_compared(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db")) as database:
        database.execute(
            "CREATE TABLE room (id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR, floor INTEGER, "
            "own INTEGER, _version BIGINT NOT NULL, _expires_at DOUBLE)"
        )
    found = await _differences(f"sqlite:///{tmp_path / 'app.db'}", collect(sql_types(Room)))
    assert {(each.kind, each.name, each.is_extra) for each in found} >= {
        ("column", "own", True), ("column", "seats", False), ("column", "note", False),
        ("null", "name", False), ("index", "ix_floor", False), ("constraint", "ck_seats", False),
        ("constraint", "uq_room", False),
    }  # fmt: skip


async def test_tables_of_others_and_what_is_kept_aside_are_no_difference(any_url: str) -> None:
    repository = await opened(any_url, Room)
    await repository.close()
    async with open_link(any_url) as link:
        for sql in ("CREATE TABLE theirs (id INT)", "ALTER TABLE room ADD COLUMN _dropped_x_2 INT"):
            await link.run(lambda session, sql=sql: session.execute(sql))
    schema = collect(sql_types(Room))
    room = schema.entity("Room")
    kept = Kept(migration="0002_x", name="_dropped_x_2", entity=room, field=room.field("floor"))
    assert await _differences(any_url, schema.model_copy(update={"kept": (kept,)})) == []

    external = room.model_copy(update={"external": True, "table": "theirs"})
    assert await _differences(any_url, Schema(entities=(external,))) == []
