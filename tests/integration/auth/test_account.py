"""The account page, and what a change of a user means for the sessions, in every process."""

from __future__ import annotations

import re
from typing import Any

import pytest

from integration.auth.people import (
    ANN,
    BOB,
    OTHER,
    PASSWORD,
    Desk,
    becomes,
    create,
    plugin,
    run,
    sign_in,
    signed_in,
    status,
)
from integration.web.browser import Browser, toasts
from starmodel.core.errors import StoreUnavailableError
from starmodel.plugins.built_in.auth.users import sessions as user_sessions

LOCK = ("POST", "/desk/lock")


async def change_password(browser: Browser, current: str = PASSWORD, new: str = OTHER) -> Any:
    fields = {"current_password": current, "new_password": new}
    return await browser.submit("/account/password", fields)


async def test_changed_password_ends_every_other_session(process: Any, database: str) -> None:
    first, second = (process(Desk, database_url=database) for _ in range(2))
    await create(first)
    here, there, bob = await signed_in(first), await signed_in(second), None
    await create(first, BOB)
    bob = await signed_in(first, BOB)
    assert await status(there) == 200

    done = await change_password(here)

    assert (done.status_code, done.headers["location"]) == (303, "/account")
    assert (await status(here), await status(bob)) == (200, 200)
    assert await becomes(401, there)
    assert ("success", "Your password is changed. Other devices were signed out.") in toasts(
        (await here.page("/account")).text
    )
    assert (await sign_in(Browser(second), password=PASSWORD)).status_code == 422
    assert (await sign_in(Browser(second), password=OTHER)).status_code == 303
    third = process(Desk, database_url=database)
    for browser, expected in ((here, 200), (there, 401)):
        browser.app = third
        assert await status(browser) == expected


@pytest.mark.parametrize(
    ("current", "new", "problem"),
    [
        ("wrong", OTHER, "This is not your current password."),
        (PASSWORD, "short", "At least 10 characters."),
        (PASSWORD, ANN, "Your name and address are easy to guess"),
        (PASSWORD, "x" * 2000, "This password is too long. At most 1024 bytes are possible."),
        ("x" * 2000, OTHER, "This is not your current password."),
        ("", "", "This is not your current password."),
    ],
)  # fmt: skip
async def test_refused_password_is_explained_beside_its_input(
    process: Any, current: str, new: str, problem: str
) -> None:
    app = process(Desk)
    await create(app)
    ann, other = await signed_in(app), await signed_in(app)

    response = await change_password(ann, current, new)

    assert response.status_code == 422
    assert problem in response.text
    assert re.search(r'aria-invalid="true"[^>]*autofocus', response.text)
    assert (await status(ann), await status(other)) == (200, 200)


async def test_changed_password_ends_copies_of_the_cookie(process: Any, database: str) -> None:
    first, second = (process(Desk, database_url=database) for _ in range(2))
    ann = await create(first)
    for change in ("page", "json"):
        here = await signed_in(first, password=OTHER if change == "json" else PASSWORD)
        copy = Browser(second)
        copy.bring(here.session_cookie)
        if change == "page":
            assert (await change_password(here)).status_code == 303
        else:
            fields = {"current_password": OTHER, "new_password": PASSWORD}
            changed = await here.call("POST", f"/auth/users/{ann.id}/change_password", fields)
            assert changed.status_code == 200
        assert await status(here) == 200
        assert await becomes(401, copy)
        await copy.aclose()


async def test_wrong_current_passwords_are_slowed_down(process: Any, database: str) -> None:
    first, second = (process(Desk, database_url=database) for _ in range(2))
    ann = await create(first)
    here, there = await signed_in(first), await signed_in(second)
    form = {"name": "robot", "grants": "*:*", "days": "30"}
    token = re.findall("sm_[0-9A-Za-z]{38}", (await here.submit("/account/tokens", form)).text)[0]
    wrong = {"current_password": "wrong", "new_password": OTHER}
    path, bearer = f"/auth/users/{ann.id}/change_password", {"authorization": f"Bearer {token}"}
    for _ in range(6):
        assert (await here.call("POST", path, wrong)).status_code == 422

    by_page = await change_password(there)
    by_token = await Browser(second).call("POST", path, wrong, headers=bearer)

    assert (by_page.status_code, by_token.status_code) == (429, 429)
    assert "retry-after" in by_page.headers
    assert "retry-after" in by_token.headers
    assert "aria-invalid" in by_page.text
    assert await plugin(first).accounts.verify(ANN, PASSWORD)


async def test_disabled_user_is_signed_out_everywhere_and_stays_out(
    process: Any, database: str
) -> None:
    first, second = (process(Desk, database_url=database) for _ in range(2))
    ann = await create(first)
    here, there = await signed_in(first), await signed_in(second)
    page = await there.page("/desk")
    async with there.watch(page) as stream:
        await stream.event()
        await run(first, ann.do.disable())
        assert await status(here) == 401
        assert await becomes(401, there)
        with pytest.raises(EOFError):
            await drained(stream)
    assert (await sign_in(Browser(second))).status_code == 422
    third = process(Desk, database_url=database)
    assert (await sign_in(Browser(third))).status_code == 422

    await run(third, ann.do.enable())

    assert (await sign_in(Browser(second))).status_code == 303


async def drained(stream: Any) -> None:
    while True:
        await stream.event()


async def test_roles_hold_in_every_session_within_a_second(process: Any, database: str) -> None:
    first, second = (process(Desk, database_url=database) for _ in range(2))
    ann = await create(first, ANN, "boss")
    here, there = await signed_in(first), await signed_in(second)
    assert [await status(here, *LOCK), await status(there, *LOCK)] == [200, 200]

    await run(first, ann.do.revoke(role="boss"))

    assert await status(here, *LOCK) == 403
    assert await becomes(403, there, *LOCK)
    assert [await status(here), await status(there)] == [200, 200]

    await run(second, ann.do.grant(role="boss"))

    assert await status(there, *LOCK) == 200
    assert await becomes(200, here, *LOCK)


async def test_removed_user_is_signed_out(process: Any) -> None:
    app = process(Desk)
    user = await create(app)
    ann = await signed_in(app)
    await run(app, user.do.delete())
    assert await status(ann) == 401


async def test_sessions_follow_once_their_store_is_reachable_again(
    process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_sessions, "RETRY_S", 0.01)
    app = process(Desk)
    user = await create(app)
    ann = await signed_in(app)
    sessions = plugin(app).site.user_sessions.sessions
    revise, failures = sessions.revise, [True, True]

    async def unreachable(*given: Any) -> None:
        if failures:
            failures.pop()
            raise StoreUnavailableError("away")
        await revise(*given)

    monkeypatch.setattr(sessions, "revise", unreachable)
    await run(app, user.do.disable())

    assert await becomes(401, ann)


async def test_devices_are_listed_and_signed_out_one_by_one(process: Any) -> None:
    app = process(Desk)
    await create(app)
    await create(app, BOB)
    here, phone, bob = await signed_in(app), Browser(app), await signed_in(app, BOB)
    phone.headers["user-agent"] = "Mozilla/5.0 (iPhone; CPU) AppleWebKit Safari/604"
    await sign_in(phone)

    page = (await here.page("/account")).text
    assert "Safari on iPhone" in page
    assert page.count("This device") == 1
    ids = re.findall(r'name="session" value="(\w+)"', page)
    assert len(ids) == 1
    [bobs] = await app.starmodel.sessions.actors.list((await plugin(app).accounts.find(BOB)).id)

    for id in (bobs.id, "", "x" * 5000):
        assert (await here.submit("/account/sessions/end", {"session": id})).status_code == 303
    assert (await status(phone), await status(bob)) == (200, 200)
    await here.submit("/account/sessions/end", {"session": ids[0]})

    assert (await status(here), await status(phone), await status(bob)) == (200, 401, 200)


async def test_all_other_devices_are_signed_out_and_their_streams_end(process: Any) -> None:
    app = process(Desk)
    await create(app)
    here, there = await signed_in(app), await signed_in(app)
    page = await there.page("/desk")
    async with there.watch(page) as stream:
        await stream.event()
        done = await here.submit("/account/sessions/end-others")
        with pytest.raises(EOFError):
            await drained(stream)
    assert done.headers["location"] == "/account"
    assert (await status(here), await status(there)) == (200, 401)


async def test_name_is_changed_and_shown(process: Any) -> None:
    app = process(Desk)
    await create(app)
    ann = await signed_in(app)
    assert (await ann.submit("/account", {"name": " Ann B. "})).status_code == 303
    assert "<span>Ann B.</span>" in (await ann.page("/desk")).text
    long = await ann.submit("/account", {"name": "x" * 101})
    assert long.status_code == 422
    assert "At most 100 characters." in long.text


async def test_account_is_for_the_signed_in(process: Any, visit: Any) -> None:
    app = process(Desk)
    guest = visit(app)
    assert (await guest.page("/account")).headers["location"] == "/sign-in?next=/account"
    for path in ("/account", "/account/password", "/account/sessions/end-others"):
        assert (await guest.call("POST", path)).status_code == 401


async def test_developer_sees_the_sessions_without_an_account(process: Any, visit: Any) -> None:
    from integration.web.browser import sign_in_link

    app = process(Desk)
    dev = visit(app)
    await dev.page(sign_in_link(app))
    page = await dev.page("/account")
    assert page.status_code == 200
    assert "which has no account" in page.text
    assert (await dev.submit("/account/password", {"new_password": OTHER})).status_code == 403
    await dev.submit("/sign-out")
    assert (await dev.page("/account")).status_code == 303
