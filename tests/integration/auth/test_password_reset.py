"""Forgotten passwords: an e-mail with a link that works once, and ends every other session."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import pytest

from integration.auth.emails import (
    INVALID,
    OPTIONS,
    ORIGIN,
    ask_reset,
    emails,
    is_signed_in,
    path_of,
    reset,
    reset_email,
    said,
    token_of,
    url_of,
)
from integration.auth.people import (
    ANN,
    BOB,
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
from starmodel.app.ports.credentials.attempts import Limit


@pytest.fixture
async def app(process: Any, database: str) -> Any:
    app = process(Desk, database_url=database, **OPTIONS)
    await create(app)
    return app


async def test_reset_replaces_the_password_once_and_ends_sessions(app: Any, visit: Any) -> None:
    elsewhere, browser = await signed_in(app), visit(app)
    assert 'href="/sign-in/forgot-password"' in (await browser.page("/sign-in")).text
    message = await reset_email(app, browser)
    assert message.to == ANN
    form = await browser.page(path_of(message))
    assert form.status_code == 200
    assert 'autocomplete="new-password"' in form.text
    assert form.headers.get_list("referrer-policy") == ["strict-origin"]

    done = await reset(browser, token_of(message))

    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert "Your password is saved." in (await browser.page("/sign-in")).text
    assert not await is_signed_in(elsewhere)
    assert (await sign_in(visit(app), ANN, PASSWORD)).status_code == 422
    assert (await sign_in(browser, ANN, OTHER)).status_code == 303
    assert (await plugin(app).accounts.find(ANN)).verified
    again = await reset(browser, token_of(message), PASSWORD)
    assert (again.status_code, INVALID in said(again)) == (410, True)
    assert (await sign_in(visit(app), ANN, OTHER)).status_code == 303
    await elsewhere.aclose()


async def test_of_two_concurrent_posts_one_works(app: Any, visit: Any) -> None:
    message = await reset_email(app, visit(app))
    first, second = await asyncio.gather(
        reset(visit(app), token_of(message), OTHER), reset(visit(app), token_of(message), OTHER)
    )
    assert sorted([first.status_code, second.status_code]) == [303, 410]


async def test_get_and_head_change_nothing(app: Any, visit: Any) -> None:
    browser = visit(app)
    message = await reset_email(app, browser)
    before = await plugin(app).accounts.find(ANN)
    for method in ("GET", "HEAD", "GET"):
        assert (await browser.request(method, path_of(message))).status_code == 200
    assert await plugin(app).accounts.find(ANN) == before
    assert (await reset(browser, token_of(message))).status_code == 303


async def test_refused_password_keeps_the_link(app: Any, visit: Any) -> None:
    browser = visit(app)
    message = await reset_email(app, browser)
    for password in ("tiny", ANN, "p\x00ssword number", "x" * 2000):
        refused = await reset(browser, token_of(message), password)
        assert refused.status_code == 422
        assert password not in refused.text or password == ANN
    assert (await reset(browser, token_of(message))).status_code == 303


async def test_newer_password_and_disabling_end_the_link(app: Any, visit: Any) -> None:
    browser = visit(app)
    user = await plugin(app).accounts.find(ANN)
    message = await reset_email(app, browser)
    await run(app, user.do.set_password(new_password="a phrase of an admin"))
    assert (await reset(browser, token_of(message))).status_code == 410
    message = await reset_email(app, browser)
    await run(app, user.do.disable())
    assert (await reset(browser, token_of(message))).status_code == 410
    await ask_reset(browser)
    assert await emails(app) == []


@pytest.mark.parametrize(
    "token",
    ["", "x", "A" * 43, "\x00", "A" * 100_000, "é" * 43],
    ids=lambda t: f"{len(t)} {t!r:.9}",
)
async def test_tampered_link_gets_the_same_sentence(process: Any, visit: Any, token: str) -> None:
    app = process(Desk, **OPTIONS)
    browser = visit(app)
    sent = await reset(browser, token)
    assert (sent.status_code, INVALID in said(sent)) == (410, True)
    if len(token) < 1000:
        shown = await browser.get("/sign-in/reset-password", params={"token": token})
        assert (shown.status_code, said(shown)) == (410, said(sent))


async def test_link_of_one_purpose_is_none_of_another(process: Any, visit: Any) -> None:
    app = process(Desk, **OPTIONS)
    await create(app)
    browser = visit(app)
    token = token_of(await reset_email(app, browser))
    for path in ("/sign-up/confirm", "/sign-in/link", "/sign-up/invitation"):
        sent = await browser.submit(path, {"token": token, "password": OTHER})
        assert sent.status_code == 410, path
    assert (await reset(browser, token)).status_code == 303


async def test_answer_is_the_same_for_unknown_addresses(process: Any, visit: Any) -> None:
    app = process(Desk, **OPTIONS)
    await create(app)
    disabled = await create(app, BOB)
    await run(app, disabled.do.disable())

    def bare(response: Any, email: str) -> tuple[int, str]:
        return response.status_code, shown(response.text, email)

    answers = {
        bare(await ask_reset(visit(app), email), email)
        for email in (ANN, BOB, "nobody@example.org")
    }
    assert len(answers) == 1
    assert [m.to for m in await emails(app)] == [ANN]


@pytest.mark.parametrize("path", ["/sign-in/forgot-password", "/sign-in/mail"])
async def test_address_is_looked_up_after_the_answer(process: Any, visit: Any, path: str) -> None:
    """So the time of the answer does not depend on the account."""
    app = process(Desk, **OPTIONS)
    await create(app)
    accounts, lookups = plugin(app).accounts, []
    find = accounts.find

    async def counted(email: str) -> Any:
        lookups.append(email)
        return await find(email)

    accounts.find = counted
    gate = asyncio.Event()
    app.starmodel.mail._sleep = lambda delay_s: gate.wait()
    for email in (ANN, "nobody@example.org"):
        assert (await visit(app).submit(path, {"email": email})).status_code == 200
    assert lookups == []
    gate.set()
    assert [m.to for m in await emails(app)] == [ANN]
    assert sorted(lookups) == [ANN, "nobody@example.org"]


@pytest.mark.parametrize("path", ["/sign-in/forgot-password", "/sign-in/mail"])
async def test_times_of_known_and_unknown_addresses_have_one_distribution(
    process: Any, visit: Any, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """By the rank test of Mann and Whitney, with a bound far beyond chance."""
    unlimited = Limit(free=10**6, max_wait_s=1, forget_s=1)
    for name in ("EMAILS_TO_ADDRESS", "EMAILS_FROM_NETWORK"):
        monkeypatch.setattr(f"starmodel.plugins.built_in.auth.emails.limits.{name}", unlimited)
    app = process(Desk, **OPTIONS)
    await create(app)
    browser, rounds = visit(app), 40
    times: list[tuple[float, bool]] = []
    order = [True, False] * rounds
    random.Random(7).shuffle(order)  # what precedes a request must not tell its kind
    for is_known in order:
        email = ANN if is_known else "bob@example.org"  # of equal length
        start = time.process_time()
        assert (await browser.submit(path, {"email": email})).status_code == 200
        times.append((time.process_time() - start, is_known))
        await emails(app)
    ranks = [rank for rank, (_, is_known) in enumerate(sorted(times), 1) if is_known]
    expected = rounds * (2 * rounds + 1) / 2
    deviation = (rounds * rounds * (2 * rounds + 1) / 12) ** 0.5
    assert abs(sum(ranks) - expected) < 5 * deviation


async def test_forged_host_changes_no_link(process: Any, visit: Any) -> None:
    app = process(Desk, **OPTIONS)
    await create(app)
    browser = visit(app)
    await browser.post(
        "/sign-in/forgot-password", data={"email": ANN},
        headers={"host": "evil.example", "x-forwarded-host": "evil.example", "origin": ORIGIN},
    )  # fmt: skip
    (message,) = await emails(app)
    assert url_of(message).startswith(f"{ORIGIN}/sign-in/reset-password?token=")
    assert "evil" not in f"{message.text}{message.html}"


async def test_emails_are_slowed_down_for_known_and_unknown_addresses(
    process: Any, visit: Any
) -> None:
    app = process(Desk, **OPTIONS)
    await create(app)
    for email in (ANN, "nobody@example.org"):
        answers = [(await ask_reset(visit(app), email)).status_code for _ in range(7)]
        assert answers == [200] * 5 + [200, 429], email
    assert len(await emails(app)) == 6


async def test_wrong_address_is_explained_and_kept(process: Any, visit: Any) -> None:
    app = process(Desk, **OPTIONS)
    for typed in ("ann", "<script>@x", "a@b.example, c@d.example", "a\r\nBcc: x@example.org"):
        refused = await ask_reset(visit(app), typed)
        assert refused.status_code == 422
        assert "Please enter an e-mail address" in said(refused)
        assert "<script>@x" not in refused.text
    assert await emails(app) == []


async def test_cross_site_request_is_refused(process: Any, visit: Any) -> None:
    app = process(Desk, **OPTIONS)
    await create(app)
    for path in (
        "/sign-in/forgot-password",
        "/sign-in/reset-password",
        "/sign-in/link",
        "/sign-up/confirm",
    ):
        sent = await visit(app).post(
            path, data={"email": ANN}, headers={"origin": "https://evil.example"}
        )
        assert sent.status_code == 403, path
    assert await emails(app) == []


async def test_expired_link_gets_the_same_sentence(process: Any, visit: Any) -> None:
    now = [1_800_000_000.0]
    app = process(Desk, clock=lambda: now[0], **OPTIONS)
    await create(app)
    browser = visit(app)
    message = await reset_email(app, browser)
    now[0] += 3601
    shown = await browser.page(path_of(message))
    assert (shown.status_code, INVALID in said(shown)) == (410, True)
    assert (await reset(browser, token_of(message))).status_code == 410


@pytest.mark.parametrize("has_mailer", [True, False])
async def test_production_without_public_url_or_mailer_sends_nothing(
    process: Any, visit: Any, caplog: pytest.LogCaptureFixture, has_mailer: bool
) -> None:
    from starmodel.mail import Mailbox

    options = {"mailer": Mailbox()} if has_mailer else {"public_url": ORIGIN}
    app = process(Desk, env="production", auth_registration="open", cookie_secure=False, **options)
    await create(app)
    browser = visit(app)
    assert "No e-mails can be sent" not in caplog.text  # a script or command
    named = "public_url is not set" if has_mailer else "mail_url is not set"
    for path in (
        "/sign-in/forgot-password",
        "/sign-in/mail",
        "/sign-in/reset-password",
        "/sign-up/invitation",
    ):
        assert (await browser.page(path)).status_code == 404, path
    for path in (
        "/sign-in/forgot-password",
        "/sign-in/mail",
        "/sign-in/mail/code",
        "/sign-in/link",
    ):
        assert (await browser.submit(path, {"email": ANN})).status_code == 404, path
    assert "/sign-in/forgot-password" not in (await browser.page("/sign-in")).text
    assert f"No e-mails can be sent: {named}" in caplog.text
    assert app.starmodel.mail.mailer is None or app.starmodel.mail.mailer.messages == []


async def test_emails_of_a_mounted_application_have_its_path(process: Any, visit: Any) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    inner = process(Desk, **OPTIONS)
    await create(inner)
    browser = visit(Starlette(routes=[Mount("/shop", inner)]))
    assert 'href="/shop/sign-in/forgot-password"' in (await browser.page("/shop/sign-in")).text
    await browser.submit("/shop/sign-in/forgot-password", {"email": ANN})
    (message,) = await emails(inner)
    assert url_of(message).startswith(f"{ORIGIN}/shop/sign-in/reset-password?token=")
    page = await browser.page(path_of(message))
    assert 'action="/shop/sign-in/reset-password"' in page.text
    form = {"token": token_of(message), "password": OTHER}
    done = await browser.submit("/shop/sign-in/reset-password", form)
    assert done.headers["location"] == "/shop/sign-in"
