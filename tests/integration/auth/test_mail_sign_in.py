"""Sign-in by a code or a link in an e-mail."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from integration.auth.emails import (
    INVALID,
    OPTIONS,
    ask_sign_in,
    code_of,
    emails,
    enter,
    follow,
    is_signed_in,
    only_email,
    path_of,
    said,
    token_of,
)
from integration.auth.people import (
    ANN,
    OTHER,
    PASSWORD,
    Desk,
    create,
    plugin,
    run,
    shown,
    sign_in,
    signed_in,
)


@pytest.fixture
async def app(process: Any) -> Any:
    app = process(Desk, **OPTIONS)
    await create(app)
    return app


async def test_code_signs_in_the_browser_that_asked(app: Any, visit: Any) -> None:
    browser = visit(app)
    assert 'href="/sign-in/mail"' in (await browser.page("/sign-in")).text
    form = await ask_sign_in(browser, next="/desk")
    assert 'autocomplete="one-time-code"' in form.text
    code = code_of(await only_email(app))
    elsewhere = visit(app)
    await ask_sign_in(elsewhere)  # another browser has a code of its own
    assert (await enter(elsewhere, code)).status_code == 410
    done = await enter(browser, f"{code[:3]} {code[3:]}")
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    assert await is_signed_in(browser)
    assert not await is_signed_in(elsewhere)


async def test_code_works_once_and_has_five_attempts(app: Any, visit: Any) -> None:
    browser = visit(app)
    await ask_sign_in(browser)
    code = code_of(await only_email(app))
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        assert (await enter(browser, wrong)).status_code == 410
    assert (await enter(browser, code)).status_code == 410
    await ask_sign_in(browser)
    code = code_of(await only_email(app))
    cookie = browser.session_cookie
    assert (await enter(browser, code)).status_code == 303
    replay = visit(app)
    replay.bring(cookie)
    assert (await enter(replay, code)).status_code == 410


async def test_link_asks_first_and_works_once_in_any_browser(app: Any, visit: Any) -> None:
    await ask_sign_in(visit(app), next="/desk")
    message = await only_email(app)
    other = visit(app)
    for method in ("GET", "HEAD", "GET"):
        shown = await other.request(method, path_of(message))
        assert shown.status_code == 200
        assert not await is_signed_in(other)
    assert f"Sign in as {ANN}" in said(shown)
    before = other.session_cookie
    done = await follow(other, token_of(message))
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    assert await is_signed_in(other)
    assert other.session_cookie != before  # no session fixation
    again = await follow(visit(app), token_of(message))
    assert (again.status_code, INVALID in said(again)) == (410, True)


async def test_of_two_concurrent_posts_one_signs_in(app: Any, visit: Any) -> None:
    await ask_sign_in(visit(app))
    token = token_of(await only_email(app))
    done = await asyncio.gather(follow(visit(app), token), follow(visit(app), token))
    assert sorted(response.status_code for response in done) == [303, 410]


async def test_one_way_of_an_email_ends_the_other(app: Any, visit: Any) -> None:
    browser = visit(app)
    await ask_sign_in(browser)
    message = await only_email(app)
    assert (await follow(visit(app), token_of(message))).status_code == 303
    assert (await enter(browser, code_of(message))).status_code == 410


async def test_disabled_user_does_not_enter(app: Any, visit: Any) -> None:
    browser = visit(app)
    await ask_sign_in(browser)
    message = await only_email(app)
    await run(app, (await plugin(app).accounts.find(ANN)).do.disable())
    assert (await browser.page(path_of(message))).status_code == 410
    assert (await follow(browser, token_of(message))).status_code == 410
    assert (await enter(browser, code_of(message))).status_code == 410


async def test_expired_code_and_link_get_the_same_sentence(process: Any, visit: Any) -> None:
    now = [1_800_000_000.0]
    app = process(Desk, clock=lambda: now[0], **OPTIONS)
    await create(app)
    browser = visit(app)
    await ask_sign_in(browser)
    message = await only_email(app)
    now[0] += 901
    answers = [
        await enter(browser, code_of(message)), await follow(browser, token_of(message)),
        await browser.page(path_of(message)), await follow(browser, "A" * 43),
        await enter(visit(app), "123456"), await enter(browser, "12345x"), await enter(browser, ""),
    ]  # fmt: skip
    assert {(a.status_code, said(a)) for a in answers} == {(410, said(answers[0]))}
    assert INVALID in said(answers[0])


async def test_answer_is_the_same_for_unknown_addresses(app: Any, visit: Any) -> None:
    def bare(response: Any, email: str) -> tuple[int, str]:
        return response.status_code, shown(response.text, email)

    unknown = "nobody@example.org"
    browser = visit(app)
    first = bare(await ask_sign_in(visit(app)), ANN)
    assert bare(await ask_sign_in(browser, unknown), unknown) == first
    assert [m.to for m in await emails(app)] == [ANN]
    assert (await enter(browser, "123456")).status_code == 410


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "javascript:alert(1)", "https://evil.example"]
)
async def test_next_leads_to_this_application_only(app: Any, visit: Any, path: str) -> None:
    browser = visit(app)
    await ask_sign_in(browser, next=path)
    done = await enter(browser, code_of(await only_email(app)))
    assert done.headers["location"] == "/"


async def test_account_of_somebody_else_loses_its_password_and_sessions(
    app: Any, visit: Any
) -> None:
    """The account was registered before by who did not have the address."""
    intruder = await signed_in(app, ANN, PASSWORD)
    browser = visit(app)
    await ask_sign_in(browser)
    assert (await enter(browser, code_of(await only_email(app)))).status_code == 303
    assert await is_signed_in(browser)
    assert not await is_signed_in(intruder)
    assert (await sign_in(visit(app), ANN, PASSWORD)).status_code == 422
    user = await plugin(app).accounts.find(ANN)
    assert (user.verified, user.password_hash) == (True, "")
    await intruder.aclose()


async def test_confirmed_account_keeps_its_password(app: Any, visit: Any) -> None:
    await run(app, (await plugin(app).accounts.find(ANN)).do.verify())
    elsewhere, browser = await signed_in(app), visit(app)
    await ask_sign_in(browser)
    assert (await enter(browser, code_of(await only_email(app)))).status_code == 303
    assert await is_signed_in(elsewhere)
    assert (await sign_in(visit(app), ANN, PASSWORD)).status_code == 303
    await elsewhere.aclose()


async def test_logs_and_records_have_no_link_or_code(
    app: Any, visit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = visit(app)
    await ask_sign_in(browser)
    message = await only_email(app)
    token, code = token_of(message), code_of(message)
    await follow(browser, "A" + token[1:] if token[0] != "A" else "B" + token[1:])
    await enter(browser, code)
    user = await plugin(app).accounts.find(ANN)
    assert token not in caplog.text
    assert code not in caplog.text
    assert token not in f"{user!r}"
    assert token not in (await browser.page("/account")).text
    assert OTHER not in caplog.text


async def test_many_invalid_links_and_codes_are_slowed_down(app: Any, visit: Any) -> None:
    browser = visit(app)
    answers = [(await follow(browser, "A" * 43)).status_code for _ in range(32)]
    assert answers[:30] == [410] * 30
    assert answers[-1] == 429
    assert (await enter(browser, "123456")).status_code == 429
    await ask_sign_in(browser)
    message = await only_email(app)
    assert (await follow(browser, token_of(message))).status_code == 303  # a valid one still works
