"""A program that kills a migration before each of its SQL statements, and resumes it.

Its arguments are the URL, "up" or "down", the first statement to be killed at, and the distance to
the next one. It prints the number of kills. Each attempt runs in a forked process, on a database in
the state before the migration.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from databases import emptied
from integration.migrations.changing import History, query
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.rows import table
from starmodel.migrations.running.rows.data import Data
from starmodel.migrations.schema.physical import table_differences
from starmodel.migrations.steps import (
    AddField,
    AddIndex,
    ChangeConstraints,
    ChangeField,
    CreateEntity,
    DropField,
    RenameEntity,
    RenameField,
    RunData,
    RunSql,
)

ROWS = [{"id": f"p{n:02d}", "name": f"Pen {n}", "price": n, "old": f"o{n}"} for n in range(25)]
SALES = [{"id": f"s{n:02d}", "product": f"p{n:02d}"} for n in range(25)]


def before() -> list[type[Entity]]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        price: int = 0
        old: str = ""

    class Sale(Entity):
        model_config = {"store": "sql"}
        product: str = Field(foreign_key="product.id", ondelete="CASCADE")

    return [Product, Sale]


def after() -> list[type[Entity]]:
    class Article(Entity):
        model_config = {"store": "sql"}
        title: str = Field(unique=True, max_length=50)
        price: str = Field(default="", index=True, max_length=50)
        colour: str = "blue"

    class Sale(Entity):
        model_config = {"store": "sql"}
        product: str = Field(foreign_key="article.id", ondelete="CASCADE")

    class Note(Entity):
        model_config = {"store": "sql"}
        article: str | None = Field(default=None, foreign_key="article.id")
        text: str = ""

    return [Article, Sale, Note]


async def shout(data: Data) -> None:
    async for rows in data.batches("Article", size=10):
        await data.update("Article", [r | {"title": f"{r['title']}!"} for r in rows])


def history() -> History:
    made = History(*before())
    made.add(
        *after(),
        steps=[
            RenameEntity("Product", "Article"),
            RenameField("Article", "name", "title"),
            AddField("Article", "colour"),
            ChangeField("Article", "title"),
            ChangeField("Article", "price"),
            AddIndex("Article", "ix_article_price"),
            RunData(shout),
            ChangeConstraints("Article"),
            CreateEntity("Note"),
            RunSql("UPDATE article SET colour = 'red' WHERE id = 'p07'"),
            DropField("Article", "old"),
        ],
        renames={"Product": "Article", "Product.name": "title"},
    )
    return made


def prepare(url: str, made: History) -> None:
    emptied_or_removed(url)
    made.up(url, "0001_change")
    made.store(url, "Product", *ROWS)
    made.store(url, "Sale", *SALES)


def emptied_or_removed(url: str) -> None:
    """Empty a database, or remove its file."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        for name in (path, f"{path}-wal", f"{path}-shm"):
            if os.path.exists(name):
                os.remove(name)
    else:
        emptied(url)


def kill_before(number: int) -> None:
    """Kill this process before the statement with this number; queries don't count."""
    count = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def kill(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal count
        if statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "SHOW", "SET")):
            return
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)


def check(url: str, made: History) -> None:
    result = made.up(url)
    assert made.up(url).is_empty, result
    rows = made.rows(url, "Article")
    assert [row["id"] for row in rows] == [row["id"] for row in ROWS]
    for row, old in zip(rows, ROWS, strict=True):
        colour = "red" if row["id"] == "p07" else "blue"
        expected = {"title": f"{old['name']}!", "price": str(old["price"]), "colour": colour}
        assert row == {"id": old["id"], **expected}, (row, expected)
    assert made.rows(url, "Sale") == SALES
    kept = query(url, "SELECT _dropped_old_0002 FROM article ORDER BY id")
    assert kept == [(row["old"],) for row in ROWS]
    assert query(url, "SELECT COUNT(*) FROM starmodel_migration_step") == [(0,)]

    async def differences() -> list[Any]:
        async with open_link(url) as link:
            return await link.run(
                lambda s: table_differences(s.connection, made.schema, s.sql_dialect)
            )

    assert asyncio.run(differences()) == []


def check_undone(url: str, made: History) -> None:
    made.down(url, "0001_change")
    texts = [{**row, "name": row["name"] + "!"} for row in ROWS]
    assert made.rows(url, "Product", at=1) in (ROWS, texts)
    assert made.rows(url, "Sale", at=1) == SALES


def forked(work: Callable[[], None]) -> int:
    """Run work in a forked process; return the signal that ended it, 0 for none."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    if os.WEXITSTATUS(status):
        raise SystemExit("the work failed")
    return 0


def main(url: str, what: str, first: str, distance: str) -> None:
    table.BATCH = 10
    made = history()
    for kills in itertools.count():
        number = int(first) + kills * int(distance)
        forked(lambda: prepare(url, made))
        if what == "down":
            forked(lambda: made.up(url) and None)

        def attempt(number: int = number) -> None:
            kill_before(number)
            if what == "down":
                made.down(url, "0001_change")
            else:
                made.up(url)

        killed = forked(attempt)
        # A migration that was interrupted can be finished, or undone.
        if what == "down" or (killed and kills % 3 == 2):
            forked(lambda: check_undone(url, made))
        else:
            forked(lambda: check(url, made))
        if not killed:
            sys.stdout.write(f"{kills}\n")
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
