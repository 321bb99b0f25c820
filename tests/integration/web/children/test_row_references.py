"""Constraints of rows in a parent's form: values that must be unique, and foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from databases import DATABASES, emptied, empty_database
from integration.web.browser import Browser, unlisted
from integration.web.relations.desk import queries
from starmodel import Entity, Field


@unlisted
class Parcel(Entity):
    model_config = {"store": "sql", "access": "public", "inlines": ("contents",)}
    name: str
    contents: list[Content]


@unlisted
class Content(Entity):
    model_config = {"store": "sql", "access": "public"}
    parcel: Parcel
    code: str = Field(unique=True)
    note: str = ""


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = empty_database(request, tmp_path)
    yield url
    if not url.startswith("sqlite"):
        emptied(url)


async def test_value_that_another_record_has_is_reported_beside_its_row(
    database_url: str, serve: Any, visit: Any
) -> None:
    browser: Browser = visit(serve(Parcel, Content, database_url=database_url, sign_in=False))
    first = {"name": "A", "contents.0.code": "x1"}
    assert (await browser.submit("/parcels", first)).status_code == 303
    sent = {"name": "B", "contents.0.code": "x0", "contents.4.code": "x1", "contents.5.code": "x2"}
    reply = await browser.submit("/parcels", sent)
    assert reply.status_code == 409
    error = 'id="Parcel-create-contents.4.code-problem" class="sm-problem">Code is already taken.'
    assert error in reply.text, reply.text
    reply = await browser.call("POST", "/parcels", {
        "name": "B", "contents": [{"code": "y"}, {"code": "y"}],
    })  # fmt: skip
    assert list(reply.json()["errors"]) == ["contents.1.code"]
    assert await Content.objects.count() == 1


async def test_references_of_all_rows_are_read_by_one_query(
    serve: Any, visit: Any, tmp_path: Any
) -> None:
    @unlisted
    class Good(Entity):
        model_config = {
            "store": "sql",
            "access": {"read": lambda actor, good: good.is_public, "write": "public"},
        }  # fmt: skip
        name: str
        is_public: bool = True

    @unlisted
    class Sale(Entity):
        model_config = {"store": "sql", "access": "public", "inlines": ("parts",)}
        name: str
        parts: list[Part]

    @unlisted
    class Part(Entity):
        model_config = {"store": "sql", "access": "public"}
        sale: Sale
        good: Good

    url = f"sqlite:///{tmp_path}/sales.db"
    browser: Browser = visit(serve(Good, Sale, Part, database_url=url, sign_in=False))
    goods = [await Good.objects.create(name=str(n)) for n in range(6)]
    secret = await Good.objects.create(name="secret", is_public=False)

    async def reads(count: int) -> int:
        sent = {"name": "S"} | {f"parts.{n}.good_id": goods[n].id for n in range(count)}
        with queries(browser.app, Good) as seen:
            assert (await browser.submit("/sales", sent)).status_code == 303
        return seen.count("Good")

    assert await reads(2) == await reads(6) == 1
    reply = await browser.call("POST", "/sales", {
        "name": "S", "parts": [{"good_id": goods[0].id}, {"good_id": secret.id}],
    })  # fmt: skip
    assert list(reply.json()["errors"]) == ["parts.1.good_id"]
