"""JSON streams: negotiation, access and limits are those of pages and the JSON API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount

from integration.web.browser import ORIGIN, Browser, unlisted
from integration.web.streams.counters import Counter
from integration.web.streams.json_client import NDJSON, JsonStream
from starmodel import AccessDeniedError, Entity, EntityConfig, event
from starmodel.app.access.rules import RulePolicy
from starmodel.app.presentation.resource import Resource

Visit = Callable[..., Browser]
Serve = Callable[..., Any]


@unlisted
class Memo(Entity):
    model_config = EntityConfig(scope="record")
    text: str = ""


@unlisted
class Sealed(Entity):
    model_config = EntityConfig(
        scope="record",
        access={"read": lambda actor, it: it.text == "open", "write": "public"},
    )
    id: str
    text: str = "open"

    @event
    def write(self, text: str) -> None:
        self.text = text


@unlisted
class Prefs(Entity):
    model_config = EntityConfig(store="local_storage")
    theme: str = "light"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (NDJSON, NDJSON),
        (f"{NDJSON}, */*", NDJSON),
        (f"{NDJSON};q=0.9, application/json;q=0.8", NDJSON),
        (f"{NDJSON}, application/json", "application/json"),
        (f"{NDJSON};q=0.5, application/json", "application/json"),
        (f"{NDJSON};q=0, application/json", "application/json"),
        ("application/*", "application/json"),
        ("*/*", "application/json"),
        (f"text/html, {NDJSON}", "text/html; charset=utf-8"),
    ],
)
async def test_stream_is_negotiated_by_its_exact_type(visit: Visit, accept: str, kind: str) -> None:
    browser = visit(Counter)

    async with JsonStream(browser, "/counter", accept=accept) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == kind


@pytest.mark.parametrize(
    ("url", "status"), [("/memos", 401), ("/memos/1", 401), ("/sealeds/none", 404)]
)
async def test_refusal_is_a_problem_before_the_stream(visit: Visit, url: str, status: int) -> None:
    browser = visit(Memo, Sealed)

    reply = await browser.get(url, headers={"accept": NDJSON})

    assert (reply.status_code, reply.json()["status"]) == (status, status)
    assert reply.headers["content-type"] == "application/problem+json"


async def test_entity_of_the_browser_has_no_stream(visit: Visit) -> None:
    reply = await visit(Prefs).get("/prefs", headers={"accept": NDJSON})

    assert (reply.status_code, reply.json()["status"]) == (406, 406)


@pytest.mark.parametrize("url", ["/counter", "/sealeds"])
async def test_head_has_the_headers_of_a_stream_and_ends(visit: Visit, url: str) -> None:
    browser = visit(Counter, Sealed)

    reply = await browser.head(url, headers={"accept": NDJSON, "if-none-match": "*"})

    assert (reply.status_code, reply.headers["content-type"], reply.content) == (200, NDJSON, b"")
    assert (reply.headers["cache-control"], reply.headers["vary"]) == ("no-store", "accept")
    assert len(browser.app.starmodel.hub) == 0


async def test_record_that_becomes_unreadable_closes_and_comes_back(visit: Visit) -> None:
    browser = visit(Sealed)
    await browser.call("POST", "/sealeds", {"id": "a"})

    async with JsonStream(browser, "/sealeds/a") as stream:
        await stream.patch()
        await browser.call("POST", "/sealeds/a/write", {"text": "secret"})
        closed = await stream.patch()
        assert (closed["type"], "state" in closed) == ("closed", False)
        await browser.call("POST", "/sealeds/a/write", {"text": "open"})
        assert (await stream.patch())["type"] == "snapshot"


async def test_sign_out_ends_the_stream(visit: Visit, serve: Serve) -> None:
    browser = visit(serve(Memo))
    await browser.get("/sign-in/ann")

    async with JsonStream(browser, "/memos") as stream:
        await stream.patch()
        await browser.get("/sign-out")
        await asyncio.wait_for(stream._task, 2)

    assert stream.ended
    assert (await browser.get("/memos", headers={"accept": NDJSON})).status_code == 401


async def test_streams_of_pages_and_json_share_the_limit(visit: Visit, serve: Serve) -> None:
    browser = visit(serve(Counter, max_streams_per_session=2))
    page = await browser.page("/counter")

    async with browser.watch(page), JsonStream(browser, "/counter"):
        reply = await browser.get("/counter", headers={"accept": NDJSON})

    assert (reply.status_code, reply.json()["status"]) == (429, 429)
    assert reply.json()["detail"] == (
        "This session has 2 live pages or streams open; close some of them."
    )


async def test_closed_connection_ends_the_subscription(visit: Visit) -> None:
    browser = visit(Counter)

    async with JsonStream(browser, "/counter") as stream:
        await stream.patch()
        assert len(browser.app.starmodel.hub) == 1

    assert len(browser.app.starmodel.hub) == 0


async def test_new_visitor_gets_a_session_and_follows_it(visit: Visit) -> None:
    browser = visit(Counter)

    async with JsonStream(browser, "/counter") as stream:
        await stream.patch()
        cookie = stream.headers["set-cookie"].partition(";")[0]
        headers = {"cookie": cookie, "origin": ORIGIN}
        await browser.post("/counter/increment", headers=headers)
        await stream.patch()

    assert stream.state["count"] == 1


async def test_bearer_request_ignores_cookies(visit: Visit, serve: Serve) -> None:
    browser = visit(serve(Memo))
    await browser.get("/sign-in/ann")

    headers = {"accept": NDJSON, "authorization": "Bearer unknown"}

    assert (await browser.get("/memos", headers=headers)).status_code == 401


async def test_stream_below_a_mount_path(visit: Visit, serve: Serve) -> None:
    app = serve(Counter)
    browser = visit(app)
    browser.app = Starlette(routes=[Mount("/live", app)])

    async with JsonStream(browser, "/live/counter") as stream:
        assert (await stream.patch())["state"]["count"] == 0


async def test_cross_origin_stream_has_cors_headers(visit: Visit, serve: Serve) -> None:
    browser = visit(serve(Sealed, cors_origins=["https://app.example"]))

    async with JsonStream(browser, "/sealeds", origin="https://app.example") as stream:
        await stream.patch()

    assert stream.headers["access-control-allow-origin"] in ("*", "https://app.example")


async def test_resource_below_a_prefix_streams_by_its_own_rules(visit: Visit, serve: Serve) -> None:
    class ById(RulePolicy):
        def reads_fields(self, entity_type: Any) -> bool:
            return True

        def check(self, entity_type: Any, action: str, actor: Any, **about: Any) -> Any:
            entity = about.get("entity")
            if entity is not None and entity.id == "secret":
                raise AccessDeniedError("not here")

    app = serve(Sealed, resources=[Resource(Sealed, prefix="/own", policy=ById())])
    browser = visit(app)
    for id in ("a", "secret"):
        await browser.call("POST", "/sealeds", {"id": id})

    async with (
        JsonStream(browser, "/own/sealeds?total=1") as own,
        JsonStream(browser, "/sealeds?total=1") as default,
        JsonStream(browser, "/own/sealeds/a") as record,
    ):
        assert ([row["id"] for row in (await own.patch())["items"]], own.total) == (["a"], 1)
        await default.patch()
        assert default.total == 2
        await record.patch()
        # Readable by the rule of the prefix, no longer by that of the class.
        await browser.call("POST", "/sealeds/a/write", {"text": "shut"})
        assert (await record.patch())["set"] == {"text": "shut"}
        await default.patch()
        await own.patch()
        assert ([row["id"] for row in default.state], default.total) == (["secret"], 1)
        assert [row["text"] for row in own.state] == ["shut"]

    refused = await browser.get("/own/sealeds/secret", headers={"accept": NDJSON})
    assert refused.status_code == 404


async def test_compressing_middleware_delays_no_line(visit: Visit, serve: Serve) -> None:
    browser = visit(serve(Counter, middleware=[Middleware(GZipMiddleware, minimum_size=1)]))
    await browser.call("POST", "/counter/increment")

    async with JsonStream(browser, "/counter", accept_encoding="gzip") as stream:
        assert (await stream.patch())["state"]["count"] == 1
        await browser.call("POST", "/counter/increment")
        assert (await stream.patch())["set"] == {"count": 2}


async def test_failing_connection_is_no_second_response(visit: Visit) -> None:
    browser = visit(Counter)
    started: list[Any] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            started.append(message["status"])
        else:
            raise OSError("connection lost")

    stream = JsonStream(browser, "/counter")
    with pytest.raises(OSError, match="connection lost"):
        await browser.app(stream._scope, stream._receive, send)

    assert started == [200]
    assert len(browser.app.starmodel.hub) == 0


class StaffOnly(RulePolicy):
    """Denies every actor without the role, trusted code included."""

    def __init__(self, *, reads_fields: bool = False) -> None:
        super().__init__()
        self.revoked, self._reads_fields = False, reads_fields

    def reads_fields(self, entity_type: Any) -> bool:
        return self._reads_fields

    def check(self, entity_type: Any, need: Any, actor: Any, **about: Any) -> None:
        if actor is None or "staff" not in actor.roles or self.revoked:
            raise AccessDeniedError("Staff only.")


async def staff(visit: Visit, app: Any) -> Browser:
    browser = visit(app)
    await browser.get("/sign-in/ann?roles=staff")
    return browser


async def test_list_is_live_under_a_policy_without_a_rule_for_trusted_code(
    visit: Visit, serve: Serve
) -> None:
    browser = await staff(visit, serve(Memo, policy=StaffOnly()))
    await browser.call("POST", "/memos", {"text": "first"})

    async with JsonStream(browser, "/memos") as stream:
        assert [row["text"] for row in (await stream.patch())["items"]] == ["first"]
        await browser.call("POST", "/memos", {"text": "second"})
        await stream.patch()

    assert {row["text"] for row in stream.state} == {"first", "second"}


async def test_list_closes_when_its_reader_loses_the_class(visit: Visit, serve: Serve) -> None:
    policy = StaffOnly(reads_fields=True)
    app = serve(Sealed, policy=policy)
    browser = await staff(visit, app)
    await browser.call("POST", "/sealeds", {"id": "a"})

    async with JsonStream(browser, "/sealeds") as stream:
        await stream.patch()
        policy.revoked = True
        await app.starmodel.dispatch(Sealed(id="a").do.write("secret"))
        closed = await stream.patch()
        assert (closed["type"], closed["topic"], stream.state) == ("closed", "Sealed?", None)
        assert set(closed) == {"type", "topic", "version"}
        await app.starmodel.dispatch(Sealed(id="a").do.write("more"))
        assert await stream.silent()
        refused = await browser.get("/sealeds", headers={"accept": NDJSON})
        assert refused.status_code == 403
        policy.revoked = False
        await app.starmodel.dispatch(Sealed(id="a").do.write("again"))
        assert [row["text"] for row in (await stream.patch())["items"]] == ["again"]


async def test_list_closes_beyond_the_scan_limit(visit: Visit, serve: Serve) -> None:
    app = serve(Sealed, access_scan_limit=2)
    browser = visit(app)
    for id in "ab":
        await browser.call("POST", "/sealeds", {"id": id})

    async with JsonStream(browser, "/sealeds") as stream:
        await stream.patch()
        await browser.call("POST", "/sealeds", {"id": "c"})
        assert (await stream.patch())["type"] == "closed"
        await browser.call("DELETE", "/sealeds/c")
        assert [row["id"] for row in (await stream.patch())["items"]] == ["a", "b"]
