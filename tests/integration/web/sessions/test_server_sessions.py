"""Server-side sessions: across processes and restarts, and with a failing session store."""

from __future__ import annotations

import asyncio
import html
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from databases import DATABASES, empty_database
from integration.web.browser import Browser, sign_in_link, toasts, unlisted
from integration.web.sessions.carts import Cart
from starmodel import Actor, Entity, EntityConfig, event
from starmodel.adapters.persistence.system.database import DatabaseSessions
from starmodel.app.sessions import recent
from starmodel.app.sessions.session import DEVELOPMENT
from starmodel.core.errors import StoreUnavailableError
from starmodel.testing.fakes import FakeClock

DAY_S = 86400.0


@unlisted
class Desk(Entity):
    model_config = EntityConfig(scope="app")
    n: int = 0

    @event
    async def wait(self) -> None:
        await asyncio.sleep(1.2)
        self.n += 1

    @event
    def fail(self) -> None:
        raise RuntimeError("a broken drawer")


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    return empty_database(request, tmp_path)


@pytest.fixture
def process(serve: Any) -> Callable[..., Any]:
    """`process()`: one more process of the application, or the next one after a restart."""

    def make(**options: Any) -> Any:
        return serve(Cart, Desk, **options)

    return make


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.call("GET", "/desk")).status_code == 200


def copy_of(browser: Browser, app: Any) -> Browser:
    made = Browser(app)
    made.bring(browser.session_cookie)
    return made


async def until_signed_out(browser: Browser, within_s: float = 1.2) -> bool:
    for _ in range(int(within_s / 0.05)):
        if not await is_signed_in(copy_of(browser, browser.app)):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_session_is_known_to_other_processes_and_after_a_restart(
    process: Any, database: str
) -> None:
    first = process(database_url=database)
    browser = Browser(first)
    await browser.page("/sign-in/ann?roles=boss")

    other, later = process(database_url=database), process(database_url=database)

    assert await is_signed_in(copy_of(browser, other))
    await first.starmodel.close()
    assert await is_signed_in(copy_of(browser, later))
    assert await is_signed_in(copy_of(browser, first))


async def test_sign_out_ends_the_session_in_other_processes_within_a_second(
    process: Any, database: str
) -> None:
    browser = Browser(process(database_url=database))
    await browser.page("/sign-in/ann")
    copy = copy_of(browser, process(database_url=database))
    assert await is_signed_in(copy)

    stale = copy_of(browser, browser.app)
    await browser.page("/sign-out")

    assert not await is_signed_in(stale)
    assert await until_signed_out(copy)


async def test_ended_and_superseded_cookies_stay_ended_after_a_restart(
    process: Any, database: str
) -> None:
    app = process(database_url=database)
    browser = Browser(app)
    await browser.click("/cart/add")
    before = copy_of(browser, app)
    await browser.page("/sign-in/ann")
    first = copy_of(browser, app)
    await browser.page("/sign-in/ann")
    second = copy_of(browser, app)
    await browser.page("/sign-out")
    await app.starmodel.close()

    for old in (before, first, second):
        again = copy_of(old, process(database_url=database))
        cookie = again.session_cookie
        assert not await is_signed_in(again)
        assert (await again.call("GET", "/cart")).json()["items"] == 0
        assert again.session_cookie == cookie  # not replaced while requests may be under way


async def test_anonymous_cookie_from_before_a_sign_in_is_rejected_in_other_processes(
    process: Any, database: str
) -> None:
    first, other = process(database_url=database), process(database_url=database)
    browser = Browser(first)
    await browser.click("/cart/add")
    thief = copy_of(browser, other)
    assert (await thief.call("GET", "/cart")).json()["id"] == (
        await browser.call("GET", "/cart")
    ).json()["id"]

    await browser.page("/sign-in/ann")
    await asyncio.sleep(1.1)

    own = (await copy_of(browser, other).call("GET", "/cart")).json()["id"]
    assert (await thief.call("GET", "/cart")).json()["id"] != own


async def test_signed_out_anonymous_cookie_is_rejected_after_a_restart(process: Any) -> None:
    app = process()
    browser = Browser(app)
    await browser.click("/cart/add")
    copy = copy_of(browser, app)
    id = (await copy.call("GET", "/cart")).json()["id"]

    await browser.page("/sign-out")

    for where in (app, process()):
        assert (await copy_of(copy, where).call("GET", "/cart")).json()["id"] != id


async def test_ended_sessions_stay_ended_after_many_sign_ins(
    process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MAX_RECORDS", 20)
    monkeypatch.setattr(recent, "MAX_VISITORS", 20)
    app = process()
    browser = Browser(app)
    await browser.page("/sign-in/ann")
    copy = copy_of(browser, app)
    await browser.page("/sign-out")
    sessions = app.gateway.sessions
    for _ in range(50):  # more than the cache holds
        session = sessions.new()
        session.sign_in("bob")
        await sessions.save(session)

    assert not await is_signed_in(copy)


async def test_sign_out_in_another_process_ends_streams_within_a_second(
    process: Any, database: str
) -> None:
    browser = Browser(process(database_url=database))
    await browser.page("/sign-in/ann")
    other = copy_of(browser, process(database_url=database))
    page = await other.page("/desk")

    async with other.watch(page) as stream:
        await stream.event()
        await browser.page("/sign-out")
        for _ in range(24):
            await asyncio.sleep(0.05)
            if stream.ended:
                break
        assert stream.ended


async def test_sign_in_is_announced_once_where_it_happens(process: Any) -> None:
    app = process()
    browser = Browser(app)
    heard: list[str] = []

    async def hear(visitor: str) -> None:
        heard.append(visitor)

    app.starmodel.sessions._changed = hear
    await browser.page("/sign-in/ann")
    await asyncio.sleep(1)

    assert heard == []


async def test_idle_and_old_sessions_end(process: Any, database: str) -> None:
    clock = FakeClock()
    app = process(database_url=database, clock=clock)
    idle, busy = Browser(app), Browser(app)
    await idle.page("/sign-in/ann")
    await busy.page("/sign-in/bob")
    for _ in range(7):
        clock.advance(13 * DAY_S)
        assert await is_signed_in(busy) is (clock.now - FakeClock().now < 90 * DAY_S)
        if clock.now - FakeClock().now < 14 * DAY_S:
            continue
        assert not await is_signed_in(copy_of(idle, app))


async def test_use_in_one_process_keeps_the_session_alive_in_another(process: Any) -> None:
    clock = FakeClock()
    browser = Browser(process(clock=clock))
    await browser.page("/sign-in/ann")
    other = copy_of(browser, process(clock=clock))
    assert await is_signed_in(other)
    for _ in range(3):
        clock.advance(10 * DAY_S)
        assert await is_signed_in(browser)
        await asyncio.sleep(0.05)

    assert await is_signed_in(copy_of(browser, other.app))


async def test_sweep_ends_expired_sessions_and_deletes_old_ones(
    process: Any, database: str
) -> None:
    clock = FakeClock()
    app = process(database_url=database, clock=clock)
    browser = Browser(app)
    await browser.page("/sign-in/ann")
    store = app.starmodel.sessions._store
    key = (await app.gateway.sessions.cookie(b"testserver", "").read(_header(browser))).key

    await store.sweep(clock.now + 13 * DAY_S, 14 * DAY_S, 90 * DAY_S, DAY_S)
    valid = await store.latest(key)
    await store.sweep(clock.now + 15 * DAY_S, 14 * DAY_S, 90 * DAY_S, DAY_S)
    ended = await store.latest(key)
    await store.sweep(clock.now + 17 * DAY_S, 14 * DAY_S, 90 * DAY_S, DAY_S)

    assert valid is not None
    assert valid.ended_at is None
    assert ended is not None
    assert ended.ended_at == clock.now + 15 * DAY_S
    assert await store.latest(key) is None


def _header(browser: Browser) -> bytes:
    return "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar).encode()


def test_visitors_who_never_sign_in_need_no_database(tmp_path: Path) -> None:
    program = """
import asyncio, sys, os
import httpx
from starmodel import Entity, create_app, event

class Counter(Entity):
    n: int = 0
    @event
    def add(self):
        self.n += 1

app = create_app(secret_key="k" * 40)

async def main():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as c:
        headers = {"accept": "application/json", "origin": "http://t"}
        for n in (1, 2, 3):
            made = await c.post("/counter/add", headers=headers)
            assert made.json()["entity"]["n"] == n, made.text
        await asyncio.sleep(1.1)
        assert (await c.get("/counter", headers=headers)).json()["n"] == 3
    print(sorted(os.listdir()), "sqlalchemy" in sys.modules)

asyncio.run(main())
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ran.stdout.strip() == "[] False", ran.stderr


async def test_system_store_names_another_database(process: Any) -> None:
    browser = Browser(process(system_store="sqlite:///apart.db"))
    await browser.page("/sign-in/ann")

    assert sorted(name for name in os.listdir() if name.endswith(".db")) == ["apart.db"]


async def test_newer_tables_are_rejected(process: Any) -> None:
    import sqlite3

    app = process()
    browser = Browser(app)
    await browser.page("/sign-in/ann")
    await app.starmodel.close()
    with sqlite3.connect("starmodel.db") as connection:
        connection.execute("UPDATE starmodel_system SET schema_number = 99")
    connection.close()

    response = await copy_of(browser, process()).page("/desk")

    assert response.status_code == 503


class Broken(DatabaseSessions):
    """A session store that is unavailable while `down`."""

    down = False

    def _check(self) -> None:
        if self.down:
            raise StoreUnavailableError("PostgreSQL at db.internal is down")

    async def _open(self) -> Any:
        self._check()
        return await super()._open()

    async def exists(self) -> bool:
        self._check()
        return await super().exists()


@pytest.fixture
def broken(process: Any) -> Any:
    app = process()
    app.starmodel.sessions._store = Broken(
        "sqlite:///starmodel.db", synchronous="NORMAL", timeout_s=1
    )
    return app


async def test_unstored_sign_in_is_503_for_every_client(
    broken: Any, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Browser(broken)
    await browser.click("/cart/add")
    cookie = browser.session_cookie
    broken.starmodel.sessions._store.down = True

    page = await browser.page("/sign-in/ann")
    click = await browser.click("/cart/sign_in", {"name": "ann"})
    call = await browser.call("POST", "/cart/sign_in", {"name": "ann"})

    assert page.status_code == call.status_code == 503
    assert click.headers["starmodel-status"] == "503"
    assert "Signing in or out didn't work" in toasts(click.text)[0][1]
    assert "db.internal" not in page.text + click.text + call.text
    assert "db.internal" in caplog.text
    broken.starmodel.sessions._store.down = False
    assert browser.session_cookie == cookie
    assert not await is_signed_in(browser)


async def test_unstored_sign_out_removes_nothing(broken: Any) -> None:
    browser = Browser(broken)
    await browser.page("/sign-in/ann")
    await browser.click("/cart/add")
    broken.starmodel.sessions._store.down = True

    page = await browser.page("/sign-out")
    click = await browser.click("/cart/leave")

    assert (page.status_code, click.headers["starmodel-status"]) == (503, "503")
    broken.starmodel.sessions._store.down = False
    assert await is_signed_in(browser)
    assert (await browser.call("GET", "/cart")).json()["items"] == 1


async def test_uncheckable_session_is_503_and_guests_are_served(broken: Any) -> None:
    browser, guest = Browser(broken), Browser(broken)
    await browser.page("/sign-in/ann")
    await guest.click("/cart/add")
    broken.starmodel.sessions._store.down = True
    await asyncio.sleep(1.1)

    assert (await browser.page("/desk")).status_code == 503
    assert (await guest.call("GET", "/cart")).json()["items"] == 1
    assert (await Browser(broken).page("/cart")).status_code == 200
    assert (await browser.get("/_starmodel/health")).status_code == 200


async def test_requests_of_a_cached_session_run_no_query(process: Any) -> None:
    app = process()
    browser, guest = Browser(app), Browser(app)
    await browser.page("/sign-in/ann")
    await guest.click("/cart/add")
    await guest.click("/cart/add")
    store = app.starmodel.sessions._store
    queries: list[str] = []

    async def count(*_: Any) -> None:
        queries.append("asked")

    store.find = store.latest = count
    for _ in range(5):
        assert await is_signed_in(browser)
        assert (await guest.call("GET", "/cart")).json()["items"] == 2

    assert queries == []


async def test_cookie_holds_neither_actor_nor_roles_and_the_table_no_id(process: Any) -> None:
    import base64
    import sqlite3

    browser = Browser(process())
    await browser.page("/sign-in/annabella?roles=superboss")
    value = browser.session_cookie.rpartition(".")[0]
    content = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode("latin-1")
    with sqlite3.connect("starmodel.db") as connection:
        rows = str(connection.execute("SELECT * FROM starmodel_session").fetchall())
    connection.close()

    assert "annabella" not in content
    assert "superboss" not in content
    assert "annabella" in rows
    assert content.partition('"i":"')[2][:20] not in rows


async def test_development_sign_in_is_rejected_in_production_under_the_same_key(
    process: Any, caplog: Any
) -> None:
    development = process()
    browser = Browser(development)
    await browser.page(sign_in_link(development, "/desk"))
    assert await is_signed_in(browser)

    production = process(env="production")

    assert not await is_signed_in(copy_of(browser, production))
    assert await is_signed_in(copy_of(browser, process()))


async def test_application_cannot_sign_in_as_the_developer_in_production(
    process: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = process(env="production")

    @app.get("/enter")
    def enter(session) -> str:  # type: ignore[no-untyped-def]
        session.sign_in("ann", provider=DEVELOPMENT)
        return "in"

    browser = Browser(app)

    assert (await browser.get("/enter")).status_code == 500
    assert "valid in development only" in caplog.text
    assert not await is_signed_in(browser)


async def test_user_named_dev_is_not_the_developer(process: Any) -> None:
    app = process()
    user, developer = Browser(app), Browser(app)
    await user.page("/sign-in/dev?roles=dev")
    await developer.page(sign_in_link(app, "/desk"))

    text = await user.click("/desk/fail")
    seen = await developer.click("/desk/fail")

    assert "drawer" not in text.text
    assert "drawer" in seen.text


async def test_provider_is_known_to_handlers(process: Any) -> None:
    app = process()

    @app.get("/enter")
    def enter(session) -> str:  # type: ignore[no-untyped-def]
        session.sign_in(Actor("ann"), provider="github")
        return "ok"

    @app.get("/how")
    def how(session) -> str:  # type: ignore[no-untyped-def]
        return f"{session.provider} {session.signed_in_at > 0} {session.is_developer}"

    browser = Browser(app)
    await browser.get("/enter")

    assert (await browser.get("/how")).text.find("github True False") >= 0
    assert DEVELOPMENT == "development"


async def test_claims_of_the_actor_survive_a_restart(process: Any, database: str) -> None:
    def desks() -> Any:
        app = process(system_store=database)

        @app.get("/enter")
        def enter(session) -> str:  # type: ignore[no-untyped-def]
            session.sign_in(Actor("ann", claims={"team": "red", "amr": ["pwd", "mfa"]}))
            return "ok"

        @app.get("/who")
        def who(session) -> str:  # type: ignore[no-untyped-def]
            return f"{session.actor.id} {session.actor.attribute('team')} {session.actor.claims}"

        return app

    browser = Browser(desks())
    await browser.get("/enter")

    answer = (await copy_of(browser, desks()).get("/who")).text
    assert "ann red {'team': 'red', 'amr': ['pwd', 'mfa']}" in html.unescape(answer)


async def test_sign_out_after_the_reply_has_begun_holds(process: Any) -> None:
    app = process()
    browser = Browser(app)
    await browser.page("/sign-in/ann")
    copy = copy_of(browser, app)

    await browser.click("/cart/come_and_go")

    assert not await is_signed_in(copy)


async def test_ports_and_mounts_of_one_host_have_separate_cookies(process: Any) -> None:
    sessions = process().gateway.sessions

    names = {
        sessions.cookie(host, root).name
        for host in (b"localhost", b"localhost:8000", b"localhost:8001", b"[::1]:8002")
        for root in ("", "/shop")
    }

    assert len(names) == 8
    assert sessions.cookie(b"localhost:8000", "").name == sessions.cookie(b"x:8000", "").name
    for port in range(20_000):
        sessions.cookie(f"h:{port}".encode(), "")
    assert len(sessions._cookies) <= 64


async def test_public_url_determines_the_cookie_name(process: Any) -> None:
    sessions = process(public_url="https://shop.example").gateway.sessions

    assert sessions.cookie(b"10.0.0.1:8001", "").name == sessions.cookie(b"10.0.0.2:8002", "").name


async def test_cookies_in_cache_are_bounded_in_bytes(process: Any) -> None:
    sessions = process().gateway.sessions
    for number in range(5_000):
        session = sessions.new()
        session["text"] = "x" * 2_000 + str(number)
        await sessions.session_of(sessions._value(session, sessions._clock()).encode())

    assert sessions._known_bytes <= 8_000_000
    assert sum(len(value) for value in sessions._known) < 3_000_000


async def test_applications_mounted_beside_each_other_keep_their_sessions(process: Any) -> None:
    first = process(database_url="sqlite:///first.db")
    second = process(database_url="sqlite:///second.db")
    browser = Browser(Starlette(routes=[Mount("/a", first), Mount("/b", second)]))

    for count in (1, 2, 3):
        for mount in ("/a", "/b"):
            await browser.get(f"{mount}/sign-in/ann")
            made = await browser.call("POST", f"{mount}/cart/add")
            assert made.json()["entity"]["items"] == count
    await browser.get("/a/sign-out")

    assert (await browser.call("GET", "/a/desk")).status_code == 401
    assert (await browser.call("GET", "/b/desk")).status_code == 200


async def test_sign_out_in_another_process_stops_a_running_command(process: Any) -> None:
    browser = Browser(process())
    await browser.page("/sign-in/ann")
    other = copy_of(browser, process())
    assert await is_signed_in(other)

    running = asyncio.create_task(other.call("POST", "/desk/wait"))
    await asyncio.sleep(0.1)
    await browser.page("/sign-out")

    assert (await running).status_code == 401
    assert (await other.app.starmodel.persistence.for_class(Desk).get(Desk, "app")) is None
