"""A counter, and an application whose pages stream it."""

from __future__ import annotations

from typing import Any

from fasthtml.common import Titled

from integration.web.browser import Stream, unlisted
from starmodel import Entity, Field, event


@unlisted
class Counter(Entity):
    count: int = 0
    step: int = 1
    names: list[str] = Field(default=[])

    @event
    def increment(self) -> None:
        self.count += self.step

    @event
    def set_step(self, step: int) -> None:
        self.step = step

    @event
    def add(self, name: str) -> None:
        self.names.append(name)


async def opened(browser: Any, page: str = "/counter") -> Stream:
    return browser.watch(await browser.page(page))  # type: ignore[no-any-return]


def counter_app(serve: Any, **options: Any) -> Any:
    """An application whose page `/mine` shows the counter's signals only."""
    app = serve(Counter, **options)

    @app.get("/mine")
    def mine(counter: Counter):  # type: ignore[no-untyped-def]
        return Titled("Mine", counter)

    return app
