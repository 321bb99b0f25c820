"""More tabs than HTTP/1.1 connections: a notice, working events, recovery when a tab closes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.browsing import Visitor
from e2e.serving import Server

COUNTER = """
from starmodel import Entity, create_app, event

class Counter(Entity):
    n: int = 0

    @event
    def increment(self):
        self.n += 1

app = create_app()
"""
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', {get: () => undefined})"


@pytest.mark.parametrize("secure", [True, False], ids=["by locks", "without locks"])
def test_seventh_tab_waits_and_streams_when_another_closes(
    serve: Callable[..., Server], visit: Callable[..., Visitor], secure: bool
) -> None:
    ann = visit(serve(COUNTER))
    if not secure:
        ann.context.add_init_script(NO_LOCKS)
    live = [ann.open("/counter") for _ in range(5)]
    waiting = [ann.open("/counter", live=False) for _ in range(2)]
    for page in waiting:
        page.wait_for_selector("html[data-live=waiting]", state="attached")
        expect(page.locator("#starmodel-status")).to_contain_text("too many windows")

    waiting[1].get_by_role("button", name="Increment").click()
    for page in [waiting[1], *live]:
        expect(page.locator("main")).to_contain_text("1")
    live[0].close()
    found: list[str] = []
    for _ in range(150):
        found = [page.evaluate("document.documentElement.dataset.live") for page in waiting]
        if sorted(found) == ["open", "waiting"]:
            break
        waiting[0].wait_for_timeout(200)
    assert sorted(found) == ["open", "waiting"]
    followed = waiting[found.index("open")]
    expect(followed.locator("#starmodel-status")).to_have_text("")
    live[1].get_by_role("button", name="Increment").click()
    expect(followed.locator("main")).to_contain_text("2")
