"""Users of the tests, and what they do in a browser."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx

from integration.web.browser import Browser, unlisted
from starmodel import Entity, EntityConfig, event

_ASIDE = re.compile(r'data-session="\w+"|<script [^>]*id="starmodel-texts".*?</script>', re.S)
PASSWORD, OTHER = "correct horse battery", "another good phrase"
ANN, BOB = "ann@example.org", "bob@example.org"


@unlisted
class Desk(Entity):
    """What every signed-in user may see, and a boss may lock."""

    model_config = EntityConfig(scope="app")
    n: int = 0

    @event(access="role:boss")
    def lock(self) -> None:
        self.n += 1


def shown(page: str, email: str = "") -> str:
    """What a page displays about an address, without the parts that all pages have."""
    text = _ASIDE.sub("", page)
    return text.replace(email, "EMAIL") if email else text


def plugin(app: Any) -> Any:
    """The plugin `auth` of the application."""
    return next(p.plugin for p in app.starmodel.plugins.loaded if p.plugin.name == "auth")


async def create(app: Any, email: str = ANN, *roles: str, password: str = PASSWORD) -> Any:
    return await plugin(app).accounts.create(email, password=password, roles=list(roles))


async def sign_in(
    browser: Browser, email: str = ANN, password: str = PASSWORD, **fields: str
) -> httpx.Response:
    return await browser.submit("/sign-in", {"email": email, "password": password, **fields})


async def signed_in(app: Any, email: str = ANN, password: str = PASSWORD) -> Browser:
    browser = Browser(app)
    response = await sign_in(browser, email, password)
    assert response.status_code == 303, response.text
    return browser


async def status(browser: Browser, method: str = "GET", path: str = "/desk") -> int:
    """The status for a copy of the browser's cookie, which no response replaces."""
    async with Browser(browser.app) as copy:
        copy.bring(browser.session_cookie)
        return (await copy.call(method, path)).status_code


async def becomes(expected: int, browser: Browser, *request: str) -> bool:
    """Whether the status is the expected one within a second and a bit."""
    for _ in range(24):
        if await status(browser, *request) == expected:
            return True
        await asyncio.sleep(0.05)
    return False


async def run(app: Any, action: Any) -> Any:
    """Run an event of a user as trusted code, and return the user."""
    return (await plugin(app).accounts.run(action)).entity
