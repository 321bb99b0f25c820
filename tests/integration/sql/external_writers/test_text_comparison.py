"""Texts of external tables compare by their characters, whatever the collation of the column."""

from __future__ import annotations

from typing import Any

import pytest

from external_writers import ExternalWriter
from repositories import opened
from starmodel.app.access.conditions.condition import Comparison, decide, narrowed
from starmodel.app.ports.query import Filter, Query
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field

TABLES = {
    "sqlite": "CREATE TABLE person (no INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, "
    "code CHAR(5) COLLATE RTRIM)",
    "postgresql": "CREATE TABLE person (no INTEGER PRIMARY KEY, name VARCHAR(20), code CHAR(5))",
    "mysql": "CREATE TABLE person (no INTEGER PRIMARY KEY, name VARCHAR(20), code CHAR(5)) "
    "CHARACTER SET latin1 COLLATE latin1_swedish_ci",
}
WORDS = ["ann", "ANN", "Ann", "ann ", "änn", "", None]


class _Person(Entity):
    __tablename__ = "person"

    id: int = Field(default=0, primary_key=True, sa_column_kwargs={"name": "no"})
    name: str | None = None
    code: str | None = None


@pytest.mark.parametrize("field", ["name", "code"])
@pytest.mark.parametrize("op", ["eq", "ne", "in", "lt", "gte"])
async def test_comparison_of_texts_is_that_of_python(any_url: str, field: str, op: str) -> None:
    external = await ExternalWriter.at(any_url)
    await external.run(TABLES[external.kind])
    for number, word in enumerate(WORDS, 1):
        await external.run("INSERT INTO person VALUES (?, ?, ?)", number, word, word)
    repository = await opened(any_url, _Person)
    try:
        stored: list[Any] = await repository.list(Query(_Person))
        texts = {getattr(each, field) for each in stored} | set(WORDS) - {None}
        for text in sorted(filter(lambda text: text is not None, texts)):
            value = (text, "änn") if op == "in" else text
            whole = Comparison(field, op, value)
            where, exact = narrowed(whole, _Person, repository.supports)
            found = await repository.list(Query(_Person, where=where))
            expected = [each.id for each in stored if decide(whole, each)]

            assert [each.id for each in found if decide(whole, each)] == expected, text
            assert not exact or [each.id for each in found] == expected, text
            assert exact is (op in ("eq", "ne", "in"))
            given = Filter(field, op, list(value) if op == "in" else value)
            if field == "name":
                filtered = await repository.list(Query(_Person, (given,)))
                assert [each.id for each in filtered] == expected, text
    finally:
        await repository.close()
        await external.close()
