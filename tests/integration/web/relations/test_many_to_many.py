"""Many-to-many relations by declaration: set in events, JSON and forms, shown by titles."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from integration.web.relations.desk import queries
from starmodel import Entity, Field, create_app, event
from starmodel.app.queries.listing import listing_of
from starmodel.core.errors import RequestError
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
            "list_display": ("title", "tags"), "list_filter": ("title", "tags"),
        }  # fmt: skip
        id: str = Field(default_factory=new_id)
        title: str
        tags: list[Tag]

        @event
        def add(self, tag: str) -> None:
            self.tags.append(tag)

        @event
        def fail(self, tag: str) -> None:
            self.tags.append(tag)
            raise RequestError("No.", status=422)

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


def test_declared_link_class_keeps_its_own_rules() -> None:
    class Power(Entity):
        model_config = {"scope": "record", "access": "public"}
        id: str
        name: str

    class Hero(Entity):
        model_config = {"scope": "record", "access": "public"}
        id: str
        name: str
        powers: list[Power]

        @event
        def learn(self, id: str) -> None:
            self.powers.append(id)

    class HeroPower(Entity):
        model_config = {"scope": "record", "access": "nobody"}
        hero: Hero = Field(ondelete="CASCADE")
        power: Power
        level: int = 1

    app = create_app([Power, Hero, HeroPower], secret_key=SECRET)
    with Visitor(app) as visitor:
        objects = app.starmodel.objects
        visitor.run(objects(Power).create(id="fly", name="Fly"))
        visitor.run(objects(Hero).create(id="ann", name="Ann"))
        assert visitor.request("PATCH", "/heros/ann", {"powers": ["fly"]}).status == 422
        assert visitor.request("POST", "/heros/ann/learn", {"id": "fly"}).status == 200

        ann = visitor.run(objects(Hero).get("ann", load="powers"))
        assert [power.name for power in ann.powers] == ["Fly"]
        assert visitor.run(objects(HeroPower).list())[0].level == 1
        page = visitor.request("GET", "/heros/ann", headers={"accept": "text/html"})
        assert "/powers/fly" not in page.text


def test_concurrent_changes_of_one_relation_are_all_stored(blog: Blog) -> None:
    for number in range(8):
        blog.create(blog.tags, id=f"t{number}", name=f"T{number}")

    async def work() -> None:
        stored = await blog.app.starmodel.objects(blog.posts).get("p")
        dispatch = blog.app.starmodel.dispatch
        await asyncio.gather(*[dispatch(stored.do.add(f"t{n % 8}")) for n in range(16)])

    blog.visitor.run(work())
    assert blog.names() == ["<b>red</b>", *(f"T{n}" for n in range(8)), "hidden"]


def test_deleting_either_record_removes_the_links(blog: Blog) -> None:
    link = blog.app.starmodel.registry.named("PostTag").cls

    async def delete(cls: Any, id: str) -> int:
        stored = await blog.app.starmodel.objects(cls).get(id)
        await blog.app.starmodel.dispatch(stored.do.delete())
        return await blog.app.starmodel.objects(link).count()

    assert blog.visitor.run(delete(blog.tags, "r")) == 1
    assert blog.visitor.run(delete(blog.posts, "p")) == 0


def test_failed_event_changes_no_link(blog: Blog) -> None:
    answer = blog.visitor.request("POST", "/posts/p/fail", {"tag": "g"})
    assert answer.status == 422
    assert blog.names() == ["<b>red</b>", "hidden"]


def test_forms_keep_the_links(blog: Blog) -> None:
    page = blog.visitor.open("/posts/p/edit")
    page.fill("title", "Other")
    page.click("Save")
    assert blog.names() == ["<b>red</b>", "hidden"]


def titles(blog: Blog, query: str) -> list[str]:
    answer = blog.visitor.request("GET", f"/posts?{query}&order=title")
    assert answer.status == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def test_list_is_filtered_by_linked_records(blog: Blog) -> None:
    blog.create(blog.posts, id="q", title="Second", tags=["g"])
    blog.create(blog.posts, id="s", title="Third", tags=["g", "r"])
    assert titles(blog, "tags=g") == ["Second", "Third"]
    assert titles(blog, "tags=r") == ["First", "Third"]
    assert titles(blog, "tags__in=r,g&title=First") == ["First"]
    assert titles(blog, "tags=missing") == titles(blog, "tags=%27%20OR%201") == []
    for wrong in ("tags__gt=g", "tags__isnull=true", "tags__contains=g", "tags__eq__eq=g"):
        assert blog.visitor.request("GET", f"/posts?{wrong}").status == 400, wrong


def test_export_is_filtered_by_linked_records(blog: Blog) -> None:
    blog.create(blog.posts, id="q", title="Second", tags=["g"])
    lines = blog.visitor.request("GET", "/posts/_export.csv?tags=g").text.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["Second"]


def test_filter_by_an_unreadable_record_finds_nothing(blog: Blog) -> None:
    assert titles(blog, "tags=h") == titles(blog, "tags__in=h") == []
    assert titles(blog, "tags__in=h,r") == ["First"]


def test_list_page_has_a_picker_as_filter(blog: Blog) -> None:
    page = blog.visitor.request("GET", "/posts?tags=r", headers={"accept": "text/html"}).text
    assert 'name="tags" value="r"' in page
    assert 'value="&lt;b&gt;red&lt;/b&gt;"' in page
    hidden = blog.visitor.request("GET", "/posts?tags=h", headers={"accept": "text/html"}).text
    assert "Not visible to you" in hidden


def test_live_list_follows_the_links_that_filter_it(blog: Blog) -> None:
    page = blog.visitor.open("/posts?tags=g")
    assert "First" not in page.text("main")
    assert blog.visitor.request("POST", "/posts/p/add", data={"tag": "g"}).status == 200
    assert "First" in page.text("main")
    assert blog.visitor.request("POST", "/posts/p/drop", data={"tag": "g"}).status == 200
    assert "First" not in page.text("main")


def test_every_record_of_a_list_that_is_filtered_by_the_relation(blog: Blog) -> None:
    blog.create(blog.posts, id="q", title="Second")
    application = blog.app.starmodel

    async def found(tag: str) -> list[str]:
        listing = listing_of(application.registry[blog.posts], {"tags": tag})
        return [each.id async for batch in application.every(listing, None) for each in batch]

    assert blog.visitor.run(found("r")) == ["p"]
    assert blog.visitor.run(found("h")) == []
