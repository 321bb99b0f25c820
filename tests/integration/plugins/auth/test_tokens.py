"""Bearer tokens: a part of the owner's permissions, revoked in every process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from databases import DATABASES, empty_database
from integration.web.browser import Browser, unlisted
from integration.web.streams.json_client import JsonStream
from starmodel import Actor, Entity, create_app, event
from starmodel.access import owner
from starmodel.app.access.grants import LimitedActor
from starmodel.app.credentials.tokens.texts import is_token, new_token
from starmodel.core.errors import AccessDeniedError, ConfigurationError
from starmodel.plugins import Plugin, Route
from starmodel.testing.fakes import FakeClock

ORIGIN = "http://testserver"
ANN = Actor("ann", "Ann", frozenset({"staff"}))
WITHIN_S = 3.0


@unlisted
class Part(Entity):
    model_config = {"scope": "record", "access": "signed_in"}
    name: str = ""
    stock: int = 0

    @event
    def adjust(self, delta: int) -> int:
        self.stock += delta
        return self.stock

    @event
    def scrap(self) -> None:
        self.stock = 0


@unlisted
class Note(Entity):
    model_config = {"scope": "record", "access": owner("owner")}
    owner: str = ""
    text: str = ""

    @event
    def edit(self, text: str) -> None:
        self.text = text


@unlisted
class Board(Entity):
    model_config = {"scope": "app", "access": "public"}
    title: str = "Open"

    @event
    def rename(self, title: str) -> None:
        self.title = title


class Reports(Plugin):
    """A page for whoever is signed in, and an open one."""

    name = "reports"

    def routes(self) -> Any:
        async def show(exchange: Any) -> Any:
            return {"secret": "figures"}

        async def about(exchange: Any) -> Any:
            return {"about": "reports"}

        yield Route("/reports", show)
        yield Route("/about", about, access="public")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> AsyncIterator[Callable[..., Any]]:
    """`start(url)`: one more process of the application."""
    monkeypatch.chdir(tmp_path)
    started: list[Any] = []

    def make(url: str = f"sqlite:///{tmp_path / 'app.db'}", **options: Any) -> Any:
        app = create_app(
            [Part, Note, Board], plugins=[Reports()], secret_key="k" * 40, database_url=url,
            clock=clock, default_store="sql", **options,
        )  # fmt: skip
        started.append(app)

        @app.get("/whoami")
        def whoami(session):  # type: ignore[no-untyped-def]
            actor = session.actor
            return {"actor": None if actor is None else actor.id}

        @app.get("/sign-in/{name}")
        def sign_in(session, name: str):  # type: ignore[no-untyped-def]
            session.sign_in(Actor(name, name, frozenset({"staff"})))
            return "in"

        return app

    yield make
    for app in started:
        await app.starmodel.close()


@pytest.fixture(params=DATABASES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    return await asyncio.to_thread(empty_database, request, tmp_path)


class Program(httpx.AsyncClient):
    """An API client with a bearer token, without cookies."""

    def __init__(self, app: Any, token: str, **headers: str) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        bearer = {"authorization": f"Bearer {token}", "accept": "application/json", **headers}
        super().__init__(transport=transport, base_url=ORIGIN, headers=bearer)


async def made(app: Any, *grants: str, actor: Actor = ANN, days: int = 30) -> str:
    text, _ = await app.starmodel.credentials.tokens.create(actor, "script", grants, days=days)
    return str(text)


async def until(condition: Callable[[], Any], within_s: float = WITHIN_S) -> bool:
    for _ in range(int(within_s / 0.05)):
        if await condition():
            return True
        await asyncio.sleep(0.05)
    return False


def test_text_of_a_token_has_a_prefix_and_a_checksum() -> None:
    token = new_token()
    assert re.fullmatch(r"sm_[0-9A-Za-z]{38}", token)
    assert is_token(token)
    swapped = token[:-1] + ("a" if token[-1] != "a" else "b")
    for wrong in ("", "sm_", token[:-1], f"{token}x", swapped, token.lower() + "", "x" * 10_000):
        assert wrong == token or not is_token(wrong)


async def test_token_runs_its_event_without_cookie_or_origin(start: Callable[..., Any]) -> None:
    app = start()
    part = await Part.objects.create(id="p1", name="Bolt")
    program = Program(app, await made(app, "Part:adjust", "Part:read"))
    ran = await program.post("/parts/p1/adjust", json={"delta": 3})
    assert (ran.status_code, ran.json()["result"]) == (200, 3)
    assert "set-cookie" not in ran.headers
    read = await program.get(f"/parts/{part.id}")
    assert read.json()["stock"] == 3
    assert "set-cookie" not in read.headers


async def test_token_does_no_more_than_its_grants(start: Callable[..., Any]) -> None:
    app = start()
    await Part.objects.create(id="p1", name="Bolt")
    program = Program(app, await made(app, "Part:adjust"))
    refused = [
        await program.post("/parts/p1/scrap"),
        await program.post("/parts", json={"name": "New"}),
        await program.patch("/parts/p1", json={"name": "Other"}),
        await program.delete("/parts/p1"),
        await program.get("/parts/p1"),
        await program.get("/parts"),
        await program.get("/parts?q=Bolt"),
        await program.get("/notes"),
        await program.get("/board"),  # also what is public
        await program.post("/board/rename", json={"title": "Mine"}),
        await program.get("/reports"),
        await program.get("/parts", headers={"accept": "text/html"}),
        await program.get("/parts", headers={"accept": "application/x-ndjson"}),
        await program.post("/parts/_bulk/scrap", json={"ids": ["p1"]}),
    ]
    assert {reply.status_code for reply in refused} <= {403, 404, 405}
    assert not [reply for reply in refused if "Bolt" in reply.text or "figures" in reply.text]
    ran = await program.post("/parts/p1/adjust", json={"delta": 1})
    assert ran.status_code == 200
    assert "Bolt" not in ran.text
    assert (await program.get("/about")).json() == {"about": "reports"}


async def test_token_does_no_more_than_its_owner(start: Callable[..., Any]) -> None:
    app = start()
    await Note.objects.create(id="n1", owner="ann", text="mine")
    await Note.objects.create(id="n2", owner="bob", text="his")
    program = Program(app, await made(app, "*:*"))
    assert [row["id"] for row in (await program.get("/notes")).json()["items"]] == ["n1"]
    assert (await program.get("/notes/n2")).status_code == 404
    assert (await program.post("/notes/n2/edit", json={"text": "x"})).status_code == 404
    assert (await program.post("/notes/n1/edit", json={"text": "x"})).status_code == 200


async def test_pages_of_a_token_offer_its_events_only(start: Callable[..., Any]) -> None:
    app = start()
    await Part.objects.create(id="p1", name="Bolt")
    program = Program(app, await made(app, "Part:adjust", "Part:read"), accept="text/html")
    for path in ("/parts", "/parts/p1"):
        page = (await program.get(path)).text
        assert "Bolt" in page
        assert "/scrap" not in page
        assert "/parts/new" not in page
        assert "/notes" not in page
    assert "/parts/p1/adjust" in page


async def test_read_grant_of_every_class_writes_nothing(start: Callable[..., Any]) -> None:
    app = start()
    await Part.objects.create(id="p1", name="Bolt")
    program = Program(app, await made(app, "*:read"))
    assert (await program.get("/parts")).json()["items"][0]["name"] == "Bolt"
    assert (await program.get("/board")).status_code == 200
    assert (await program.post("/parts/p1/adjust", json={"delta": 1})).status_code == 403
    assert (await program.post("/board/rename", json={"title": "x"})).status_code == 403


async def test_handlers_of_the_application_see_a_guest(start: Callable[..., Any]) -> None:
    app = start()
    program = Program(app, await made(app, "*:*"))
    assert (await program.get("/whoami")).json() == {"actor": None}


async def test_token_beside_a_cookie_is_the_only_identity(start: Callable[..., Any]) -> None:
    app = start()
    await Note.objects.create(id="n1", owner="ann", text="of ann")
    browser = Browser(app)
    await browser.page("/sign-in/ann")
    assert (await browser.call("GET", "/notes/n1")).status_code == 200
    bob = await made(app, "*:*", actor=Actor("bob"))
    with_both = {"authorization": f"Bearer {bob}"}
    assert (await browser.call("GET", "/notes/n1", headers=with_both)).status_code == 404
    wrong = {"authorization": f"Bearer {new_token()}"}
    refused = await browser.call("GET", "/notes/n1", headers=wrong)
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    assert (await browser.call("GET", "/notes/n1")).status_code == 200  # the session goes on


@pytest.mark.parametrize(
    "token", ["sm_0123456789ABCDEFGHIJKLMNOPQRSTUV1Bvx8R", "sm_short", f"sm_{'x' * 5000}", "sm_"]
)
async def test_unknown_token_is_refused_with_a_challenge(
    start: Callable[..., Any], token: str, tmp_path: Path
) -> None:
    app = start()
    refused = await Program(app, token).get("/board")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert refused.json()["detail"] == "This token is not valid: it is unknown, expired or revoked."
    assert token not in refused.text


async def test_request_without_credentials_gets_a_plain_challenge(
    start: Callable[..., Any],
) -> None:
    app = start()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as guest:
        refused = await guest.get("/parts", headers={"accept": "application/json"})
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


async def test_token_of_another_issuer_is_left_to_the_application(
    start: Callable[..., Any],
) -> None:
    app = start()
    assert (await Program(app, "eyJhbGciOi.x.y").get("/whoami")).json() == {"actor": None}
    assert (await Program(app, "eyJhbGciOi.x.y").get("/parts")).status_code == 401


async def test_idempotency_key_belongs_to_the_token(start: Callable[..., Any]) -> None:
    app = start()
    await Part.objects.create(id="p1", name="Bolt")
    one, other = await made(app, "Part:*"), await made(app, "Part:*")
    key = {"idempotency-key": "order-1"}

    async def adjusted(token: str, delta: int = 2) -> httpx.Response:
        return await Program(app, token).post(
            "/parts/p1/adjust", json={"delta": delta}, headers=key
        )

    assert [(await adjusted(one)).json()["result"] for _ in range(3)] == [2, 2, 2]
    assert (await adjusted(one, 5)).status_code == 422
    assert (await adjusted(other)).json()["result"] == 4
    assert (await Program(app, one).get("/parts/p1")).json()["stock"] == 4


async def test_revoked_and_expired_tokens_are_refused_at_once(
    start: Callable[..., Any], clock: FakeClock
) -> None:
    app = start()
    tokens = app.starmodel.credentials.tokens
    revoked, expired = await made(app, "*:read"), await made(app, "*:read", days=1)
    for token in (revoked, expired):
        assert (await Program(app, token).get("/board")).status_code == 200
    handle = next(
        each.handle for each in await tokens.list("ann") if each.expires_at - clock.now > 1e6
    )
    assert await tokens.end("bob", only=handle) == 0
    assert await tokens.end("ann", only="unknown") == 0
    assert await tokens.end("ann", only=handle) == 1
    assert (await Program(app, revoked).get("/board")).status_code == 401
    clock.advance(86400)
    assert (await Program(app, expired).get("/board")).status_code == 401
    assert await tokens.list("ann") == []


async def test_revocation_holds_in_every_process_and_after_a_restart(
    start: Callable[..., Any], url: str
) -> None:
    one, other = start(url), start(url)
    token = await made(one, "Board:*", "Part:read")
    assert (await Program(other, token).get("/board")).status_code == 200
    await one.starmodel.credentials.tokens.end("ann")

    async def is_refused() -> bool:
        return (await Program(other, token).get("/board")).status_code == 401

    assert await until(is_refused, 1.5)
    assert (await Program(start(url), token).get("/board")).status_code == 401


async def test_change_of_the_owner_reaches_its_tokens_in_every_process(
    start: Callable[..., Any], url: str
) -> None:
    one, other = start(url), start(url)
    token = await made(one, "*:read")
    session = await other.starmodel.credentials.tokens.session_of(token)
    assert session.actor.roles == {"staff"}
    assert isinstance(session.actor, LimitedActor)
    demoted = Actor("ann", "Ann")
    await one.starmodel.credentials.tokens.revise("ann", lambda _: demoted)

    async def is_demoted() -> bool:
        found = await other.starmodel.credentials.tokens.session_of(token)
        return not found.actor.roles

    assert await until(is_demoted, 1.5)


async def test_revocation_cuts_an_open_stream_in_another_process(
    start: Callable[..., Any], url: str
) -> None:
    one, other = start(url), start(url)
    token = await made(one, "Board:read")
    stream = JsonStream(Browser(other), "/board", authorization=f"Bearer {token}")
    async with stream:
        assert "Open" in str(await stream.patch())
        await one.starmodel.credentials.tokens.end("ann")
        assert await until(lambda: ended(stream))


async def ended(stream: JsonStream) -> bool:
    try:
        await stream.block(0.05)
    except TimeoutError:
        return False
    except EOFError:
        return True
    return False


async def test_expiry_cuts_an_open_stream(start: Callable[..., Any], clock: FakeClock) -> None:
    app = start()
    token = await made(app, "Board:read", days=1)
    stream = JsonStream(Browser(app), "/board", authorization=f"Bearer {token}")
    async with stream:
        await stream.patch()
        clock.advance(86_401)
        assert await until(lambda: ended(stream))


async def test_use_is_recorded_coarsely(start: Callable[..., Any], clock: FakeClock) -> None:
    app = start()
    token = await made(app, "*:read")
    tokens = app.starmodel.credentials.tokens
    assert [each.used_at for each in await tokens.list("ann")] == [None]
    first = clock.now
    for _ in range(3):
        await Program(app, token).get("/board")
        clock.advance(10)

    async def is_recorded() -> bool:
        return [each.used_at for each in await tokens.list("ann")] == [first]

    assert await until(is_recorded)


@pytest.mark.parametrize(
    ("grants", "days", "name"),
    [
        ([], 30, "x"),
        (["Unknown:read"], 30, "x"),
        (["Part:unknown"], 30, "x"),
        (["Part"], 30, "x"),
        (["*:adjust"], 30, "x"),
        (["Part:read"] * 1, 0, "x"),
        (["Part:read"], 367, "x"),
        (["Part:read"], 30, " "),
        (["Part:read"], 30, "x" * 101),
        ([f"Part:{n}" for n in range(51)], 30, "x"),
    ],
)
async def test_token_out_of_bounds_is_refused(
    start: Callable[..., Any], grants: list[str], days: int, name: str
) -> None:
    tokens = start().starmodel.credentials.tokens
    with pytest.raises(ConfigurationError):
        await tokens.create(ANN, name, grants, days=days)


async def test_token_makes_no_further_token_and_an_owner_has_fifty(
    start: Callable[..., Any],
) -> None:
    app = start()
    tokens = app.starmodel.credentials.tokens
    token = await made(app, "*:*")
    session = await tokens.session_of(token)
    with pytest.raises(AccessDeniedError):
        await tokens.create(session.actor, "more", ["*:*"], days=1)
    for _ in range(49):
        await made(app, "*:read")
    with pytest.raises(ConfigurationError, match="50 tokens"):
        await made(app, "*:read")


async def test_no_token_is_in_a_log_a_record_or_the_store(
    start: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    app = start()
    await Part.objects.create(id="p1", name="Bolt")
    token = await made(app, "Part:*")
    program = Program(app, token)
    await program.post("/parts/p1/adjust", json={"delta": 1})
    await program.post("/parts/p1/adjust", json={"delta": "x"})
    await program.get("/nowhere", headers={"accept": "text/html"})
    await app.starmodel.close()
    assert token not in caplog.text
    files = [path for path in tmp_path.iterdir() if path.is_file()]  # noqa: ASYNC240 - a test
    stored = b"".join(path.read_bytes() for path in files)
    assert token.encode() not in stored


async def test_random_token_opens_no_database(start: Callable[..., Any], tmp_path: Path) -> None:
    app = start(f"sqlite:///{tmp_path / 'other.db'}", system_store=f"sqlite:///{tmp_path / 's.db'}")
    assert (await Program(app, new_token()).get("/about")).status_code == 401
    assert not (tmp_path / "s.db").exists()
