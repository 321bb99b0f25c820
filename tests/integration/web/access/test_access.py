"""Access is denied by default, with one policy for pages, JSON, events and streams."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import unlisted
from integration.web.entities import owns
from starmodel import Entity, EntityConfig, Field, event


@unlisted
class Mine(Entity):
    n: int = 0

    @event
    def bump(self) -> None:
        self.n += 1


@unlisted
class Board(Entity):
    model_config = EntityConfig(scope="app")
    n: int = 0

    @event
    def bump(self) -> None:
        self.n += 1


@unlisted
class Wallet(Entity):
    model_config = EntityConfig(scope="user")
    n: int = 0

    @event
    def bump(self) -> None:
        self.n += 1


@unlisted
class Doc(Entity):
    title: str = "t"
    model_config = EntityConfig(scope="record", path="/papers")

    @event
    def rename(self, title: str) -> None:
        self.title = title


async def statuses(browser: Any, path: str, event_path: str) -> list[int]:
    click = await browser.click(event_path)
    return [
        (await browser.page(path)).status_code,
        (await browser.call("GET", path)).status_code,
        (await browser.call("POST", event_path)).status_code,
        int(click.headers["starmodel-status"]),
    ]


async def test_session_entity_is_open_to_its_visitor(visit: Any) -> None:
    assert await statuses(visit(Mine), "/mine", "/mine/bump") == [200] * 4


@pytest.mark.parametrize(
    ("entity", "path", "event_path"),
    [(Board, "/board", "/board/bump"), (Wallet, "/wallet", "/wallet/bump")],
)
async def test_app_and_user_entities_deny_other_actors(
    visit: Any, entity: Any, path: str, event_path: str
) -> None:
    browser = visit(entity)

    assert await statuses(browser, path, event_path) == [401] * 4
    await browser.page("/sign-in/ann")
    assert await statuses(browser, path, event_path) == [200] * 4


async def test_records_deny_other_actors_on_every_route(visit: Any) -> None:
    browser = visit(Doc)
    ann = visit(browser.app)
    await ann.page("/sign-in/ann")
    made = (await ann.call("POST", "/papers", {"title": "x"})).json()["entity"]
    url = f"/papers/{made['id']}"

    for method, path in [
        ("GET", "/papers"), ("POST", "/papers"), ("GET", "/papers/new"), ("GET", url),
        ("GET", f"{url}/edit"), ("PUT", url), ("PATCH", url), ("DELETE", url),
        ("POST", f"{url}/rename"), ("POST", f"{url}/update"), ("POST", f"{url}/delete"),
    ]:  # fmt: skip
        response = await browser.call(method, path)
        assert response.status_code == 401, (method, path)
        assert "title" not in response.json().get("errors", {})
    assert (await ann.call("GET", url)).json() == made


async def test_user_entity_belongs_to_the_user_in_every_browser(visit: Any) -> None:
    first = visit(Wallet)
    second, other = visit(first.app), visit(first.app)
    await first.page("/sign-in/ann")
    await second.page("/sign-in/ann")
    await other.page("/sign-in/bob")

    await first.click("/wallet/bump")

    assert (await second.call("GET", "/wallet")).json()["n"] == 1
    assert (await other.call("GET", "/wallet")).json()["n"] == 0


async def test_read_and_write_rules_are_independent(visit: Any) -> None:
    class News(Entity):
        model_config = EntityConfig(scope="app", access={"read": "public", "write": "role:editor"})
        text: str = ""

        @event
        def write(self, text: str = "x") -> None:
            self.text = text

        @event(access="public")
        def like(self) -> None: ...

    browser = visit(News)

    assert await statuses(browser, "/news", "/news/write") == [200, 200, 401, 401]
    assert await statuses(browser, "/news", "/news/like") == [200] * 4
    await browser.page("/sign-in/ann")
    assert await statuses(browser, "/news", "/news/write") == [200, 200, 403, 403]
    await browser.page("/sign-in/eve?roles=editor")
    assert await statuses(browser, "/news", "/news/write") == [200] * 4


async def test_rule_nobody_denies_every_actor(visit: Any) -> None:
    class Log(Entity):
        model_config = EntityConfig(scope="app", access={"read": "public", "write": "nobody"})

        @event
        def clear(self) -> None: ...

    browser = visit(Log)
    await browser.page("/sign-in/ann?roles=dev")

    assert (await browser.call("POST", "/log/clear")).status_code == 403


async def test_function_rule_sees_actor_and_record(visit: Any) -> None:
    class Post(Entity):
        model_config = EntityConfig(
            access={
                "read": lambda actor, post: post.public or (actor and actor.id == post.owner),
                "write": lambda actor, post: bool(actor) and actor.id == post.owner,
            }
        )
        owner: str
        public: bool = False

        @event
        def publish(self) -> None:
            self.public = True

    ann = visit(Post)
    bob = visit(ann.app)
    await ann.page("/sign-in/ann")
    await bob.page("/sign-in/bob")
    made = (await ann.call("POST", "/posts", {"owner": "ann"})).json()["entity"]
    url = f"/posts/{made['id']}"

    foreign = await bob.call("POST", "/posts", {"owner": "ann"})
    assert await statuses(bob, url, f"{url}/publish") == [404, 404, 404, 410]
    assert (await ann.call("PATCH", url, {"owner": "bob"})).status_code in (200, 403)
    assert foreign.status_code == 403
    assert (await ann.call("GET", "/posts")).status_code == 200


async def test_entity_parameter_needs_read_access(visit: Any) -> None:
    class Book(Entity):
        model_config = EntityConfig(access={"read": "role:reader", "write": "public"})
        title: str

    class Shelf(Entity):
        titles: list[str] = Field(default=[])

        @event
        def put(self, book: Book) -> None:
            self.titles.append(book.title)

    # The annotation names a class of this function.
    Shelf.__entity__.events["put"].fn.__annotations__["book"] = Book
    browser = visit(Book, Shelf)
    reader = visit(browser.app)
    await reader.page("/sign-in/ann?roles=reader")
    book = (await reader.call("POST", "/books", {"title": "Dune"})).json()["entity"]["id"]

    refused = await browser.call("POST", "/shelf/put", {"book": book})
    await browser.page("/sign-in/ann?roles=reader")
    taken = await browser.call("POST", "/shelf/put", {"book": book})
    unknown = await browser.call("POST", "/shelf/put", {"book": "none"})

    assert (refused.status_code, taken.status_code, unknown.status_code) == (401, 200, 404)
    assert taken.json()["entity"]["titles"] == ["Dune"]


@unlisted
class Letter(Entity):
    """Readable and writable by its owner; any signed-in actor may create one."""

    model_config = EntityConfig(access={"read": owns, "write": owns})
    owner: str
    text: str = ""

    @event
    def stamp(self) -> None:
        self.text = "stamped"

    @event
    async def stamp_slowly(self) -> None:
        self.text = "stamped"

    @event
    def quote(self, letter: Letter) -> str:
        return letter.text


def same(one: Any, other: Any, id: str) -> None:
    """The two responses differ in the requested id only."""
    assert one.status_code == other.status_code
    assert one.text.replace(id, "none") == other.text
    for result in (one, other):
        result.headers.pop("content-length", None)
    assert dict(one.headers) == dict(other.headers)


@pytest.mark.parametrize("who", ["bob", None])
async def test_unreadable_record_gets_the_response_of_a_missing_one(
    visit: Any, who: str | None
) -> None:
    browser = visit(Letter)
    if who:
        await browser.page(f"/sign-in/{who}")
    await browser.page("/")  # every answer after the first leaves the cookie alone
    id = str((await Letter.objects.create(owner="ann", text="s3cr3t")).id)

    for method, path, data in [
        ("GET", "", None), ("GET", "/edit", None), ("PATCH", "", {"text": "x"}),
        ("PUT", "", {"text": "x"}), ("DELETE", "", None), ("POST", "/stamp", {}),
        ("POST", "/stamp_slowly", {}), ("POST", "/update", {"text": "x"}), ("POST", "/delete", {}),
        ("PATCH", "", {"unknown": "x"}), ("POST", "/quote", {"letter": id}),
    ]:  # fmt: skip
        one = await browser.call(method, f"/letters/{id}{path}", data)
        other = await browser.call(method, f"/letters/none{path}", data)
        assert one.status_code in (404, 422), (method, path)
        same(one, other, id)
        if method == "GET":
            same(
                await browser.page(f"/letters/{id}{path}"),
                await browser.page(f"/letters/none{path}"),
                id,
            )
        if method == "POST":
            same(
                await browser.click(f"/letters/{id}{path}"),
                await browser.click(f"/letters/none{path}"),
                id,
            )
            same(
                await browser.submit(f"/letters/{id}{path}"),
                await browser.submit(f"/letters/none{path}"),
                id,
            )
            check = {"headers": {"starmodel-check": "1"}}
            same(
                await browser.call("POST", f"/letters/{id}{path}", data, **check),
                await browser.call("POST", f"/letters/none{path}", data, **check),
                id,
            )
    for event_name in ("stamp", "delete"):
        bulk = await browser.call(
            "POST", "/letters/_bulk", {"event": event_name, "id": [id, "none"]}
        )
        refused = bulk.json()["refused"]
        assert refused[id].replace(id, "none") == refused["none"]
    assert (await Letter.objects.get(id)).text == "s3cr3t"


async def test_unreadable_argument_gets_the_response_of_a_missing_one(visit: Any) -> None:
    browser = visit(Letter)
    await browser.page("/sign-in/bob")
    hers = str((await Letter.objects.create(owner="ann")).id)
    own = str((await Letter.objects.create(owner="bob")).id)

    same(
        await browser.call("POST", f"/letters/{own}/quote", {"letter": hers}),
        await browser.call("POST", f"/letters/{own}/quote", {"letter": "none"}),
        hers,
    )


async def test_readable_record_is_named_in_the_refusal(visit: Any) -> None:
    class Open(Entity):
        model_config = EntityConfig(access={"read": "public", "write": owns}, path="/opens")
        owner: str

    browser = visit(Open)
    made = await Open.objects.create(owner="ann")

    assert (await browser.call("PATCH", f"/opens/{made.id}", {})).status_code == 401
    await browser.page("/sign-in/bob")
    assert (await browser.call("PATCH", f"/opens/{made.id}", {})).status_code == 403
    assert (await browser.call("PATCH", "/opens/none", {})).status_code == 404
