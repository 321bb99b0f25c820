"""The page stream: hello, the current state, then each change in order."""

from __future__ import annotations

from typing import Any

from fasthtml.common import Titled, Ul

from integration.web.streams.counters import Counter, counter_app, opened
from starmodel import Entity, event, live


@live
def names(counter: Counter) -> Any:
    return Ul(*counter.names, id="names")


async def test_stream_begins_with_hello_and_the_state(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))
    await browser.click("/counter/increment")

    async with await opened(browser, "/mine") as stream:
        hello, state = await stream.event(), await stream.event()

    assert stream.status == 200
    assert (hello.type, set(hello.data)) == ("starmodel-open", {"build", "heartbeat"})
    assert state.type == "datastar-patch-signals"
    assert state.signals == {"Counter": {"count": 1, "step": 1}}
    assert state.data["version"].startswith("Counter 1")


async def test_hello_names_the_build_that_the_page_names(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))
    page = await browser.page("/mine")

    async with browser.watch(page) as stream:
        assert f'data-build="{(await stream.event()).data["build"]}"' in page.text


async def test_stream_has_headers_against_buffering(visit: Any, serve: Any) -> None:
    async with await opened(visit(counter_app(serve)), "/mine") as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store"
        assert stream.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in stream.headers


async def test_change_arrives_as_a_diff(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))

    async with await opened(browser, "/mine") as stream:
        await stream.event()
        first = await stream.event()
        await browser.click("/counter/increment", starmodel_page="1")
        diff = await stream.event()
        await browser.click("/counter/set_step?step=5")
        second = await stream.event()

    assert first.signals == {"Counter": {"count": 0, "step": 1}}
    assert second.signals == {"Counter": {"step": 5}}
    assert diff.signals["Counter"]["count"] == 1
    assert int(second.data["version"].split()[1]) == int(diff.data["version"].split()[1]) + 1


async def test_slow_viewer_gets_the_full_state_after_a_gap(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))
    app = browser.app

    async with await opened(browser, "/mine") as stream:
        await stream.event()
        await stream.event()
        (subscription,) = app.starmodel.hub
        taken, subscription.take = subscription.take, list
        for path in ("/counter/increment", "/counter/set_step?step=4"):
            await browser.click(path)
        subscription.take = taken
        subscription.send_heartbeat()
        state = await stream.event()

        assert state.signals == {"Counter": {"count": 1, "step": 4}}
        assert await stream.silent()


async def test_both_tabs_follow_and_another_visitor_does_not(visit: Any, serve: Any) -> None:
    browser = visit(counter_app(serve))
    other = visit(browser.app)

    async with (
        await opened(browser, "/mine") as one,
        await opened(browser, "/mine") as two,
        await opened(other, "/mine") as foreign,
    ):
        for stream in (one, two, foreign):
            await stream.event()
            await stream.event()
        await browser.click("/counter/increment")

        assert (await one.event()).signals == (await two.event()).signals
        assert await foreign.silent()


async def test_live_part_rerenders_on_change(visit: Any, serve: Any) -> None:
    app = serve(Counter)

    @app.get("/parts")
    def parts(counter: Counter):  # type: ignore[no-untyped-def]
        return Titled("Parts", names(counter))

    browser = visit(app)
    async with await opened(browser, "/parts") as stream:
        await stream.event()
        first = await stream.event()
        assert first.elements.startswith('<ul id="names" data-live-part="')
        assert first.data["selector"] in first.elements.replace("data", "[data").replace(">", "]>")
        await browser.click("/counter/add", {"name": "<Ann>"})
        part = await stream.event()

    assert part.type == "datastar-patch-elements"
    assert part.data["selector"] == first.data["selector"]
    assert part.elements == first.elements.replace("></ul>", ">&lt;Ann&gt;</ul>")


async def test_patched_content_includes_a_subscription_token(visit: Any, serve: Any) -> None:
    import re

    class Side(Entity):
        n: int = 0

        @event
        def bump(self) -> None:
            self.n += 1

        @event
        def show(self) -> Any:
            from fasthtml.common import Div

            return Div(self, id="side")

    app = serve(Counter, Side)

    @app.get("/mine")
    def mine(counter: Counter):  # type: ignore[no-untyped-def]
        return Titled("Mine", counter)

    browser = visit(app)
    url = browser.stream_url((await browser.page("/mine")).text)
    reply = await browser.click("/side/show", starmodel_page="1")
    grant = re.search(r"@watch\('([^']+)'\)", reply.text.replace("&#x27;", "'"))
    assert grant

    async with browser.watch(f"{url}&grant={grant[1]}") as stream:
        await stream.event()
        states = [(await stream.event()).signals for _ in range(2)]
        await browser.click("/side/bump")
        change = await stream.event()

    assert states == [{"Counter": {"count": 0, "step": 1}}, {"Side": {"n": 0}}]
    assert change.signals == {"Side": {"n": 1}}
