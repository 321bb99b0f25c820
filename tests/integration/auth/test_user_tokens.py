"""Tokens of users: created once on the account page, and ended with the account's permissions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup

from integration.auth.people import ANN, BOB, OTHER, PASSWORD, Desk, create, plugin, run, signed_in
from integration.web.browser import Browser
from starmodel.testing.fakes import FakeClock

TOKEN = re.compile(r"sm_[0-9A-Za-z]{38}")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def new_token(browser: Browser, grants: str = "Desk:*", **fields: str) -> str:
    given = {"name": "backup", "grants": grants, "days": "30", **fields}
    page = await browser.submit("/account/tokens", given)
    assert page.status_code == 200, page.text
    return TOKEN.findall(page.text)[0]


async def answer(app: Any, token: str, method: str = "GET", path: str = "/desk") -> int:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as program:
        return (await program.request(method, path, headers=headers)).status_code


async def test_token_is_shown_once_and_works(process: Any) -> None:
    app = process(Desk)
    await create(app)
    ann = await signed_in(app)
    token = await new_token(ann)
    assert await answer(app, token) == 200
    page = (await ann.page("/account")).text
    assert token not in page
    assert "Desk:*" in page
    assert "backup" in page
    assert await answer(app, token, "GET", "/account") == 403
    assert await answer(app, token, "POST", "/account/tokens") == 403


async def test_token_is_revoked_on_the_page(process: Any) -> None:
    app = process(Desk)
    await create(app)
    await create(app, BOB)
    ann, bob = await signed_in(app), await signed_in(app, BOB)
    token = await new_token(ann)
    page = BeautifulSoup((await ann.page("/account")).text, "html.parser")
    handle = page.select_one("input[name=handle]")["value"]
    await bob.submit("/account/tokens/revoke", {"handle": handle})
    assert await answer(app, token) == 200  # not his
    done = await ann.submit("/account/tokens/revoke", {"handle": handle})
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    assert await answer(app, token) == 401
    assert (await ann.submit("/account/tokens/revoke", {"handle": ""})).status_code == 422


async def test_token_of_a_user_follows_the_record(process: Any) -> None:
    app = process(Desk)
    user = await create(app, ANN, "boss")
    token = await new_token(await signed_in(app))
    assert await answer(app, token, "POST", "/desk/lock") == 200
    await run(app, user.do.revoke(role="boss"))
    assert await answer(app, token, "POST", "/desk/lock") == 403
    assert await answer(app, token) == 200
    await run(app, user.do.disable())
    assert await answer(app, token) == 401
    await run(app, user.do.enable())
    assert await answer(app, token) == 401


async def test_new_password_ends_the_tokens(process: Any) -> None:
    app = process(Desk)
    await create(app)
    ann = await signed_in(app)
    token = await new_token(ann)
    await ann.submit("/account/password", {"current_password": PASSWORD, "new_password": OTHER})
    assert await answer(app, token) == 401


async def test_wrong_grants_are_named_beside_the_input_with_what_was_typed(process: Any) -> None:
    app = process(Desk)
    await create(app)
    ann = await signed_in(app)
    fields = {"name": "My program", "grants": "Desk:read Nothing:read", "days": "7"}
    page = await ann.submit("/account/tokens", fields)
    assert page.status_code == 422
    assert "Nothing:read is not known here." in page.text
    assert 'value="My program"' in page.text
    assert not TOKEN.findall(page.text)
    for wrong in ({"grants": ""}, {"days": "4000"}, {"days": "x"}, {"name": " "}):
        assert (await ann.submit("/account/tokens", fields | wrong)).status_code == 422


async def test_token_needs_a_recent_sign_in_and_continues_with_the_password(
    process: Any, clock: FakeClock
) -> None:
    app = process(Desk, clock=clock)
    await create(app)
    ann = await signed_in(app)
    clock.advance(3600)
    fields = {"name": "My program", "grants": "Desk:read", "days": "7"}
    asked = await ann.submit("/account/tokens", fields)
    assert asked.status_code == 401
    page = BeautifulSoup(asked.text, "html.parser")
    kept = {each["name"]: each["value"] for each in page.select("#starmodel-confirm [type=hidden]")}
    assert kept == fields
    assert (await ann.submit("/account/tokens", {**kept, "_proof": "wrong"})).status_code == 401
    await new_token(ann, **kept, _proof=PASSWORD)


async def test_no_token_is_in_a_log_or_in_the_database(
    process: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    app = process(Desk)
    await create(app)
    token = await new_token(await signed_in(app))
    users = await plugin(app).accounts.users.list()
    assert token not in json.dumps([user.model_dump(mode="json") for user in users])
    await app.starmodel.close()
    assert token not in caplog.text
    files = [path for path in tmp_path.iterdir() if path.is_file()]  # noqa: ASYNC240 - a test
    assert token.encode() not in b"".join(path.read_bytes() for path in files)
