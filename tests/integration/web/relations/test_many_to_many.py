"""Many-to-many relations by declaration: set in events, JSON and forms, shown by titles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from integration.web.relations.desk import queries
from starmodel import Entity, Field, create_app, event
from starmodel.core.values.ids import new_id
from starmodel.testing import Visitor

SECRET = "k" * 40


def _classes(store: str) -> tuple[Any, Any]:
    class Tag(Entity):
        model_config = {
            "store": store, "scope": "record",
            "access": {"read": lambda _, tag: tag.is_shown, "write": "nobody"},
        }  # fmt: skip
        id: str
        name: str
        is_shown: bool = True

    class Post(Entity):
        model_config = {
            "store": store, "scope": "record", "access": "public",
            "list_display": ("title", "tags"),
        }  # fmt: skip
        id: str = Field(default_factory=new_id)
        title: str
        tags: list[Tag]

        @event
        def add(self, tag: str) -> None:
            self.tags.append(tag)

        @event
        def drop(self, tag: Tag) -> None:
            self.tags.remove(tag)

    return Post, Tag


class Blog(NamedTuple):
    app: Any
    visitor: Visitor
    posts: Any
    tags: Any

    def names(self, id: str = "p") -> list[str]:
        objects = self.app.starmodel.objects(self.posts)
        return sorted(tag.name for tag in self.visitor.run(objects.get(id, load="tags")).tags)

    def create(self, cls: Any, **values: Any) -> Any:
        return self.visitor.run(self.app.starmodel.objects(cls).create(**values))


@pytest.fixture(params=["memory", "sql"])
def blog(request: Any) -> Iterator[Blog]:
    posts, tags = _classes(request.param)
    app = create_app([posts, tags], secret_key=SECRET)
    with Visitor(app) as visitor:
        made = Blog(app, visitor, posts, tags)
        red = made.create(tags, id="r", name="<b>red</b>")
        made.create(tags, id="g", name="green")
        hidden = made.create(tags, id="h", name="hidden", is_shown=False)
        made.create(posts, id="p", title="First", tags=[red, hidden])
        yield made


def test_json_sets_the_relation_by_ids(blog: Blog) -> None:
    made = blog.visitor.request("POST", "/posts", data={"title": "Second", "tags": ["g", "r"]})
    assert made.status == 201, made.text
    assert blog.names(made.headers["location"].rpartition("/")[2]) == ["<b>red</b>", "green"]


def test_update_keeps_links_to_unreadable_records(blog: Blog) -> None:
    assert blog.visitor.request("PATCH", "/posts/p", data={"tags": ["g"]}).status == 200
    assert blog.names() == ["green", "hidden"]
    assert blog.visitor.request("PATCH", "/posts/p", data={"title": "New"}).status == 200
    assert blog.names() == ["green", "hidden"]


@pytest.mark.parametrize("ids", [["h"], ["missing"], ["g", "missing"]])
def test_unreadable_and_missing_records_are_refused_alike(blog: Blog, ids: list[str]) -> None:
    answer = blog.visitor.request("POST", "/posts", data={"title": "X", "tags": ids})
    assert answer.status == 409
    assert "hidden" not in answer.text


@pytest.mark.parametrize("value", [{"g": 1}, [["g"]], [1], ["g"] * 1001])
def test_what_is_no_list_of_ids_is_refused(blog: Blog, value: Any) -> None:
    answer = blog.visitor.request("POST", "/posts", data={"title": "X", "tags": value})
    assert answer.status == 422


def test_list_shows_titles_by_two_more_queries(blog: Blog) -> None:
    for number in range(40):
        blog.create(blog.posts, id=f"q{number}", title=f"N{number}", tags=["r", "g", "h"])
    link = blog.app.starmodel.registry.named("PostTag").cls

    with queries(blog.app, blog.posts, blog.tags, link) as seen:
        page = blog.visitor.request("GET", "/posts?per_page=50", headers={"accept": "text/html"})

    assert seen == ["Post", "PostTag", "Tag"]
    assert page.text.count("&lt;b&gt;red&lt;/b&gt;</a>") == 41
    assert page.text.count('href="/tags/g"') == 40
    assert "hidden</a>" not in page.text


def test_open_pages_follow_links_and_titles(blog: Blog) -> None:
    listed, record = blog.visitor.open("/posts"), blog.visitor.open("/posts/p")
    cell = '[data-key="p"] [data-label="Tags"]'
    assert listed.text(cell) == "<b>red</b>"
    assert record.text('a[href="/tags/r"]') == "<b>red</b>"

    assert blog.visitor.request("POST", "/posts/p/add", data={"tag": "g"}).status == 200
    assert listed.text(cell) == "<b>red</b>, green"
    assert record.text('a[href="/tags/g"]') == "green"

    assert blog.visitor.request("POST", "/posts/p/drop", data={"tag": "r"}).status == 200
    assert listed.text(cell) == "green"

    blog.visitor.run(_rename(blog))
    assert listed.text(cell) == "lime"
    assert record.text('a[href="/tags/g"]') == "lime"


async def _rename(blog: Blog) -> None:
    stored = await blog.app.starmodel.objects(blog.tags).get("g")
    await blog.app.starmodel.dispatch(stored.do.update(name="lime"))


def test_titles_of_a_relation_obey_the_record(blog: Blog) -> None:
    query = "/_starmodel/titles?entity=Post&area=&element=ref-0123456789abcdef"
    assert blog.visitor.get(f"{query}&id=p&relation=tags").status == 200
    assert blog.visitor.get(f"{query}&id=p&relation=title").status == 404
    assert blog.visitor.get(f"{query}&id=none&relation=tags").status == 404
