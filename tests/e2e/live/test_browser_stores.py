"""Entities in browser storage: persisted, synchronised between tabs, private to a visitor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from e2e.browsing import Visitor, field, form
from e2e.serving import Server

PROGRAM = '''
import asyncio
from typing import Literal

from fasthtml.common import *
from pydantic import BaseModel
from starmodel import Actor, Entity, Redirect, Session, Toast, create_app, event, live


class Address(BaseModel):
    street: str = ""
    city: str = "Here"


class Prefs(Entity):
    model_config = {"store": "local_storage"}
    theme: Literal["light", "dark"] = "light"
    count: int = 0
    tags: list[str] = []
    home: Address = Address()
    draft: str = ""

    @event
    def add(self, n: int = 1):
        self.count += n

    @event
    def tag(self, text: str):
        self.tags.append(text)

    @event
    def fill(self, size: int):
        self.draft = "x" * size

    @event
    def keep(self):
        """Takes over what is bound."""

    @event
    def fail(self):
        self.count = 999
        raise ValueError("Not today")

    @event
    async def climb(self):
        for _ in range(3):
            self.count += 1
            yield Toast(f"Step {self.count}")
            await asyncio.sleep(0.1)

    @event
    def leave(self, session: Session):
        session.sign_out()
        return Redirect("/own")


class Tab(Entity):
    model_config = {"store": "session_storage"}
    count: int = 0

    @event
    def add(self):
        self.count += 1


class Order(Entity):
    model_config = {"scope": "app", "access": "public"}
    taken: list[str] = []

    @event
    def take(self, prefs: Prefs):
        self.taken += prefs.tags
        prefs.tags.clear()

    @event
    def peek(self, prefs: Prefs):
        return tag_list(prefs)


app = create_app(title="Stores", heartbeat_s=0.5)


@live
def tag_list(prefs: Prefs):
    return Ul(*[Li(tag) for tag in prefs.tags], id="tag-list")


@app.get("/own")
def own(prefs: Prefs, tab: Tab, order: Order):
    return Titled("Own", prefs, tab, order,
        P(data_text=Prefs.count_signal, id="count"), P(data_text=Tab.count_signal, id="tab"),
        P(data_text=Prefs.theme_signal, id="theme"),
        tag_list(prefs),
        Input(data_bind=Prefs.draft_signal, id="draft"),
        Button("One", data_on_click=Prefs.add()), Button("Keep", data_on_click=Prefs.keep()),
        Button("Fail", data_on_click=Prefs.fail()), Button("Climb", data_on_click=Prefs.climb()),
        Button("Large", data_on_click=Prefs.fill(200_000)),
        Button("Too large", data_on_click=Prefs.fill(300_000)),
        Button("Take", data_on_click=Order.take()), Button("Leave", data_on_click=Prefs.leave()),
        Button("Mine", data_on_click=Tab.add()),
        Form(Input(data_bind="text", name="text"), Button("Tag"), data_on_submit=Prefs.tag()))


@app.get("/plain")
def plain():
    return Titled("Plain", P(data_text=Prefs.count_signal, id="count"),
        Button("One", data_on_click=Prefs.add()))


@app.get("/later")
def later(order: Order):
    return Titled("Later", order, Ul(id="tag-list"), Button("Peek", data_on_click=Order.peek()))


@app.get("/in/{name}")
def sign_in(session: Session, name: str):
    session.sign_in(Actor(name))
    return Redirect("/own")


@app.get("/out")
def sign_out(session: Session):
    session.sign_out()
    return Redirect("/own")
'''
Visit = Callable[..., Visitor]
AWAY = "status of|net::ERR|Failed to fetch|network error|Datastar failed"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("stores"), PROGRAM) as server:
        yield server


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def stored_states(page: Page, area: str = "localStorage") -> dict[str, Any]:
    """States of this application in browser storage, by class."""
    found = page.evaluate(f"() => Object.entries({area})")
    mine = [(k, v) for k, v in found if k.startswith("starmodel:")]
    return {k.rpartition(":")[2]: json.loads(json.loads(v)["state"])["state"] for k, v in mine}


def expect_stored(page: Page, count: int) -> None:
    """Wait until the storage has this many states, of any visitor."""
    page.wait_for_function(
        "(count) => Object.keys(localStorage)"
        ".filter((key) => key.startsWith('starmodel:')).length === count",
        arg=count,
    )


def spoil(page: Page, **values: Any) -> None:
    """Write other values into the stored state, as an older build or a visitor might have."""
    page.evaluate(
        "(values) => { for (const [key, text] of Object.entries(localStorage)) {"
        " if (!key.startsWith('starmodel:')) continue;"
        " const entry = JSON.parse(text), data = JSON.parse(entry.state);"
        " Object.assign(data.state, values); entry.state = JSON.stringify(data);"
        " Object.assign(entry.signals, values);"
        " localStorage.setItem(key, JSON.stringify(entry)); } }",
        values,
    )


def test_generated_page_keeps_its_state_across_reload_and_restart(
    serve: Callable[..., Server], visit: Visit
) -> None:
    server = serve(PROGRAM)
    ann = visit(server)
    ann.expect_errors(AWAY)
    page = ann.open("/prefs")
    form(page, "Add").get_by_label("N").fill("4")
    press(page, "Add")
    expect(field(page, "Count")).to_have_text("4")
    form(page, "Tag").get_by_label("Text").fill("red")
    press(page, "Tag")
    expect(field(page, "Tags")).to_contain_text("red")
    expect(form(page, "Tag").get_by_label("Text")).to_have_value("")
    server.stop()
    server.start()
    page.reload()
    expect(field(page, "Count")).to_have_text("4")
    expect(field(page, "Tags")).to_contain_text("red")
    press(page, "Add")
    expect(field(page, "Count")).to_have_text("5")
    assert stored_states(page)["Prefs"]["tags"] == ["red"]


def test_two_tabs_synchronise_signals_and_live_parts(stores: Server, visit: Visit) -> None:
    ann = visit(stores)
    first, second = ann.open("/own"), ann.open("/own")
    generated = ann.open("/prefs")
    press(first, "One")
    for page in (first, second):
        expect(page.locator("#count")).to_have_text("1")
    expect(field(generated, "Count")).to_have_text("1")
    second.locator("[name=text]").fill("blue")
    press(second, "Tag")
    for page in (first, second):
        expect(page.locator("#tag-list li")).to_have_text(["blue"])
    expect(field(generated, "Tags")).to_contain_text("blue")
    press(first, "One")
    expect(second.locator("#count")).to_have_text("2")


def test_fast_clicks_are_counted_each_once(stores: Server, visit: Visit) -> None:
    page = visit(stores).open("/own")
    page.evaluate(
        "() => { const one = [...document.querySelectorAll('button')]"
        ".find((b) => b.textContent === 'One'); for (let i = 0; i < 20; i++) one.click() }"
    )
    expect(page.locator("#count")).to_have_text("20")
    page.wait_for_timeout(200)
    assert stored_states(page)["Prefs"]["count"] == 20


def test_concurrent_double_submit_is_sent_once(stores: Server, visit: Visit) -> None:
    page = visit(stores).open("/prefs")
    form(page, "Add").get_by_label("N").fill("4")
    form(page, "Tag").get_by_label("Text").fill("once")
    for name in ("Add", "Tag"):
        form(page, name).get_by_role("button").evaluate("(b) => { b.click(); b.click() }")
    expect(field(page, "Tags").locator("li")).to_have_text(["once"])
    expect(field(page, "Count")).to_have_text("4")
    expect(form(page, "Add").get_by_label("N")).to_have_value("1")
    press(page, "Add")
    expect(field(page, "Count")).to_have_text("5")


def test_click_with_truncated_response_counts_once(stores: Server, visit: Visit) -> None:
    ann = visit(stores)
    ann.expect_errors(AWAY)
    page = ann.open("/own")
    keys = []

    def cut_the_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/prefs/add**", cut_the_first)
    press(page, "One")
    expect(page.locator("#count")).to_have_text("1")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert stored_states(page)["Prefs"]["count"] == 1


def test_session_storage_belongs_to_one_tab_and_survives_its_reload(
    stores: Server, visit: Visit
) -> None:
    ann = visit(stores)
    first, second = ann.open("/own"), ann.open("/own")
    press(first, "Mine")
    expect(first.locator("#tab")).to_have_text("1")
    first.reload()
    expect(first.locator("#tab")).to_have_text("1")
    expect(second.locator("#tab")).to_have_text("0")
    assert stored_states(first, "sessionStorage") == {"Tab": {"count": 1}}
    assert stored_states(second, "sessionStorage") == {}


def test_old_values_fall_back_field_by_field(stores: Server, visit: Visit) -> None:
    page = visit(stores).open("/own")
    press(page, "One")
    expect(page.locator("#count")).to_have_text("1")
    spoil(page, theme="purple", gone=7, tags=["kept"], home={"street": "Main", "city": 5})
    page.reload()
    expect(page.locator("#count")).to_have_text("1")
    expect(page.locator("#theme")).to_have_text("light")
    expect(page.locator("#tag-list li")).to_have_text(["kept"])
    press(page, "One")
    expect(page.locator("#count")).to_have_text("2")
    assert stored_states(page)["Prefs"] == {
        "theme": "light", "count": 2, "tags": ["kept"], "draft": "",
        "home": {"street": "", "city": "Here"},
    }  # fmt: skip


def test_restored_state_is_shown_before_any_request_and_without_a_flash(
    stores: Server, visit: Visit
) -> None:
    page = visit(stores).open("/own")
    for tag in ("a", "b"):
        page.locator("[name=text]").fill(tag)
        press(page, "Tag")
        expect(page.locator("#tag-list")).to_contain_text(tag)
    press(page, "One")
    expect(page.locator("#count")).to_have_text("1")
    page.add_init_script(
        "window.seen = []; const look = () => { const count = document.querySelector('#count');"
        " const list = document.querySelector('#tag-list');"
        " if (count?.textContent) seen.push(count.textContent);"
        " if (list && !list.children.length && getComputedStyle(list).visibility === 'visible')"
        " seen.push('flash'); requestAnimationFrame(look) }; requestAnimationFrame(look)"
    )
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/_starmodel/s*", hold)
    page.reload()
    expect(page.locator("#count")).to_have_text("1")
    page.wait_for_timeout(300)
    for route in held:
        route.continue_()
    page.unroute_all()
    expect(page.locator("#tag-list li")).to_have_text(["a", "b"])
    expect(page.locator("#tag-list")).to_be_visible()
    assert set(page.evaluate("seen")) == {"1"}


def test_bound_field_is_applied_while_typing_continues(stores: Server, visit: Visit) -> None:
    page = visit(stores).open("/own")
    page.locator("#draft").fill("hello")
    press(page, "Keep")
    page.wait_for_function("Object.values(localStorage).some((text) => text.includes('hello'))")
    page.route("**/prefs/keep**", lambda route: (page.wait_for_timeout(200), route.continue_()))
    page.locator("#draft").fill("hello you")
    press(page, "Keep")
    page.locator("#draft").fill("hello you there")
    page.wait_for_function("Object.values(localStorage).some((text) => text.includes('you'))")
    expect(page.locator("#draft")).to_have_value("hello you there")
    page.reload()
    expect(page.locator("#draft")).to_have_value("hello you")


def test_rejected_event_changes_nothing(stores: Server, visit: Visit) -> None:
    page = visit(stores).open("/own")
    press(page, "One")
    press(page, "Fail")
    expect(page.get_by_text("Not today")).to_be_visible()
    expect(page.locator("#count")).to_have_text("1")
    press(page, "Too large")
    expect(page.get_by_text("at most 262144")).to_be_visible()
    assert stored_states(page)["Prefs"]["draft"] == ""


def test_generator_stores_each_yield(stores: Server, visit: Visit) -> None:
    page = visit(stores).open("/own")
    press(page, "Climb")
    expect(page.get_by_text("Step 3")).to_be_visible()
    expect(page.locator("#count")).to_have_text("3")
    page.reload()
    expect(page.locator("#count")).to_have_text("3")


def test_event_of_another_entity_receives_and_changes_the_state(
    stores: Server, visit: Visit
) -> None:
    ann, bob = visit(stores), visit(stores)
    page, other = ann.open("/own"), bob.open("/order")
    page.locator("[name=text]").fill("pen")
    press(page, "Tag")
    expect(page.locator("#tag-list li")).to_have_text(["pen"])
    press(page, "Take")
    expect(field(other, "Taken")).to_contain_text("pen")
    expect(page.locator("#tag-list li")).to_have_count(0)


def test_live_part_returned_by_an_event_is_updated(stores: Server, visit: Visit) -> None:
    ann = visit(stores)
    page, later = ann.open("/own"), ann.open("/later")
    page.locator("[name=text]").fill("pen")
    press(page, "Tag")
    expect(page.locator("#tag-list li")).to_have_text(["pen"])
    expect(later.locator("#tag-list li")).to_have_count(0)
    press(later, "Peek")
    expect(later.locator("#tag-list li")).to_have_text(["pen"])
    page.locator("[name=text]").fill("ink")
    press(page, "Tag")
    expect(later.locator("#tag-list li")).to_have_text(["pen", "ink"])


def test_full_storage_shows_a_notice_and_the_page_works(stores: Server, visit: Visit) -> None:
    page = visit(stores).open("/own")
    press(page, "One")
    expect(page.locator("#count")).to_have_text("1")
    page.evaluate(
        "() => { let size = 1 << 22; while (size > 8) {"
        " try { localStorage.setItem('fill' + size, (localStorage.getItem('fill' + size) ?? '')"
        " + 'x'.repeat(size)) } catch { size >>= 1 } } }"
    )
    press(page, "Large")
    expect(page.get_by_text("storage is full or blocked")).to_be_visible()
    press(page, "One")
    press(page, "One")
    expect(page.locator("#count")).to_have_text("3")
    page.evaluate(
        "() => { for (const k of Object.keys(localStorage)) "
        "if (k.startsWith('fill')) localStorage.removeItem(k) }"
    )
    press(page, "One")
    expect(page.locator("#count")).to_have_text("4")
    page.reload()
    expect(page.locator("#count")).to_have_text("4")


def test_blocked_storage_falls_back_to_memory(stores: Server, visit: Visit) -> None:
    ann = visit(stores)
    ann.context.add_init_script(
        "for (const area of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, area, {get() { throw new DOMException('no') }})"
    )
    page = ann.context.new_page()
    page.goto("/own")
    press(page, "One")
    press(page, "One")
    expect(page.locator("#count")).to_have_text("2")
    expect(page.get_by_text("storage is full or blocked")).to_be_visible()


def test_sign_out_and_next_user_find_no_state(stores: Server, visit: Visit) -> None:
    ann = visit(stores)
    ann.expect_errors("status of 40[13]")
    page = ann.open("/own")
    press(page, "One")
    expect(page.locator("#count")).to_have_text("1")
    page.goto("/in/ann")
    expect(page.locator("#count")).to_have_text("1")  # what she did before is hers
    press(page, "One")
    expect(page.locator("#count")).to_have_text("2")
    expect_stored(page, 1)
    page.goto("/in/bob")
    expect(page.locator("#count")).to_have_text("0")
    press(page, "One")
    expect(page.locator("#count")).to_have_text("1")
    other = ann.open("/own")
    page.goto("/out")
    expect(page.locator("#count")).to_have_text("0")
    expect(other.locator("#count")).to_have_text("0")
    expect_stored(page, 0)


def test_sign_out_by_an_event_clears_storage_immediately(stores: Server, visit: Visit) -> None:
    page = visit(stores).open("/own")
    press(page, "One")
    expect(page.locator("#count")).to_have_text("1")
    away = {"body": "Away", "content_type": "text/html"}
    page.route("**/own", lambda route: route.fulfill(**away))  # it is the reply that clears
    press(page, "Leave")
    expect_stored(page, 0)


def test_signals_only_page_stores_its_state(stores: Server, visit: Visit) -> None:
    page = visit(stores).open("/plain", live=False)
    press(page, "One")
    expect(page.locator("#count")).to_have_text("1")
    page.reload()
    expect(page.locator("#count")).to_have_text("1")


def test_storage_key_discloses_nothing_of_the_cookie(stores: Server, visit: Visit) -> None:
    ann = visit(stores)
    page = ann.open("/own")
    press(page, "One")
    expect(page.locator("#count")).to_have_text("1")
    cookie = ann.context.cookies()[0]["value"]
    keys = page.evaluate("() => Object.keys(localStorage).join(' ')")
    assert not any(part and part in keys for part in cookie.split("."))


def test_page_without_javascript_shows_a_notice(stores: Server, visit: Visit) -> None:
    ann = visit(stores, java_script_enabled=False)
    ann.expect_errors("status of 400")
    page = ann.open("/prefs", live=False)
    expect(page.get_by_text("kept in your browser, which needs JavaScript")).to_be_visible()
    assert field(page, "Count").is_visible()  # at once: nothing waits for a script
    expect(field(page, "Count")).to_have_text("0")
    press(page, "Add")
    expect(page.get_by_text("Nothing was changed").first).to_be_visible()
