"""Redirects stay on this host under the URL parsing of browsers."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from fasthtml.common import Redirect as FastRedirect
from starlette.responses import RedirectResponse, Response

from integration.web.browser import DATASTAR, HTML, JSON, ORIGIN, moved_to, unlisted
from starmodel import Entity, Redirect, event
from starmodel.app.commands.redirects import is_web_address, sent_as, stays_here
from starmodel.testing.browser.asgi import Cookies, send


@unlisted
class Gate(Entity):
    n: int = 0

    @event
    def go(self, target: str = "/") -> Redirect:
        self.n += 1
        return Redirect(target)

    @event
    def go_fast(self, target: str = "/") -> Any:
        self.n += 1
        return FastRedirect(target)

    @event
    async def go_later(self, target: str = "/") -> Redirect:
        self.n += 1
        return Redirect(target)

    @event
    def go_in_steps(self, target: str = "/") -> Any:
        self.n += 1
        yield Redirect(target)


AWAY = [
    "http://testserver\\@evil.example/",
    "http://testserver/\\@evil.example\\..\\",
    "http:\\\\evil.example/",
    "http:/\\evil.example/",
    "https:/evil.example",
    "https:evil.example",
    "https:///evil.example",
    "HTTPS://evil.example",
    "hTtP:\\/evil.example",
    "\\/evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "//evil.example",
    "///evil.example",
    "//evil.example\\@testserver",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\x00//evil.example",
    "\x1f//evil.example",
    " //evil.example",
    "\u00a0//evil.example",
    "\u3000//evil.example",
    "ht\ntp://evil.example",
    "http://testserver@evil.example",
    "http://testserver:80@evil.example",
    "http://testserver%40evil.example",
    "http://testserver:@evil.example/",
    "http://@testserver/",
    "http://testserver%00.evil.example",
    "http://testserver.evil.example",
    "http://testserver\u3002evil.example",
    "http://evil.example#@testserver",
    "http://evil.example?@testserver",
    "http://evil.example;@testserver",
    "http://[::1",
    "http://[testserver]/",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://testserver/",
    "blob:http://testserver/x",
    "/x\r\nSet-Cookie: a=b",
    "/x\x7f",
]
HERE = [
    "/there", "there?x=1", "?x=1", "#here", "http://testserver/x", "HTTP://TESTSERVER/x",
    "http://testserver", "http://testserver?x", "/a?next=http://evil.example/", "/a?b=c\\d",
    "/a:b", "/a@b", "/%2F/evil.example", "/%5Cevil.example", "./a", "../a", "/a//b",
]  # fmt: skip


@pytest.mark.parametrize("url", AWAY, ids=range(len(AWAY)))
async def test_redirect_to_another_host_is_a_4xx_for_every_client(
    visit: Any, url: str, caplog: Any
) -> None:
    browser = visit(Gate)
    for name in ("go", "go_fast", "go_later", "go_in_steps"):
        click = await browser.click(f"/gate/{name}", {"target": url})
        plain = await browser.submit(f"/gate/{name}", {"target": url})

        assert click.headers["starmodel-status"] == "400"
        assert moved_to(click.text) is None
        assert (plain.status_code, "location" in plain.headers) == (400, False)
        assert "another site" in plain.text
    assert (await browser.call("GET", "/gate")).json()["n"] == 0
    assert all(record.levelno < logging.ERROR for record in caplog.records)
    assert all("\n" not in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("url", HERE)
async def test_redirect_on_this_host_is_sent_as_validated(visit: Any, url: str) -> None:
    browser = visit(Gate)

    click = await browser.click("/gate/go", {"target": url})
    plain = await browser.submit("/gate/go", {"target": url})

    assert moved_to(click.text) == plain.headers["location"] == sent_as(url)


@pytest.mark.parametrize("url", AWAY, ids=range(len(AWAY)))
async def test_redirect_of_a_user_route_to_another_host_is_a_4xx(
    visit: Any, serve: Any, url: str, caplog: Any
) -> None:
    app = serve(Gate)

    @app.route("/out")
    def out(to: str):  # type: ignore[no-untyped-def]
        return Redirect(to)

    for headers in (HTML, JSON, DATASTAR):
        response = await visit(app).get("/out", params={"to": url}, headers=headers)
        assert int(response.headers.get("starmodel-status", response.status_code)) == 400
        assert "location" not in response.headers
    assert all(record.levelno < logging.ERROR for record in caplog.records)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "\tjavascript:x",
        "java\tscript:x",
        "\x0bjavascript:x",
        "data:x,x",
    ],
)
async def test_script_location_never_reaches_the_page_of_a_click(serve: Any, url: str) -> None:
    app = serve(Gate)

    @app.post("/out")
    def out():  # type: ignore[no-untyped-def]
        return Response(status_code=303, headers={"location": url})

    @app.post("/htmx")
    def htmx():  # type: ignore[no-untyped-def]
        return Response(headers={"hx-redirect": url})

    for path in ("/out", "/htmx"):
        reply = await send(app, "POST", path, DATASTAR | {"origin": ORIGIN}, Cookies())
        assert moved_to(reply.text) is None


async def test_explicit_response_to_another_host_is_passed_on(visit: Any, serve: Any) -> None:
    app = serve(Gate)

    @app.post("/out")
    def out():  # type: ignore[no-untyped-def]
        return RedirectResponse("https://pay.example/x", status_code=303)

    assert moved_to((await visit(app).click("/out")).text) == "https://pay.example/x"


@pytest.mark.parametrize(
    "referer",
    [
        "http://testserver\\@evil.example/",
        "http://testserver@evil.example/",
        "http://evil.example/",
        "http://testserver//evil.example",
        "http://testserver/\\evil.example",
        "http://testserver/\t/evil.example",
        "http://testserver.evil.example/",
        "javascript:alert(1)",
        "http://[",
        "//testserver/x",
    ],
)
async def test_referer_to_another_host_is_ignored(visit: Any, referer: str) -> None:
    headers = HTML | {"origin": ORIGIN, "referer": referer}
    response = await visit(Gate).post("/gate/go", headers=headers, params={"target": "x"})
    assert response.headers["location"] == "x"

    @unlisted
    class Step(Entity):
        n: int = 0

        @event
        def up(self) -> None:
            self.n += 1

    response = await visit(Step).post("/step/up", headers=headers)

    assert response.status_code == 303
    assert stays_here(response.headers["location"], "testserver")


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/\\evil.example/", "//evil.example", "/gate/", "/%5cevil.example/"]
)
async def test_trailing_slash_redirect_stays_on_this_host(
    visit: Any, serve: Any, path: str
) -> None:
    app = serve(Gate)

    @app.get("/{name}")
    def named(name: str) -> str:
        return name

    for headers in (HTML, JSON, DATASTAR):
        response = await visit(app).get(f"http://testserver{path}", headers=headers)
        url = response.headers.get("location") or moved_to(response.text)
        assert url is None or stays_here(url, "testserver")


@pytest.mark.parametrize(
    ("url", "host", "allowed", "stays"),
    [
        ("https://ok.example/x", "me", ["ok.example"], True),
        ("https://OK.example:8443/x", "me", ["ok.example"], True),
        ("https://a.ok.example/", "me", ["*.ok.example"], True),
        ("https://ok.example.evil/", "me", ["ok.example"], False),
        ("https://evil/ok.example", "me", ["ok.example"], False),
        ("http://[::1]:8000/", "[::1]:8000", [], True),
        ("http://[::1]:8001/", "[::1]:8000", [], False),
        ("http://[::1]:8001/", "me", ["[::1]"], True),
        ("http://me:81/", "me", [], False),
        ("http:///", "", [], False),
        ("/x", "", [], True),
        ("https://ok.example:99999999/", "me", ["ok.example"], False),
    ],
)
def test_relative_url_stays_on_this_host(
    url: str, host: str, allowed: list[str], stays: bool
) -> None:
    assert stays_here(url, host, allowed) is stays


@pytest.mark.parametrize("url", ["/x", "x", "?x", "http://a", "HTTPS://a", "", "//a", "10:30"])
def test_http_urls_are_recognised(url: str) -> None:
    assert is_web_address(url)


PAGE = "http://testserver/gates?page=2"


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("", "/gates?page=2"), ("#top", "/gates?page=2#top"), ("?page=1", "/gates?page=1"),
        ("there", "there"), ("..//evil.example", "..//evil.example"), ("/x", "/x"),
        ("http://testserver/x", "http://testserver/x"),
    ],
)  # fmt: skip
async def test_redirect_without_a_path_of_a_plain_form_leads_to_its_page(
    visit: Any, url: str, there: str
) -> None:
    browser = visit(Gate)
    for name in ("go", "go_fast", "go_later", "go_in_steps"):
        headers = HTML | {"origin": ORIGIN, "referer": PAGE}
        plain = await browser.post(f"/gate/{name}", headers=headers, data={"target": url})
        assert (plain.status_code, plain.headers["location"]) == (303, there)


async def test_redirect_to_the_page_itself_without_a_referer_leads_to_the_entity(
    visit: Any,
) -> None:
    plain = await visit(Gate).submit("/gate/go", {"target": ""})
    assert plain.headers["location"] == "/gate"


@pytest.mark.parametrize("url", ["", "#top"])
async def test_user_route_redirects_to_the_page_itself_after_a_form_only(
    visit: Any, serve: Any, url: str, caplog: Any
) -> None:
    app = serve(Gate)

    @app.route("/out", methods=["GET", "POST"])
    def out():  # type: ignore[no-untyped-def]
        return Redirect(url)

    browser = visit(app)
    for headers in (HTML, JSON):
        looping = await browser.get("/out", headers=headers)
        assert looping.status_code == 400
        assert "location" not in looping.headers
        assert "leads back to itself" in looping.text
    assert "/out redirects to itself" in caplog.text
    headers = HTML | {"origin": ORIGIN, "referer": PAGE}
    assert (await browser.post("/out", headers=headers)).headers["location"] == (
        f"/gates?page=2{url}"
    )
    assert (await browser.submit("/out")).headers["location"] == (url or "/out")
    assert moved_to((await browser.click("/out")).text) == url
