"""The one-time link for the first administrator, and for users without a password."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest

from integration.auth.people import ANN, BOB, OTHER, PASSWORD, Desk, plugin, sign_in
from integration.web.browser import HTML, Browser
from starmodel.plugins.built_in.auth.pages import first_sign_in
from starmodel.testing.fakes import FakeClock

DAY_S = 86400.0


async def issued(app: Any) -> str:
    """The path of a new link, once the server has logged its own."""
    async with Browser(app) as first:
        await first.page("/sign-in")
    if plugin(app)._announcing is not None:
        await plugin(app)._announcing
    return str(await plugin(app).first_sign_in.issue())


async def use(browser: Any, link: str, **fields: str) -> Any:
    path, _, secret = link.partition("?secret=")
    return await browser.submit(path, {"secret": secret, "password": PASSWORD, **fields})


async def test_link_makes_the_first_admin_once(process: Any, visit: Any, database: str) -> None:
    app = process(Desk, database_url=database)
    link = await issued(app)
    ann = visit(app)
    for method in ("GET", "HEAD"):
        looked = await ann.request(method, link, headers=HTML)
        assert looked.status_code == 200
    assert await plugin(app).accounts.users.count() == 0

    done = await use(ann, link, email=ANN)

    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert (await ann.page("/desk")).status_code == 200
    made = await plugin(app).accounts.find(ANN)
    assert made.roles == ["admin"]
    for second in (await use(visit(app), link, email=BOB), await visit(app).page(link)):
        assert second.status_code == 410
        assert "This link is not valid any more." in second.text
    assert await plugin(app).accounts.users.count() == 1


async def test_one_of_two_uses_at_once_wins(process: Any, visit: Any) -> None:
    app = process(Desk)
    link = await issued(app)
    uses = [use(visit(app), link, email=email) for email in (ANN, BOB)]
    assert sorted(r.status_code for r in await asyncio.gather(*uses)) == [303, 410]
    assert await plugin(app).accounts.users.count() == 1


async def test_link_is_over_after_a_day_and_after_a_newer_one(process: Any, visit: Any) -> None:
    clock = FakeClock()
    app = process(Desk, clock=clock)
    older, link = [await issued(app) for _ in range(2)]
    assert (await visit(app).page(older)).status_code == 410
    assert (await visit(app).page(link)).status_code == 200
    clock.advance(DAY_S + 1)
    assert (await visit(app).page(link)).status_code == 410
    for tampered in ("", "x", link[:-1] + "!", "x" * 5000, "\0"):
        response = await visit(app).get("/first-sign-in", params={"secret": tampered}, headers=HTML)
        assert response.status_code == 410


async def test_refused_password_leaves_the_link_valid(process: Any, visit: Any) -> None:
    app = process(Desk)
    link = await issued(app)
    ann = visit(app)
    for fields in ({"email": ANN, "password": "short"}, {"email": "ann"}, {"password": ""}):
        refused = await use(ann, link, **fields)
        assert refused.status_code == 422
        assert re.search(r'aria-invalid="true"', refused.text)
    assert (await use(ann, link, email=ANN)).status_code == 303


async def test_link_never_takes_over_an_account(process: Any, visit: Any) -> None:
    app = process(Desk)
    bob = await plugin(app).accounts.create(BOB, password=OTHER)
    link = await issued(app)

    response = await use(visit(app), link, email=BOB)

    assert response.headers["location"] == "/sign-in"
    assert await plugin(app).accounts.users.get(bob.id) == bob


async def test_user_without_a_password_chooses_one(process: Any, visit: Any) -> None:
    app = process(Desk, public_url="https://shop.example")
    ann = await plugin(app).accounts.create(ANN)
    link = await plugin(app).first_link(ann.id)
    assert link.startswith("https://shop.example/first-sign-in?secret=")
    assert ANN in (await visit(app).page(link.removeprefix("https://shop.example"))).text

    path = link.removeprefix("https://shop.example")
    headers = {"origin": "https://shop.example"}
    secret = path.partition("=")[2]
    form = {"secret": secret, "password": PASSWORD, "email": BOB}
    done = await visit(app).submit("/first-sign-in", form, headers=headers)

    assert done.status_code == 303, done.text
    assert await plugin(app).accounts.users.count() == 1
    assert await plugin(app).accounts.verify(ANN, PASSWORD)


async def test_link_is_over_when_there_is_an_administrator(process: Any, visit: Any) -> None:
    app = process(Desk)
    link = await issued(app)
    await plugin(app).accounts.create(ANN, password=OTHER, roles=["admin"])

    assert (await visit(app).page(link)).status_code == 410
    assert (await use(visit(app), link, email=BOB)).status_code == 410
    assert await plugin(app).accounts.find(BOB) is None


@pytest.mark.parametrize("change", ["removed", "disabled", "address", "password"])
async def test_link_of_a_user_is_over_when_the_user_has_changed(
    process: Any, visit: Any, database: str, change: str
) -> None:
    app = process(Desk, database_url=database)
    accounts = plugin(app).accounts
    bob = await accounts.create(BOB)
    link = f"/first-sign-in?secret={await _secret(app, bob.id)}"
    actions = {
        "removed": bob.do.delete, "disabled": bob.do.disable,
        "address": lambda: bob.do.update(email="robert@example.org"),
        "password": lambda: bob.do.set_password(new_password=OTHER),
    }  # fmt: skip
    await accounts.run(actions[change]())
    before = [user async for user in accounts.users.stream()]

    assert (await visit(app).page(link)).status_code == 410
    assert (await use(visit(app), link, email="eve@example.org")).status_code == 410
    assert [user async for user in accounts.users.stream()] == before


async def _secret(app: Any, user_id: str) -> str:
    return str(await plugin(app).first_link(user_id)).partition("secret=")[2]


async def test_page_of_the_link_sends_no_other_site_its_url(process: Any, visit: Any) -> None:
    app = process(Desk)
    page = await visit(app).page(await issued(app))
    assert page.headers["referrer-policy"] == "strict-origin"


async def test_start_logs_the_link_in_development_until_there_is_an_admin(
    process: Any, visit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "starmodel")

    def links() -> list[str]:
        return re.findall(r"http://\S+/first-sign-in\?secret=\S+", caplog.text)

    async def started(**options: Any) -> Any:
        app = process(Desk, **options)
        await visit(app).page("/sign-in")
        if plugin(app)._announcing is not None:
            await plugin(app)._announcing
        return app

    await started(env="production")
    assert links() == []
    app = await started()
    [link] = links()
    assert (await use(visit(app), link[link.index("/first") :], email=ANN)).status_code == 303
    await started()
    assert links() == [link]


async def test_link_lasts_a_day() -> None:
    assert first_sign_in.LASTS_S == DAY_S


async def test_wrong_passwords_slow_the_account_down_but_not_a_known_browser(
    process: Any, visit: Any
) -> None:
    clock = FakeClock()
    app = process(Desk, clock=clock)
    await plugin(app).accounts.create(ANN, password=PASSWORD)
    known = visit(app)
    assert (await sign_in(known)).status_code == 303
    await known.submit("/sign-out")
    codes = []
    for number in range(20):
        forged = {"x-forwarded-for": f"10.0.0.{number}"}
        mallory = visit(app, headers=forged)
        response = await sign_in(mallory, password="wrong password")
        codes.append(response.status_code)
    assert codes[0] == 422
    assert codes[-1] == 429
    assert int(response.headers["retry-after"]) > 0
    assert "There were too many attempts." in response.text
    assert (await sign_in(visit(app))).status_code == 429
    assert (await sign_in(known)).status_code == 303
    clock.advance(DAY_S)
    assert (await sign_in(visit(app))).status_code == 303
