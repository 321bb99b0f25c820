"""Many-to-many relations by declaration, on every database and beside tables of other programs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from starmodel import ConstraintError, Entity, create_app, event


def _classes() -> tuple[Any, Any]:
    class Tag(Entity):
        model_config = {"store": "sql"}
        id: int | None = None
        name: str

    class Post(Entity):
        model_config = {"store": "sql"}
        title: str
        tags: list[Tag]

        @event
        def change(self, add: list[int], remove: list[int]) -> None:
            self.tags.extend(add)
            for id in remove:
                self.tags.remove(id)

        @event
        async def only(self, ids: list[int]) -> None:
            self.tags = ids

    return Post, Tag


@pytest.mark.parametrize("server", ["sqlite", "postgresql", "mariadb"])
async def test_links_of_a_record_change_in_one_commit(
    server: str, request: Any, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    if server != "sqlite":
        url = request.getfixturevalue(f"{server}_url")
    posts, tags = _classes()
    app = create_app([posts, tags], database_url=url).starmodel
    try:
        made = [await app.objects(tags).create(name=name) for name in ("red", "green", "blue")]
        red, green, blue = (tag.id for tag in made)
        post = await app.objects(posts).create(title="Hello", tags=[red])

        async def linked() -> list[int]:
            found = await app.objects(posts).get(post.id, load="tags")
            return sorted(tag.id for tag in found.tags)

        await app.dispatch(post.do.change([green, blue, blue], [red, 99]))
        assert await linked() == [green, blue]
        with pytest.raises(ConstraintError):
            await app.dispatch(post.do.change([red, 99], [green]))
        assert await linked() == [green, blue]
        await app.dispatch(post.do.only([red]))
        assert await linked() == [red]
    finally:
        await app.close()


async def test_tables_of_another_program_have_links(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(
            "CREATE TABLE post (id VARCHAR PRIMARY KEY, title VARCHAR NOT NULL);"
            "CREATE TABLE tag (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL);"
            "CREATE TABLE post_tag (id VARCHAR PRIMARY KEY, post_id VARCHAR NOT NULL"
            " REFERENCES post ON DELETE CASCADE, tag_id INTEGER NOT NULL"
            " REFERENCES tag ON DELETE CASCADE);"
            "INSERT INTO post VALUES ('p', 'Hello')"
        )
    posts, tags = _classes()
    app = create_app([posts, tags], database_url=f"sqlite:///{path}").starmodel
    try:
        red = await app.objects(tags).create(name="red")
        post = await app.objects(posts).get("p")
        await app.dispatch(post.do.change([red.id], []))
        found = await app.objects(posts).get("p", load="tags")
        assert [tag.name for tag in found.tags] == ["red"]
    finally:
        await app.close()
