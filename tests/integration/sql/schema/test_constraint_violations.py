"""A constraint violation is an error of its field, in forms and JSON."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from databases import DATABASES, emptied
from integration.web.browser import Browser, unlisted
from starmodel import Entity, Field, create_app

SHOWN = {"store": "sql", "access": "public"}


@unlisted
class Crew(Entity):
    model_config = SHOWN
    name: str = Field(unique=True, max_length=10)


@unlisted
class Sailor(Entity):
    model_config = SHOWN
    __table_args__ = (
        UniqueConstraint("first", "last", name="uq_sailor"),
        Index("ix_sailor_port", "port"),
    )

    first: str
    last: str = ""
    port: str = ""
    crew_id: str | None = Field(default=None, foreign_key="crew.id")
    age: int | None = Field(default=None, sa_column_args=[CheckConstraint("age >= 14")])
    rank: str | None = Field(default="mate", nullable=False, max_length=20)


@pytest.fixture(params=DATABASES)
async def browser(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Browser]:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'crew.db'}"
    if request.param != "sqlite":
        server = request.getfixturevalue(f"{request.param}_url")
        url = await asyncio.to_thread(emptied, server)
    app = create_app([Crew, Sailor], secret_key="k" * 40, database_url=url)
    async with Browser(app) as browser:
        yield browser
    await app.starmodel.close()


async def _refused(browser: Browser, path: str, **values: Any) -> dict[str, str]:
    """The fields with errors in the JSON response, which must equal those of the form."""
    response = await browser.call("POST", path, values)
    assert response.status_code in (409, 422), response.text
    page = await browser.submit(f"{path}", values)
    assert page.status_code in (409, 422)
    data: dict[str, str] = response.json()["errors"]
    for sentence in data.values():
        assert sentence in html.unescape(page.text)
    return data


async def test_every_broken_constraint_names_its_field(browser: Browser) -> None:
    made = await browser.call("POST", "/crews", {"name": "Blue"})
    crew = made.json()["entity"]["id"]
    ann = {"first": "Ann", "last": "Li", "crew_id": crew, "age": 30, "rank": "mate"}
    assert (await browser.call("POST", "/sailors", ann)).status_code == 201

    assert await _refused(browser, "/crews", name="Blue") == {"name": "Name is already taken."}
    assert set(await _refused(browser, "/crews", name="x" * 11)) == {"name"}
    assert await _refused(browser, "/sailors", first="Ann", last="Li", rank="mate") == {
        "first": "First and Last together is already taken.",
        "last": "First and Last together is already taken.",
    }
    lost = await _refused(browser, "/sailors", first="Bo", crew_id="nobody", rank="mate")
    assert lost == {"crew_id": "Crew refers to a record that doesn't exist."}
    young = await _refused(browser, "/sailors", first="Cy", age=9, rank="mate")
    assert set(young) == {"age"}
    assert "age >= 14" in young["age"]
    rank = await browser.call("POST", "/sailors", {"first": "Di", "rank": None})
    assert rank.status_code == 409
    assert "Rank is required." in rank.text

    stored = await browser.call("DELETE", f"/crews/{crew}")
    assert stored.status_code == 409
    assert "other records refer to it" in stored.text
    assert len((await browser.call("GET", "/sailors")).json()["items"]) == 1
