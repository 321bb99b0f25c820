"""Browser stores over HTTP: state in the request, new state in the response, none on the server."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fasthtml.common import P, Titled, Ul

from integration.web.browser import Browser, sse_events, toasts, unlisted
from starmodel import ConfigurationError, Entity, EntityConfig, Session, Toast, event, live

Visit = Callable[..., Browser]


@unlisted
class Prefs(Entity):
    model_config = EntityConfig(store="local_storage")
    theme: str = "light"
    count: int = 0
    note: str | None = None
    tags: list[str] = []

    @event
    def add(self, n: int = 1) -> Any:
        self.count += n

    @event
    def keep(self) -> None:
        """Takes over what is bound."""

    @event
    def leave(self, session: Session) -> None:
        self.count += 1
        session.sign_out()

    @event
    async def climb(self) -> Any:
        for step in (1, 2):
            self.count += 1
            yield Toast(f"Step {step}")


@unlisted
class Hidden(Entity):
    model_config = EntityConfig(store="session_storage", access="signed_in")
    count: int = 0


@unlisted
class Shop(Entity):
    model_config = EntityConfig(scope="app", access="public")
    sold: int = 0

    @event
    def sell(self, prefs: Prefs) -> None:
        self.sold += len(prefs.tags)

    @event
    def peek(self) -> None:
        """Needs no state."""


@unlisted
class Plain(Entity):
    count: int = 0


@live
def tag_list(prefs: Prefs) -> Any:
    return Ul(*prefs.tags, id="tag-list")


@live
def fragile(prefs: Prefs) -> Any:
    if prefs.tags:
        raise ValueError("Not with tags")
    return P("Nothing", id="fragile")


STATE = {"theme": "dark", "count": 4, "tags": ["a", "<b>"]}


def text(state: Any = STATE, version: int = 7) -> str:
    return json.dumps({"format": 1, "version": version, "state": state})


def browser(page: str = "", **more: Any) -> dict[str, Any]:
    """The browser state that the page's module sends."""
    made: dict[str, Any] = {"states": {"Prefs": text()}} | more
    if page:
        made |= {"page": [token_of(page)], "owner": told(page)["owner"]}
    return made


def told(page: str) -> Any:
    """The browser stores declared in a page."""
    found = re.search(r'id="starmodel-states">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def token_of(page: str) -> str:
    found = re.search(r"@live\('[^']*token=([^'&]+)'", html.unescape(page))
    assert found
    return found[1]


def own_page(app: Any) -> Any:
    @app.get("/own")
    def own(prefs: Prefs) -> Any:
        return Titled("Own", prefs, tag_list(prefs), P(prefs.count, id="count"))

    return app


async def test_page_starts_with_defaults_until_state_is_restored(visit: Visit) -> None:
    page = (await visit(Prefs, Shop).page("/prefs")).text
    assert "data-signals__ifmissing=" in page
    assert page.index('<style data-restoring="Prefs">') < page.index('id="Prefs-fields"')
    about = told(page)["types"]
    assert about == {
        "Prefs": {"local": True, "at": ["Prefs"], "synced": ["theme", "count", "note"]}
    }
    assert "which needs JavaScript" in page


async def test_page_without_browser_stores_declares_none(visit: Visit) -> None:
    page = (await visit(Plain).page("/plain")).text
    assert "starmodel-states" not in page
    assert "which needs JavaScript" not in page


async def test_actions_name_the_states_that_they_need(serve: Callable[..., Any]) -> None:
    page = (await Browser(serve(Prefs, Shop)).page("/shop")).text
    assert "@stored('Prefs', 'post', '/shop/sell')" in html.unescape(page)
    assert "@post('/shop/peek', @submit())" in html.unescape(page)
    assert str(Prefs.add(2)) == "@stored('Prefs', 'post', '/prefs/add?n=2', '')"


async def test_click_sends_the_state_and_receives_the_new_one(visit: Visit) -> None:
    ann = visit(Prefs)
    page = (await ann.page("/prefs")).text
    reply = await ann.click("/prefs/add?n=2", {"_browser": browser(page)})
    state, part, done = sse_events(reply.text)
    assert state.type == "datastar-browser-state"
    data = json.loads(state.data["state"])
    assert (data["version"], data["state"]) == (8, STATE | {"count": 6, "note": None})
    assert state.signals == {"theme": "dark", "count": 6, "note": ""}
    assert "&lt;b&gt;" in part.elements
    assert done.data["status"] == "200"


async def test_form_sends_the_state_with_its_inputs(visit: Visit) -> None:
    ann = visit(Prefs)
    data = {"n": "3", "_browser": json.dumps(browser())}
    reply = await ann.post(
        "/prefs/add", data=data,
        headers={"datastar-request": "true", "origin": "http://testserver"},
    )  # fmt: skip
    assert json.loads(sse_events(reply.text)[0].data["state"])["state"]["count"] == 7


async def test_bound_values_are_applied_and_validated(visit: Visit) -> None:
    ann = visit(Prefs)
    sent = browser(signals={"Prefs": {"count": 9, "tags": ["no"], "theme": "blue"}})
    reply = await ann.click("/prefs/keep", {"_browser": sent})
    state = json.loads(sse_events(reply.text)[0].data["state"])["state"]
    assert (state["count"], state["theme"], state["tags"]) == (9, "blue", STATE["tags"])
    sent = browser(signals={"Prefs": {"count": "many"}})
    reply = await ann.click("/prefs/keep", {"_browser": sent})
    assert reply.headers["starmodel-status"] == "422"
    assert "datastar-browser-state" not in reply.text


async def test_generator_returns_the_state_at_each_yield(visit: Visit) -> None:
    reply = await visit(Prefs).click("/prefs/climb", {"_browser": browser()})
    events = sse_events(reply.text)
    states = [e for e in events if e.type == "datastar-browser-state"]
    assert [json.loads(e.data["state"])["state"]["count"] for e in states] == [5, 6]
    assert [messages for _, messages in toasts(reply.text)] == ["Step 1", "Step 2"]


async def test_event_of_another_entity_gets_the_state(visit: Visit) -> None:
    ann = visit(Prefs, Shop)
    reply = await ann.call("POST", "/shop/sell", {"_browser": browser()})
    assert reply.json()["entity"]["sold"] == 2
    assert reply.json()["_browser"] == {"states": {}}


async def test_api_client_sends_the_state_and_receives_the_new_one(visit: Visit) -> None:
    ann = visit(Prefs)
    first = (await ann.call("POST", "/prefs/add", {"n": 2})).json()
    assert first["entity"]["count"] == 2
    sent = {"n": 3, "_browser": first["_browser"]}
    second = (await ann.call("POST", "/prefs/add", sent)).json()
    assert second["entity"]["count"] == 5
    assert second["_browser"]["states"]["Prefs"]["state"]["count"] == 5
    assert (await ann.call("POST", "/prefs/add", {"n": 3})).json()["entity"]["count"] == 3
    assert (await ann.call("GET", "/prefs")).json()["count"] == 0


@pytest.mark.parametrize(
    "sent",
    [
        5, [], "no json", {"states": []}, {"page": "x"}, {"page": [1]}, {"signals": 1},
        {"owner": 1}, {"page": ["x"] * 101}, '{"states":' + "[" * 40 + "]" * 40 + "}",
    ],
)  # fmt: skip
async def test_unreadable_extra_is_rejected(visit: Visit, sent: Any) -> None:
    reply = await visit(Prefs).call("POST", "/prefs/add", {"_browser": sent})
    assert reply.status_code == 400
    assert "_browser" in reply.json()["detail"]


async def test_state_beyond_the_limit_is_rejected_clearly(visit: Visit) -> None:
    large = {"states": {"Prefs": text({"note": "x" * 300_000})}}
    reply = await visit(Prefs).call("POST", "/prefs/add", {"_browser": large})
    assert reply.status_code == 413
    assert "expected at most 262144" in reply.json()["detail"]


async def test_live_parts_render_with_the_state_of_the_page(serve: Callable[..., Any]) -> None:
    ann = Browser(own_page(serve(Prefs)))
    page = (await ann.page("/own")).text
    reply = await ann.call("POST", "/_starmodel/browser_state", {"_browser": browser(page)})
    state, part = sse_events(reply.text)
    assert state.signals["count"] == 4
    assert "state" not in state.data
    assert part.elements.startswith('<ul id="tag-list" data-live-part="')
    assert part.elements.endswith('">a&lt;b&gt;</ul>')
    nothing = browser(page, states={"Prefs": None})
    reply = await ann.call("POST", "/_starmodel/browser_state", {"_browser": nothing})
    assert sse_events(reply.text)[0].signals["count"] == 0
    unasked = browser(page, states={})
    reply = await ann.call("POST", "/_starmodel/browser_state", {"_browser": unasked})
    assert reply.text == ""
    spoilt = browser(page, states={"Prefs": text({"count": "x", "theme": "dark"})})
    state, part = sse_events(
        (await ann.call("POST", "/_starmodel/browser_state", {"_browser": spoilt})).text
    )
    assert (state.signals["count"], state.signals["theme"]) == (0, "dark")


async def test_live_part_that_raises_keeps_the_state(
    serve: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    app = serve(Prefs)

    @app.get("/own")
    def own(prefs: Prefs) -> Any:
        return Titled("Own", tag_list(prefs), fragile(prefs))

    ann = Browser(app)
    page = (await ann.page("/own")).text
    reply = await ann.click("/prefs/add", {"_browser": browser(page)})
    assert [e.type for e in sse_events(reply.text)] == [
        "datastar-browser-state", "datastar-patch-elements", "datastar-patch-signals",
    ]  # fmt: skip
    assert "A view of Prefs" in caplog.text
    forged = browser(page) | {"page": ["forged"]}
    reply = await ann.click("/prefs/add", {"_browser": forged})
    assert sse_events(reply.text)[0].type == "datastar-browser-state"
    assert reply.headers["starmodel-status"] == "200"


async def test_live_parts_render_for_permitted_actors_only(visit: Visit) -> None:
    sent = {"states": {"Hidden": None}}
    reply = await visit(Hidden).call("POST", "/_starmodel/browser_state", {"_browser": sent})
    assert (reply.status_code, reply.text) == (200, "")


async def test_page_of_another_visitor_or_actor_is_rejected(serve: Callable[..., Any]) -> None:
    app = own_page(serve(Prefs))
    ann, bob = Browser(app), Browser(app)
    page, _ = (await ann.page("/own")).text, await bob.page("/own")
    for path in ("/_starmodel/browser_state", "/prefs/add"):
        reply = await bob.call("POST", path, {"_browser": browser(page)})
        assert reply.status_code == 403
    tokens = {"_browser": {"page": [token_of(page)]}}
    reply = await bob.call("POST", "/_starmodel/browser_state", tokens)
    assert reply.status_code == 403
    await ann.page("/sign-in/ann")  # what she opened before stays hers
    assert (await ann.call("POST", "/prefs/add", {"_browser": browser(page)})).status_code == 200
    page = (await ann.page("/own")).text
    await ann.page("/sign-in/eve")
    reply = await ann.call("POST", "/prefs/add", {"_browser": browser(page)})
    assert reply.status_code == 403
    assert "Reload" in reply.json()["detail"]


async def test_names_of_storage_change_with_user_and_visitor(serve: Callable[..., Any]) -> None:
    app = own_page(serve(Prefs))
    ann, owners = Browser(app), []
    for path in ("/own", "/sign-in/ann", "/sign-in/eve", "/sign-out"):
        await ann.page(path)
        owners.append(told((await ann.page("/own")).text))
    names = [o["owner"] for o in owners]
    assert len(set(names)) == 4
    assert len({o["before"] for o in owners}) == 2
    assert len({o["app"] for o in owners}) == 1
    cookie = str(next(iter(ann.cookies.jar)).value)
    assert not any(part in names[-1] for part in cookie.split("."))


async def test_sign_out_by_an_event_clears_the_state(visit: Visit) -> None:
    reply = await visit(Prefs).click("/prefs/leave", {"_browser": browser()})
    assert sse_events(reply.text)[0].type == "datastar-browser-forget"
    assert "datastar-browser-state" not in reply.text


async def test_plain_form_on_browser_state_is_rejected_without_javascript(visit: Visit) -> None:
    reply = await visit(Prefs).submit("/prefs/add", {"n": "2"})
    assert reply.status_code == 400
    assert "Nothing was changed" in reply.text


async def test_user_route_with_unsafe_method_cannot_read_browser_state(
    serve: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    app = serve(Prefs)

    @app.post("/order")
    def order(prefs: Prefs) -> str:
        return str(prefs.count)

    reply = await Browser(app).call("POST", "/order")
    assert reply.status_code == 500
    assert "An event gets it by naming it as a parameter (prefs: Prefs)" in caplog.text


async def test_server_keeps_no_browser_state_between_requests(serve: Callable[..., Any]) -> None:
    app = own_page(serve(Prefs))
    ann = Browser(app)
    page = (await ann.page("/own")).text
    await ann.click("/prefs/add", {"_browser": browser(page)}, idempotency_key="k")
    again = (await ann.page("/own")).text
    assert '<p id="count">0</p>' in again
    assert (await ann.call("GET", "/prefs")).json()["tags"] == []
    async with ann.watch(again) as stream:
        assert (await stream.event()).type == "starmodel-open"
        assert await stream.silent()


async def test_default_method_get_keeps_post_for_browser_state_events(
    serve: Callable[..., Any],
) -> None:
    serve(Prefs, Shop, default_event_method="get")
    assert str(Prefs.add()).startswith("@stored('Prefs', 'post',")


def test_default_store_may_be_the_browser(serve: Callable[..., Any]) -> None:
    @unlisted
    class Note(Entity):
        text: str

    with pytest.raises(ConfigurationError, match="'text' has no default"):
        serve(Note, default_store="local_storage")
