"""`--sql`: the statements of a migration before it runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from integration.migrations.changing import History, execute, query
from integration.migrations.killed import SALES, history
from starmodel.core.entity import Entity
from starmodel.migrations.running.offline import NOT_BY_HAND, statements
from starmodel.migrations.running.runner import Options
from starmodel.migrations.steps import AddField


@contextmanager
def executed() -> Iterator[list[str]]:
    """Collect the statements that are executed, without queries."""
    found: list[str] = []

    @event.listens_for(Engine, "before_cursor_execute")
    def collect(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        is_mysql = connection.dialect.name == "mysql"
        statement = statement.replace("%%", "%") if is_mysql else statement
        if not re.match(r"\s*(SELECT|SHOW|DESCRIBE|PRAGMA (main|temp))\b", statement):
            found.append(statement)

    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", collect)


def planned(
    url: str, made: History, direction: Literal["up", "down"], to: str | None = None
) -> list[str]:
    return asyncio.run(statements(url, made.migrations, direction, to, Options()))


def comparable(found: list[str]) -> list[str]:
    """Without times, comments, and what depends on the rows."""
    texts = [re.sub(r"\b\d{10}\.\d+|\b\d{10}\b", "TIME", text.rstrip(";")) for text in found]
    texts = [text for text in texts if not text.startswith("--")]
    texts = [text for text in texts if not re.match(r"UPDATE \S+ SET (\S+) = .* WHERE \1 IS", text)]

    def is_batch(text: str) -> bool:
        return re.search(r"checkpoint`?='{", text) is not None

    while any(map(is_batch, texts)):  # a batch of `Data`, and its commit
        place = next(number for number, text in enumerate(texts) if is_batch(text))
        del texts[place : place + 3]
    return [t for t in texts if not re.match(r"\s*PRAGMA (table|index|foreign_key_l)", t)]


def test_sql_is_exactly_what_is_executed(url: str) -> None:
    made = history()
    script = planned(url, made, "up")
    with executed() as found:
        made.up(url)
    assert comparable(script) == comparable(found)
    script = planned(url, made, "down", "0001_change")
    with executed() as found:
        made.down(url, "0001_change")
    assert comparable(script) == comparable(found)


def test_sql_that_is_run_by_hand_fills_the_rows(url: str) -> None:
    class Note(Entity):
        model_config = {"store": "sql"}
        text: str = ""

    def extended() -> type[Entity]:
        class Note(Entity):
            model_config = {"store": "sql"}
            text: str = ""
            title: str = "it's 50 % of C:\\new \N{BLACK STAR}"
            tags: dict[str, str] = {"a'b": 'c\\"%s'}
            price: Decimal = Decimal("1.50")
            seen: datetime = datetime(2026, 1, 2, 3, 4, 5, 6)
            is_open: bool = True

        return Note

    made = History(Note)
    made.up(url)
    made.store(url, "Note", {"id": "a", "text": "old"})
    names = ("title", "tags", "price", "seen", "is_open")
    made.add(extended(), steps=[AddField("Note", name) for name in names])
    script = planned(url, made, "up")
    assert NOT_BY_HAND not in script
    execute(url, *(text for text in script if not text.startswith("--")))
    by_hand = made.rows(url, "Note")
    assert made.up(url).is_empty
    made.down(url, "0001_change")
    made.up(url)
    assert by_hand == made.rows(url, "Note")


def test_sql_of_data_steps_is_a_comment_and_nothing_changes(url: str) -> None:
    made = history()
    made.up(url, "0001_change")
    made.store(url, "Product", *({"id": f"p{n:02d}", "name": f"n{n}", "price": n, "old": ""}
                                 for n in range(25)))  # fmt: skip
    made.store(url, "Sale", *SALES)
    script = planned(url, made, "up")
    assert "-- Run shout" in script
    assert NOT_BY_HAND in script
    assert any(text.startswith("-- Convert the values of Article.price") for text in script)
    assert len(made.rows(url, "Product", at=1)) == 25
    assert query(url, "SELECT id FROM starmodel_migration") == [("0001_change",)]


@pytest.mark.parametrize("name", ["ledger", "nothing"])
def test_sql_of_an_empty_or_current_database(url: str, name: str) -> None:
    made = history()
    if name == "nothing":
        made.up(url)
        harmless = ("--", "SET", "CREATE", "INSERT")
        assert [text for text in planned(url, made, "up") if not text.startswith(harmless)] == []
    else:
        assert any("starmodel_migration" in text for text in planned(url, made, "up"))
        with pytest.raises(Exception, match="starmodel_migration"):
            execute(url, "SELECT id FROM starmodel_migration")
