"""A program that kills a rolling change before each of its SQL statements, and resumes it.

Its arguments and its output are those of `killed.py`.
"""

from __future__ import annotations

import itertools
import sys

from integration.migrations.changing import insert_rows, query, read_rows
from integration.migrations.killed import emptied_or_removed, forked, kill_before
from integration.migrations.test_rolling import Rolling
from starmodel.core.entity import Entity
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.running.rows import table

ROWS = [
    {"id": f"p{n:02d}", "name": f"Pen {n}", "price": n, "old": f"o{n}", "size": -n}
    for n in range(25)
]


def before() -> type[Entity]:
    class Product(Entity):
        model_config = {"store": "sql"}
        name: str
        price: int = 0
        old: str = "x"
        size: int = 0

    return Product


def after() -> type[Entity]:
    class Article(Entity):
        model_config = {"store": "sql"}
        title: str
        price: int = 0
        colour: str = "blue"
        size_text: str = "0"

    return Article


def prepare(url: str, rolling: Rolling) -> None:
    emptied_or_removed(url)
    rolling.up(url, "0001_first")
    insert_rows(url, rolling.old, "Product", ROWS)


def check(url: str, rolling: Rolling) -> None:
    rolling.up(url, contract=True)
    assert rolling.up(url, contract=True).is_empty
    expected = [
        {
            "id": row["id"],
            "title": row["name"],
            "price": row["price"],
            "colour": "blue",
            "size_text": str(row["size"]),
        }
        for row in ROWS
    ]
    found = read_rows(url, rolling.new, "Article")
    assert [dict(sorted(row.items())) for row in found] == [
        dict(sorted(row.items())) for row in expected
    ]
    kept = query(url, "SELECT _dropped_old_3, _dropped_size_3 FROM article ORDER BY id")
    assert kept == [(row["old"], row["size"]) for row in ROWS]
    names = query(url, "SELECT _dropped_name_3 FROM article ORDER BY id")
    assert names == [(row["name"],) for row in ROWS]


def check_undone(url: str, rolling: Rolling) -> None:
    rolling.down(url, "0001_first")
    assert read_rows(url, rolling.old, "Product") == ROWS


def main(url: str, what: str, first: str, distance: str) -> None:
    table.BATCH = 10
    answers = Answers(
        renames={"Product": "Article", "Product.name": "title", "Product.size": "size_text"},
        drops={"Product.old": True},
    )
    rolling = Rolling([before()], [after()], answers)
    for kills in itertools.count():
        number = int(first) + kills * int(distance)
        forked(lambda: prepare(url, rolling))
        if what == "down":
            forked(lambda: rolling.up(url, contract=True) and None)

        def attempt(number: int = number) -> None:
            kill_before(number)
            if what == "down":
                rolling.down(url, "0001_first")
            else:
                rolling.up(url, contract=True)

        killed = forked(attempt)
        forked(lambda: (check_undone if what == "down" else check)(url, rolling))
        if not killed:
            sys.stdout.write(f"{kills}\n")
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
