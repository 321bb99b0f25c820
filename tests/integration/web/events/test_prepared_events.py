"""Prepared events answer and store exactly what the general path does, request by request.

One program of random requests runs in two applications that differ in their prepared events
only: one has them, in the other the dictionary is empty.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from pydantic import BaseModel, PrivateAttr, computed_field, field_validator, model_validator

from integration.web.browser import unlisted
from integration.web.conftest import SECRET, add_sign_in
from starmodel import Entity, Field, Redirect, Toast, create_app, event, on
from starmodel.adapters.web.http import sessions
from starmodel.app.access.rules import RulePolicy
from starmodel.app.commands.binding.edited_fields import digests
from starmodel.app.commands.binding.form_names import ORIGINALS
from starmodel.app.commands.idempotency import Claim
from starmodel.app.commands.prepared import PreparedEvent
from starmodel.app.live import reactions
from starmodel.app.ports.query import Query
from starmodel.app.ports.repository import Marker
from starmodel.core.errors import AccessDeniedError, VersionConflictError
from starmodel.core.snapshot import version_of
from starmodel.testing.browser.asgi import DATASTAR, HTML, JSON, Cookies, Reply, send
from starmodel.testing.fakes import CountingIds, FakeClock, RecordingBus

pytestmark = pytest.mark.slow
REQUESTS = 700
MARKER = Claim.marker


class Shouted(BaseModel):
    """A fact."""

    text: str = ""


class Part(BaseModel):
    name: str = ""
    sizes: list[int] = []

    @field_validator("name")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value) > 8:
            raise ValueError("too long")
        return value.strip()


class _Shape(Entity):
    """The events of every shape."""

    runs: ClassVar[list[str]] = []
    count: int = 0
    label: str = "a"

    @event
    def add(self, amount: int = 1) -> None:
        self.runs.append("add")
        self.count += amount

    @event
    def rename(self, label: str, ratio: float | None = None) -> None:
        self.label = label

    @event
    def rest(self) -> None:
        """Change nothing."""

    @event
    def set_raw(self, label: str) -> None:
        self.__dict__["label"] = label

    @event
    def twist(self, count: str) -> None:
        self.count = count  # type: ignore[assignment]

    @event
    def break_off(self, amount: int = 1) -> None:
        self.count += amount
        raise ValueError("broken off")

    @event
    def conflict(self) -> None:
        raise VersionConflictError("Shape", "1")

    @event
    def refuse(self) -> None:
        raise AccessDeniedError("No.")

    @event
    def answer(self, amount: int = 1) -> dict[str, Any]:
        self.count += amount
        return {"total": self.count}

    @event
    def become(self, amount: int = 1) -> Any:
        return self.evolve(count=amount) if amount % 2 else self

    @event
    def say(self, text: str = "hello") -> Any:
        self.emit(Shouted(text=text))
        return Toast(text) if len(text) % 2 else Redirect("/" if text != "out" else "//evil.test")

    @event
    def tell(self, text: str = "hello") -> None:
        self.emit(Shouted(text=text))

    @event
    def whoami(self, actor: Any = None) -> str:
        self.count += 1
        return getattr(actor, "id", "guest")

    @event(access="role:editor")
    def publish(self) -> None:
        self.label = "published"

    @event
    async def wait(self, amount: int = 1) -> None:
        self.count += amount


@unlisted
class Plain(_Shape):
    model_config = {"scope": "session"}


@unlisted
class Shared(_Shape):
    model_config = {"scope": "app", "access": "public", "sync_with_client": True}


@unlisted
class Owned(_Shape):
    model_config = {"scope": "user"}


@unlisted
class Checked(_Shape):
    model_config = {"scope": "app", "access": "public"}
    most: int = 20

    @field_validator("label")
    @classmethod
    def _title(cls, value: str) -> str:
        if "!" in value:
            raise ValueError("no shouting")
        return value.title()

    @model_validator(mode="after")
    def _bounded(self) -> Checked:
        if self.count > self.most:
            raise ValueError("count is above most")
        return self


@unlisted
class Hidden(_Shape):
    model_config = {"scope": "app", "access": "public"}
    code: str = Field(default="c", private=True)
    _seen: int = PrivateAttr(default=0)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return self.count * 2

    @event
    def look(self, code: str = "d") -> None:
        self._seen += 1
        self.code = code
        self.label = f"seen {self._seen}"


@unlisted
class Nested(_Shape):
    model_config = {"scope": "app", "access": "public"}
    part: Part = Part()
    tags: list[str] = []
    sizes: dict[str, int] = {}

    @event
    def tag(self, text: str) -> None:
        self.tags.append(text)
        del self.tags[:-3]
        self.part.name = text

    @event
    def measure(self, sizes: dict[str, int]) -> None:
        self.sizes.update(sizes)


@unlisted
class Note(_Shape):
    model_config = {
        "scope": "record",
        "access": {
            "read": lambda actor, note: note.count < 30,
            "write": lambda actor, note: note.label != "locked",
        },
    }
    id: int | None = None
    label: str = Field(default="a", max_length=12)


SHAPES = (Plain, Shared, Owned, Checked, Hidden, Nested, Note)


class AsyncRules(RulePolicy):
    async def check(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().check(*args, **options)


class Side:
    """One application, its clock, and three visitors: a guest, a user and one without cookies."""

    def __init__(self, app: Any, handled: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.handled, self.monkeypatch, self.visitors = app, handled, monkeypatch, 0
        self.markers: list[Marker] = []
        self.clock, self.bus = app.starmodel.clock, app.starmodel.bus
        self.jars = {name: Cookies() for name in ("guest", "ann", "leaver", "new")}
        self.prepared = app.starmodel.dispatcher.prepared

    def token_urlsafe(self, _: int) -> str:
        """The id of the next new visitor."""
        self.visitors += 1
        return f"visitor-{self.visitors}"

    def marker(self) -> Callable[..., Marker]:
        """`Claim.marker`, each result recorded."""

        def recording(claim: Claim, *args: Any, **options: Any) -> Marker:
            made = MARKER(claim, *args, **options)
            self.markers.append(made._replace(command=""))
            return made

        return recording

    async def send(self, who: str, method: str, url: str, headers: Any, body: bytes) -> Reply:
        self.monkeypatch.setattr(sessions, "random", self)
        self.monkeypatch.setattr(Claim, "marker", self.marker())
        if who == "new":
            self.jars["new"].clear()
        return await send(self.app, method, url, headers, self.jars[who], body)

    async def stored(self) -> dict[str, Any]:
        """Every stored state with its version, by class."""
        found = {}
        for cls in SHAPES:
            repository = self.app.starmodel.persistence.for_class(cls)
            rows = await repository.list(Query(cls))
            found[cls.__name__] = sorted(
                (str(row.id), version_of(row), row.model_dump(), row.__pydantic_private__ or {})
                for row in rows
            )
        return found


@pytest.fixture
async def sides(
    request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Side, Side]]:
    """The application with its prepared events, and without; visitors have equal keys in both."""
    policy, store = request.param
    made = []
    for number in range(2):
        handled: list[Any] = []
        monkeypatch.setattr(reactions, "_defined", {})

        @on(Plain.add)
        def after(record: Any, entity: Any, handled: list[Any] = handled) -> None:
            handled.append((record.event, record.args, record.version, entity.count))

        @on(Shouted)
        def heard(fact: Any, handled: list[Any] = handled) -> None:
            handled.append(fact.text)

        clock, bus = FakeClock(), RecordingBus()
        app = create_app(
            list(SHAPES), secret_key=SECRET, clock=clock, ids=CountingIds(), bus=bus,
            policy=policy(), default_store=store,
            database_url=f"sqlite:///{tmp_path}/{number}.db",
        )  # fmt: skip
        add_sign_in(app)
        made.append(Side(app, handled, monkeypatch))
    one, two = made
    two.prepared.clear()
    for side in made:
        for who in ("guest", "ann", "leaver"):
            await side.send(who, "GET", "/shared", HTML, b"")
            if who != "guest":
                await side.send(who, "GET", f"/sign-in/{who}?roles=editor", HTML, b"")
        for _ in range(12):
            reply = await side.send("ann", "POST", "/notes", CREATE, b"{}")
            assert reply.status == 201, reply.text
    yield one, two
    for side in made:
        await side.app.starmodel.close()


ORIGIN = {"sec-fetch-site": "same-origin"}
CREATE = JSON | ORIGIN | {"content-type": "application/json"}
TEXTS = ("x", "locked", "b!", "  pad ", "a much longer text", "ä\u2028", "", "out", "7", "1e5")
BODIES = (
    b"", b"{}", b"{", b"[]", b"null", b'{"amount": 3}', b'{"amount": "x"}', b'{"amount": null}',
    b'{"label": "json"}', b'{"unknown": 1}', b'{"count": 5, "label": "s"}',
    b'{"Shared": {"count": 4}}', b'{"Shared": {"count": "x"}}', b'{"text": "signal"}',
    b'{"sizes": {"a": 1}}', b'{"amount": 1e400}', b"amount=2&label=form", b"\xff\xfe",
    b'{"amount": ' + b"9" * 5000 + b"}",
)  # fmt: skip


SYNCED = (b'{"Shared": {"count": 4}}', b'{"Shared": {"label": "s"}}', b'{"Shared": {"count": ""}}')
SEEN = digests(Note(label="a"))["label"]
EDITS = tuple(
    json.dumps({"label": label, "count": 1, ORIGINALS: json.dumps(was)}).encode()
    for label in ("edited", "a", "much too long a label")
    for was in ({"label": SEEN}, {"label": "x"}, {"count": SEEN}, {}, "odd")
)


def random_request(draw: random.Random, shapes: dict[str, list[str]]) -> tuple[Any, ...]:
    """A visitor, a method, an address, headers and a body."""
    shape = draw.choice([*shapes, "notes", "notes", "plain", "plain", "shared"])
    event_name = draw.choice([*shapes[shape], "add", "add", "rename", "nothing"])
    base = f"/{shape}"
    if shape == "notes":
        base += f"/{draw.choice([*map(str, range(1, 13)), '99', 'x', '0x1'])}"
    pairs = []
    for _ in range(draw.choice((0, 1, 1, 1, 2))):
        name = draw.choice(("amount", "label", "text", "code", "count", "ratio", "unknown"))
        values = (*TEXTS, "1", "2", "-3", "1.5", str(10**30), str(2**63))
        pairs.append(f"{name}={quote(draw.choice(values))}")
    if event_name in ("add", "answer") and draw.random() < 0.6:
        pairs = [f"amount={draw.choice((1, 1, 2, -5))}"]
    if event_name == "rename" and draw.random() < 0.6:
        pairs = [f"label={quote(draw.choice((*TEXTS, 'locked', 'locked')))}"]
    url = f"{base}/{event_name}" + ("?" if pairs else "") + "&".join(pairs)
    method = draw.choice(("POST",) * 12 + ("GET", "PUT", "DELETE", "HEAD"))
    headers = dict(draw.choice((DATASTAR, DATASTAR, DATASTAR, JSON, HTML, {})))
    if draw.random() < 0.9:
        headers |= ORIGIN
    if draw.random() < 0.5:
        headers["idempotency-key"] = f"key-{draw.randrange(8)}"
    if draw.random() < 0.03:
        headers["idempotency-key"] = "k" * 200
    if draw.random() < 0.5:
        headers["starmodel-page"] = "1"
    if draw.random() < 0.05:
        headers[draw.choice(("if-match", "if-none-match"))] = draw.choice(('"1"', "*", "bad"))
    if draw.random() < 0.05:
        headers["starmodel-check"] = "1"
    if draw.random() < 0.03:
        headers["starmodel-session"] = "another"
    body = draw.choice(BODIES) if draw.random() < 0.4 else draw.choice((b"", b"{}"))
    if body:
        kinds = ("application/json",) * 6 + ("application/x-www-form-urlencoded", "text/plain")
        headers["content-type"] = draw.choice(kinds)
    if shape == "shared" and draw.random() < 0.3:
        body = draw.choice(SYNCED)
    if shape == "notes" and draw.random() < 0.15:
        url, method, body = base, draw.choice(("PUT", "PATCH")), draw.choice(EDITS)
    if body:
        headers.setdefault("content-type", "application/json")
    who = draw.choice(("guest", "guest", "ann", "ann", "ann", "leaver", "new"))
    return who, method, url, headers, body


def comparable(reply: Reply) -> tuple[Any, ...]:
    """What both applications must answer."""
    cookies = [line.partition("=")[0] for line in reply.set_cookies]
    return reply.http_status, reply.headers, reply.body, cookies


@pytest.mark.parametrize(
    "sides",
    [(RulePolicy, "memory"), (AsyncRules, "memory"), (RulePolicy, "sql")],
    ids=["rules", "async-policy", "sqlite"],
    indirect=True,
)
@pytest.mark.parametrize("seed", [1, 2])
async def test_random_requests_give_equal_replies_and_states(
    sides: tuple[Side, Side], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = sides
    ran, made = counted(monkeypatch), list[Any]()
    draw = random.Random(seed)
    shapes = {str(t.path).strip("/"): list(t.events) for t in one.app.starmodel.registry}
    for number in range(REQUESTS):
        request = random_request(draw, shapes)
        if made and draw.random() < 0.15:  # as a browser whose reply was lost
            request = draw.choice(made[-6:])
        made.append(request)
        if number % 150 == 149:  # a key is stored for a day
            for side in sides:
                side.clock.advance(90_000.0)
        if number % 200 == 120:
            for side in sides:
                await side.send("leaver", "GET", "/sign-out", HTML, b"")
        replies = []
        for side in sides:
            _Shape.runs.clear()
            reply = await side.send(*request)
            await side.app.starmodel.reactions.idle()
            replies.append((comparable(reply), list(_Shape.runs)))
            side.clock.advance(0.01)
        assert replies[0] == replies[1], (number, request)
        if number % 10 == 0:
            assert await one.stored() == await two.stored(), (number, request)
    assert await one.stored() == await two.stored()
    assert one.handled == two.handled
    assert one.markers == two.markers
    assert any(m.effects for m in one.markers), "no handler of a prepared event"
    assert any(isinstance(seen, tuple) for seen in one.handled)
    assert [type(m) for m in one.bus.messages] == [type(m) for m in two.bus.messages]
    assert ran["direct"] > REQUESTS // 20
    assert not two.prepared


def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many commands a prepared event has ended."""
    ran, run = {"direct": 0}, PreparedEvent.run

    async def counting(self: PreparedEvent, *args: Any) -> Any:
        outcome = await run(self, *args)
        ran["direct"] += outcome is not None
        return outcome

    monkeypatch.setattr(PreparedEvent, "run", counting)
    return ran
