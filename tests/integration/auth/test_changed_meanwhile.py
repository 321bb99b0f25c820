"""Sessions and tokens that start while another request changes their user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from integration.auth.people import (
    ANN,
    OTHER,
    PASSWORD,
    Desk,
    create,
    run,
    sign_in,
    signed_in,
    status,
)
from starmodel.app.credentials.tokens.tokens import Tokens
from starmodel.plugins.built_in.auth.passwords.hashing import PasswordHasher

CHANGES: dict[str, Callable[[Any], Any]] = {
    "disabled": lambda user: user.do.disable(),
    "removed": lambda user: user.do.delete(),
    "other password": lambda user: user.do.set_password(SecretStr(OTHER)),
}


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`meanwhile(cls, name, change)`: the next call of the method runs the change as well."""

    def arrange(cls: type, name: str, change: Callable[[], Any], *, first: bool = False) -> None:
        method = getattr(cls, name)

        async def changed(*args: Any, **options: Any) -> Any:
            monkeypatch.setattr(cls, name, method)
            if first:
                await change()
            result = await method(*args, **options)
            if not first:
                await change()
            return result

        monkeypatch.setattr(cls, name, changed)

    return arrange


@pytest.mark.parametrize("change", CHANGES)
async def test_confirmed_password_revives_no_session(
    process: Any, database: str, meanwhile: Any, change: str
) -> None:
    app, other = (process(Desk, database_url=database) for _ in range(2))
    ann = await create(app)
    browser = await signed_in(app)
    meanwhile(PasswordHasher, "verify", lambda: run(other, CHANGES[change](ann)))

    await browser.call("POST", "/account/password/confirm", {"password": PASSWORD})

    assert await status(browser) == 401


async def test_confirmed_password_revives_no_role(process: Any, meanwhile: Any) -> None:
    app = process(Desk)
    ann = await create(app, ANN, "boss")
    browser = await signed_in(app)
    meanwhile(PasswordHasher, "verify", lambda: run(app, ann.do.revoke(role="boss")))

    confirmed = await browser.call("POST", "/account/password/confirm", {"password": PASSWORD})

    assert confirmed.status_code == 204
    assert await status(browser) == 200
    assert await status(browser, "POST", "/desk/lock") == 403


@pytest.mark.parametrize("change", CHANGES)
async def test_sign_in_starts_no_session(
    process: Any, visit: Any, meanwhile: Any, change: str
) -> None:
    app = process(Desk)
    ann = await create(app)
    browser = visit(app)
    meanwhile(PasswordHasher, "verify", lambda: run(app, CHANGES[change](ann)))

    await sign_in(browser)

    assert (await browser.call("GET", "/desk")).status_code == 401


@pytest.mark.parametrize("change", CHANGES)
async def test_new_token_is_revoked(
    process: Any, database: str, meanwhile: Any, change: str
) -> None:
    app = process(Desk, database_url=database)
    ann = await create(app)
    browser = await signed_in(app)
    meanwhile(Tokens, "create", lambda: run(app, CHANGES[change](ann)), first=True)

    await browser.submit("/account/tokens", {"name": "late", "grants": "*:read", "days": "30"})

    assert list(await app.starmodel.credentials.tokens.list(str(ann.id))) == []
