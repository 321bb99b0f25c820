"""An error after the commit never turns the response into a failure."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from integration.web.browser import Browser, sse_events
from starmodel import Entity, event
from starmodel.core.snapshot import version_of


def _boom(*args: Any, **options: Any) -> Any:
    raise RuntimeError("after the commit")


def _tally(store: str) -> type[Entity]:
    class Tally(Entity):
        model_config = {"store": store, "scope": "record", "access": "public"}
        count: int = 0

        @event
        def add(self) -> int:
            self.count += 1
            return self.count

        @event
        async def add_later(self) -> None:
            self.count += 1

        @event
        async def add_twice(self) -> Any:
            self.count += 1
            yield self.count
            self.count += 1

        @event
        def leave(self, session: Any) -> None:
            self.count += 1
            session.sign_out()

    return Tally


def _break_bus(app: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(app.starmodel.bus, "publish", _boom)


def _break_reactions(app: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(app.starmodel.reactions, "after", _boom)


def _break_replies(app: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(app.gateway.frontend.replies, "encode_reply", _boom)


def _break_progress(app: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(app.gateway.frontend.replies, "encode_progress", _boom)


def _break_bodies(app: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("starmodel.adapters.web.resources.events.replies.public_state", _boom)


BROKEN = [_break_bus, _break_reactions, _break_replies, _break_progress, _break_bodies]


@pytest.mark.parametrize("store", ["memory", "sql"])
@pytest.mark.parametrize("breaks", BROKEN)
async def test_event_response_stays_a_success(
    serve: Any, visit: Any, monkeypatch: Any, store: str, breaks: Callable[..., None]
) -> None:
    options = {"database_url": "sqlite://"} if store == "sql" else {}
    cls = _tally(store)
    app = serve(cls, **options)
    browser: Browser = visit(app)
    at = (await browser.call("POST", "/tallies", {})).headers["location"]
    with monkeypatch.context() as patch:
        breaks(app, patch)
        key = {"idempotency-key": "k"}
        results = [
            await browser.call("POST", f"{at}/add", {}, headers=key),
            await browser.call("POST", f"{at}/add_later", {}),
            await browser.call("POST", f"{at}/add_twice", {}),
            await browser.call("PATCH", at, {"count": 10}),
            await browser.call("POST", "/tallies", {}),
        ]
        assert [a.status_code for a in results] == [200, 200, 200, 200, 201]
        for name in ("add", "add_later", "add_twice"):
            reply = await browser.click(f"{at}/{name}")
            assert (reply.status_code, reply.headers.get("starmodel-status")) in (
                (200, "200"),
                (200, None),
            )
            statuses = [e.data.get("status") for e in sse_events(reply.text)]
            assert "200" in statuses
            assert "500" not in statuses
        assert (await browser.submit(f"{at}/add", {})).status_code == 303
        assert (await browser.submit(f"{at}/leave", {})).status_code == 303

    state = (await browser.call("GET", at)).json()
    assert state["count"] == 10 + 1 + 1 + 2 + 1 + 1
    again = await browser.call("POST", f"{at}/add", {}, headers={"idempotency-key": "k2"})
    assert again.status_code == 200


async def test_repeated_key_after_a_failed_response_runs_nothing_again(
    serve: Any, visit: Any, monkeypatch: Any
) -> None:
    cls = _tally("memory")
    app = serve(cls)
    browser = visit(app)
    at = (await browser.call("POST", "/tallies", {})).headers["location"]
    key = {"idempotency-key": "k"}
    with monkeypatch.context() as patch:
        patch.setattr("starmodel.adapters.web.resources.events.replies.public_state", _boom)
        assert (await browser.call("POST", f"{at}/add", {}, headers=key)).status_code == 200
    again = await browser.call("POST", f"{at}/add", {}, headers=key)
    assert (again.status_code, again.json()["result"]) == (200, 1)
    assert (await browser.call("GET", at)).json()["count"] == 1


async def test_unpublishable_state_is_rejected_before_the_commit(visit: Any) -> None:
    from typing import Any as Anything

    class Box(Entity):
        model_config = {"scope": "app", "access": "public"}
        value: Anything = None

        @event
        def put(self) -> None:
            self.value = object()

    browser = visit(Box)
    assert (await browser.call("POST", "/box/put", {})).status_code == 500
    assert (await browser.call("GET", "/box")).json()["value"] is None


@pytest.mark.parametrize("value", [secrets.token_hex(5000), object()])
async def test_session_too_large_for_a_cookie_is_rejected_before_the_commit(
    visit: Any, value: Any
) -> None:
    class Box(Entity):
        count: int = 0

        @event
        def put(self, session: Any) -> None:
            self.count += 1
            session["value"] = value

    browser = visit(Box)
    assert (await browser.call("GET", "/box")).status_code == 200
    assert (await browser.call("POST", "/box/put", {})).status_code == 500
    assert (await browser.call("GET", "/box")).json()["count"] == 0


async def test_memory_store_keeps_nothing_of_an_uncopyable_batch() -> None:
    from starmodel.adapters.persistence.memory import MemoryRepository
    from starmodel.app.ports.repository import Batch, Change

    class Stubborn:
        def __deepcopy__(self, memo: Any) -> Any:
            raise TypeError("can't be copied")

    class Box(Entity):
        value: Any = None

    repository = MemoryRepository()
    good, bad = Box(id="a"), Box(id="b", value=Stubborn())
    changes = [Change(Box, made.id, "insert", 0, 1, made) for made in (good, bad)]
    with pytest.raises(TypeError):
        await repository.commit(Batch(changes))
    assert await repository.get(Box, "a") is None
    assert version_of(good) == 0


class _Odd:
    pass


def _loop() -> Any:
    made: list[Any] = []
    made.append(made)
    return made


class Shelf(Entity):
    model_config = {"store": "memory", "scope": "record", "access": "public"}
    count: int = 0

    @event
    def odd(self) -> Any:
        self.count += 1
        return _Odd()

    @event
    def loop(self) -> Any:
        self.count += 1
        return {"made": _loop()}

    @event
    async def later(self) -> Any:
        self.count += 1
        return [_Odd()]

    @event
    def fact(self) -> None:
        self.count += 1
        self.emit(_Fact(_Odd()))


@dataclass
class _Fact:
    odd: Any


@pytest.mark.parametrize("name", ["odd", "loop", "later", "fact"])
@pytest.mark.parametrize("env", ["development", "production"])
async def test_unserialisable_result_is_an_application_error(
    serve: Any, visit: Any, name: str, env: str
) -> None:
    browser = visit(serve(Shelf, env=env))
    url = (await browser.call("POST", "/shelves", {})).headers["location"]

    refused = await browser.call("POST", f"{url}/{name}")
    clicked = await browser.click(f"{url}/{name}")

    assert refused.status_code == 500, refused.text
    assert clicked.headers.get("starmodel-status") == "500"
    if env == "production":
        assert "_Odd" not in refused.text + clicked.text
        assert "ircular" not in refused.text + clicked.text
    assert (await browser.call("GET", url)).json()["count"] == 0


async def test_bulk_response_stays_a_success(
    visit: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = serve(Shelf)
    browser = visit(app)
    made = await browser.call("POST", "/shelves", {})
    id = made.json()["entity"]["id"]
    monkeypatch.setattr(app.gateway.frontend.replies, "encode_effects", _boom)
    monkeypatch.setattr(app.starmodel, "end_sessions", _boom)

    response = await browser.click("/shelves/_bulk", {"event": "delete", "id": [id]})

    assert (response.status_code, response.json()) == (200, {"done": [id], "refused": {}})
