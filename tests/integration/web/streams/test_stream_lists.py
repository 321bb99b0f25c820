"""Live lists on a page stream: exact bytes, the signed token, and read access."""

from __future__ import annotations

import re
from typing import Any

from integration.web.browser import Sse, Stream
from integration.web.entities import Product
from starmodel import AccessDeniedError, Entity, EntityConfig, event
from starmodel.app.access.rules import RulePolicy


async def make(browser: Any, name: str, **values: Any) -> str:
    response = await browser.call("POST", "/products", {"name": name, **values})
    return str(response.json()["entity"]["id"])


def state_of(page: Any) -> tuple[str, str]:
    """The id of the element with the rows, and the digest of what it shows."""
    found = re.search(r'<tbody data-state="([^"]+)"[^>]* id="([^"]+)">', page.text)
    assert found, "no list on the page"
    return found[2], found[1]


def keys(page_or_rows: str) -> list[str]:
    return re.findall(r'data-key="([^"]+)"', page_or_rows)


def watch(browser: Any, page: Any) -> Stream:
    """The page's stream, opened as its module does: with the digests that the page shows."""
    id, digest = state_of(page)
    stream: Stream = browser.watch(f"{browser.stream_url(page.text)}&have={id}:{digest}")
    return stream


async def test_page_token_has_the_list_query_and_no_ids(visit: Any) -> None:
    browser = visit(Product)
    made = await make(browser, "A")

    page = await browser.page("/products?price__lt=5&order=-price")

    token = browser.stream_url(page.text).partition("token=")[2]
    tokens = browser.app.gateway.frontend._tokens
    topics = tokens._signer.loads(token)[2]
    assert topics == [["Product", "price__lt=5.0&order=-price"]]
    assert made in page.text


async def test_current_list_is_not_sent_and_its_patches_are_exact(visit: Any) -> None:
    browser = visit(Product)
    a, b = await make(browser, "A", price=1), await make(browser, "B", price=2)
    page = await browser.page("/products?order=price")
    id, before = state_of(page)

    async with watch(browser, page) as stream:
        assert (await stream.event()).type == "starmodel-open"
        assert await stream.silent()
        await browser.call("PATCH", f"/products/{a}", {"name": "A\r\n<b>"})
        block = await stream.block()
        await browser.call("PATCH", f"/products/{a}", {"price": 3})
        moved = await stream.event()
        now = await browser.page("/products?order=price")

    lines = block.split("\n")
    assert lines[0] == "event: starmodel-rows"
    assert re.fullmatch(r"data: version Product\?order=price \d+", lines[1])
    assert lines[2] == f"data: list {id}"
    digest = lines[3].removeprefix("data: state ")
    assert digest not in (before, state_of(now)[1])
    assert lines[4].startswith(f'data: rows <tr data-key="{a}">')
    assert "A" in "".join(lines)
    assert all(line.startswith("data: rows ") for line in lines[4:])
    assert "<b>" not in block
    assert b not in block
    assert moved.data["order"] == f"{b} {a}"
    assert keys(moved.data["rows"]) == [a]
    assert (moved.data["list"], moved.data["state"]) == state_of(now)
    assert moved.data["rows"] in now.text.replace("\r\n", "\n")


async def test_page_with_another_window_receives_rows_and_surroundings(visit: Any) -> None:
    browser = visit(Product)
    made = [await make(browser, name) for name in "ABC"]
    page = await browser.page("/products?order=name&per_page=2")
    await browser.call("DELETE", f"/products/{made[0]}")

    async with watch(browser, page) as stream:
        hello, rows, around = [await stream.event() for _ in range(3)]
        assert await stream.silent()

    assert (hello.type, rows.type) == ("starmodel-open", "starmodel-rows")
    assert keys(rows.data["rows"]) == rows.data["order"].split() == made[1:]
    assert around.type == "datastar-patch-elements"
    assert f'id="{rows.data["list"]}-pages"' in around.elements
    assert "Next" not in around.elements


async def test_surroundings_are_sent_only_when_changed(visit: Any) -> None:
    browser = visit(Product)
    a = await make(browser, "A")
    page = await browser.page("/products?per_page=1")

    async with watch(browser, page) as stream:
        await stream.event()
        await browser.call("PATCH", f"/products/{a}", {"price": 3})
        assert (await stream.event()).type == "starmodel-rows"
        await make(browser, "B")
        rows, around = await stream.event(), await stream.event()

    assert "rows" not in rows.data
    assert "order" not in rows.data
    assert "Next" in around.elements


async def test_empty_list_renders_its_placeholder_row(visit: Any) -> None:
    browser = visit(Product)
    a = await make(browser, "A")
    page = await browser.page("/products")

    async with watch(browser, page) as stream:
        await stream.event()
        await browser.call("DELETE", f"/products/{a}")
        empty = await stream.event()
        await stream.event()
        b = await make(browser, "B")
        full = await stream.event()

    assert empty.data["order"] == "none"
    assert keys(empty.data["rows"]) == ["none"]
    assert full.data["order"] == b
    assert keys(full.data["rows"]) == [b]


async def two_rows(visit: Any, serve: Any) -> tuple[Any, Any, Any, list[Sse]]:
    """The patches of one change for two visitors with different permissions."""

    class Job(Entity):
        model_config = EntityConfig(
            access={"read": "signed_in", "write": "role:boss"}, scope="record"
        )
        title: str = ""
        cost: int = 0

        @event
        def stop(self) -> None:
            self.title += " stopped"

    app = serve(Job)
    boss, ann, bob = (visit(app) for _ in range(3))
    await boss.page("/sign-in/boss?roles=boss")
    await ann.page("/sign-in/ann")
    await bob.page("/sign-in/bob")
    made = (await boss.call("POST", "/jobs", {"title": "A"})).json()["entity"]["id"]
    text = []
    rendered = app.starmodel.ui.list_rows
    calls = []

    def counting(*args: Any) -> Any:
        calls.append(args)
        return rendered(*args)

    app.starmodel.ui.list_rows = counting
    pages = [await browser.page("/jobs") for browser in (boss, ann, bob)]
    async with (
        watch(boss, pages[0]) as one,
        watch(ann, pages[1]) as two,
        watch(bob, pages[2]) as three,
    ):
        for stream in (one, two, three):
            await stream.event()
        await boss.call("PATCH", f"/jobs/{made}", {"title": "B"})
        text = [await stream.event() for stream in (one, two, three)]
        lists = len(app.starmodel.lists)
    return app, calls, lists, text


async def test_actors_share_the_query_and_render_separately(visit: Any, serve: Any) -> None:
    app, calls, lists, (boss, ann, bob) = await two_rows(visit, serve)

    assert lists == 1
    assert len(calls) == 2  # one for each audience, not for each viewer
    assert "sm-menu" in boss.data["rows"]
    assert "sm-menu" not in ann.data["rows"]
    assert ann == bob
    assert len(app.starmodel.lists) == 0


async def test_rule_function_adds_and_removes_rows_per_actor(visit: Any, serve: Any) -> None:
    class Note(Entity):
        model_config = EntityConfig(
            access={"read": lambda actor, note: note.owner == actor.id, "write": "signed_in"}
        )
        owner: str

    ann = visit(serve(Note))
    bob = visit(ann.app)
    await ann.page("/sign-in/ann")
    await bob.page("/sign-in/bob")
    made = (await ann.call("POST", "/notes", {"owner": "ann"})).json()["entity"]["id"]

    async with (
        watch(ann, await ann.page("/notes")) as hers,
        watch(bob, await bob.page("/notes")) as his,
    ):
        await hers.event()
        await his.event()
        await ann.call("PATCH", f"/notes/{made}", {"owner": "bob"})
        lost, got = await hers.event(), await his.event()

    assert lost.data["order"] == "none"
    assert made not in lost.data["rows"]
    assert "removed" not in lost.data["rows"]
    assert got.data["order"] == made


async def test_unreadable_list_is_dropped_from_the_stream(visit: Any, serve: Any) -> None:
    class Plan(Entity):
        model_config = EntityConfig(access="role:boss", scope="record")
        title: str = ""

    browser = visit(serve(Plan))
    await browser.page("/sign-in/ann?roles=boss")
    page = await browser.page("/plans")
    await browser.page("/sign-in/bob")

    async with browser.watch(page) as stream:
        assert (await stream.event()).type == "starmodel-open"
        assert await stream.silent()


async def test_query_of_another_build_is_dropped_from_the_stream(visit: Any) -> None:
    browser = visit(Product)
    page = await browser.page("/products?rating=3")
    tokens = browser.app.gateway.frontend._tokens
    token = browser.stream_url(page.text).partition("token=")[2]
    key, root_path, topics = tokens._signer.loads(token)
    topics[0][1] = "colour=red"
    other = tokens._signer.dumps([key, root_path, topics])

    async with browser.watch(f"/_starmodel/stream?token={other}") as stream:
        assert (await stream.event()).type == "starmodel-open"
        assert await stream.silent()


async def test_query_too_long_for_a_token_is_not_live(visit: Any) -> None:
    page = await visit(Product).page(f"/products?name__in={'x' * 1100}")

    assert page.status_code == 200
    assert "@live" not in page.text


async def test_rows_under_a_mount_point_link_below_it(visit: Any, serve: Any) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    inner = serve(Product)
    browser = visit(Starlette(routes=[Mount("/shop", inner)]))
    page = await browser.page("/shop/products")
    id, digest = state_of(page)
    url = browser.stream_url(page.text)

    async with browser.watch(f"{url}&have={id}:{digest}") as stream:
        await stream.event()
        await browser.call("POST", "/shop/products", {"name": "A"})
        rows = await stream.event()

    assert 'href="/shop/products/' in rows.data["rows"]


async def test_rows_are_removed_when_their_reader_loses_the_class(visit: Any, serve: Any) -> None:
    class Revocable(RulePolicy):
        revoked = False

        def reads_fields(self, entity_type: Any) -> bool:
            return True

        def check(self, entity_type: Any, need: Any, actor: Any, **about: Any) -> None:
            if self.revoked:
                raise AccessDeniedError("Revoked.")

    policy = Revocable()
    browser = visit(serve(Product, policy=policy))
    made = await make(browser, "A")
    page = await browser.page("/products")
    id, _ = state_of(page)

    async with watch(browser, page) as stream:
        await stream.event()
        policy.revoked = True
        await browser.app.starmodel.dispatch(Product(id=made, name="A").do.update(name="B"))
        rows = await stream.event()
        events = [await stream.event(), await stream.event()]
        assert await stream.silent()

    assert (rows.type, rows.data["list"], rows.data["order"]) == ("starmodel-rows", id, "")
    assert "rows" not in rows.data
    html = "".join(event.elements for event in events)
    assert 'id="starmodel-status"' in html
    assert "You no longer have access to these products." in html


async def test_page_is_notified_once_when_its_list_exceeds_the_scan_limit(
    visit: Any, serve: Any
) -> None:
    class Note(Entity):
        model_config = EntityConfig(
            scope="record", access={"read": lambda actor, note: True, "write": "public"}
        )
        text: str = ""

    browser = visit(serve(Note, access_scan_limit=2))
    for text in "ab":
        await browser.call("POST", "/notes", {"text": text})

    async with watch(browser, await browser.page("/notes")) as stream:
        await stream.event()
        made = (await browser.call("POST", "/notes", {"text": "c"})).json()["entity"]["id"]
        notice = await stream.event()
        assert await stream.silent()
        await browser.call("PATCH", f"/notes/{made}", {"text": "d"})
        assert await stream.silent()
        await browser.call("DELETE", f"/notes/{made}")
        events = [await stream.event() for _ in range(3)]

    assert "This list is too long to follow its changes live." in notice.elements
    assert events[0].type == "starmodel-rows"
    assert len(events[0].data["order"].split()) == 2
    assert '<p id="starmodel-status" role="status"></p>' in events[-1].elements
