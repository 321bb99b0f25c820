"""The development sign-in: by a token in the URL, in development mode only."""

from __future__ import annotations

import html
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from integration.web.browser import Browser, unlisted
from starmodel import Actor, Entity, EntityConfig, Session, event
from starmodel.access import mfa, owner


@unlisted
class Desk(Entity):
    model_config = EntityConfig(scope="app")
    n: int = 0

    @event
    def fail(self, what: str = "") -> None:
        raise RuntimeError(f"broken {what}")


async def token_of(app: Any, caplog: Any) -> str:
    """The token that the server prints at startup."""
    async with app.router.lifespan_context(app):
        pass
    messages = [r.getMessage() for r in caplog.records if "?token=" in r.getMessage()]
    return messages[-1].partition("?token=")[2].split()[0] if messages else ""


async def test_valid_token_signs_in_and_is_removed_from_the_url(
    visit: Any, serve: Any, caplog: Any
) -> None:
    app = serve(Desk)
    browser = visit(app)
    token = await token_of(app, caplog)

    response = await browser.page(f"/desk?token={token}")

    assert (response.status_code, response.headers["location"]) == (303, "/desk")
    assert (await browser.page("/desk")).status_code == 200
    assert (await visit(app).page("/desk")).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "ü", "0" * 32])
async def test_invalid_token_changes_nothing(visit: Any, token: str) -> None:
    response = await visit(Desk).page(f"/desk?token={token}")

    assert response.status_code == 401


async def test_redirect_after_sign_in_stays_on_this_host(
    visit: Any, serve: Any, caplog: Any
) -> None:
    app = serve(Desk)
    token = await token_of(app, caplog)

    for path in ("//evil.example/", "/%0d%0aSet-Cookie:%20a=b", "/\\evil.example"):
        response = await visit(app).page(f"http://testserver{path}?token={token}")
        assert response.status_code == 303
        location = response.headers["location"]
        assert location.startswith("/")
        assert location[1:2] not in ("/", "\\")
        assert "\n" not in location


async def test_developer_sees_message_and_traceback_of_an_error(
    visit: Any, serve: Any, caplog: Any
) -> None:
    app = serve(Desk)
    developer, other = visit(app), visit(app)
    await developer.page(f"/?token={await token_of(app, caplog)}")
    await other.page("/sign-in/ann?roles=dev")

    page = await developer.submit("/desk/fail", {"what": "<lamp>"})
    click = await developer.click("/desk/fail")
    foreign = await other.submit("/desk/fail")

    assert page.status_code == 500
    assert "RuntimeError" in page.text
    assert "Traceback" in page.text
    assert "broken &lt;lamp&gt;" in page.text
    assert "Desk.fail" in page.text
    assert "<dt>what</dt>" in page.text
    assert "RuntimeError" in click.text
    assert "RuntimeError" not in foreign.text
    assert "Traceback" not in foreign.text


async def test_production_has_no_sign_in_token(visit: Any, serve: Any, caplog: Any) -> None:
    token = await token_of(serve(Desk), caplog)
    caplog.clear()
    app = serve(Desk, env="production")

    assert await token_of(app, caplog) == ""
    assert (await visit(app).page(f"/desk?token={token}")).status_code == 401


async def test_production_responses_have_no_traceback(visit: Any, serve: Any) -> None:
    browser = visit(serve(Desk, env="production"))
    await browser.page("/sign-in/dev?roles=dev")

    response = await browser.submit("/desk/fail")

    assert response.status_code == 500
    assert "RuntimeError" not in response.text


async def test_sign_in_url_is_logged_at_the_first_request_below_a_mount(
    serve: Any, caplog: Any
) -> None:
    """Without a lifespan the application's startup never runs."""
    browser = Browser(Starlette(routes=[Mount("/shop", app=serve(Desk))]))

    await browser.page("/shop/desk")
    await browser.page("/shop/desk")
    (messages,) = [r.getMessage() for r in caplog.records if "?token=" in r.getMessage()]
    await browser.page(messages.split()[1].partition(":8000")[2])

    assert "/shop/?token=" in messages
    assert (await browser.page("/shop/desk")).status_code == 200
    await browser.aclose()


@unlisted
class Vault(Entity):
    model_config = EntityConfig(scope="app", access={"read": "role:guard", "write": "role:owner"})
    opened: int = 0

    @event
    def open(self) -> None:
        self.opened += 1

    @event(access="nobody")
    def blast(self) -> None:
        self.opened += 100


async def test_developer_has_every_role(visit: Any, serve: Any, caplog: Any) -> None:
    app = serve(Vault)

    @app.get("/roles")
    def roles(session: Session) -> str:
        assert session.actor is not None
        return str("anything" in session.actor.roles)

    @app.get("/as-application")
    def as_application(session: Session) -> str:
        session.sign_in(Actor("dev", "Developer", frozenset({"dev"})))
        return "in"

    developer, other = visit(app), visit(app)
    await developer.page(f"/?token={await token_of(app, caplog)}")
    await other.page("/as-application")

    assert (await developer.page("/vault")).status_code == 200
    opened = await developer.call("POST", "/vault/open")
    assert opened.json()["entity"]["opened"] == 1
    assert (await developer.call("POST", "/vault/blast")).status_code == 403
    assert (await developer.page("/roles")).text == "True"
    assert (await other.page("/vault")).status_code == 403
    assert (await other.page("/roles")).text == "False"


@unlisted
class Memo(Entity):
    model_config = EntityConfig(
        scope="record",
        access={"read": owner("user_id") | mfa() & owner("keeper"), "write": "nobody"},
    )
    id: str
    user_id: str = ""
    keeper: str = ""


async def test_denied_developer_sees_the_rule_in_words(visit: Any, serve: Any, caplog: Any) -> None:
    app = serve(Memo)
    await Memo.objects.create(id="m", user_id="ann")
    developer, ann = visit(app), visit(app)
    await developer.page(f"/?token={await token_of(app, caplog)}")
    await ann.page("/sign-in/bob")

    hidden, denied = await developer.page("/memos/m"), await developer.page("/memos/new")

    assert (hidden.status_code, denied.status_code) == (404, 403)
    reasons = html.unescape(hidden.text)
    assert "Memo.model_config['access']['read']" in reasons
    assert "<dt>· user_id is the actor's id</dt><dd><code>no</code></dd>" in reasons
    assert "<dt>· · signed in with a second factor</dt><dd><code>yes</code></dd>" in reasons
    assert "no, by Memo.model_config['access']['write']" in html.unescape(denied.text)
    for response in (await ann.page("/memos/m"), await developer.call("GET", "/memos/m")):
        assert response.status_code == 404
        assert "user_id" not in response.text
        assert "model_config" not in response.text
