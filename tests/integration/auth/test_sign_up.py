"""Creating an account, where registration is open."""

from __future__ import annotations

import re
from typing import Any

import pytest

from integration.auth.people import ANN, OTHER, PASSWORD, Desk, create, plugin, shown, sign_in
from starmodel.auth import Auth


async def sign_up(browser: Any, email: str = ANN, password: str = OTHER, **more: str) -> Any:
    return await browser.submit("/sign-up", {"email": email, "password": password, **more})


@pytest.mark.parametrize("registration", ["closed", "invite"])
async def test_nobody_registers_where_it_is_not_open(
    process: Any, visit: Any, registration: str
) -> None:
    app = process(Desk, auth_registration=registration)
    guest = visit(app)
    assert (await guest.page("/sign-up")).status_code == 403
    assert (await sign_up(guest)).status_code == 403
    assert await plugin(app).accounts.users.count() == 0
    assert "/sign-up" not in (await guest.page("/sign-in")).text


async def test_new_account_has_no_role_and_signs_in(process: Any, visit: Any) -> None:
    app = process(Desk, auth=Auth(registration="open"))
    guest = visit(app)
    assert "/sign-up" in (await guest.page("/sign-in")).text

    done = await sign_up(guest, " Ann@Example.org", name=" Ann ", roles="admin", next="/desk")

    assert done.status_code == 200
    assert "/sign-in?next=/desk" in done.text
    user = await plugin(app).accounts.find(ANN)
    assert (user.name, user.roles, user.verified) == ("Ann", [], False)
    assert (await guest.page("/desk")).status_code == 303
    assert (await sign_in(guest, ANN, OTHER)).status_code == 303


async def test_new_accounts_are_slowed_down_without_e_mails(process: Any, visit: Any) -> None:
    app = process(Desk, env="production", auth_registration="open", cookie_secure=False)
    assert not plugin(app).site.emails.is_on
    guest = visit(app)
    answers = [(await sign_up(guest, f"{n}@example.org")).status_code for n in range(23)]
    assert answers.count(429) == 2
    assert await plugin(app).accounts.users.count() == 21


async def test_answer_is_the_same_for_an_address_with_an_account(process: Any, visit: Any) -> None:
    app = process(Desk, auth_registration="open")
    await create(app)
    before = await plugin(app).accounts.find(ANN)

    known, new = await sign_up(visit(app)), await sign_up(visit(app), "new@example.org")

    assert known.status_code == new.status_code == 200
    assert shown(known.text, ANN) == shown(new.text, "new@example.org")
    assert await plugin(app).accounts.find(ANN) == before
    assert (await sign_in(visit(app), ANN, PASSWORD)).status_code == 303


@pytest.mark.parametrize(
    ("email", "password", "name", "field"),
    [
        ("ann", OTHER, "", "email"), ("", OTHER, "", "email"), (ANN, "tiny", "", "password"),
        (ANN, ANN, "", "password"), (ANN, OTHER, "x" * 101, "name"),
        (ANN, "x" * 5000, "", "password"), ("x" * 9000 + "@a.b", OTHER, "", "email"),
    ],
)  # fmt: skip
async def test_refused_field_is_explained_and_the_rest_kept(
    process: Any, visit: Any, email: str, password: str, name: str, field: str
) -> None:
    app = process(Desk, auth_registration="open")
    page = await sign_up(visit(app), email, password, name=name)
    assert page.status_code == 422
    assert re.search(rf'name="{field}"[^>]*aria-invalid="true"[^>]*autofocus', page.text)
    assert len(page.text) < 20_000
    assert password not in page.text or password == email
    assert await plugin(app).accounts.users.count() == 0
