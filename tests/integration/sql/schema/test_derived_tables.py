"""Tables derived from entity types, and their constraints."""

from __future__ import annotations

import datetime
import enum
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import Column, Index, MetaData, String, UniqueConstraint

from repositories import delete, insert, opened
from starmodel.adapters.persistence.sql.dialects.mysql import MysqlDialect
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.adapters.persistence.sql.schema.tables import derive_table
from starmodel.app.ports.repository import Batch, Change
from starmodel.core.changes.patches import Patch, diff
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    ConfigurationError,
    ConstraintError,
    FrozenEntityError,
    VersionConflictError,
)
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.field import Field


class _Team(Entity):
    name: str = Field(unique=True)


class _BlogPost(Entity):
    slug: str = Field(index=True, unique=True)
    team_id: str | None = Field(default=None, foreign_key="_team.id")
    summary: str | None = Field(default=None, nullable=False)


class _Order(Entity):
    """Its table name is an SQL keyword."""

    __tablename__ = "order"

    sku: str = Field(primary_key=True)
    group: int = 0
    at: datetime.datetime = datetime.datetime(2024, 1, 1)
    code: str = Field(default="", sa_column=Column("Kode", String(5), nullable=False))


COLUMNS = 'SELECT name, "notnull" FROM pragma_table_info(?)'


def _columns(file: Path, table: str) -> list[tuple[str, bool]]:
    with sqlite3.connect(file) as raw:
        rows = raw.execute(COLUMNS, (table,)).fetchall()
    raw.close()
    return [(name, bool(notnull)) for name, notnull in rows]


async def test_table_has_a_column_per_field_and_two_hidden(tmp_path: Path) -> None:
    file = tmp_path / "app.db"
    await (await opened(f"sqlite:///{file}", _Team, _BlogPost)).close()
    assert _columns(file, "_blog_post") == [
        ("id", True), ("slug", True), ("team_id", False), ("summary", True),
        ("_version", True), ("_expires_at", False),
    ]  # fmt: skip


def test_texts_of_a_key_have_a_length_in_mysql() -> None:
    """MySQL's indexes need a length, MariaDB's don't."""

    class Ticket(Entity):
        __table_args__ = (UniqueConstraint("row", "seat"), Index("ix_ticket_gate", "gate"))

        row: str
        seat: str
        gate: str = ""
        note: str = ""

    table = derive_table(entity_type(Ticket, "sql"), MetaData(), MysqlDialect()).table
    lengths = {name: getattr(table.c[name].type, "length", None) for name in Ticket.model_fields}
    assert lengths == {"id": 255, "row": 255, "seat": 255, "gate": 255, "note": None}


async def test_open_twice_keeps_stored_rows(tmp_path: Path) -> None:
    team = _Team(name="Blue")
    for _ in range(2):
        repository = await opened(f"sqlite:///{tmp_path / 'app.db'}", _Team)
        if await repository.get(_Team, team.id) is None:
            await repository.commit(Batch([insert(team)]))
        assert await repository.get(_Team, team.id) == team
        await repository.close()


async def test_broken_constraints_name_their_fields(tmp_path: Path) -> None:
    repository = await opened(f"sqlite:///{tmp_path / 'app.db'}", _Team, _BlogPost)
    team = _Team(name="Blue")
    post = _BlogPost(slug="a", team_id=team.id, summary="s")
    await repository.commit(Batch([insert(post), insert(team)]))

    async def refused(*changes: Change) -> dict[str, str]:
        with pytest.raises(ConstraintError) as caught:
            await repository.commit(Batch(changes))
        return caught.value.fields

    again = _BlogPost(slug="a", summary="s")
    assert await refused(insert(again)) == {"slug": "Slug is already taken."}
    assert await refused(insert(_BlogPost(slug="b"))) == {"summary": "Summary is required."}
    lost = _BlogPost(slug="c", summary="s", team_id="nobody")
    text = {"team_id": "Team refers to a record that doesn't exist."}
    assert await refused(insert(lost)) == text
    moved = post.evolve(team_id="nobody")
    patch = Patch({"team_id": "nobody"})
    assert await refused(Change(_BlogPost, post.id, "update", 1, 2, moved, patch)) == text
    assert await refused(delete(team, 1)) == {}
    await repository.commit(Batch([delete(team, 1), delete(post, 1)]))
    await repository.close()


async def test_declared_primary_key_leaves_id_unique(tmp_path: Path) -> None:
    repository = await opened(f"sqlite:///{tmp_path / 'app.db'}", _Order)
    first = _Order(sku="A", group=3, code="x")
    await repository.commit(Batch([insert(first)]))
    assert await repository.get(_Order, first.id) == first
    with pytest.raises(VersionConflictError):
        await repository.commit(Batch([insert(_Order(id=first.id, sku="B"))]))
    with pytest.raises(ConstraintError) as caught:
        await repository.commit(Batch([insert(_Order(sku="A"))]))
    assert caught.value.fields == {"sku": "Sku is already taken."}
    await repository.close()


async def test_table_with_missing_columns_fails_startup(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    with sqlite3.connect(file) as raw:
        raw.execute("CREATE TABLE _team (id VARCHAR PRIMARY KEY, _version BIGINT)")
    raw.close()
    with pytest.raises(ConfigurationError, match="'_team' of _Team lacks the columns 'name'"):
        await opened(f"sqlite:///{file}", _Team)
    assert _columns(file, "starmodel_marker") == []


async def test_two_classes_of_one_table_name_are_rejected(tmp_path: Path) -> None:
    class HttpLog(Entity):
        text: str

    class HTTPLog(Entity):
        text: str

    with pytest.raises(ConfigurationError, match="table 'http_log'"):
        await opened(f"sqlite:///{tmp_path / 'app.db'}", HttpLog, HTTPLog)


async def test_foreign_key_to_an_unknown_table_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="_team"):
        await opened(f"sqlite:///{tmp_path / 'app.db'}", _BlogPost)


async def test_extra_fields_and_missing_ids_are_rejected(tmp_path: Path) -> None:
    class Loose(Entity):
        model_config = EntityConfig(extra="allow")

    class Numbered(Entity):
        id: int | None = Field(default=None, primary_key=True)  # type: ignore[assignment]

    with pytest.raises(ConfigurationError, match="extra fields"):
        await opened(f"sqlite:///{tmp_path / 'app.db'}", Loose)
    repository = await opened(f"sqlite:///{tmp_path / 'app.db'}", Numbered)
    with pytest.raises(ConstraintError, match="has no id"):
        await repository.commit(Batch([insert(Numbered())]))
    await repository.commit(Batch([insert(Numbered(id=7))]))
    assert await repository.get(Numbered, 7) == Numbered(id=7)
    assert await repository.get(Numbered, "7") is None
    await repository.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("oracle://user:pw@host/db", "'oracle', which the SQL store does not speak"),
        ("postgresql+psycopg://user:pw@host/db", "by asyncpg: write postgresql://"),
        ("mysql+pymysql://user:pw@host/db", "by asyncmy: write mysql://"),
        ("mysql://user:pw@host/db?lang=en", "'lang' behind its"),
        ("mysql://user:pw@host/db?ssl=maybe", "expected true or false"),
        ("mysql://user:pw@host/db?ssl_ca=gone.pem", "'gone.pem', which can't be loaded"),
        ("mysql://user:pw@host", "names no database"),
        ("mysql://user:one@pw@host/db", "%40 for @"),
        ("postgresql://user:pw@host:port/db", "can't be read"),
        ("nonsense", "can't be read"),
    ],
)
def test_unsupported_url_scheme_error_lists_supported_ones(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        SqlRepository(url)
    assert "pw" not in str(caught.value)


async def test_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        await opened(f"sqlite:///{tmp_path / 'nowhere' / 'app.db'}", _Team)
    (tmp_path / "text.db").write_text("not a database, " * 100)
    with pytest.raises(ConfigurationError, match=r"text\.db"):
        await opened(f"sqlite:///{tmp_path / 'text.db'}", _Team)


class _Address(BaseModel):
    since: datetime.date | None = None


class _Grade(enum.Enum):
    LOW = "l"


class _Strict(Entity):
    name: str = Field(max_length=3)
    address: _Address = _Address()
    grade: _Grade = _Grade.LOW


async def test_row_that_no_longer_validates_is_loaded_with_raw_values(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    repository = await opened(f"sqlite:///{file}", _Strict)
    await repository.commit(Batch([insert(_Strict(id="1", name="abc"))]))
    with sqlite3.connect(file) as raw:
        raw.execute(
            "UPDATE _strict SET name = 'far too long', address = '{\"since\": \"never\"}',"
            " grade = 'GONE'"
        )
    raw.close()
    found: Any = await repository.get(_Strict, "1")
    assert (found.name, found.address, found.grade) == ("far too long", {"since": "never"}, "GONE")
    with pytest.raises(FrozenEntityError):
        found.name = "x"
    repaired = _Strict(id="1", name="ok")
    change = Change(_Strict, "1", "update", 1, 2, repaired, diff(found, repaired))
    await repository.commit(Batch([change]))
    assert await repository.get(_Strict, "1") == repaired
    await repository.close()
