"""Sign-in and sign-out by handlers and events, and copies of an old cookie."""

from __future__ import annotations

from typing import Any

from integration.web.browser import Browser, unlisted
from integration.web.sessions.carts import Cart, items
from starmodel import Actor, Entity, EntityConfig, Session, event


@unlisted
class Profile(Entity):
    model_config = EntityConfig(scope="user")
    visits: int = 0

    @event
    def visit(self) -> None:
        self.visits += 1


def cookie_of(browser: Browser) -> str:
    return browser.session_cookie


async def test_sign_in_rotates_the_id_and_keeps_instances(visit: Any) -> None:
    browser = visit(Cart, Profile)
    await browser.click("/cart/add")
    before = cookie_of(browser)

    await browser.page("/sign-in/ann")

    assert cookie_of(browser) != before
    assert await items(browser) == 1
    assert (await browser.call("POST", "/profile/visit")).json()["entity"]["visits"] == 1
    thief = visit(browser.app)
    thief.bring(before)
    assert await items(thief) == 0


async def test_sign_out_ends_the_instances_and_old_copies(visit: Any) -> None:
    browser = visit(Cart, Profile)
    await browser.page("/sign-in/ann")
    await browser.click("/cart/add")
    copy = cookie_of(browser)

    await browser.page("/sign-out")

    assert await items(browser) == 0
    assert (await browser.call("GET", "/profile")).status_code == 401
    thief = visit(browser.app)
    thief.bring(copy)
    assert await items(thief) == 0
    assert (await thief.call("GET", "/profile")).status_code == 401


async def test_events_may_sign_in_and_out(visit: Any) -> None:
    browser = visit(Cart, Profile)

    await browser.click("/cart/sign_in", {"name": "ann"})
    inside = await browser.call("GET", "/profile")
    await browser.click("/cart/leave")
    outside = await browser.call("GET", "/profile")

    assert (inside.status_code, outside.status_code) == (200, 401)


async def test_event_that_fails_has_not_signed_in(visit: Any) -> None:
    browser = visit(Cart, Profile)

    for result in (
        await browser.click("/cart/sign_in", {"name": "nobody"}),
        await browser.submit("/cart/sign_in", {"name": "nobody"}),
    ):
        assert "Wrong name" in result.text

    assert (await browser.call("GET", "/profile")).status_code == 401
    assert await items(browser) == 0


async def test_handler_that_fails_has_not_signed_in(visit: Any, serve: Any) -> None:
    app = serve(Cart, Profile)

    @app.get("/enter")
    def enter(session: Session) -> str:
        session.sign_in("ann")
        raise RuntimeError("The account is locked")

    browser = visit(app)
    assert (await browser.get("/enter")).status_code == 500

    assert (await browser.call("GET", "/profile")).status_code == 401


async def test_event_and_handler_share_the_session_data(visit: Any, serve: Any) -> None:
    app = serve(Cart)

    @app.get("/greeting")
    def greeting(session) -> str:
        return str(session.get("greeting"))

    browser = visit(app)
    await browser.click("/cart/sign_in", {"name": "ann"})

    assert "Hello ann" in (await browser.get("/greeting")).text


async def test_roles_survive_the_cookie(visit: Any, serve: Any) -> None:
    app = serve(Cart)

    @app.get("/who")
    def who(session) -> str:
        actor: Actor = session.actor
        return f"{actor.id} {sorted(actor.roles)}"

    browser = visit(app)
    await browser.get("/sign-in/ann?roles=b,a")

    assert "ann ['a', 'b']" in (await browser.get("/who")).text
