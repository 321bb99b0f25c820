"""The session cookie: identity of a visitor, signature, and copies of a cookie."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from integration.web.browser import Browser, session_cookie_name
from integration.web.sessions.carts import Cart, items
from starmodel import create_app
from starmodel.testing.fakes import FakeClock

NEW, OLD = "n" * 40, "o" * 40


def cookie_of(browser: Browser) -> str:
    return browser.session_cookie


async def test_cookie_attributes(visit: Any) -> None:
    response = await visit(Cart).page("/cart")

    name, *attributes = response.headers["set-cookie"].split("; ")
    assert re.match(r"starmodel-[0-9a-f]{8}=", name)
    assert attributes == ["Path=/", "Max-Age=2592000", "HttpOnly", "SameSite=Lax"]


async def test_secure_cookie_has_the_host_prefix(visit: Any) -> None:
    response = await visit(Cart, public_url="https://shop.example").page("/cart")

    assert response.headers["set-cookie"].startswith("__Host-starmodel-")
    assert response.headers["set-cookie"].endswith(
        "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
    )


async def test_each_new_visitor_gets_a_separate_session(visit: Any, serve: Any) -> None:
    app = serve(Cart)
    ann, bob = visit(app), visit(app)

    await ann.click("/cart/add")
    await bob.page("/cart")

    assert cookie_of(ann) != cookie_of(bob)
    assert (await items(ann), await items(bob)) == (1, 0)


async def test_cookie_is_set_once(visit: Any) -> None:
    browser = visit(Cart)
    await browser.page("/cart")

    again = await browser.page("/cart")

    assert "set-cookie" not in again.headers


async def test_visits_without_cookies_share_nothing(visit: Any, serve: Any) -> None:
    app = serve(Cart)

    for _ in range(2):
        response = await visit(app).call("POST", "/cart/add")
        assert response.json()["entity"]["items"] == 1


@pytest.mark.parametrize(
    "spoil",
    # The last base64 character has unused bits, so the one before it is changed.
    [
        lambda c: c[:-2] + ("B" if c[-2] == "A" else "A") + c[-1],
        lambda c: "x" + c,
        lambda c: c[::-1],
    ],
    ids=["signature", "payload", "reversed"],
)
async def test_tampered_cookie_is_a_new_visitor(visit: Any, serve: Any, spoil: Any) -> None:
    app = serve(Cart)
    browser = visit(app)
    await browser.click("/cart/add")

    response = await visit(app).page("/cart")
    forged = await visit(app).call(
        "GET",
        "/cart",
        headers={"cookie": f"{session_cookie_name(app)}={spoil(cookie_of(browser))}"},
    )

    assert forged.json()["items"] == 0
    assert "starmodel-" in forged.headers["set-cookie"]
    assert response.status_code == 200


async def test_cookie_of_an_earlier_key_stays_valid_and_keeps_instances(visit: Any) -> None:
    first = create_app([Cart], secret_key=OLD)
    browser = visit(first)
    await browser.click("/cart/add")
    store = first.starmodel.persistence.for_class(Cart)

    rotated = visit(
        create_app([Cart], secret_key=NEW, secret_key_fallbacks=[OLD], stores={"memory": store})
    )
    stranger = visit(create_app([Cart], secret_key=NEW, stores={"memory": store}))
    for other in (rotated, stranger):
        other.bring(cookie_of(browser))

    assert await items(rotated) == 1
    assert await items(stranger) == 0


async def test_session_is_a_dict_in_handlers(visit: Any, serve: Any) -> None:
    app = serve(Cart)

    @app.get("/remember")
    def remember(session, word: str) -> str:
        session.setdefault("words", []).append(word)
        session["last"] = word
        return "ok"

    @app.get("/append")
    def append(session, word: str) -> str:
        session["words"].append(word)  # a change inside a value
        return "ok"

    @app.get("/words")
    def words(session) -> Any:
        return {"words": session.get("words"), "last": session.get("last")}

    browser = visit(app)
    await browser.get("/remember?word=a")
    copy = cookie_of(browser)
    await browser.get("/append?word=b")

    assert (await browser.get("/words")).json() == {"words": ["a", "b"], "last": "a"}
    assert cookie_of(browser) != copy
    other = visit(app)
    other.bring(copy)
    assert (await other.get("/words")).json()["words"] == ["a"]


async def test_oversized_session_data_error_names_the_remedy(
    visit: Any, serve: Any, caplog: Any
) -> None:
    app = serve(Cart)

    @app.get("/fill")
    def fill(session) -> str:
        session["all"] = os.urandom(4000).hex()
        return "ok"

    response = await visit(app).get("/fill")

    assert response.status_code == 500
    assert "Keep data in an entity of session scope" in caplog.text


async def test_old_cookie_of_an_active_visitor_is_renewed(visit: Any) -> None:
    clock = FakeClock()
    browser = visit(Cart, clock=clock)
    await browser.click("/cart/add")
    for _ in range(3):
        clock.advance(20 * 86400)
        assert await items(browser) == 1


async def test_cookies_sent_one_by_one_are_all_read(visit: Any) -> None:
    """HTTP/2 may split the header."""
    browser = visit(Cart)
    await browser.click("/cart/add")
    cookie = f"{session_cookie_name(browser.app)}={cookie_of(browser)}"

    for order in ((cookie, "a=b"), ("a=b", cookie)):
        headers = [("accept", "application/json"), *(("cookie", value) for value in order)]
        response = await Browser(browser.app).get("/cart", headers=headers)
        assert response.json()["items"] == 1
