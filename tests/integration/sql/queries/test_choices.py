"""The records that an input offers of a large class: titles by their index, few queries."""

from __future__ import annotations

from typing import Any

import pytest

from repositories import insert
from starmodel import Entity, Field, create_app
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.ports.repository import Batch

ROWS = 12_000
SCANS = {"sqlite": "SCAN", "postgresql": "Seq Scan", "mysql": "filesort"}
LOOKS_UP = {"sqlite": "SEARCH", "postgresql": "Index", "mysql": "range"}


async def test_beginning_of_an_indexed_title_is_looked_up(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Part(Entity):
        model_config = {"store": "sql", "access": "public"}
        name: str = Field(index=True, max_length=100)

    repository = SqlRepository(any_url)
    app = create_app([Part], stores={"sql": repository}).starmodel
    asked: list[Any] = []
    plain = repository.list

    async def noted(query: Any) -> Any:
        asked.append(query)
        return await plain(query)

    try:
        await app.ready()
        parts = [Part(id=f"{n:05}", name=f"Part {n:05}") for n in range(ROWS)]
        parts.append(Part(id="x", name="part of lower case"))
        await repository.commit(Batch([insert(part) for part in parts]))
        engine = repository._opened.engine
        kind = engine.sql_dialect.sqlalchemy.name
        await engine.execute("ANALYZE" if kind != "mysql" else "ANALYZE TABLE part", ())
        monkeypatch.setattr(repository, "list", noted)

        async def names(words: str) -> list[str]:
            asked.clear()
            about = (app.registry[Part], words, None, app.policy)
            found = await app.choices.matching(*about, title="name")
            return [part.name for part in found.entities]

        assert await names("part 1150") == [f"Part 1150{n}" for n in range(10)]
        assert (await names("Part"))[:2] == ["Part 00000", "Part 00001"]
        assert len(asked) == 1
        plan = repository._opened.planners[Part].plan(asked[0], 0.0)
        words = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
        explained = str(await engine.rows(f"{words} {plan.sql}", plan.params))
        assert plan.exact
        assert LOOKS_UP[kind] in explained
        assert SCANS[kind] not in explained
        assert (await names("part"))[:2] == ["part of lower case", "Part 00000"]
        assert await names("of lower") == ["part of lower case"]
        assert len(asked) == 4
    finally:
        await app.close()
