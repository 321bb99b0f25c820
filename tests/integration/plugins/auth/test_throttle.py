"""Sign-ins are slowed down per account and per network, by the real address of the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from databases import DATABASES, empty_database
from starmodel import create_app
from starmodel.plugins import Plugin, Route
from starmodel.plugins.built_in.auth.throttle.known_browsers import KnownBrowsers
from starmodel.plugins.built_in.auth.throttle.sign_in import SignInThrottle
from starmodel.testing.fakes import FakeClock

ORIGIN = "http://testserver"


class Door(Plugin):
    """A sign-in whose only password is "sesame"."""

    name = "door"

    def __init__(self) -> None:
        super().__init__()
        self.verified: list[str] = []

    def routes(self) -> Iterator[Route]:
        yield Route("/enter", self.enter, methods=["POST"], access="public")

    async def enter(self, exchange: Any) -> Any:
        credentials = self.services.credentials
        throttle = SignInThrottle(credentials.attempts, self.services.derived_key("known browser"))
        fields, _ = await exchange.request.form()
        attempt = await throttle.begin(exchange, fields["account"])
        self.verified.append(fields["account"])
        if fields["password"] != "sesame":
            return {"wrong": True}
        await throttle.succeeded(exchange, attempt)
        exchange.session.sign_in(fields["account"], provider="password")
        return {"entered": True}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=DATABASES)
async def start(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock: FakeClock,
) -> AsyncIterator[Callable[..., Any]]:
    """`start()`: one more process of the application."""
    monkeypatch.chdir(tmp_path)
    url = await asyncio.to_thread(empty_database, request, tmp_path)
    started: list[Any] = []

    def make(**options: Any) -> Any:
        door = Door()
        app = create_app(
            [], plugins=[door], secret_key="k" * 40, database_url=url, clock=clock, **options
        )
        started.append(app)
        app.door = door
        return app

    yield make
    for app in started:
        await app.starmodel.close()


class Client(httpx.AsyncClient):
    """A browser at an address."""

    def __init__(self, app: Any, address: str = "192.0.2.1") -> None:
        transport = httpx.ASGITransport(app=app, client=(address, 40_000))
        super().__init__(transport=transport, base_url=ORIGIN)

    async def enter(self, account: str, password: str, **headers: str) -> httpx.Response:
        return await self.post(
            "/enter",
            data={"account": account, "password": password},
            headers={"origin": ORIGIN, "accept": "application/json", **headers},
        )


async def statuses(client: Client, account: str, times: int, **headers: str) -> list[int]:
    return [(await client.enter(account, "wrong", **headers)).status_code for _ in range(times)]


async def test_wrong_passwords_slow_the_account_for_everybody_else(
    start: Callable[..., Any], clock: FakeClock
) -> None:
    one, other = start(), start()
    assert await statuses(Client(one), "ann", 7) == [200] * 6 + [429]
    refused = await Client(other, "198.51.100.7").enter("ann", "sesame")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["detail"] == ("There were too many attempts. Try again in 1 second.")
    assert other.door.verified == []
    assert (await Client(other, "198.51.100.7").enter("bob", "sesame")).status_code == 200
    clock.advance(1)
    assert (await Client(other, "198.51.100.7").enter("ann", "sesame")).json() == {"entered": True}


async def test_twenty_wrong_passwords_slow_account_and_network_but_not_a_known_browser(
    start: Callable[..., Any], clock: FakeClock
) -> None:
    app = start()
    known = Client(app, "203.0.113.5")
    assert (await known.enter("ann", "sesame")).json() == {"entered": True}
    attacker, wrong = Client(app), 0
    while wrong < 20:
        reply = await attacker.enter("ann", "wrong")
        if reply.status_code == 429:
            clock.advance(int(reply.headers["retry-after"]))
        else:
            wrong += 1
    assert (await attacker.enter("ann", "wrong")).status_code == 429
    assert (await attacker.enter("somebody else", "wrong")).status_code == 429
    assert (await Client(app, "203.0.113.5").enter("ann", "sesame")).status_code == 429
    assert (await known.enter("ann", "sesame")).json() == {"entered": True}
    assert (await known.enter("bob", "wrong")).status_code == 200  # another account, not slowed
    assert (await known.enter("ann", "sesame")).json() == {"entered": True}


async def test_known_browser_is_slowed_by_its_own_attempts(start: Callable[..., Any]) -> None:
    app = start()
    known = Client(app)
    await known.enter("ann", "sesame")
    assert await statuses(known, "ann", 13) == [200] * 11 + [429] * 2


async def test_network_is_slowed_over_many_accounts_known_or_not(
    start: Callable[..., Any],
) -> None:
    app = start()
    client = Client(app)
    found = [(await client.enter(f"user{n}", "wrong")).status_code for n in range(13)]
    assert found == [200] * 11 + [429] * 2
    assert (await Client(app, "192.0.2.2").enter("user1", "wrong")).status_code == 200


async def test_ipv6_addresses_of_one_network_are_counted_together(
    start: Callable[..., Any],
) -> None:
    app = start()
    found = [
        (await Client(app, f"2001:db8::{n:x}").enter(f"user{n}", "wrong")).status_code
        for n in range(1, 14)
    ]
    assert found == [200] * 11 + [429] * 2
    assert (await Client(app, "2001:db8:0:1::1").enter("user1", "wrong")).status_code == 200


async def test_forged_forwarded_address_changes_nothing(start: Callable[..., Any]) -> None:
    app = start()
    client = Client(app)
    forged = [
        (
            await client.enter(
                f"user{n}",
                "wrong",
                **{
                    "x-forwarded-for": f"198.51.100.{n}",
                    "forwarded": f"for=198.51.100.{n}",
                    "x-real-ip": f"198.51.100.{n}",
                },
            )
        ).status_code
        for n in range(13)
    ]
    assert forged == [200] * 11 + [429] * 2


async def test_address_behind_a_trusted_proxy_is_that_of_the_client(
    start: Callable[..., Any],
) -> None:
    app = start(trusted_proxies=["10.0.0.0/8"])
    proxy = Client(app, "10.0.0.1")

    async def through(client: str, number: int) -> int:
        forwarded = {"x-forwarded-for": f"198.51.100.99, {client}"}
        return (await proxy.enter(f"user{number}", "wrong", **forwarded)).status_code

    assert [await through("192.0.2.1", n) for n in range(13)] == [200] * 11 + [429] * 2
    assert await through("192.0.2.2", 50) == 200


async def test_unknown_and_known_accounts_cost_the_same_statements(
    start: Callable[..., Any],
) -> None:
    app = start()
    await Client(app).enter("ann", "sesame")  # the tables exist
    database = app.starmodel.credentials.attempts._store._part.database
    engine = await database.engine()
    counted: list[str] = []
    rows, execute_all = engine.rows, engine.execute_all

    async def counting_rows(sql: str, params: Any) -> Any:
        counted.append(sql)
        return await rows(sql, params)

    async def counting_execute(statements: Any) -> None:
        counted.extend(sql for sql, _ in statements)
        await execute_all(statements)

    engine.rows, engine.execute_all = counting_rows, counting_execute
    sent = {}
    for account in ("ann", "nobody"):
        client = Client(app, "203.0.113.9" if account == "ann" else "203.0.113.10")
        counted.clear()
        await client.enter(account, "wrong")
        sent[account] = [*counted]
    assert sent["ann"] == sent["nobody"]
    assert len(sent["ann"]) < 20


def test_cookie_of_a_known_browser_is_bound_to_its_account_and_bounded() -> None:
    browsers = KnownBrowsers(b"k" * 32)
    cookie = browsers.remember("", "ann")
    id = browsers.find(cookie, "ann")
    assert id is not None
    assert browsers.find(cookie, "bob") is None
    assert KnownBrowsers(b"x" * 32).find(cookie, "ann") is None
    assert browsers.find(f"{'A' * 22}{cookie[22:]}", "ann") is None
    for forged in ("", "x", cookie[:-1], f"{cookie}.x", "x" * 10_000, f"{id}."):
        assert browsers.find(forged, "ann") is None
    for number in range(20):
        cookie = browsers.remember(cookie, f"user{number}")
        cookie = browsers.remember(cookie, f"user{number}")
    assert browsers.find(cookie, "user19") == browsers.find(cookie, "user12") == id
    assert browsers.find(cookie, "user11") is None
    assert len(cookie) < 400
    assert "user" not in cookie


async def test_cookie_of_a_known_browser_survives_sign_out_and_is_protected(
    start: Callable[..., Any],
) -> None:
    app = start()
    client = Client(app)
    reply = await client.enter("ann", "sesame")
    cookies = reply.headers.get_list("set-cookie")
    known = [each for each in cookies if "-known=" in each]
    assert len(known) == 1
    assert "HttpOnly; SameSite=Lax" in known[0]
    assert "ann" not in known[0]
    assert len([each for each in cookies if "-known=" not in each]) == 1  # the session's
