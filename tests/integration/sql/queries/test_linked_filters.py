"""Lists filtered by a many-to-many relation: one query that looks the links up by their index."""

from __future__ import annotations

from typing import Any

import pytest

from repositories import insert
from starmodel import Entity, create_app
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.app.access.policy import TRUSTED
from starmodel.app.ports.repository import Batch
from starmodel.app.queries.listing import listing_of

ROWS = 3000
LOOKS_UP = {"sqlite": "SEARCH", "postgresql": "Index", "mysql": "'ref'"}


def _classes() -> tuple[Any, Any]:
    class Tag(Entity):
        model_config = {"store": "sql", "access": "public"}
        name: str

    class Post(Entity):
        model_config = {"store": "sql", "access": "public"}
        title: str
        tags: list[Tag]

    return Post, Tag


async def test_links_are_looked_up_by_their_index(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts, tags = _classes()
    repository = SqlRepository(any_url)
    app = create_app([posts, tags], stores={"sql": repository}).starmodel
    asked: list[Any] = []
    plain = repository.list

    async def noted(query: Any) -> Any:
        asked.append(query)
        return await plain(query)

    try:
        red, blue = [await app.objects(tags).create(name=name) for name in ("red", "blue")]
        made = [
            await app.objects(posts).create(title=f"T{n}", tags=[red] if n % 2 else [red, blue])
            for n in range(6)
        ]
        engine = repository._opened.engine
        kind = engine.sql_dialect.sqlalchemy.name
        others = [tags(id=f"t{n}", name=f"N{n}") for n in range(ROWS)]
        await repository.commit(Batch([insert(other) for other in others]))
        link: Any = app.registry.named("PostTag").cls
        links = [link(id=f"x{n}", post_id=made[1].id, tag_id=f"t{n}") for n in range(ROWS)]
        await repository.commit(Batch([insert(each) for each in links]))
        await engine.execute("ANALYZE" if kind != "mysql" else "ANALYZE TABLE post_tag, post", ())
        monkeypatch.setattr(repository, "list", noted)

        window = await app.window(listing_of(app.registry[posts], {"tags": blue.id}), TRUSTED)
        assert {post.title for post in window.entities} == {"T0", "T2", "T4"}
        assert [query.entity for query in asked] == [tags, posts]

        plan = repository._opened.planners[posts].plan(asked[-1], 0.0)
        words = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
        explained = str(await engine.rows(f"{words} {plan.sql}", plan.params))
        assert plan.exact
        assert LOOKS_UP[kind] in explained
        assert "Seq Scan on post_tag" not in explained
        assert "SCAN post_tag" not in explained

        several = {"tags__in": f"{blue.id},{red.id}", "title__in": "T1,T2"}
        window = await app.window(listing_of(app.registry[posts], several), TRUSTED, total=True)
        assert window.total == len(window.entities) == 2
    finally:
        await app.close()
