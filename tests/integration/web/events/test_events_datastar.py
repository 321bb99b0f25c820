"""Datastar responses, to the byte."""

from __future__ import annotations

import gc
import json
from typing import Any

from integration.web.browser import DATASTAR, ORIGIN, sse_events, toasts, unlisted
from starmodel import Entity, EntityConfig, event
from starmodel.testing.browser.asgi import Cookies, send


@unlisted
class Counter(Entity):
    count: int = 0
    note: str | None = None

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount

    @event
    def set_note(self, note: str) -> None:
        self.note = note

    @event
    def refuse(self) -> None:
        self.count = 99
        raise ValueError("Not today")


async def test_click_without_live_page_returns_status_then_state(visit: Any) -> None:
    browser = visit(Counter)

    response = await browser.click("/counter/increment?amount=2")

    status, state = response.text.removesuffix("\n\n").split("\n\n")
    head, version, signals = state.split("\n")
    assert head == "event: datastar-patch-signals"
    assert version.startswith("data: version Counter ")
    number = int(version.rpartition(" ")[2])
    assert number > 0
    assert status == (
        "event: datastar-patch-signals\ndata: status 200\n"
        f"data: made Counter {number}\ndata: signals {{}}"
    )
    assert signals == 'data: signals {"Counter":{"count":2,"note":""}}'


async def test_click_has_event_stream_headers(visit: Any) -> None:
    response = await visit(Counter).click("/counter/increment")

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["starmodel-status"] == "200"
    assert response.headers["content-length"] == str(len(response.content))


async def test_click_of_a_live_page_leaves_the_state_to_its_stream(visit: Any) -> None:
    response = await visit(Counter).click("/counter/increment", starmodel_page="1")

    head, status, made, signals = response.text.removesuffix("\n\n").split("\n")
    assert (head, status) == ("event: datastar-patch-signals", "data: status 200")
    assert made.startswith("data: made Counter ")  # which state its typed text is part of
    assert signals == "data: signals {}"


async def test_click_reads_signals_of_declared_parameters_only(visit: Any) -> None:
    browser = visit(Counter)

    response = await browser.click("/counter/increment", {"amount": 5, "count": 70, "other": "x"})

    assert sse_events(response.text)[1].signals["Counter"]["count"] == 5


async def test_click_arguments_of_the_action_win_over_signals(visit: Any) -> None:
    response = await visit(Counter).click("/counter/increment?amount=3", {"amount": 5})

    assert sse_events(response.text)[1].signals["Counter"]["count"] == 3


async def test_click_cannot_set_a_field_by_its_signal(visit: Any) -> None:
    response = await visit(Counter).click("/counter/increment", {"Counter": {"count": 41}})

    assert sse_events(response.text)[1].signals["Counter"]["count"] == 1


async def test_rejected_click_is_200_with_the_status_patch_and_a_toast(visit: Any) -> None:
    browser = visit(Counter)

    response = await browser.click("/counter/refuse")

    assert (response.status_code, response.headers["starmodel-status"]) == (200, "422")
    assert response.text.startswith(
        "event: datastar-patch-signals\ndata: status 422\ndata: signals {}\n\n"
        "event: datastar-patch-elements\ndata: selector #starmodel-toasts\ndata: mode append\n"
        'data: elements <div data-toast="error" role="alert"'
    )
    assert toasts(response.text) == [("error", "Not today")]
    assert (await browser.call("GET", "/counter")).json()["count"] == 0


async def test_rejected_parameter_has_its_error_beside_its_input(visit: Any) -> None:
    form = {**DATASTAR, "content-type": "application/x-www-form-urlencoded"}
    browser = visit(Counter)
    response = await browser.post("/counter/increment", data={"amount": "ten"}, headers=form)

    status, beside = sse_events(response.text)  # and no toast, which would repeat it
    assert status.data["status"] == "422"
    assert beside.elements == (
        '<small id="Counter-increment-amount-problem" class="sm-problem">'
        "Enter a whole number.</small>"
    )


async def test_get_event_runs_only_with_datastars_header(visit: Any) -> None:
    browser = visit(Counter, default_event_method="get")

    link = await browser.page("/counter/increment?amount=7")
    head = await browser.head("/counter/increment?amount=7", headers=DATASTAR)
    click = await browser.click("/counter/increment", {"amount": 2}, method="GET")

    assert link.status_code == 405
    assert link.headers["allow"] == "POST"
    assert head.headers["starmodel-status"] == "405"
    assert click.headers["starmodel-status"] == "200"
    assert (await browser.call("GET", "/counter")).json()["count"] == 2


async def test_cross_site_get_event_is_rejected(visit: Any) -> None:
    browser = visit(Counter, default_event_method="get")

    response = await browser.click("/counter/increment", method="GET", sec_fetch_site="cross-site")

    assert response.headers["starmodel-status"] == "403"
    assert (await browser.call("GET", "/counter")).json()["count"] == 0


async def test_event_with_custom_method_and_path(visit: Any) -> None:
    class Lamp(Entity):
        on: bool = False

        @event(method="put", path="power")
        def switch(self, on: bool) -> None:
            self.on = on

    browser = visit(Lamp)

    response = await browser.click("/lamp/power", {"on": True}, method="PUT")
    plain = await browser.submit("/lamp/power", {"on": "false"})

    assert sse_events(response.text)[1].signals == {"Lamp": {"on": True}}
    assert plain.status_code == 303


async def test_delete_reads_signals_from_the_query(visit: Any) -> None:
    class Note(Entity):
        text: str = "x"

        @event(method="delete")
        def wipe(self, reason: str) -> None:
            self.text = reason

    response = await visit(Note).click("/note/wipe", {"reason": "old"}, method="DELETE")

    assert sse_events(response.text)[1].signals == {"Note": {"text": "old"}}


async def test_repeated_key_runs_once_with_equal_responses(visit: Any) -> None:
    browser = visit(Counter)

    first = await browser.click("/counter/increment", idempotency_key="k1")
    again = await browser.click("/counter/increment", idempotency_key="k1")
    other = await browser.click("/counter/increment?amount=5", idempotency_key="k1")

    assert first.text == again.text
    assert other.headers["starmodel-status"] == "422"
    assert (await browser.call("GET", "/counter")).json()["count"] == 1


async def test_same_key_of_two_visitors_runs_twice(visit: Any, serve: Any) -> None:
    class Board(Entity):
        model_config = EntityConfig(scope="app", access="public")
        marks: int = 0

        @event
        def mark(self) -> None:
            self.marks += 1

    app = serve(Board)
    await visit(app).click("/board/mark", idempotency_key="same")
    response = await visit(app).click("/board/mark", idempotency_key="same")

    assert sse_events(response.text)[1].signals == {"Board": {"marks": 2}}


async def test_signals_that_are_no_json_object_are_rejected(visit: Any) -> None:
    browser = visit(Counter)
    for body in (b"{", b"[1]", b'"x"', b"\xff"):
        response = await browser.post(
            "/counter/increment",
            content=body,
            headers=DATASTAR | {"content-type": "application/json", "origin": ORIGIN},
        )
        assert response.headers["starmodel-status"] == "400"
    assert (await browser.call("GET", "/counter")).json()["count"] == 0


async def test_null_in_a_state_is_sent_as_empty_text(visit: Any) -> None:
    browser = visit(Counter)
    await browser.click("/counter/set_note", {"note": "hi"})
    response = await browser.click("/counter/increment")

    assert json.loads(sse_events(response.text)[1].data["signals"])["Counter"]["note"] == "hi"


async def test_finished_click_leaves_nothing_to_the_garbage_collector(serve: Any) -> None:
    app, cookies = serve(Counter), Cookies()

    async def click() -> None:
        await send(app, "POST", "/counter/increment?amount=1", DATASTAR, cookies)

    await click()
    while gc.collect():  # a collected object may free others
        pass
    gc.disable()
    try:
        for _ in range(3):
            await click()
        assert gc.collect() == 0
    finally:
        gc.enable()
