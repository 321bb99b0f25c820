"""Streams: end, refusal, and renewed expiry of the entities that they show."""

from __future__ import annotations

import asyncio
from typing import Any

from integration.web.streams.counters import Counter, counter_app, opened
from starmodel import Entity, EntityConfig, event


async def test_idle_stream_sends_heartbeats(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve, heartbeat_s=0.02))

    async with await opened(browser, "/mine") as stream:
        await stream.event()
        await stream.event()
        assert await stream.block() == ": still here"
        assert await stream.block() == ": still here"


async def test_closed_tab_ends_its_stream_immediately(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))
    hub = browser.app.starmodel.hub

    stream = await opened(browser, "/mine")
    async with stream:
        await stream.event()
        assert len(hub) == 1
    assert len(hub) == 0
    assert list(hub.watched()) == []


async def test_sign_out_and_sign_in_end_the_streams(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))

    for address, status in (("/sign-in/ann", 200), ("/sign-out", 403)):
        page = await browser.page("/mine")
        async with browser.watch(page) as stream:
            await stream.event()
            await stream.event()
            await browser.page(address)
            await asyncio.wait_for(stream._task, 2)
        assert stream.ended
        async with browser.watch(page) as again:
            assert again.status == status


async def test_server_shutdown_ends_the_streams(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))

    async with await opened(browser, "/mine") as stream:
        await stream.event()
        await browser.app.starmodel.streams.close()
        await asyncio.wait_for(stream._task, 2)

    assert stream.ended


async def test_too_many_streams_are_rejected_with_429(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve, max_streams_per_session=1))

    async with await opened(browser, "/mine") as one, await opened(browser, "/mine") as two:
        assert (one.status, two.status) == (200, 429)
        assert "close some of them" in await two.block()
    async with await opened(browser, "/mine") as again:
        assert again.status == 200


async def test_forged_and_other_visitors_tokens_are_403(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))
    stranger = visit(browser.app)
    url = browser.stream_url((await browser.page("/mine")).text)
    await stranger.page("/mine")

    for visitor, address in (
        (stranger, url),
        (browser, url[:-3] + "xyz"),
        (browser, url.replace("token=", "token=x")),
        (browser, f"{url}&grant=x"),
        (visit(browser.app), url),
    ):
        async with visitor.watch(address) as stream:
            assert stream.status == 403
            assert "Reload it." in await stream.block()


async def test_stream_without_token_shows_nothing(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))
    await browser.page("/mine")

    async with browser.watch("/_starmodel/stream?") as stream:
        assert (await stream.event()).type == "starmodel-open"
        assert await stream.silent()


async def test_expired_instance_is_published(visit: Any, serve: Any) -> None:
    now = [1000.0]

    class Cup(Entity):
        model_config = EntityConfig(ttl=5)
        full: bool = False

        @event
        def fill(self) -> None:
            self.full = True

    app = serve(Cup, clock=lambda: now[0])
    browser = visit(app)
    await browser.click("/cup/fill")

    async with await opened(browser, "/cup") as stream:
        seen = [await stream.event() for _ in range(3)]
        now[0] += 6
        await app.starmodel.persistence.for_class(Cup).sweep()
        after = [await stream.event(), await stream.event()]

    assert any("true" in e.data.get("signals", "") for e in seen)
    signals = next(e for e in after if "signals" in e.data)
    assert signals.signals == {"Cup": {"full": False}}


async def test_watched_instance_does_not_expire(visit: Any, serve: Any) -> None:
    class Tea(Entity):
        model_config = EntityConfig(ttl=1)
        hot: bool = False

        @event
        def heat(self) -> None:
            self.hot = True

    browser = visit(serve(Tea))
    await browser.click("/tea/heat")

    async with await opened(browser, "/tea"):
        await asyncio.sleep(2)
        assert (await browser.call("GET", "/tea")).json()["hot"] is True


async def test_stream_token_of_a_build_with_other_entities_still_gets_hello(
    visit: Any, serve: Any
) -> None:
    """So that the page learns of the new build and reloads."""

    class Gone(Entity):
        n: int = 0

    browser = visit(serve(Counter, Gone))
    url = browser.stream_url((await browser.page("/gone")).text)
    newer = visit(serve(Counter))
    newer.cookies = browser.cookies

    async with newer.watch(url) as stream:
        assert (await stream.event()).type == "starmodel-open"
