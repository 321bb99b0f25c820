"""An entity with events that sign in and out."""

from __future__ import annotations

from typing import Any

from integration.web.browser import unlisted
from starmodel import Entity, Session, event


@unlisted
class Cart(Entity):
    items: int = 0

    @event
    def add(self) -> None:
        self.items += 1

    @event
    def sign_in(self, session: Session, name: str) -> None:
        session.sign_in(name)
        session["greeting"] = f"Hello {name}"
        self.items += 10
        if name == "nobody":
            raise ValueError("Wrong name")

    @event
    async def leave(self, session: Session) -> None:
        session.sign_out()

    @event
    async def come_and_go(self, session: Session) -> Any:  # an async generator
        yield None
        session.sign_out()
        yield None


async def items(browser: Any) -> int:
    return int((await browser.call("GET", "/cart")).json()["items"])
