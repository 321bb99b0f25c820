"""Below a mount path, on Starlette, from routes of the application, and by other plugins."""

from __future__ import annotations

import re
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from integration.auth.people import ANN, PASSWORD, Desk, create, sign_in
from integration.web.browser import ORIGIN, Browser
from starmodel import create_app
from starmodel.plugins import Page, Plugin, Route, SlotContent


async def test_pages_work_below_a_mount(visit: Any) -> None:
    inner = create_app([Desk], secret_key="k" * 40, auth=True, auth_registration="open")
    await create(inner)
    outer = Starlette(routes=[Mount("/shop", inner)])
    outer.gateway = inner.gateway  # type: ignore[attr-defined]  # for the name of the cookie
    ann = visit(outer)
    asked = await ann.page("/shop/desk")
    assert asked.headers["location"] == "/shop/sign-in?next=/shop/desk"
    form = (await ann.page(asked.headers["location"])).text
    assert 'action="/shop/sign-in"' in form
    assert 'href="/shop/sign-up?next=/shop/desk"' in form
    fields = {"email": ANN, "password": PASSWORD, "next": "/shop/desk"}
    assert (await ann.submit("/shop/sign-in", fields)).headers["location"] == "/shop/desk"
    page = (await ann.page("/shop/account")).text
    actions = set(re.findall(r'action="([^"]+)"', page))
    assert actions >= {"/shop/account", "/shop/account/password", "/shop/sign-out"}
    assert all(action.startswith("/shop/") for action in actions)
    assert (await ann.submit("/shop/account", {"name": "A"})).headers["location"] == (
        "/shop/account"
    )
    assert (await ann.submit("/shop/sign-out")).headers["location"] == "/shop/"
    await inner.starmodel.close()


async def test_pages_work_on_starlette(process: Any) -> None:
    app = process(Desk, web="starlette")
    await create(app)
    ann = Browser(app)
    assert (await ann.page("/desk")).headers["location"] == "/sign-in?next=/desk"
    assert (await sign_in(ann)).status_code == 303
    assert (await ann.page("/account")).status_code == 200


async def test_route_of_the_application_leads_to_sign_in(process: Any) -> None:
    app = process(Desk)

    @app.get("/report")
    def report(desk: Desk) -> str:
        return f"{desk.n} locks"

    guest = Browser(app)
    asked = await guest.page("/report?y=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/report%3Fy%3D1")
    assert (await guest.call("GET", "/report")).status_code == 401


async def test_route_of_the_application_replaces_a_page(process: Any) -> None:
    app = process(Desk)

    @app.get("/sign-in")
    def own() -> str:
        return "My own page"

    guest = Browser(app)
    assert "My own page" in (await guest.page("/sign-in")).text
    assert (await guest.page("/desk")).headers["location"].startswith("/sign-in?next=")


class Badge(Plugin):
    """A sign-in page and a badge of its own."""

    name = "badge"
    sign_in_path = "/enter"

    def routes(self) -> list[Route]:
        return [Route("/enter", self.enter, access="public"), Route("/closed", self.enter)]

    def slots(self) -> list[SlotContent]:
        return [SlotContent("page.account", "who", lambda place: "Who are you?", access="public")]

    async def enter(self, exchange: Any) -> Page:
        return Page("Enter", "Say the word")


async def test_plugin_has_a_sign_in_page_and_content_for_the_account(process: Any) -> None:
    app = process(Desk, auth=False, plugins=[Badge()])
    guest = Browser(app)
    for path in ("/desk", "/closed"):
        assert (await guest.page(path)).headers["location"] == f"/enter?next={path}"
    page = (await guest.page("/enter")).text
    assert "Who are you?" in page
    assert "Not signed in" not in page


async def test_click_that_needs_a_sign_in_has_a_link_that_returns(process: Any) -> None:
    guest = Browser(process(Desk, auth=False, plugins=[Badge()]))
    refused = await guest.click("/desk/lock", referer=f"{ORIGIN}/desk")
    assert refused.headers["starmodel-status"] == "401"
    assert 'href="/enter?next=/desk"' in refused.text
    assert ">Sign in</a>" in refused.text


async def test_without_a_plugin_a_closed_page_stays_an_error(process: Any) -> None:
    app = process(Desk, auth=False)
    guest = Browser(app)
    response = await guest.page("/desk")
    assert response.status_code == 401
    assert "Not signed in" in response.text


def test_wrong_path_of_a_sign_in_page_is_a_failure_of_its_plugin(process: Any) -> None:
    class Wrong(Plugin):
        name = "wrong"
        sign_in_path = "//evil.example"

    app = process(Desk, auth=False, plugins=[Wrong()])
    report = app.starmodel.plugins.report("wrong")
    assert report.state == "failed"
    assert "sign_in_path" in report.sentence
