"""Connection errors name the database, the cause and the remedy, and no password."""

from __future__ import annotations

import builtins
from typing import Any
from urllib.parse import urlsplit

import pytest

from databases import SERVERS
from repositories import ignore_expiry
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.core.classes.registry import entity_type
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError


class _Count(Entity):
    n: int = 0


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


async def _refusal(url: str, timeout_s: float = 10.0) -> str:
    repository = SqlRepository(url, timeout_s=timeout_s)
    with pytest.raises(ConfigurationError) as caught:
        await repository.open([entity_type(_Count, "sql")], ignore_expiry)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
async def test_unreachable_server_is_named(kind: str) -> None:
    text = await _refusal(f"{kind}://ann:pw-secret@127.0.0.1:1/shop", timeout_s=0.1)
    assert "127.0.0.1:1, database 'shop', can't be reached" in text
    assert "Start the server, or set DATABASE_URL" in text
    assert "pw-secret" not in text


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
async def test_unknown_host_is_named_as_the_cause(kind: str) -> None:
    # Tried again until the timeout, since a name may be published late.
    refusal = await _refusal(f"{kind}://ann:pw@no-such-host.invalid/shop", timeout_s=3.0)
    assert "no-such-host.invalid" in refusal
    assert refusal.endswith("Check the name of the host in DATABASE_URL.")


async def test_missing_database_error_names_the_ddl(url: str) -> None:
    text = await _refusal(f"{url.removesuffix('/test')}/nowhere")
    assert "database 'nowhere', can't be used" in text
    assert text.endswith(("made by: createdb nowhere.", "made by: CREATE DATABASE nowhere."))


async def test_authentication_error_names_user_and_password(url: str) -> None:
    place = urlsplit(url)
    text = await _refusal(f"{place.scheme}://stranger:pw-secret@127.0.0.1:{place.port}/test")
    assert "Check user" in text
    assert "pw-secret" not in text


async def test_untrusted_certificate_error_names_tls_options(url: str) -> None:
    queries = "sslmode=require" if url.startswith("postgresql") else "ssl=true"
    text = await _refusal(f"{url}?{queries}", timeout_s=1.0)
    assert "can't be reached" in text
    assert "what DATABASE_URL says of TLS" in text


async def test_missing_authentication_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(**_: object) -> None:
        raise RuntimeError("'cryptography' package is required for caching_sha2_password")

    monkeypatch.setattr("asyncmy.connect", connect)
    text = await _refusal("mysql://ann:pw-secret@127.0.0.1/shop")
    assert "can't be used" in text
    assert text.endswith("Install it: pip install cryptography.")


@pytest.mark.parametrize(("kind", "driver"), [("postgresql", "asyncpg"), ("mysql", "asyncmy")])
def test_missing_driver_names_the_extra(
    kind: str, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == driver or name.endswith(f"servers.{kind}"):
            raise ModuleNotFoundError(f"No module named {driver!r}", name=driver)
        return whole(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=rf"starmodel\[{kind}\]"):
        SqlRepository(f"{kind}://host/db")
