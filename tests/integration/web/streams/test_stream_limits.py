"""Subscriptions of a visitor are bounded, and no commit waits for a subscriber."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from integration.web.browser import Browser, unlisted
from starmodel import Entity, Field, event
from starmodel.adapters.frontends.datastar.pages import MAX_LISTS
from starmodel.adapters.frontends.datastar.tokens import MAX_TOPICS

STORES = ("memory", "sql")


@unlisted
class Pen(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str = ""
    stock: int = Field(default=0)

    @event
    def sell(self, count: int = 1) -> None:
        self.stock -= count


@unlisted
class Secret(Entity):
    model_config = {
        "scope": "record",
        "access": {"read": lambda actor, record: record.stock > 0, "write": "public"},
    }
    stock: int = 1

    @event
    def sell(self, count: int = 1) -> None:
        self.stock += count


async def create(browser: Browser, path: str, **values: Any) -> str:
    """The URL of a new record."""
    return str((await browser.call("POST", path, values)).headers["location"])


async def token(browser: Browser, path: str) -> str:
    """The token of the stream of a page."""
    url = browser.stream_url((await browser.page(path)).text)
    return url.partition("token=")[2]


async def address(browser: Browser, paths: list[str]) -> str:
    tokens = [await token(browser, path) for path in paths]
    return "/_starmodel/stream?token=" + "&grant=".join(tokens)


def count_windows(app: Any) -> list[str]:
    """The list queries that reach the store from now on."""
    queries: list[str] = []
    run_query = app.starmodel.lists._run_query

    async def counted(listing: Any, *options: Any) -> Any:
        queries.append(listing.words)
        return await run_query(listing, *options)

    app.starmodel.lists._run_query = counted
    return queries


async def still(app: Any) -> None:
    for _ in range(400):
        await asyncio.sleep(0.01)
        if app.starmodel.lists.settled:
            return


@pytest.mark.parametrize("store", STORES)
async def test_stream_with_150_tokens_subscribes_to_the_newest_lists(
    serve: Callable[..., Any], visit: Callable[..., Browser], store: str
) -> None:
    app = serve(Pen, default_store=store, database_url="sqlite:///pens.db")
    browser = visit(app)
    pen = await create(browser, "/pens", name="x", stock=500)
    where = await address(browser, [f"/pens?stock__gt={n}" for n in range(150)])
    queries = count_windows(app)
    async with browser.watch(where) as stream:
        assert stream.status == 200
        await still(app)
        assert len(app.starmodel.lists) == MAX_LISTS
        assert f"stock__gt={149}" in " ".join(queries)
        queries.clear()
        for _ in range(20):
            reply = await browser.call("POST", f"{pen}/sell")
            assert reply.status_code == 200
        await still(app)
        # Each list query runs once or twice for all commits, not once for each.
        assert len(queries) <= 4 * MAX_LISTS
    assert len(app.starmodel.lists) == 0


async def test_commit_runs_no_list_query_before_it_ends(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    app = serve(Pen)
    browser = visit(app)
    pen = await create(browser, "/pens", name="x", stock=500)
    where = await address(browser, [f"/pens?stock__gt={n}" for n in range(16)])
    async with browser.watch(where):
        await still(app)
        await asyncio.sleep(0.1)
        queries = count_windows(app)
        message = None

        async def keep(given: Any) -> None:
            nonlocal message
            message = given

        app.starmodel.bus.subscribe(keep)
        await browser.call("POST", f"{pen}/sell")
        await still(app)
        assert message is not None
        queries.clear()
        compared = []
        for lists in app.starmodel.lists._lists.values():
            for each in lists.values():
                each.may_affect = lambda *a, **k: compared.append(1)
        await app.starmodel.lists.deliver(message)
        assert not queries
        assert not compared


async def test_list_subscriptions_of_a_session_are_bounded(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    app = serve(Pen)
    browser = visit(app)
    streams, refused = [], 0
    for page in range(6):
        paths = [f"/pens?stock__gt={page * 100 + n}" for n in range(MAX_LISTS)]
        stream = await browser.watch(await address(browser, paths)).__aenter__()
        streams.append(stream)
        refused += stream.status == 429
    assert refused == 2
    assert len(app.starmodel.lists) == 4 * MAX_LISTS
    other = visit(app)
    async with other.watch(await address(other, ["/pens"])) as stream:
        assert stream.status == 200
    for stream in streams:
        await stream.leave()


async def test_equal_lists_of_many_viewers_share_a_query(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    app = serve(Pen)
    streams = []
    for _ in range(5):
        browser = visit(app)
        streams.append(await browser.watch(await browser.page("/pens")).__aenter__())
    await still(app)
    queries = count_windows(app)
    await create(browser, "/pens", name="x")
    await still(app)
    assert queries == [""]
    for stream in streams:
        await stream.leave()


async def test_rule_is_evaluated_once_for_all_tabs_of_one_actor(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    app = serve(Secret)
    browser = visit(app)
    secret = await create(browser, "/secrets")
    page = await browser.page(secret)
    streams = [await browser.watch(page).__aenter__() for _ in range(8)]
    decide, decided = app.starmodel.hub._seen, []

    async def counted(message: Any, actor: Any, policy: Any) -> Any:
        decided.append(actor)
        return await decide(message, actor, policy)

    app.starmodel.hub._seen = counted
    await browser.call("POST", f"{secret}/sell")
    assert decided == [None]
    for stream in streams:
        await stream.leave()


async def test_topics_of_a_stream_and_its_url_are_bounded(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    app = serve(Pen)
    browser = visit(app)
    paths = [await create(browser, "/pens", name=str(n)) for n in range(90)]
    async with browser.watch(await address(browser, paths)) as stream:
        assert stream.status == 200
        (subscription,) = app.starmodel.hub
        assert 1 < len(subscription.watches) <= MAX_TOPICS
        assert f"Pen:{paths[-1].rpartition('/')[2]}" in subscription.watches
    long = "/_starmodel/stream?token=" + "x" * 100_000
    async with browser.watch(long) as stream:
        assert stream.status == 414


async def test_page_with_too_many_lists_shows_a_notice(
    serve: Callable[..., Any], visit: Callable[..., Browser]
) -> None:
    from starmodel.app.queries.listing import listing_of
    from starmodel.core.errors import TooManyTopicsError

    app = serve(Pen)
    failures: list[str] = []

    @app.get("/many")  # type: ignore[untyped-decorator]
    def many() -> str:
        entity_type = app.starmodel.registry[Pen]
        try:
            for n in range(MAX_LISTS + 1):
                app.starmodel.frontend.show_list(listing_of(entity_type, {"stock__gt": str(n)}))
        except TooManyTopicsError as error:
            failures.append(str(error))
        return html.escape("done")

    assert (await visit(app).page("/many")).status_code == 200
    assert re.search(r"more than 16 live lists", failures[0])
