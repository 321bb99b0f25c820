"""Values of lists and mappings that an external writer has stored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from integration.web.browser import unlisted
from starmodel import Entity, create_app

STORED = ["5", "true", '"x"', "[5]", "[null]", "[[1]]", '[{"a": 5}]', '{"a": 5}', '{"b": {}}']


class Part(BaseModel):
    a: str = ""
    b: list[str] = []


@unlisted
class Crate(Entity):
    model_config = {"store": "sql", "access": "public"}
    name: str
    tags: list[str] = []
    counts: dict[str, int] = {}
    parts: list[Part] = []
    named: dict[str, Part] = {}
    one: Part | None = None


@pytest.mark.parametrize("column", ["tags", "counts", "parts", "named", "one"])
async def test_form_shows_what_no_row_can_hold(visit: Any, tmp_path: Path, column: str) -> None:
    app = create_app([Crate], database_url=f"sqlite:///{tmp_path}/crates.db", secret_key="k" * 40)
    browser = visit(app)
    await app.starmodel.ready()
    crate = await Crate.objects.create(name="A")
    for value in STORED:
        with closing(sqlite3.connect(tmp_path / "crates.db")) as database, database:
            database.execute(f'UPDATE crate SET "{column}" = ?', (value,))  # noqa: S608
        for path in (f"/crates/{crate.id}/edit", f"/crates/new?_copy={crate.id}"):
            page = await browser.page(path)
            assert page.status_code == 200, (value, path, page.text)
    await app.starmodel.close()
