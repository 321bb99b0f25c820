"""Live pages on a table with external writers: polled, and never left on an older version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.web.browser import unlisted
from starmodel import Entity, create_app, event
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.uow import UnitOfWork
from starmodel.testing import Visitor


@unlisted
class Client(Entity):
    model_config = {"store": "sql", "access": "public"}

    id: int | None = None
    name: str = ""
    visits: int = 0

    @event
    def visit(self, times: int = 1) -> None:
        self.visits += times

    @event
    async def visit_slowly(self) -> None:
        self.visits += 1

    @event
    async def refer(self, uow: UnitOfWork) -> None:
        self.visits += 1
        uow.add(Client(name="Ours"))


@pytest.fixture
def external(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    link = sqlite3.connect(
        tmp_path / "shop.db", isolation_level=None, check_same_thread=False, timeout=20
    )
    link.execute("CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT, visits INTEGER)")
    link.execute("INSERT INTO client VALUES (1, 'Ann', 0)")
    yield link
    link.close()


@pytest.fixture
def visitor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, external: sqlite3.Connection
) -> Iterator[Visitor]:
    monkeypatch.chdir(tmp_path)
    app = create_app([Client], secret_key="k" * 40, database_url="sqlite:///shop.db")
    visitor = Visitor(app)
    yield visitor
    visitor.close()


def test_next_request_returns_external_change(
    visitor: Visitor, external: sqlite3.Connection
) -> None:
    visitor.open("/clients")
    visitor.open("/clients/1")
    external.execute("UPDATE client SET name = 'Anna', visits = 7 WHERE id = 1")
    assert "Anna" in visitor.open("/clients").text("tbody")
    assert "Anna" in visitor.open("/clients/1").text("main")
    reply = visitor.get("/clients/1")
    assert (reply.json()["name"], reply.json()["visits"]) == ("Anna", 7)
    external.execute("UPDATE client SET name = 'Ann' WHERE id = 1")
    assert "Anna" not in visitor.open("/clients").text("tbody")


def test_live_list_shows_external_change_with_the_next_own_one(
    visitor: Visitor, external: sqlite3.Connection
) -> None:
    page = visitor.open("/clients")
    external.execute("UPDATE client SET name = 'Anna' WHERE id = 1")
    external.execute("INSERT INTO client VALUES (2, 'Bo', 0)")
    assert "Anna" not in page.text("tbody")
    visitor.run(Client.objects.create(name="Cy"))
    rows = page.text("tbody")
    assert all(name in rows for name in ("Anna", "Bo", "Cy"))


def test_page_shows_own_change_on_top_of_external_one(
    visitor: Visitor, external: sqlite3.Connection
) -> None:
    page = visitor.open("/clients/1")
    external.execute("UPDATE client SET name = 'Anna', visits = 40 WHERE id = 1")
    assert visitor.post("/clients/1/visit", {"times": 2}).status == 200
    assert page.signals["Client.visits"] == 42
    assert page.signals["Client.name"] == "Anna"
    assert external.execute("SELECT name, visits FROM client").fetchall() == [("Anna", 42)]


@pytest.mark.parametrize("name", ["visit", "visit_slowly"])
def test_event_overtaken_by_external_writer_is_retried(
    visitor: Visitor,
    external: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """An external writer changes the row before the first commit of each command."""
    commit, left = SqlRepository.commit, [True]

    async def overtaken(self: SqlRepository, *args: Any) -> None:
        if left:
            left.pop()
            external.execute("UPDATE client SET name = 'Anna' WHERE id = 1")
        await commit(self, *args)

    monkeypatch.setattr(SqlRepository, "commit", overtaken)
    assert visitor.post(f"/clients/1/{name}").status == 200
    assert external.execute("SELECT name, visits FROM client").fetchall() == [("Anna", 1)]


def test_trigger_result_of_a_commit_reaches_every_page(
    visitor: Visitor, external: sqlite3.Connection
) -> None:
    external.execute(
        "CREATE TRIGGER loud AFTER UPDATE ON client BEGIN "
        "UPDATE client SET name = upper(name) WHERE id = new.id; END"
    )
    rows, record = visitor.open("/clients"), visitor.open("/clients/1")
    assert visitor.post("/clients/1/visit").status == 200
    assert "ANN" in rows.text("tbody")
    assert "ANN" in visitor.open("/clients/1").text("main")
    assert visitor.post("/clients/1/visit").status == 200
    assert (record.signals["Client.name"], record.signals["Client.visits"]) == ("ANN", 2)


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [("/clients", {"name": "Ours"}, 201), ("/clients/1/refer", {}, 200)],
)
def test_id_taken_externally_is_replaced_by_the_next(
    visitor: Visitor,
    external: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    given: dict[str, Any],
    status: int,
) -> None:
    next_id, left = SqlRepository.next_id, [True]

    async def overtaken(self: SqlRepository, entity: type[Entity]) -> int:
        number = await next_id(self, entity)
        if left:
            left.pop()
            external.execute("INSERT INTO client VALUES (?, 'Theirs', 0)", (number,))
        return number

    monkeypatch.setattr(SqlRepository, "next_id", overtaken)
    assert visitor.post(path, given).status == status
    assert external.execute("SELECT id, name FROM client").fetchall() == [
        (1, "Ann"), (2, "Theirs"), (3, "Ours"),
    ]  # fmt: skip
