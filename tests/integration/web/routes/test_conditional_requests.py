"""Conditional requests: If-Match guards a change, If-None-Match saves a response body."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import computed_field

from integration.web.browser import DATASTAR, ORIGIN, unlisted
from starmodel import Entity, Field, event


class _Fields(Entity):
    name: str = Field(default="Pen", min_length=2)
    stock: int = 0

    @event
    def add(self, amount: int = 1) -> None:
        self.stock += amount

    @event
    async def add_later(self, amount: int = 1) -> None:
        await asyncio.sleep(0)
        self.stock += amount

    @event
    async def add_twice(self) -> Any:
        self.stock += 1
        yield "first"
        self.stock += 1
        yield "second"


@unlisted
class Ware(_Fields):
    model_config = {"store": "sql", "scope": "record", "access": "public"}


@unlisted
class Good(_Fields):
    model_config = {"scope": "record", "access": "public"}


@unlisted
class Tally(Entity):
    n: int = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return _factor[0] * self.n

    @event
    def add(self) -> None:
        self.n += 1


_factor = {0: 2}
KINDS = pytest.mark.parametrize(("cls", "base"), [(Ware, "/wares"), (Good, "/goods")])


async def stale(browser: Any, base: str) -> tuple[str, str, str]:
    """The URL of a record, an ETag from before a change, and the current one."""
    at = (await browser.call("POST", base, {"name": "Pen", "stock": 1})).headers["location"]
    old = (await browser.call("GET", at)).headers["etag"]
    await browser.call("PATCH", at, {"stock": 5})
    return at, old, (await browser.call("GET", at)).headers["etag"]


@KINDS
@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("PATCH", "", {"stock": 2}),
        ("PUT", "", {"name": "Ink", "stock": 2}),
        ("DELETE", "", None),
        ("POST", "/update", {"stock": 2}),
        ("POST", "/delete", {}),
        ("POST", "/add", {}),
        ("POST", "/add_later", {}),
        ("POST", "/add_twice", {}),
    ],
)
async def test_stale_if_match_is_rejected_and_changes_nothing(
    visit: Any, cls: type[Entity], base: str, method: str, tail: str, body: Any
) -> None:
    browser = visit(cls)
    at, old, now = await stale(browser, base)

    for header in (old, f"{old}, {old}", f"W/{now}", '"none"'):
        response = await browser.call(method, at + tail, body, headers={"if-match": header})
        assert response.status_code == 412, (header, response.text)
        assert response.headers["content-type"] == "application/problem+json"
    left = await browser.call("GET", at)
    assert (left.json()["stock"], left.headers["etag"]) == (5, now)

    allowed = await browser.call(method, at + tail, body, headers={"if-match": f"{old}, {now}"})
    assert allowed.status_code == 200, allowed.text


@KINDS
async def test_if_match_star_and_if_none_match_on_changes(
    visit: Any, cls: type[Entity], base: str
) -> None:
    browser = visit(cls)
    at, old, now = await stale(browser, base)

    for header in ("*", now, f"W/{now}", f"{old}, {now}"):
        response = await browser.call("PATCH", at, {"stock": 7}, headers={"if-none-match": header})
        assert response.status_code == 412, header
    other = await browser.call("PATCH", at, {"stock": 7}, headers={"if-none-match": old})
    anyone = await browser.call("PATCH", at, {"stock": 8}, headers={"if-match": "*"})
    gone = await browser.call("PATCH", f"{base}/x", {"stock": 8}, headers={"if-match": "*"})

    assert (other.status_code, anyone.status_code, gone.status_code) == (200, 200, 404)


@KINDS
async def test_concurrent_changes_with_one_etag_succeed_once(
    visit: Any, cls: type[Entity], base: str
) -> None:
    browser = visit(cls)
    at, _, now = await stale(browser, base)
    tag = {"if-match": now}

    for tail in ("/add", "/add_later", "/add_twice"):
        responses = await asyncio.gather(
            *(browser.call("POST", at + tail, {}, headers=tag) for _ in range(8))
        )
        assert sorted(a.status_code for a in responses) == [200] + [412] * 7, tail
        tag = {"if-match": (await browser.call("GET", at)).headers["etag"]}
    assert (await browser.call("GET", at)).json()["stock"] == 5 + 1 + 1 + 2


async def test_click_with_stale_etag_is_rejected(visit: Any) -> None:
    browser = visit(Good)
    at, old, _ = await stale(browser, "/goods")

    response = await browser.post(f"{at}/add", json={}, headers=DATASTAR | {"if-match": old})

    assert (response.status_code, response.headers["starmodel-status"]) == (200, "412")


async def test_responses_of_changes_have_the_etag_of_the_next_read(visit: Any) -> None:
    browser = visit(Ware)
    made = await browser.call("POST", "/wares", {"name": "Pen"})
    at = made.headers["location"]
    assert (await browser.call("GET", at)).headers["etag"] == made.headers["etag"]

    for method, body in (("PATCH", {"stock": 2}), ("PUT", {"name": "Ink"})):
        changed = await browser.call(method, at, body)
        assert (await browser.call("GET", at)).headers["etag"] == changed.headers["etag"]
    assert "etag" not in (await browser.call("POST", f"{at}/add", {})).headers


async def test_repeated_key_with_stale_etag_returns_the_first_outcome(visit: Any) -> None:
    browser = visit(Ware)
    at, _, now = await stale(browser, "/wares")
    headers = {"if-match": now, "idempotency-key": "k1"}

    first = await browser.call("POST", f"{at}/add", {}, headers=headers)
    again = await browser.call("POST", f"{at}/add", {}, headers=headers)

    assert (first.status_code, again.status_code) == (200, 200)
    assert (await browser.call("GET", at)).json()["stock"] == 6


@KINDS
async def test_matching_if_none_match_is_304(visit: Any, cls: type[Entity], base: str) -> None:
    browser = visit(cls)
    at, old, now = await stale(browser, base)

    for header in (now, f"W/{now}", f"{old}, {now}", "*"):
        for method in ("GET", "HEAD"):
            response = await browser.call(method, at, headers={"if-none-match": header})
            assert (response.status_code, response.content) == (304, b""), header
            assert response.headers["etag"] == now
            assert response.headers["vary"] == "accept"
            assert response.headers["cache-control"] == "no-store"
            assert "content-type" not in response.headers
    assert (await browser.call("GET", at, headers={"if-none-match": old})).status_code == 200
    page = await browser.get(at, headers={"accept": "text/html", "if-none-match": now})
    assert page.status_code == 200  # a page has no tag
    assert (await browser.call("GET", at, headers={"if-match": old})).status_code == 412


@KINDS
async def test_list_etag_changes_with_its_content(visit: Any, cls: type[Entity], base: str) -> None:
    browser = visit(cls)
    at, _, _ = await stale(browser, base)

    for url in (base, f"{base}?total=1", f"{base}?cursor=", f"{base}?stock__gt=2"):
        first = await browser.call("GET", url)
        tag = {"if-none-match": first.headers["etag"]}
        assert (await browser.call("GET", url, headers=tag)).status_code == 304
        await browser.call("POST", f"{at}/add", {})
        assert (await browser.call("GET", url, headers=tag)).status_code == 200


async def test_unversioned_content_change_changes_the_etag(
    visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = visit(Tally)
    unsaved = (await browser.call("GET", "/tally")).headers["etag"]
    response = await browser.call("POST", "/tally/add", {}, headers={"if-match": unsaved})
    assert response.status_code == 200, response.text
    tag = (await browser.call("GET", "/tally")).headers["etag"]

    monkeypatch.setitem(_factor, 0, 3)
    again = await browser.call("GET", "/tally", headers={"if-none-match": tag})
    assert (again.status_code, again.json()["twice"]) == (200, 3)
    for header, status in ((unsaved, 412), (tag, 200)):
        response = await browser.call("POST", "/tally/add", {}, headers={"if-match": header})
        assert response.status_code == status


@pytest.mark.parametrize("header", ["12", "'12'", '"12', '"1" "2"', '"' + "x" * 5000 + '"', ""])
async def test_invalid_etag_header_is_400(visit: Any, header: str) -> None:
    browser = visit(Good)
    at, _, _ = await stale(browser, "/goods")

    for name in ("if-match", "if-none-match"):
        response = await browser.call("PATCH", at, {"stock": 1}, headers={name: header})
        assert response.status_code == 400, (name, response.text)


async def test_if_match_without_single_record_is_rejected(visit: Any) -> None:
    browser = visit(Good)
    at, _, now = await stale(browser, "/goods")
    bulk = {"event": "delete", "id": [at.rpartition("/")[2]]}

    made = await browser.call("POST", "/goods", {"name": "Ink"}, headers={"if-match": now})
    many = await browser.call("POST", "/goods/_bulk", bulk, headers={"if-match": now})

    assert (made.status_code, many.status_code) == (412, 412)
    assert (await browser.call("GET", "/goods?total=1")).json()["total"] == 1


async def test_access_is_decided_before_the_version(visit: Any) -> None:
    @unlisted
    class Note(Entity):
        model_config = {
            "scope": "record",
            "access": {"read": "role:reader", "write": "public"},
        }
        text: str = ""

        @event
        def change(self, text: str) -> None:
            self.text = text

    browser = visit(Note)
    await browser.get("/sign-in/ann?roles=reader")
    made = await browser.call("POST", "/notes", {"text": "a"})
    at, tag = made.headers["location"], made.headers["etag"]
    other = visit(browser.app)

    known = await other.call("POST", f"{at}/change", {"text": "b"}, headers={"if-match": tag})
    read = await other.call("GET", at, headers={"if-none-match": tag})

    assert known.status_code == 412  # the response reveals no version
    assert read.status_code in (401, 403, 404)


async def test_repeated_header_lines_are_one_list(visit: Any) -> None:
    browser = visit(Good)
    at, old, now = await stale(browser, "/goods")

    response = await browser.request(
        "PATCH",
        at,
        json={"stock": 9},
        headers=[
            ("accept", "application/json"),
            ("origin", ORIGIN),
            ("if-match", now),
            ("if-match", old),
        ],
    )

    assert response.status_code == 200, response.text
