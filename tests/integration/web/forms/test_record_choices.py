"""The records that an input offers: search, second lines, read rules, bounds and queries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Annotated, Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from integration.web.browser import unlisted
from starmodel import UI, Entity, Field, create_app, event
from starmodel.access import owner
from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.app.queries.choices import MAX_CHOICES

HOSTILE = [
    "<script>alert(1)</script>", "\"q\" 'x' &amp; </div>",
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd",
    "long " * 100,
]  # fmt: skip


class Buyer(Entity):
    model_config = {"access": "public"}
    name: str
    email: Annotated[str, UI(second_line=True)] = ""
    secret: str = Field(default="", private=True)


class Purchase(Entity):
    model_config = {"access": "public"}
    title: str
    buyer_id: str = Field(foreign_key="buyer.id")
    agent_id: str | None = Field(default=None, foreign_key="buyer.id")

    @event
    def hand_over(self, buyer: Buyer):
        self.buyer_id = buyer.id


class Diary(Entity):
    model_config = {"access": owner("user_id")}
    name: str
    user_id: str = ""


class Page(Entity):
    model_config = {"access": "public"}
    title: str
    diary_id: str | None = Field(default=None, foreign_key="diary.id")

    @event
    def move(self, diary: Diary):
        self.diary_id = diary.id


@pytest.fixture
def ann(visit: Any) -> Any:
    return visit(Buyer, Purchase)


async def make(browser: Any, path: str, **values: Any) -> str:
    made = await browser.call("POST", path, values)
    assert made.status_code == 201, made.text
    return str(made.json()["entity"]["id"])


async def choices(browser: Any, path: str = "/buyers", **query: str) -> Any:
    words = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    answer = await browser.call("GET", f"{path}/_choices?{words}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def titles(answer: Any) -> list[str]:
    return [item["title"] for item in answer["items"]]


@contextmanager
def counted_lists() -> Iterator[list[Any]]:
    """The queries of the memory store while it is open."""
    queries: list[Any] = []
    plain = MemoryRepository.list

    async def counting(self: Any, query: Any) -> Any:
        queries.append(query)
        return await plain(self, query)

    patch = pytest.MonkeyPatch()
    patch.setattr(MemoryRepository, "list", counting)
    try:
        yield queries
    finally:
        patch.undo()


async def test_titles_that_begin_with_the_words_come_first(ann: Any) -> None:
    for name in ("Brian Anderson", "Andrew", "Zoe"):
        await make(ann, "/buyers", name=name)
    assert titles(await choices(ann, search="and")) == ["Andrew", "Brian Anderson"]
    assert titles(await choices(ann)) == ["Andrew", "Brian Anderson", "Zoe"]
    assert titles(await choices(ann, search="nobody")) == []


async def test_choice_has_title_second_line_and_url_alone(ann: Any) -> None:
    id = await make(ann, "/buyers", name="Ann", email="ann@example.org")
    assert (await choices(ann, search="ann"))["items"] == [
        {"id": id, "title": "Ann", "detail": "ann@example.org", "url": f"/buyers/{id}"}
    ]


async def test_twins_differ_in_their_second_line_or_id(ann: Any) -> None:
    for email in ("a@x.example", "b@x.example", "c@x.example", "c@x.example"):
        await make(ann, "/buyers", name="Ann", email=email)
    items = (await choices(ann, search="ann"))["items"]
    assert len({(item["title"], item["detail"]) for item in items}) == 4


async def test_choices_are_bounded_and_cost_two_queries(ann: Any) -> None:
    for number in range(50):
        await make(ann, "/buyers", name=f"Buyer {number:02}")
    with counted_lists() as queries:
        answer = await choices(ann, search="buyer")
    assert len(answer["items"]) == MAX_CHOICES
    assert answer["more"]
    assert len(queries) <= 2
    with counted_lists() as queries:
        recent = json.dumps([item["id"] for item in answer["items"][:5]])
        answer = await choices(ann, recent=recent)
    assert len(answer["recent"]) == 5
    assert len(queries) == 2


async def test_recent_ids_are_checked(ann: Any) -> None:
    id = await make(ann, "/buyers", name="Ann")
    answer = await choices(ann, recent=json.dumps(["gone", id, "x" * 1500, id]))
    assert [item["id"] for item in answer["recent"]] == [id]
    for invalid in ('{"a": 1}', "[1]", "[", "x", f"[{'1,' * 2000}1]"):
        reply = await ann.call("GET", f"/buyers/_choices?recent={quote(invalid)}")
        assert reply.status_code in (400, 422), invalid
    assert (await ann.call("GET", f"/buyers/_choices?search={'x' * 201}")).status_code in (400, 422)


async def test_new_record_is_offered_to_who_may_create_one(visit: Any, serve: Any) -> None:
    app = serve(Diary, Page)
    signed, guest = visit(app), visit(app)
    await signed.page("/sign-in/sue")
    assert (await choices(signed, "/diaries"))["create"] == {
        "url": "/diaries/new", "action": "/diaries",
    }  # fmt: skip
    assert (await guest.call("GET", "/diaries/_choices")).status_code == 401


async def test_unreadable_records_are_neither_offered_nor_named(visit: Any, serve: Any) -> None:
    app = serve(Diary, Page)
    sue, bob = visit(app), visit(app)
    await sue.page("/sign-in/sue")
    await bob.page("/sign-in/bob")
    diary = await make(sue, "/diaries", name="Of Sue")
    assert titles(await choices(sue, "/diaries", search="of")) == ["Of Sue"]
    answer = await choices(bob, "/diaries", search="of", recent=json.dumps([diary]))
    assert answer["items"] == []
    assert answer["recent"] == []

    page = await make(sue, "/pages", title="One", diary_id=diary)
    assert 'value="Of Sue"' in (await sue.page(f"/pages/{page}/edit")).text
    edit = (await bob.page(f"/pages/{page}/edit")).text
    assert "Of Sue" not in edit
    assert 'value="Not visible to you"' in edit
    assert "Of Sue" not in (await bob.page(f"/pages?diary_id={diary}")).text
    assert 'value="Of Sue"' in (await sue.page(f"/pages?diary_id={diary}")).text


@pytest.mark.parametrize("path", ["/pages", "/pages/{id}/move"])
async def test_missing_and_unreadable_records_get_the_same_answer(
    visit: Any, serve: Any, path: str
) -> None:
    app = serve(Diary, Page)
    sue, bob = visit(app), visit(app)
    await sue.page("/sign-in/sue")
    await bob.page("/sign-in/bob")
    diary = await make(sue, "/diaries", name="Of Sue")
    page = await make(sue, "/pages", title="One")
    name = "diary_id" if path == "/pages" else "diary"
    where = path.replace("{id}", page)

    answers = []
    for id in (diary, "0" * len(diary)):
        sent = {"title": "x", name: id} if path == "/pages" else {name: id}
        reply = await bob.call("POST", where, sent)
        assert reply.status_code in (404, 409, 422)
        assert reply.json()["errors"][name]
        answers.append((reply.status_code, reply.text.replace(id, "")))
        form = await bob.submit(where, sent)
        assert reply.json()["errors"][name] in unescape(form.text)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("title", HOSTILE)
async def test_hostile_titles_are_text(ann: Any, title: str) -> None:
    id = await make(ann, "/buyers", name=title, email=title[:90])
    purchase = await make(ann, "/purchases", title="Tea", buyer_id=id)
    for path in (f"/purchases/{purchase}/edit", f"/purchases?buyer_id={id}"):
        page = (await ann.page(path)).text
        assert "<script>alert" not in page
        assert "x' &amp; </div>\"" not in page
    step = await ann.submit(
        "/purchases", {"title": "", "_search.buyer_id": title[:20], "buyer_id": ""}
    )
    assert "<script>alert" not in step.text


async def test_form_page_stays_small_with_many_records(visit: Any) -> None:
    browser = visit(Buyer, Purchase)
    application = browser.app.starmodel
    unit = application.unit()
    for number in range(3_000):
        unit.add(Buyer(name=f"Buyer {number:06}", email=f"{number}@example.org"))
    await unit.commit()
    page = await browser.page("/purchases/new")
    assert len(page.text.encode()) < 20_000
    assert "Buyer 0" not in page.text
    assert titles(await choices(browser, search="buyer 002999")) == ["Buyer 002999"]


async def test_choices_below_a_prefix_have_its_urls(ann: Any) -> None:
    inner = create_app([Buyer, Purchase], secret_key="k" * 40)
    from integration.web.browser import Browser

    browser = Browser(Starlette(routes=[Mount("/shop", inner)]))
    id = await make(browser, "/shop/buyers", name="Ann")
    answer = await choices(browser, "/shop/buyers")
    assert answer["items"][0]["url"] == f"/shop/buyers/{id}"
    assert answer["create"] == {"url": "/shop/buyers/new", "action": "/shop/buyers"}
    assert '"url":"/shop/buyers/_choices"' in (await browser.page("/shop/purchases/new")).text
    await browser.aclose()
    await inner.starmodel.close()


async def test_filter_shows_the_title_of_a_chosen_record(ann: Any) -> None:
    bea, cal = [await make(ann, "/buyers", name=name) for name in ("Bea", "Cal")]
    await make(ann, "/purchases", title="Tea", buyer_id=bea)
    await make(ann, "/purchases", title="Ink", buyer_id=cal)
    page = (await ann.page(f"/purchases?buyer_id={bea}")).text
    assert 'value="Bea"' in page
    assert ">Tea<" in page
    assert ">Ink<" not in page
    assert re.search(rf'<input type="hidden" name="buyer_id" value="{bea}">', page)
    assert page.count('name="buyer_id"') == 1


@unlisted
class Vault(Entity):
    model_config = {"scope": "record", "access": {"read": "role:staff", "write": "role:staff"}}
    id: str
    name: str


@unlisted
class Parcel(Entity):
    model_config = {"scope": "record", "access": "public"}
    id: str = "p"
    label: str = ""
    vault: Vault | None
    others: list[Vault]


async def test_class_that_may_not_be_read_is_not_chosen_from(visit: Any) -> None:
    ann = visit(Vault, Parcel)
    await ann.app.starmodel.objects(Vault).create(id="v", name="Secret vault")
    await ann.app.starmodel.objects(Parcel).create(id="p", vault_id="v", others=["v"])
    page = (await ann.page("/parcels/p/edit")).text
    assert "data-picker" not in page
    assert 'name="vault_id"' not in page
    assert "Secret vault" not in page
    assert page.count("You don't have permission to choose from vaults.") == 2
    assert "Not visible to you" in page
    answer = await ann.submit("/parcels/p/update", {"label": "New"})
    assert answer.status_code == 303
    kept = await ann.app.starmodel.objects(Parcel).get("p", load="others")
    assert (kept.vault_id, [each.id for each in kept.others], kept.label) == ("v", ["v"], "New")
    assert (await ann.page("/parcels/new")).status_code == 200
