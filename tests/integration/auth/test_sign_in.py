"""Signing in and out by the pages of the plugin."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

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
    status,
)
from integration.web.browser import HTML, ORIGIN, Browser
from starmodel.plugins.built_in.auth.passwords.hashing import PasswordHasher


def inputs(page: str) -> dict[str, str]:
    """The tag of each input by its name."""
    return {found[1]: found[0] for found in re.findall(r'(<input[^>]* name="(\w+)"[^>]*>)', page)}


async def test_password_signs_in_and_its_page_follows(process: Any, visit: Any) -> None:
    app = process(Desk)
    await create(app)
    ann = visit(app)
    asked = await ann.page("/desk?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/desk%3Fx%3D1")

    form = await ann.page(asked.headers["location"])
    assert 'value="/desk?x=1"' in inputs(form.text)["next"]
    done = await sign_in(ann, f" {ANN.upper()} ", next="/desk?x=1")

    assert (done.status_code, done.headers["location"]) == (303, "/desk?x=1")
    assert (await ann.page("/desk")).status_code == 200


async def test_inputs_fit_password_managers_and_screen_readers(process: Any, visit: Any) -> None:
    app = process(Desk, auth_registration="open")
    ann = visit(app)

    signing = inputs((await ann.page("/sign-in")).text)
    joining = inputs((await ann.page("/sign-up")).text)

    assert 'autocomplete="username"' in signing["email"]
    assert 'autocomplete="current-password"' in signing["password"]
    assert 'autocomplete="username"' in joining["email"]
    assert 'autocomplete="new-password"' in joining["password"]
    assert "passwordrules=" in joining["password"]
    failed = await sign_in(ann, "x@example.org", "wrong")
    assert 'aria-invalid="true"' in inputs(failed.text)["password"]
    assert "sign-in-problem" in inputs(failed.text)["password"]
    assert "autofocus" in inputs(failed.text)["password"]
    assert 'id="sign-in-problem"' in failed.text


async def test_unknown_wrong_and_disabled_have_one_answer(process: Any, visit: Any) -> None:
    app = process(Desk)
    await create(app)
    bob = await create(app, BOB)
    await run(app, bob.do.disable())
    await plugin(app).accounts.create("carl@example.org")  # without a password
    pages = []
    for email, password in (
        ("who@example.org", PASSWORD), (ANN, "wrong password"), (BOB, PASSWORD), ("x", PASSWORD),
        ("carl@example.org", ""), ("carl@example.org", PASSWORD), (ANN, ""), ("", ""),
    ):  # fmt: skip
        response = await sign_in(visit(app), email, password)
        pages.append((response.status_code, response.text.replace(f'value="{email}"', "VALUE")))

    assert {code for code, _ in pages} == {422}
    assert len({re.sub(r'data-session="\w+"', "", text) for _, text in pages}) == 1
    assert "address or the password is wrong" in pages[0][1]


async def test_unknown_address_costs_one_verification_too(
    process: Any, visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = process(Desk)
    await create(app)
    verified = []
    verify = PasswordHasher.verify

    async def counted(self: Any, stored: Any, text: str) -> Any:
        verified.append(stored is None)
        return await verify(self, stored, text)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    await sign_in(visit(app), "who@example.org", "wrong password")
    await sign_in(visit(app), ANN, "wrong password")

    assert verified == [True, False]


@pytest.mark.parametrize(
    "password",
    ["x" * 900_000, "x" * 1025, "a\0b", "\ud800", "é" * 600],
    ids=["900 kB", "1025 bytes", "NUL", "lone surrogate", "1200 bytes"],
)
async def test_text_that_is_no_password_is_refused_without_hashing(
    process: Any, visit: Any, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = process(Desk)
    await create(app)
    monkeypatch.setattr(PasswordHasher, "_submit", None)
    fields = {"email": ANN.encode(), "password": password.encode("utf-8", "surrogatepass")}
    form = {"content-type": "application/x-www-form-urlencoded"}

    response = await visit(app).submit("/sign-in", content=urlencode(fields), headers=form)

    assert response.status_code == (400 if password == "\ud800" else 422), response.text
    assert "address or the password is wrong" in response.text or response.status_code == 400


async def test_body_beyond_the_limit_is_refused(process: Any, visit: Any) -> None:
    app = process(Desk)
    response = await visit(app).submit("/sign-in", {"email": ANN, "password": "x" * 1_000_001})
    assert response.status_code == 413


async def test_only_forms_are_read(process: Any, visit: Any) -> None:
    app = process(Desk)
    await create(app)
    response = await visit(app).call("POST", "/sign-in", {"email": ANN, "password": PASSWORD})
    assert response.status_code == 415


@pytest.mark.parametrize(
    "where",
    [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "javascript:alert(1)", "/\t/evil.example", " //evil.example", "///evil.example", "evil",
        "/x" * 2000, "http://testserver@evil.example/", "data:text/html,x", "\n//evil.example",
    ],
)  # fmt: skip
async def test_next_of_another_site_leads_to_the_start(
    process: Any, visit: Any, where: str
) -> None:
    app = process(Desk)
    await create(app)
    ann = visit(app)
    done = await sign_in(ann, next=where)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    again = await ann.get("/sign-in", params={"next": where}, headers=HTML)
    assert (again.status_code, again.headers["location"]) == (303, "/")


async def test_sign_in_of_another_site_is_refused(process: Any, visit: Any) -> None:
    app = process(Desk)
    await create(app)
    form = {"email": ANN, "password": PASSWORD}
    for headers in (
        {"origin": "https://evil.example"}, {"origin": "null"},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
        {"origin": ORIGIN, "sec-fetch-site": "same-site"},
    ):  # fmt: skip
        mallory = visit(app)
        response = await mallory.submit("/sign-in", form, headers=headers)
        assert response.status_code == 403, headers
        assert not mallory.cookies.jar


async def test_planted_cookie_is_no_session_after_the_sign_in(process: Any, visit: Any) -> None:
    app = process(Desk)
    await create(app)
    mallory, ann = visit(app), visit(app)
    await mallory.page("/sign-in")
    planted = mallory.session_cookie
    ann.bring(planted)

    await sign_in(ann)

    assert ann.session_cookie != planted
    assert (await mallory.page("/desk")).status_code == 303
    assert await status(ann) == 200


async def test_sign_out_is_a_post_and_ends_the_copy_of_the_cookie_for_good(
    process: Any, database: str
) -> None:
    app = process(Desk, database_url=database)
    await create(app)
    ann = await signed_in(app)
    copy = Browser(app)
    copy.bring(ann.session_cookie)

    asked = await ann.page("/sign-out")
    assert 'method="post"' in asked.text
    assert await status(ann) == 200
    done = await ann.submit("/sign-out")

    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert await status(copy) == 401
    await app.starmodel.close()
    copy.app = process(Desk, database_url=database)
    assert await status(copy) == 401


async def test_navigation_shows_who_is_signed_in(process: Any, visit: Any) -> None:
    app = process(Desk)
    await plugin(app).accounts.create(ANN, name="Ann <3", password=PASSWORD)
    guest = await visit(app).page("/")
    assert 'href="/sign-in"' in guest.text

    page = (await (await signed_in(app)).page("/desk")).text

    assert re.search(r'<a href="/account"[^>]*><span>Ann &lt;3</span></a>', page)
    assert re.search(r'<form[^>]*action="/sign-out"', page)
    assert 'href="/sign-in"' not in page


async def test_programs_get_401_as_json(process: Any, visit: Any) -> None:
    app = process(Desk)
    response = await visit(app).call("GET", "/desk")
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"


async def test_form_of_a_guest_leads_to_sign_in_and_back_to_its_page(
    process: Any, visit: Any
) -> None:
    app = process(Desk)
    response = await visit(app).submit("/desk/lock", headers={"referer": f"{ORIGIN}/desk?a=1"})
    assert response.status_code == 303
    assert response.headers["location"] == "/sign-in?next=/desk%3Fa%3D1"


async def test_password_changed_during_the_sign_in_signs_nobody_in(
    process: Any, visit: Any
) -> None:
    app = process(Desk)
    ann = await create(app)
    accounts = plugin(app).accounts
    proven = await accounts.verify(ANN, PASSWORD)
    await run(app, ann.do.set_password(new_password=OTHER))

    session = app.gateway.sessions.new()
    assert not await accounts.sign_in(proven, session)
    assert session.actor is None


async def test_weaker_hash_is_replaced_at_the_sign_in(process: Any, visit: Any) -> None:
    from argon2 import PasswordHasher as Argon2

    app = process(Desk)
    weak = Argon2(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    user = await plugin(app).accounts.users.create(email=ANN, password_hash=weak)
    other = await signed_in(app)

    await signed_in(app)

    stored = await plugin(app).accounts.users.get(user.id)
    assert stored.password_hash != weak
    assert "m=19456" in stored.password_hash
    assert await status(other) == 200
    await signed_in(app)
