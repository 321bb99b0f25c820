"""The sessions of one actor: listed, ended and given other roles, in every process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from databases import DATABASES, empty_database
from integration.web.browser import Browser, Stream, unlisted
from starmodel import Actor, Entity, EntityConfig, event

IPHONE = "Mozilla/5.0 (iPhone)"


@unlisted
class Desk(Entity):
    model_config = EntityConfig(scope="app")
    n: int = 0

    @event(access="role:boss")
    def lock(self) -> None:
        self.n += 1


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    return empty_database(request, tmp_path)


@pytest.fixture
def process(serve: Any) -> Callable[..., Any]:
    """`process()`: one more process of the application."""

    def make(**options: Any) -> Any:
        return serve(Desk, **options)

    return make


async def signed_in(app: Any, name: str = "ann", roles: str = "", **headers: str) -> Browser:
    browser = Browser(app, headers=headers)
    await browser.page(f"/sign-in/{name}?roles={roles}")
    return browser


async def status(browser: Browser, method: str = "GET", path: str = "/desk") -> int:
    """The status for a copy of the browser's cookie, which no response replaces."""
    copy = Browser(browser.app)
    copy.bring(browser.session_cookie)
    return (await copy.call(method, path)).status_code


async def becomes(expected: int, browser: Browser, *request: str) -> bool:
    """Whether the status is the expected one within a second and a bit."""
    for _ in range(24):
        if await status(browser, *request) == expected:
            return True
        await asyncio.sleep(0.05)
    return False


async def ends(stream: Stream) -> None:
    """Read the stream until its end."""
    with contextlib.suppress(EOFError):
        while True:
            await stream.event()


def actors(app: Any) -> Any:
    return app.starmodel.sessions.actors


async def test_sessions_of_an_actor_have_device_and_address(process: Any) -> None:
    app = process()
    await signed_in(app, **{"user-agent": IPHONE})
    await signed_in(app, **{"user-agent": "x" * 3000})
    await signed_in(app, "bob")

    found = await actors(app).list("ann")

    assert [record.device for record in found] == ["x" * 200, IPHONE]
    assert {record.address for record in found} == {"127.0.0.1"}
    assert await actors(app).list("carl") == []


async def test_device_has_no_control_characters(process: Any) -> None:
    app = process()
    browser = Browser(app, headers=[(b"user-agent", b"a\x7fb\xadc")])
    await browser.page("/sign-in/ann")
    assert [record.device for record in await actors(app).list("ann")] == ["abc"]


async def test_ending_every_session_holds_here_at_once_and_elsewhere_within_a_second(
    process: Any, database: str
) -> None:
    first, other = process(database_url=database), process(database_url=database)
    here, there, bob = await signed_in(first), await signed_in(other), await signed_in(first, "bob")

    await actors(first).end("ann")

    assert await status(here) == 401
    assert await becomes(401, there)
    assert await status(bob) == 200
    assert await status(there) == 401
    later = process(database_url=database)
    for browser in (here, there):
        browser.app = later
        assert await status(browser) == 401


async def test_all_other_sessions_end(process: Any) -> None:
    app = process()
    kept, left = await signed_in(app), await signed_in(app)
    newest, oldest = await actors(app).list("ann")

    await actors(app).end("ann", keep=oldest.id)

    assert (await status(kept), await status(left)) == (200, 401)
    assert [record.id for record in await actors(app).list("ann")] == [oldest.id]
    assert newest.id != oldest.id


async def test_one_session_ends_only_for_its_own_actor(process: Any) -> None:
    app = process()
    ann, bob = await signed_in(app), await signed_in(app, "bob")
    [anns] = await actors(app).list("ann")

    await actors(app).end("bob", only=anns.id)
    assert (await status(ann), await status(bob)) == (200, 200)

    await actors(app).end("ann", only=anns.id)
    assert (await status(ann), await status(bob)) == (401, 200)


async def test_ended_session_closes_its_stream_and_no_other(process: Any) -> None:
    app = process()
    ann, bob = await signed_in(app), await signed_in(app, "bob")
    pages = await ann.page("/desk"), await bob.page("/desk")
    async with ann.watch(pages[0]) as hers, bob.watch(pages[1]) as his:
        await hers.event()
        while not await his.silent():
            pass
        await actors(app).end("ann")
        await ends(hers)
        assert await his.silent()
        assert not his.ended


async def test_ended_session_closes_its_stream_in_another_process(
    process: Any, database: str
) -> None:
    ann = await signed_in(process(database_url=database))
    page = await ann.page("/desk")
    async with ann.watch(page) as stream:
        await stream.event()
        await actors(process(database_url=database)).end("ann")
        await ends(stream)


async def test_changed_roles_hold_here_at_once_and_elsewhere_within_a_second(
    process: Any, database: str
) -> None:
    first, other = process(database_url=database), process(database_url=database)
    here, there = await signed_in(first, roles="boss"), await signed_in(other, roles="boss")
    lock = ("POST", "/desk/lock")
    assert [await status(here, *lock), await status(there, *lock)] == [200, 200]

    await actors(first).change("ann", lambda actor: replace(actor, roles=frozenset({"guest"})))

    assert await status(here, *lock) == 403
    assert await becomes(403, there, *lock)
    assert [await status(here), await status(there)] == [200, 200]
    here.app = process(database_url=database)
    assert await status(here, *lock) == 403

    await actors(other).change("ann", lambda actor: replace(actor, roles=frozenset({"boss"})))

    assert await status(there, *lock) == 200
    assert await becomes(200, here, *lock)


async def test_changed_roles_make_open_pages_reconnect(process: Any) -> None:
    app = process()
    ann = await signed_in(app, roles="boss")
    page = await ann.page("/desk")
    async with ann.watch(page) as stream:
        await stream.event()
        await actors(app).change("ann", lambda actor: replace(actor, roles=frozenset()))
        await ends(stream)
    assert await status(ann) == 200


async def test_unchanged_actor_is_not_stored_again(process: Any) -> None:
    app = process()
    ann = await signed_in(app, roles="boss")
    page = await ann.page("/desk")
    async with ann.watch(page) as stream:
        while not await stream.silent():
            pass
        await actors(app).change("ann", lambda actor: Actor("ann", roles=frozenset({"boss"})))
        assert await stream.silent()
        assert not stream.ended


async def test_address_is_that_of_a_trusted_proxy_only(process: Any) -> None:
    forged = {"x-forwarded-for": "9.9.9.9"}
    plain = process(system_store="sqlite:///plain.db")
    await signed_in(plain, **forged)
    behind = process(system_store="sqlite:///behind.db", trusted_proxies=["127.0.0.1"])
    await signed_in(behind, **forged)

    [direct] = await actors(plain).list("ann")
    [forwarded] = await actors(behind).list("ann")

    assert (direct.address, forwarded.address) == ("127.0.0.1", "9.9.9.9")
