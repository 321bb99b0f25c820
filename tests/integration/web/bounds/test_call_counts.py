"""A click and a list page make a bounded number of Python calls.

Counted, not timed, so that a busy machine changes nothing. A new guarantee
may raise a bound; work that fits at the start of the application must not.
"""

from __future__ import annotations

import sys
from collections import Counter as Tally
from collections.abc import Callable
from typing import Any

import pytest

from integration.web.browser import unlisted
from starmodel import Entity, event
from starmodel.app.bus import InProcessBus
from starmodel.app.live import reactions
from starmodel.testing.browser.asgi import DATASTAR, HTML, Cookies, send

MAX_CALLS_OF_A_CLICK = 101  # three of them intersect decisions with the grants of tokens
SENT = {
    "starmodel-page": "1", "sec-fetch-site": "same-origin", "content-type": "application/json",
}  # fmt: skip


@unlisted
class Tick(Entity):
    model_config = {"scope": "session"}
    count: int = 0

    @event
    def add(self, amount: int = 1) -> None:
        self.count += amount


@unlisted
class Pot(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str = ""


async def calls_of(
    app: Any, method: str, path: str, headers: dict[str, str], cookies: Cookies
) -> Tally[str]:
    """How often each function of the framework runs for a request, by its name."""
    calls: Tally[str] = Tally()

    def profile(frame: Any, what: str, _: Any) -> None:
        name = frame.f_code.co_filename
        if what == "call" and "/starmodel/" in name and "/testing/" not in name:
            calls[frame.f_code.co_qualname] += 1

    sys.setprofile(profile)
    try:
        reply = await send(app, method, path, headers, cookies, b"{}" if method == "POST" else b"")
    finally:
        sys.setprofile(None)
    assert reply.status == 200
    return calls


async def test_click_makes_a_bounded_number_of_calls(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reactions, "_defined", {})  # of other tests
    app, cookies = serve(Tick, sign_in=False, bus=InProcessBus()), Cookies()
    for number in range(5):
        headers = {**DATASTAR, **SENT, "idempotency-key": f"key-{number}"}
        calls = await calls_of(app, "POST", "/tick/add?amount=1", headers, cookies)
    assert calls["Dispatcher.dispatch"] == 1
    assert calls.total() <= MAX_CALLS_OF_A_CLICK, calls.most_common()


async def test_list_page_for_a_guest_makes_no_record_of_defaults(serve: Callable[..., Any]) -> None:
    app, cookies = serve(Pot, sign_in=False), Cookies()
    for _ in range(3):
        calls = await calls_of(app, "GET", "/pots", HTML, cookies)
    assert calls["may_create"] > 0
    assert calls["Entity.model_construct"] == 0
