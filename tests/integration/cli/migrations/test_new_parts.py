"""New required parts of models in JSON: nested, in lists, in dicts and in optional fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from databases import DATABASES, empty_database
from integration.cli.migrations.test_six_changes import rows

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
MAIN = """
from pydantic import BaseModel

from starmodel import Entity, create_app


class Tax(BaseModel):
    rate: int


class Line(BaseModel):
    item: str
    taxes: list[Tax] = []


class Order(Entity):
    model_config = {"store": "sql"}
    number: str
    lines: list[Line] = []
    by_day: dict[str, Line] = {}
    gift: Line | None = None


app = create_app([Order])
"""
AFTER = MAIN.replace("rate: int", "rate: int\n    name: str").replace(
    "item: str", "item: str\n    price: int\n    unit: str = 'piece'"
)
LINE = {"item": "Pen", "taxes": [{"rate": 1}, {"rate": 2}]}


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = empty_database(request, folder)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def _data(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def test_new_required_parts_are_asked_and_filled(database: str, write: Write, run: Run) -> None:
    write("main.py", MAIN)
    assert run("migrate").exit_code == 0
    for number, gift in (("1", json.dumps(LINE)), ("2", "null")):
        made = run(
            "event", "Order", "create", f"--arg=number={number}",
            f"--arg=lines={json.dumps([LINE, {'item': 'Ink'}])}",
            f"--arg=by_day={json.dumps({'mon': LINE})}", f"--arg=gift={gift}",
        )  # fmt: skip
        assert made.exit_code == 0, made.output
    write("main.py", AFTER)

    asked = json.loads(run("migrate", "--json").stdout)["questions"]
    assert [each["about"] for each in asked] == [
        "Order.lines.*.price", "Order.lines.*.taxes.*.name", "Order.by_day.*.price",
        "Order.by_day.*.taxes.*.name", "Order.gift.price", "Order.gift.taxes.*.name",
    ]  # fmt: skip
    assert "Order.lines needs 'price' in each of its objects now" in asked[0]["text"]
    fills = [
        word
        for name in ("lines", "by_day", "gift")
        for word in ("--fill", f"Order.{name}.price=0", "--fill", f"Order.{name}.taxes.name=VAT")
    ]  # `*` may be left out
    fills[1] = "Order.lines.*.price=0"
    result = run("migrate", *fills)
    assert result.exit_code == 0, result.output

    taxes = [{"name": "VAT", "rate": 1}, {"name": "VAT", "rate": 2}]
    line = {"price": 0, "item": "Pen", "taxes": taxes}
    found = rows(database, 'SELECT lines, by_day, gift FROM "order" ORDER BY number') if (
        not database.startswith("mysql")
    ) else rows(database, "SELECT `lines`, by_day, gift FROM `order` ORDER BY number")  # fmt: skip
    lines, by_day, gift = map(_data, found[0])
    assert {**lines[0]} == line
    assert lines[1]["price"] == 0
    assert (by_day, gift, found[1][2]) == ({"mon": line}, line, None)
    again = run("event", "Order", "create", "--arg=number=3")
    assert again.exit_code == 0, again.output
