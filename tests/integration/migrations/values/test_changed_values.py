"""Changes of types, members and parts on filled tables, on each database."""

from __future__ import annotations

import asyncio
import enum
from typing import Any

import pytest
from pydantic import BaseModel

from integration.migrations.changing import Classes, History, query
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.running.database.connection import open_link
from starmodel.migrations.running.database.session import Session
from starmodel.migrations.steps.values import UNSET


def product(**fields: Any) -> Classes:
    """A class of these fields. Shapes: each is its type and its default."""
    namespace: dict[str, Any] = {"model_config": {"store": "sql"}, "__module__": __name__}
    namespace["__annotations__"] = {name: each[0] for name, each in fields.items()}
    namespace |= {name: each[1] for name, each in fields.items() if len(each) > 1}
    return [type(Entity)("Product", (Entity,), namespace)]


def stored(url: str, before: Classes, *rows: dict[str, Any]) -> History:
    history = History(*before)
    history.up(url)
    history.store(url, "Product", *rows)
    return history


def test_member_with_a_longer_name_is_added(url: str) -> None:
    short = enum.Enum("State", {"OLD": "old"})
    longer = enum.Enum("State", {"OLD": "old", "MUCH_LONGER_THAN_BEFORE": "longer"})
    history = stored(url, product(state=(short, short.OLD)), {"id": "a", "state": "OLD"})

    history.change(*product(state=(longer, longer.OLD))).up(url)

    history.store(url, "Product", {"id": "b", "state": "MUCH_LONGER_THAN_BEFORE"}, at=2)
    states = [row["state"] for row in history.rows(url, "Product")]
    assert states == ["OLD", "MUCH_LONGER_THAN_BEFORE"]


class Line(BaseModel):
    text: str


class TaxedLine(BaseModel):
    text: str
    tax: int


@pytest.mark.parametrize(
    ("before", "after", "value", "filled", "path"),
    [
        (list[Line], list[TaxedLine], [{"text": "a"}, {"text": "b"}],
         [{"text": "a", "tax": 7}, {"text": "b", "tax": 7}], "*.tax"),
        (dict[str, Line], dict[str, TaxedLine], {"x": {"text": "a"}},
         {"x": {"text": "a", "tax": 7}}, "*.tax"),
        (dict[str, list[Line]], dict[str, list[TaxedLine]], {"x": [{"text": "a"}]},
         {"x": [{"text": "a", "tax": 7}]}, "*.*.tax"),
        (Line | None, TaxedLine | None, {"text": "a"}, {"text": "a", "tax": 7}, "tax"),
    ],
    ids=["list", "dict", "dict of lists", "optional"],
)  # fmt: skip
def test_new_part_is_added_to_each_model(
    url: str, before: Any, after: Any, value: Any, filled: Any, path: str
) -> None:
    history = stored(url, product(lines=(before,)), {"id": "a", "lines": value})

    answers = Answers(fills={f"Product.lines.{path}": 7})
    history.change(*product(lines=(after,)), answers=answers).up(url)

    assert history.rows(url, "Product") == [{"id": "a", "lines": filled}]


def test_whole_number_that_no_float_equals_is_listed(url: str) -> None:
    history = stored(
        url, product(price=(int,)), {"id": "a", "price": 2**53}, {"id": "b", "price": 2**53 + 1}
    )
    history.change(*product(price=(float,)))

    with pytest.raises(MigrationError, match="9007199254740993 in the row 'b'"):
        history.up(url)
    assert query(url, "SELECT price FROM product ORDER BY id") == [(2**53,), (2**53 + 1,)]


def test_undo_leaves_rows_that_had_the_replacement_before(url: str) -> None:
    both, one = enum.Enum("State", "OLD NEW"), enum.Enum("State", "NEW")
    rows = [{"id": "a", "state": "OLD"}, {"id": "b", "state": "NEW"}]
    history = stored(url, product(state=(both,)), *rows)
    answers = Answers(replacements={"Product.state": {"OLD": "NEW"}})
    history.change(*product(state=(one,)), answers=answers).up(url)

    history.down(url, "0001_change")

    assert history.rows(url, "Product", at=1)[1] == {"id": "b", "state": "NEW"}


@pytest.mark.parametrize("index", [False, True])
def test_equal_values_for_a_unique_field_are_refused_before_anything_runs(
    url: str, index: bool
) -> None:
    history = stored(url, product(name=(str,)), *({"id": i, "name": i} for i in "abc"))
    code = Field(unique=True, index=index, max_length=20)
    after = product(name=(str,), code=(str, code))
    history.change(*after, answers=Answers(fills={"Product.code": "x"}))

    with pytest.raises(MigrationError, match="nothing was changed") as caught:
        history.up(url)

    assert "Product.code, 2 rows" in str(caught.value)
    assert query(url, "SELECT id FROM starmodel_migration") == [("0001_change",)]


def test_values_that_become_equal_are_refused_before_anything_runs(url: str) -> None:
    unique = {"unique": True, "max_length": 20}
    rows = [{"id": "a", "name": "7"}, {"id": "b", "name": "07"}]
    history = stored(url, product(name=(str, Field(**unique))), *rows)
    answers = Answers(conversions={"Product.name": UNSET})
    history.change(*product(name=(int, Field(unique=True))), answers=answers)

    with pytest.raises(MigrationError, match="7 in the row 'b'"):
        history.up(url)
    assert history.rows(url, "Product", at=1) == rows


def test_rows_are_read_with_the_types_that_columns_have_now(url: str) -> None:
    def read(session: Session) -> Any:
        return session.value("SELECT size FROM item WHERE size IS NOT NULL")

    async def run() -> tuple[Any, Any]:
        async with open_link(url) as link:
            await link.run(lambda s: s.execute("CREATE TABLE item (size VARCHAR(20))"))
            await link.run(lambda s: s.execute("ALTER TABLE item ADD COLUMN other INT"))
            await link.run(lambda s: s.execute("INSERT INTO item VALUES ('big', 1)"))
            before = await link.run(read)
            await link.run(lambda s: s.execute("DELETE FROM item"))
            await link.run(lambda s: s.execute("ALTER TABLE item DROP COLUMN size"))
            await link.run(lambda s: s.execute("ALTER TABLE item ADD COLUMN size FLOAT(53)"))
            await link.run(lambda s: s.execute("INSERT INTO item VALUES (1, 0.5)"))
            return before, await link.run(read)

    assert asyncio.run(run()) == ("big", 0.5)
