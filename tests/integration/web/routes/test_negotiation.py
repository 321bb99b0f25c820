"""Content negotiation: one URL, HTML or JSON by the q-values of the Accept header."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import ORIGIN, unlisted
from starmodel import Entity, event
from starmodel.adapters.web.http.negotiation import accepts_gzip, representation

CASES = [
    (None, "json"),
    ("", "json"),
    ("*/*", "json"),
    ("text/html", "html"),
    ("text/*", "html"),
    ("application/*", "json"),
    ("application/json", "json"),
    ("Application/JSON; charset=utf-8", "json"),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "html"),
    ("text/event-stream, text/html, application/json", "html"),
    ("application/json, text/plain, */*", "json"),
    ("application/json, text/javascript, */*; q=0.01", "json"),
    ("text/html;q=0.5, application/json", "json"),
    ("text/html, application/json;q=0.9", "html"),
    ("text/html;q=0, */*", "json"),
    ("application/json;q=0, */*", "html"),
    ("*/*;q=0.1, text/html;q=0.05", "json"),
    ("text/html; Q=0.2 , application/json;q=0.1", "html"),
    ('text/html;foo="a,application/json", application/json;q=0.3', "html"),
    ("text/html;level=1, text/html;q=0.3, application/json;q=0.5", "json"),
    ("text/html;q=0.3, text/html;level=1, application/json;q=0.5", "json"),
    ("text/html;level=1;q=0.4, application/json;q=0.3", "html"),
    ("text/html;q=0.3;level=1, text/html;q=0.9, application/json;q=0.5", "html"),
    ("text/html;q=0, text/*, application/json;q=0.1", "json"),
    ("application/xml", None),
    ("image/png, text/css", None),
    ("*/*;q=0", None),
    ("text/html;q=0, application/json;q=0.0", None),
    ("text/html;q=nan, application/json", "json"),
    ("text/html;q=7, application/json;q=0.1", "json"),
    ("application/json-seq, text/htmlx", None),
]


@unlisted
class Ware(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str = "Pen"

    @event
    def rename(self, name: str) -> None:
        self.name = name


@unlisted
class Peek(Entity):
    n: int = 0

    @event(method="get")
    def look(self) -> None:
        self.n += 1


@pytest.mark.parametrize(("accept", "expected"), CASES)
def test_representation_by_q_value_and_specificity(accept: str | None, expected: str) -> None:
    assert representation(None if accept is None else accept.encode()) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("*", True),
        ("*;q=0", False), ("identity", False), ("gzip;q=0, *", False), ("", False),
    ],
)  # fmt: skip
def test_gzip_by_q_value(header: str, expected: bool) -> None:
    assert accepts_gzip(header.encode()) is expected


@pytest.mark.parametrize(("accept", "expected"), CASES)
async def test_get_and_post_agree(visit: Any, accept: str | None, expected: str | None) -> None:
    browser = visit(Ware)
    at = (await browser.call("POST", "/wares", {"name": "Pen"})).headers["location"]
    headers = {"origin": ORIGIN, "accept": accept or ""}

    for url in (at, "/wares"):
        got = await browser.get(url, headers=headers)
        assert got.status_code == (406 if expected is None else 200)
        kind = {"html": "text/html", "json": "application/json", None: "application/problem"}
        assert got.headers["content-type"].startswith(kind[expected])
        assert "accept" in got.headers["vary"]
    posted = await browser.post(f"{at}/rename", data={"name": "Ink"}, headers=headers)
    assert posted.status_code == (303 if expected == "html" else 200)
    assert "accept" in posted.headers["vary"]
    refused = await browser.post(f"{at}/rename", data={"no": "Ink"}, headers=headers)
    kind = {"html": "text/html", "json": "application/problem+json", None: "application/problem"}
    assert refused.headers["content-type"].startswith(kind[expected])
    assert "accept" in refused.headers["vary"]


async def test_gzip_is_not_used_when_refused(visit: Any) -> None:
    browser = visit(Ware)

    page = await browser.get(
        "/wares", headers={"accept": "text/html", "accept-encoding": "gzip;q=0"}
    )

    assert "content-encoding" not in page.headers


async def test_long_headers_are_parsed_up_to_a_bound(visit: Any) -> None:
    browser = visit(Ware)
    answer = await browser.get("/wares", headers={"accept": "text/html," + "a/b;q=0.1," * 5000})

    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "accept", [None, "*/*", "image/avif,image/webp,*/*;q=0.8", "application/*", "text/html"]
)
async def test_event_by_get_requires_accept_json(visit: Any, accept: str | None) -> None:
    browser = visit(Peek)
    headers = {"origin": ORIGIN, "accept": accept or ""}

    refused = await browser.get("/peek/look", headers=headers)
    allowed = await browser.get("/peek/look", headers=headers | {"accept": "application/json"})

    assert (refused.status_code, allowed.status_code) == (405, 200)
