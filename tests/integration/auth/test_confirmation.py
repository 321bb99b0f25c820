"""Confirmation of addresses, and invitations."""

from __future__ import annotations

from typing import Any

import pytest

from integration.auth.emails import (
    INVALID,
    OPTIONS,
    confirm,
    emails,
    is_signed_in,
    only_email,
    path_of,
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
    sign_in,
    signed_in,
)


@pytest.fixture
def app(process: Any) -> Any:
    return process(Desk, **OPTIONS)


async def sign_up(browser: Any, email: str = ANN, password: str = PASSWORD) -> Any:
    return await browser.submit("/sign-up", {"email": email, "password": password, "name": "A"})


async def user(app: Any, email: str = ANN) -> Any:
    return await plugin(app).accounts.find(email)


async def test_browser_that_signed_up_confirms_with_one_button(app: Any, visit: Any) -> None:
    browser = visit(app)
    assert "We have sent an e-mail" in said(await sign_up(browser))
    message = await only_email(app)
    assert "A" * 2 not in message.subject
    page = await browser.page(path_of(message))
    assert page.status_code == 200
    assert 'name="password"' not in page.text
    assert not (await user(app)).verified
    done = await confirm(browser, token_of(message))
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert (await user(app)).verified
    assert (await sign_in(browser, ANN, PASSWORD)).status_code == 303
    assert (await confirm(browser, token_of(message))).status_code == 410
    assert INVALID in said(await browser.page(path_of(message)))


async def test_signed_in_user_confirms_with_one_button(app: Any, visit: Any) -> None:
    await sign_up(visit(app))
    message = await only_email(app)
    browser = await signed_in(app)
    done = await confirm(browser, token_of(message))
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    assert (await user(app)).verified
    assert await is_signed_in(browser)
    await browser.aclose()


async def test_other_browser_chooses_a_password_which_ends_what_was_there(
    app: Any, visit: Any
) -> None:
    """Who registered the account need not be who has the address."""
    intruder = visit(app)
    await sign_up(intruder)
    message = await only_email(app)
    assert (await sign_in(intruder, ANN, PASSWORD)).status_code == 303
    owner = visit(app)
    page = await owner.page(path_of(message))
    assert 'autocomplete="new-password"' in page.text
    assert (await confirm(owner, token_of(message))).status_code == 422
    assert not (await user(app)).verified
    assert (await confirm(owner, token_of(message), OTHER)).status_code == 303
    assert not await is_signed_in(intruder)
    assert (await sign_in(visit(app), ANN, PASSWORD)).status_code == 422
    assert (await sign_in(owner, ANN, OTHER)).status_code == 303


async def test_second_sign_up_does_not_make_the_account_its_own(app: Any, visit: Any) -> None:
    await sign_up(visit(app))
    await only_email(app)
    second = visit(app)
    await sign_up(second, ANN, OTHER)
    page = await second.page(path_of(await only_email(app)))
    assert 'name="password"' in page.text


async def test_confirmed_address_gets_an_email_without_a_secret(app: Any, visit: Any) -> None:
    await create(app)
    await run(app, (await user(app)).do.verify())
    assert (await sign_up(visit(app))).status_code == 200
    message = await only_email(app)
    assert "you have an account" in message.subject
    assert url_of(message).endswith("/sign-in")


async def test_account_page_sends_the_email_again(app: Any, visit: Any) -> None:
    await create(app)
    browser = await signed_in(app)
    assert "not confirmed yet" in said(await browser.page("/account"))
    assert (await browser.submit("/account/confirm-address")).status_code == 303
    assert (await confirm(browser, token_of(await only_email(app)))).status_code == 303
    assert "not confirmed yet" not in said(await browser.page("/account"))
    assert (await browser.submit("/account/confirm-address")).status_code == 303
    assert await emails(app) == []
    assert (await visit(app).submit("/account/confirm-address")).status_code in (303, 401)
    await browser.aclose()


# Invitations


async def invited(app: Any, email: str = BOB, roles: str = "editor, boss") -> Any:
    await create(app, ANN, "admin")
    admin = await signed_in(app)
    sent = await admin.submit("/sign-up/invite", {"email": email, "roles": roles})
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-up/invite")
    await admin.aclose()
    return await only_email(app)


async def accept(browser: Any, token: str, password: str = OTHER, **more: str) -> Any:
    return await browser.submit(
        "/sign-up/invitation", {"token": token, "password": password, "name": " Bob ", **more}
    )


async def test_invited_person_creates_the_account_once(process: Any, visit: Any) -> None:
    app = process(Desk, **OPTIONS | {"auth_registration": "invite"})
    message = await invited(app)
    assert message.to == BOB
    browser = visit(app)
    for method in ("GET", "HEAD"):
        assert (await browser.request(method, path_of(message))).status_code == 200
    assert await user(app, BOB) is None
    assert (await accept(browser, token_of(message), "short")).status_code == 422
    done = await accept(browser, token_of(message), email="eve@example.org", roles="admin")
    assert (done.status_code, done.headers["location"]) == (303, "/")
    made = await user(app, BOB)
    assert (made.name, made.roles, made.verified) == ("Bob", ["editor", "boss"], True)
    assert await is_signed_in(browser)
    assert (await accept(visit(app), token_of(message))).status_code == 410
    assert (await sign_in(visit(app), BOB, OTHER)).status_code == 303


async def test_only_admins_invite(process: Any, visit: Any) -> None:
    app = process(Desk, **OPTIONS | {"auth_registration": "invite"})
    await create(app, BOB, "boss")
    browser = await signed_in(app, BOB)
    assert (await browser.page("/sign-up/invite")).status_code == 403
    assert (await browser.submit("/sign-up/invite", {"email": ANN})).status_code == 403
    assert (await visit(app).call("POST", "/sign-up/invite", {"email": ANN})).status_code == 401
    assert await emails(app) == []
    await browser.aclose()


async def test_invitation_ends_with_the_role_of_who_invited(process: Any, visit: Any) -> None:
    app = process(Desk, **OPTIONS | {"auth_registration": "invite"})
    message = await invited(app, roles="admin")
    await create(app, "second@example.org", "admin")
    await run(app, (await user(app)).do.revoke("admin"))
    assert (await visit(app).page(path_of(message))).status_code == 410
    assert (await accept(visit(app), token_of(message))).status_code == 410
    assert await user(app, BOB) is None


async def test_list_of_users_leads_admins_to_the_invitation(process: Any) -> None:
    app = process(Desk, **OPTIONS)
    await create(app, ANN, "admin")
    admin = await signed_in(app)
    assert 'href="/sign-up/invite"' in (await admin.page("/auth/users")).text
    assert 'href="/sign-up/invite"' not in (await admin.page("/account")).text
    await admin.aclose()


async def test_closed_registration_has_no_invitations(process: Any, visit: Any) -> None:
    app = process(Desk, **OPTIONS | {"auth_registration": "closed"})
    await create(app, ANN, "admin")
    admin = await signed_in(app)
    assert (await admin.page("/sign-up/invite")).status_code == 404
    assert (await admin.submit("/sign-up/invite", {"email": BOB})).status_code == 404
    assert (await visit(app).page("/sign-up/invitation")).status_code == 404
    await admin.aclose()


@pytest.mark.parametrize("roles", ["bad role!", "x" * 65, ",".join(f"r{n}" for n in range(40))])
async def test_wrong_roles_are_refused(process: Any, roles: str) -> None:
    app = process(Desk, **OPTIONS)
    await create(app, ANN, "admin")
    admin = await signed_in(app)
    refused = await admin.submit("/sign-up/invite", {"email": BOB, "roles": roles})
    assert refused.status_code == 422
    assert "A role consists of" in said(refused)
    assert await emails(app) == []
    await admin.aclose()
