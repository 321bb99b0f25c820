"""Record streams: namespaces, deletion and read access."""

from __future__ import annotations

from typing import Any

from fasthtml.common import Titled

from integration.web.browser import Stream
from integration.web.entities import Product
from starmodel import Entity, EntityConfig, event


async def make(browser: Any, name: str) -> str:
    response = await browser.call("POST", "/products", {"name": name})
    return str(response.json()["entity"]["id"])


def shop_app(serve: Any) -> Any:
    app = serve(Product)

    @app.get("/both/{a}/{b}")
    async def both(a: str, b: str):  # type: ignore[no-untyped-def]
        return Titled("Both", await Product.objects.get(a), await Product.objects.get(b))

    @app.get("/one/{product_id}")
    def one(product: Product):  # type: ignore[no-untyped-def]
        return Titled("One", product)

    return app


async def begun(browser: Any, path: str, count: int) -> tuple[Stream, list[Any]]:
    stream = browser.watch(await browser.page(path))
    await stream.__aenter__()
    await stream.event()
    return stream, [await stream.event() for _ in range(count)]


async def test_main_record_has_the_class_namespace_and_others_a_hash(
    visit: Any, serve: Any
) -> None:
    browser = visit(shop_app(serve))
    a, b = await make(browser, "A"), await make(browser, "B")

    stream, states = await begun(browser, f"/both/{a}/{b}", 2)
    spaces = [next(iter(state.signals)) for state in states]
    await browser.click(f"/products/{b}/adjust_stock?amount=2")
    change = await stream.event()
    await browser.click(f"/products/{a}/adjust_stock?amount=1")
    focus = await stream.event()
    await stream.leave()

    assert spaces[0] == "Product"
    assert spaces[1].startswith("Product_")
    assert b not in spaces[1]
    assert change.signals == {spaces[1]: {"stock": 2}}
    assert focus.signals == {"Product": {"stock": 1}}
    assert "cost" not in str(states)
    assert "supplier" not in str(states)


async def test_record_of_one_viewer_is_never_in_another_stream(visit: Any, serve: Any) -> None:
    browser = visit(shop_app(serve))
    other = visit(browser.app)
    a, b = await make(browser, "A"), await make(browser, "B")

    own, _ = await begun(browser, f"/one/{a}", 1)
    his, states = await begun(other, f"/one/{b}", 1)
    await browser.click(f"/products/{a}/adjust_stock?amount=2")

    assert (await own.event()).signals == {"Product": {"stock": 2}}
    assert states[0].signals["Product"]["name"] == "B"
    assert await his.silent()
    await browser.click(f"/products/{b}/adjust_stock?amount=3")
    assert (await his.event()).signals == {"Product": {"stock": 3}}
    assert await own.silent()
    await own.leave()
    await his.leave()


async def test_deletion_is_sent_and_later_events_are_410(visit: Any, serve: Any) -> None:
    browser = visit(shop_app(serve))
    a = await make(browser, "A")

    stream, _ = await begun(browser, f"/one/{a}", 1)
    await browser.call("DELETE", f"/products/{a}")
    received = await stream.event()
    click = await browser.click(f"/products/{a}/adjust_stock?amount=1")
    await stream.leave()

    assert "This product has been removed." in received.elements
    assert 'id="starmodel-status"' in received.elements
    assert click.headers["starmodel-status"] == "410"


async def test_reconnecting_page_of_a_deleted_record_receives_the_deletion(
    visit: Any, serve: Any
) -> None:
    browser = visit(shop_app(serve))
    a = await make(browser, "A")
    page = await browser.page(f"/one/{a}")
    await browser.call("DELETE", f"/products/{a}")

    async with browser.watch(page) as stream:
        await stream.event()
        assert "This product has been removed." in (await stream.event()).elements


async def test_unreadable_record_leaves_the_stream(visit: Any, serve: Any) -> None:
    class Draft(Entity):
        model_config = EntityConfig(
            access={"read": lambda actor, d: actor.id in d.readers, "write": "signed_in"}
        )
        readers: list[str]
        text: str = ""

        @event
        def write(self, text: str) -> None:
            self.text = text

        @event
        def only(self, name: str) -> None:
            self.readers = [name]

    ann = visit(serve(Draft))
    bob = visit(ann.app)
    await ann.page("/sign-in/ann")
    await bob.page("/sign-in/bob")
    made = await ann.call("POST", "/drafts", {"readers": ["ann", "bob"]})
    url = f"/drafts/{made.json()['entity']['id']}"

    async with bob.watch(await bob.page(url)) as stream:
        for _ in range(4):
            await stream.event()
        await ann.click(f"{url}/only?name=ann")
        first = await stream.event()
        await ann.click(f"{url}/write?text=secret")
        silent = await stream.silent()
        rest = "" if silent else "more"

    assert "You no longer have access to this draft." in first.elements
    assert "secret" not in first.elements + rest


async def test_next_actor_of_the_browser_cannot_stream_the_former_page(
    visit: Any, serve: Any
) -> None:
    class Report(Entity):
        model_config = EntityConfig(scope="app", access="role:boss")
        figure: int = 0

        @event(access="public")
        def grow(self) -> None:
            self.figure += 1

    browser = visit(serve(Report))
    await browser.page("/sign-in/ann?roles=boss")
    page = await browser.page("/report")
    await browser.page("/sign-in/bob")

    async with browser.watch(page) as stream:
        assert (await stream.event()).type == "starmodel-open"
        assert await stream.silent()
        await browser.call("POST", "/report/grow")
        assert await stream.silent()


async def test_watched_record_with_an_integer_id_does_not_expire(visit: Any, serve: Any) -> None:
    import asyncio

    class Slot(Entity):
        model_config = EntityConfig(ttl=1, scope="record", access="public")
        id: int

    browser = visit(serve(Slot))
    await browser.call("POST", "/slots", {"id": 7})

    async with browser.watch(await browser.page("/slots/7")):
        await asyncio.sleep(2)
        assert (await browser.call("GET", "/slots/7")).status_code == 200
