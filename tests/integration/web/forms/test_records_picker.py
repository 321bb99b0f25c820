"""The input of several records: many-to-many relations and lists of records in forms."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import pytest

from integration.web.browser import unlisted
from integration.web.html_forms import HtmlForm, form_of
from starmodel import Entity, Field, event
from starmodel.adapters.web.http.bodies.form_fields import nested_fields
from starmodel.app.commands.binding.sent_records import SentRecords
from starmodel.core.values.ids import new_id

HOSTILE = "<script>alert(1)</script> & \"q\" 'x'"


@unlisted
class Tag(Entity):
    model_config = {
        "scope": "record",
        "access": {"read": lambda _, tag: tag.is_shown, "write": "public"},
    }  # fmt: skip
    id: str = Field(default_factory=new_id)
    name: str
    is_shown: bool = True


@unlisted
class Post(Entity):
    model_config = {"scope": "record", "access": "public"}
    id: str = Field(default_factory=new_id)
    title: str = Field(min_length=2)
    tags: list[Tag]
    said: str = Field("", editable=False)

    @event
    def put(self, tags: list[Tag], note: str = ""):
        self.said = note + ",".join(tag.name for tag in tags)

    @event
    def need(self, tags: Annotated[list[Tag], Field(min_length=1)]):
        self.said = ",".join(tag.name for tag in tags)


@pytest.fixture
async def ann(visit: Any) -> Any:
    browser = visit(Tag, Post)
    objects = browser.app.starmodel.objects
    for id, name in (("r", HOSTILE), ("g", "green"), ("b", "blue")):
        await objects(Tag).create(id=id, name=name)
    await objects(Tag).create(id="h", name="hidden", is_shown=False)
    await objects(Post).create(id="p", title="First", tags=["r", "h"])
    return browser


async def tags_of(browser: Any, id: str = "p") -> list[str]:
    found = await browser.app.starmodel.objects(Post).get(id, load="tags")
    return sorted(tag.id for tag in found.tags)


async def opened(browser: Any, path: str, action: str) -> HtmlForm:
    return form_of((await browser.page(path)).text, action)


async def sent(browser: Any, form: HtmlForm) -> Any:
    data: dict[str, list[str]] = {}
    for name, value in form.sent:
        data.setdefault(name, []).append(value)
    return await browser.submit(str(form.attributes["action"]), data)


def boxes(page: str) -> list[tuple[str, bool]]:
    """The (value, is checked) of each check box of a record."""
    return [
        (re.search(r'value="([^"]*)"', tag)[1], " checked" in tag)  # type: ignore[index]
        for tag in re.findall(r'<input type="checkbox" name="tags\[\]"[^>]*>', page)
    ]


async def test_form_displays_the_readable_linked_records(ann: Any) -> None:
    page = (await ann.page("/posts/p/edit")).text
    assert len(page) < 20_000
    assert boxes(page) == [("r", True)]
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "hidden</span>" not in page
    form = form_of(page, "/posts/p/update")
    assert json.loads(dict(form.sent)["_records.tags"]) == ["r"]


async def test_unchanged_form_changes_no_link(ann: Any) -> None:
    form = await opened(ann, "/posts/p/edit", "/posts/p/update")
    assert (await sent(ann, form)).status_code == 303
    assert await tags_of(ann) == ["h", "r"]


async def test_added_and_removed_records_are_linked_and_unlinked(ann: Any) -> None:
    form = await opened(ann, "/posts/p/edit", "/posts/p/update")
    form.sent = [pair for pair in form.sent if pair[0] != "tags[]"]
    form.sent += [("tags[]", "g"), ("tags[]", "b")]
    assert (await sent(ann, form)).status_code == 303
    assert await tags_of(ann) == ["b", "g", "h"]


async def test_two_editors_keep_both_changes(ann: Any) -> None:
    one, other = [await opened(ann, "/posts/p/edit", "/posts/p/update") for _ in range(2)]
    one.sent = [*(pair for pair in one.sent if pair != ("tags[]", "r")), ("tags[]", "g")]
    other.sent.append(("tags[]", "b"))
    assert (await sent(ann, one)).status_code == 303
    assert (await sent(ann, other)).status_code == 303
    assert await tags_of(ann) == ["b", "g", "h"]


@pytest.mark.parametrize("id", ["h", "missing", "x" * 3000])
async def test_record_that_may_not_be_read_is_refused_beside_the_input(ann: Any, id: str) -> None:
    answer = await ann.submit(
        "/posts", {"title": "Second", "_records.tags": "[]", "tags[]": ["g", id]}
    )
    assert answer.status_code in (409, 422)
    assert (await ann.call("GET", "/posts?total=1")).json()["total"] == 1
    assert ("g", True) in boxes(answer.text)
    assert re.search(r'<small id="Post-create-tags-problem"[^>]*>[^<]+', answer.text)


async def test_refused_form_has_its_records_and_what_it_began_with(ann: Any) -> None:
    form = await opened(ann, "/posts/p/edit", "/posts/p/update")
    form.type("title", "x")
    form.sent = [*(pair for pair in form.sent if pair != ("tags[]", "r")), ("tags[]", "g")]
    refused = await sent(ann, form)
    assert refused.status_code == 422
    assert boxes(refused.text) == [("g", True)]
    again = form_of(refused.text, "/posts/p/update")
    again.type("title", "Long enough")
    assert (await sent(ann, again)).status_code == 303
    assert await tags_of(ann) == ["g", "h"]


async def test_words_without_javascript_come_back_as_check_boxes(ann: Any) -> None:
    form = await opened(ann, "/posts/p/edit", "/posts/p/update")
    form.type("_search.tags", "e")
    step = await sent(ann, form)
    assert step.status_code == 422
    assert boxes(step.text) == [("r", True), ("b", False), ("g", False)]
    assert "Choose one from the list." in step.text
    again = form_of(step.text, "/posts/p/update")
    assert dict(again.sent)["_search.tags"] == "e"
    again.sent.append(("tags[]", "g"))
    assert (await sent(ann, again)).status_code == 303
    assert await tags_of(ann) == ["g", "h", "r"]

    alone = await ann.submit(
        "/posts", {"title": "New", "_records.tags": "[]", "_search.tags": "bl"}
    )
    assert boxes(alone.text) == [("b", True)]
    none = await ann.submit("/posts", {"title": "New", "_records.tags": "[]", "_search.tags": "zz"})
    assert "No results for" in none.text
    again = form_of(none.text, "/posts")
    assert (await sent(ann, again)).status_code == 422
    typed = await ann.submit("/posts", {"title": "New", "_records.tags": "[]", "_search.tags": "g"})
    assert typed.status_code == 422


async def test_url_and_copy_fill_the_form(ann: Any) -> None:
    assert boxes((await ann.page("/posts/new?tags=g")).text) == [("g", True)]
    copy = (await ann.page("/posts/new?_copy_of=p")).text
    assert boxes(copy) == [("r", True)]
    assert json.loads(dict(form_of(copy, "/posts").sent)["_records.tags"]) == []
    assert boxes((await ann.page("/posts/new?tags=missing")).text) == []


async def test_event_takes_several_records_in_the_order_of_choosing(ann: Any) -> None:
    page = (await ann.page("/posts/p")).text
    assert 'name="_records.tags"' in page
    answer = await ann.submit(
        "/posts/p/put", {"_records.tags": "[]", "tags[]": ["g", "b"], "note": "x:"}
    )
    assert answer.status_code == 303
    assert (await ann.call("GET", "/posts/p")).json()["said"] == "x:green,blue"
    called = await ann.call("POST", "/posts/p/put", {"tags": ["b"]})
    assert called.status_code == 200
    assert (await ann.call("GET", "/posts/p")).json()["said"] == "blue"
    none = await ann.submit("/posts/p/put", {"_records.tags": "[]", "note": ""})
    assert none.status_code == 303


@pytest.mark.parametrize("ids", [["h"], ["missing"], ["g", "h"]])
async def test_event_refuses_unreadable_and_missing_records_alike(ann: Any, ids: Any) -> None:
    answer = await ann.call("POST", "/posts/p/put", {"tags": ids})
    assert answer.status_code == 404
    assert answer.json()["errors"] == {"tags": "This tag no longer exists. Choose another one."}


@pytest.mark.parametrize("value", [["g"] * 201, [{}], {"g": 1}, [["g"]]])
async def test_event_refuses_what_is_no_list_of_ids(ann: Any, value: Any) -> None:
    answer = await ann.call("POST", "/posts/p/put", {"tags": value})
    assert answer.status_code == 422


async def test_least_number_of_records_is_checked(ann: Any) -> None:
    answer = await ann.submit("/posts/p/need", {"_records.tags": "[]"})
    assert answer.status_code == 422
    assert "Add at least 1 entry" in answer.text


async def test_many_chosen_records_are_named_by_one_query(ann: Any) -> None:
    for number in range(30):
        await ann.app.starmodel.objects(Tag).create(id=f"t{number}", name=f"Tag {number}")
    ids = [f"t{number}" for number in range(30)]
    assert (await ann.call("PATCH", "/posts/p", {"tags": ids})).status_code == 200
    assert len(boxes((await ann.page("/posts/p/edit")).text)) == 30


def test_ids_of_a_form_are_never_words() -> None:
    pairs: list[tuple[str, Any]] = [
        ("_records.x", '["a", 1, null]'), ("x[]", "b"), ("_search.x", " w "), ("x[]", "a"),
    ]  # fmt: skip
    made = nested_fields(pairs)["x"]
    assert isinstance(made, SentRecords)
    assert (list(made), made.before, made.words) == (["b", "a"], ("a",), "w")
    for before in ("{}", "not json", "[[1]]", '"text"'):
        assert nested_fields([("_records.x", before)])["x"] == []
