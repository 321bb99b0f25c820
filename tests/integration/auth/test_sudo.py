"""Events with `sudo=True` need a recent sign-in; the same request continues with the password."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup
from pydantic import SecretStr

from integration.auth.people import ANN, BOB, PASSWORD, create, plugin, signed_in
from integration.web.browser import Browser, sse_events, toasts, unlisted
from starmodel import Actor, Entity, EntityConfig, event
from starmodel.core.errors import ConfirmationNeededError
from starmodel.testing.fakes import FakeClock

MINUTE_S = 60.0


@unlisted
class Vault(Entity):
    """What only who has just signed in may change."""

    model_config = EntityConfig(scope="app")
    label: str = ""
    count: int = 0

    @event(sudo=True)
    def relabel(self, label: str, count: int = 1) -> None:
        if label == "refuse":
            raise ValueError("Not this label.")
        self.label, self.count = label, self.count + count

    @event(sudo=True)
    def open_all(self) -> None:
        self.count += 100

    @event
    def touch(self) -> None:
        self.count += 1


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def app(process: Any, clock: FakeClock) -> Any:
    made = process(Vault, clock=clock)
    await create(made)
    return made


async def label(app: Any) -> str:
    return str((await app.starmodel.dispatch(Vault.touch())).entity.label)


def hidden(page: str) -> dict[str, str]:
    """The hidden inputs of the form that asks for the password, with its URL."""
    dialog = BeautifulSoup(page, "html.parser").find(id="starmodel-confirm")
    assert dialog is not None, page
    found = {each["name"]: each["value"] for each in dialog.select("input[type=hidden]")}
    return found | {"action": dialog.find("form")["action"]}


async def test_recent_sign_in_is_enough_and_an_old_one_is_not(app: Any, clock: FakeClock) -> None:
    ann = await signed_in(app)
    assert (await ann.call("POST", "/vault/relabel", {"label": "one"})).status_code == 200
    clock.advance(15 * MINUTE_S + 1)
    refused = await ann.call("POST", "/vault/relabel", {"label": "two"})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == (
        'Bearer error="insufficient_user_authentication", max_age=900'
    )
    assert "within the last 15 minutes" in refused.json()["detail"]
    assert refused.json()["confirm"] == "/account/password/confirm"
    assert await label(app) == "one"
    assert (await ann.call("POST", "/vault/touch")).status_code == 200


async def test_program_confirms_by_json_and_repeats(app: Any, clock: FakeClock) -> None:
    ann = await signed_in(app)
    clock.advance(3600)
    wrong = await ann.call("POST", "/account/password/confirm", {"password": "wrong"})
    assert wrong.status_code == 422
    assert (await ann.call("POST", "/vault/relabel", {"label": "x"})).status_code == 401
    before = ann.session_cookie
    done = await ann.call("POST", "/account/password/confirm", {"password": PASSWORD})
    assert done.status_code == 204
    assert ann.session_cookie != before
    assert (await ann.call("POST", "/vault/relabel", {"label": "two"})).status_code == 200
    stale = Browser(app)
    stale.bring(before)
    assert (await stale.call("GET", "/vault")).status_code == 401  # the id was replaced
    clock.advance(15 * MINUTE_S + 1)
    assert (await ann.call("POST", "/vault/relabel", {"label": "x"})).status_code == 401


async def test_sign_in_time_stays_when_the_password_is_confirmed(
    app: Any, clock: FakeClock
) -> None:
    ann = await signed_in(app)
    start = clock.now
    clock.advance(3600)
    await ann.call("POST", "/account/password/confirm", {"password": PASSWORD})
    sessions = await app.starmodel.sessions.actors.list(
        str((await plugin(app).accounts.find(ANN)).id)
    )
    assert [(each.created_at, each.confirmed_at) for each in sessions] == [(start, clock.now)]


async def test_form_without_script_continues_with_what_was_typed(
    app: Any, clock: FakeClock
) -> None:
    ann = await signed_in(app)
    clock.advance(3600)
    typed = {"label": 'Über <b>"all"</b> & more\r\nlines', "count": "7"}
    asked = await ann.submit("/vault/relabel", typed)
    assert asked.status_code == 401
    assert "Confirm that it&#x27;s you" in asked.text
    fields = hidden(asked.text)
    assert fields.pop("action") == "/vault/relabel"
    assert fields == typed
    again = await ann.submit("/vault/relabel", {**fields, "_proof": "wrong password"})
    assert again.status_code == 401
    assert "This is not your password." in again.text
    assert "wrong password" not in again.text
    fields = hidden(again.text)
    fields.pop("action")
    assert fields == typed
    done = await ann.submit("/vault/relabel", {**fields, "_proof": PASSWORD})
    assert done.status_code == 303
    assert "".join((await label(app)).split()) == "".join(typed["label"].split())
    more = await ann.submit("/vault/open_all", {})
    assert more.status_code == 303  # confirmed for fifteen minutes


async def test_refusal_of_the_event_after_a_right_password_keeps_the_session(
    app: Any, clock: FakeClock
) -> None:
    ann = await signed_in(app)
    clock.advance(3600)
    refused = await ann.submit("/vault/relabel", {"label": "refuse", "_proof": PASSWORD})
    assert refused.status_code == 422
    assert "Not this label." in refused.text
    assert PASSWORD not in refused.text
    assert (await ann.submit("/vault/relabel", {"label": "fine"})).status_code == 303


async def test_click_gets_a_dialog_with_its_arguments(app: Any, clock: FakeClock) -> None:
    ann = await signed_in(app)
    clock.advance(3600)
    reply = await ann.click("/vault/relabel?count=3", {"label": "typed", "other": "x"})
    assert (reply.status_code, reply.headers["starmodel-status"]) == (200, "401")
    shown = [e.elements for e in sse_events(reply.text) if "elements" in e.data]
    fields = hidden("".join(shown))
    assert fields == {"action": "/vault/relabel?count=3", "label": "typed"}
    assert toasts(reply.text) == []
    done = await ann.submit(fields.pop("action"), {**fields, "_proof": PASSWORD})
    assert done.status_code == 303
    assert await label(app) == "typed"


async def test_guests_and_other_events_are_asked_for_no_password(
    app: Any, clock: FakeClock
) -> None:
    guest = Browser(app)
    refused = await guest.call("POST", "/vault/relabel", {"label": "x"})
    assert refused.status_code == 401
    assert "confirm" not in refused.json()
    refused = await guest.submit("/vault/relabel", {"label": "x", "_proof": PASSWORD})
    assert (refused.status_code, refused.headers["location"][:8]) == (303, "/sign-in")
    ann = await signed_in(app)
    assert (await ann.submit("/vault/touch", {"_proof": "x"})).status_code == 422  # unknown there


async def test_passwords_are_slowed_down_and_bounded(app: Any, clock: FakeClock) -> None:
    ann = await signed_in(app)
    clock.advance(3600)
    for proof in ("x" * 2000, "a\0b", ""):
        answer = await ann.call("POST", "/account/password/confirm", {"password": proof})
        assert answer.status_code == 422
    found = [
        (await ann.call("POST", "/account/password/confirm", {"password": "wrong"})).status_code
        for _ in range(12)
    ]
    assert set(found) == {422, 429}
    page = await ann.submit("/vault/relabel", {"label": "x", "_proof": PASSWORD})
    assert page.status_code == 401
    assert "many attempts" in page.text


async def test_another_user_of_the_browser_confirms_own_password(
    app: Any, clock: FakeClock
) -> None:
    await create(app, BOB, password="the password of bob")
    bob = await signed_in(app, BOB, "the password of bob")
    clock.advance(3600)
    wrong = await bob.call("POST", "/account/password/confirm", {"password": PASSWORD})
    assert wrong.status_code == 422


async def test_token_needs_the_grant_sudo(app: Any) -> None:
    user = await plugin(app).accounts.find(ANN)
    tokens = app.starmodel.credentials.tokens

    async def answer(*grants: str) -> int:
        token, _ = await tokens.create(Actor(str(user.id), "Ann"), "script", grants, days=1)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as program:
            return (
                await program.post(
                    "/vault/relabel",
                    json={"label": "x"},
                    headers={"authorization": f"Bearer {token}", "accept": "application/json"},
                )
            ).status_code

    assert await answer("*:*") == 401
    assert await answer("Vault:relabel", "sudo") == 200


async def test_code_without_a_session_is_refused_unless_trusted(app: Any) -> None:
    await app.starmodel.dispatch(Vault.open_all())
    with pytest.raises(ConfirmationNeededError):
        await app.starmodel.dispatch(Vault.open_all(), actor="ann")


async def test_page_that_confirms_leads_to_own_pages_only(app: Any, clock: FakeClock) -> None:
    ann = await signed_in(app)
    clock.advance(3600)
    form = await ann.page("/account/password/confirm?next=/vault%3Fx%3D1")
    assert hidden(form.text) == {"action": "/account/password/confirm", "next": "/vault?x=1"}
    evil = await ann.page("/account/password/confirm?next=//evil.example")
    assert hidden(evil.text) == {"action": "/account/password/confirm"}
    done = await ann.submit("/account/password/confirm", {"_proof": PASSWORD, "next": "/vault?x=1"})
    assert (done.status_code, done.headers["location"]) == (303, "/vault?x=1")
    done = await ann.submit(
        "/account/password/confirm", {"_proof": PASSWORD, "next": "//evil.example"}
    )
    assert done.headers["location"] == "/"


async def test_secrets_are_not_sent_back(process: Any, clock: FakeClock) -> None:
    @unlisted
    class Lock(Entity):
        model_config = EntityConfig(scope="app")
        turns: int = 0

        @event(sudo=True)
        def turn(self, pin: SecretStr, note: str = "") -> None:
            self.turns += 1

    app = process(Lock, clock=clock)
    await create(app)
    ann = await signed_in(app)
    clock.advance(3600)
    asked = await ann.submit("/lock/turn", {"pin": "4711-secret", "note": "kept"})
    assert hidden(asked.text) == {"action": "/lock/turn", "note": "kept"}
    assert "4711" not in asked.text
