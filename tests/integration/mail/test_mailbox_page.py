"""The page of the development mailbox: for the developer, and in development alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from starmodel import create_app
from starmodel.app.access.policy import DEV
from starmodel.app.sessions.session import DEVELOPMENT
from starmodel.mail import MailMessage
from starmodel.testing import Visitor, memory_stores

PAGES = ["/_starmodel/mail", "/_starmodel/mail/1", "/_starmodel/mail/1.html"]
HTML = "<html><head><title>x</title></head><body><script>alert(1)</script><a href='/'>x</a></body>"
HEADERS = {"accept": "text/html"}


def message(number: int = 1) -> MailMessage:
    return MailMessage(
        "ann@example.org", f"Number {number} <b>", "Open https://shop.example/a?b=1&c=2 now <i>",
        HTML,
    )  # fmt: skip


def app_with_mail(**options: Any) -> Any:
    app = create_app([], secret_key="k" * 40, **options)
    with Visitor(app) as visitor:
        send(visitor, message())
    return app


def send(visitor: Visitor, *messages: MailMessage) -> None:
    queue = visitor.app.starmodel.mail

    async def run() -> None:
        for each in messages:
            queue.send(each)
            await queue.idle(timeout_s=10)

    visitor.run(run())


def as_developer(visitor: Visitor) -> None:
    visitor._change_session(lambda session: session.sign_in(DEV, provider=DEVELOPMENT))


@pytest.fixture
def developer() -> Iterator[Visitor]:
    with memory_stores(), Visitor(app_with_mail(), raise_errors=False) as visitor:
        as_developer(visitor)
        yield visitor


def test_list_has_the_newest_first(developer: Visitor) -> None:
    send(developer, message(2), message(3))
    page = developer.request("GET", PAGES[0], headers=HEADERS).text
    at = [page.index(f"Number {n} &lt;b&gt;") for n in (3, 2, 1)]
    assert at == sorted(at)
    assert page.index('href="/_starmodel/mail/3"') < page.index('href="/_starmodel/mail/1"')


def test_empty_list_says_so() -> None:
    with memory_stores(), Visitor(create_app([])) as visitor:
        as_developer(visitor)
        assert "No mail yet." in visitor.request("GET", PAGES[0], headers=HEADERS).text


def test_text_of_a_message_is_escaped_and_its_links_are_links(developer: Visitor) -> None:
    page = developer.request("GET", PAGES[1], headers=HEADERS).text
    url = "https://shop.example/a?b=1&amp;c=2"
    assert (
        f'<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a> now &lt;i&gt;' in page
    )
    assert "alert(1)" not in page


def test_html_of_a_message_is_in_a_sandbox(developer: Visitor) -> None:
    page = developer.request("GET", PAGES[1], headers=HEADERS).text
    assert (
        'src="/_starmodel/mail/1.html" sandbox="allow-popups allow-popups-to-escape-sandbox"'
        in page
    )
    frame = developer.request("GET", PAGES[2], headers=HEADERS)
    assert '<head><base target="_blank"><title>' in frame.text
    csp = frame.headers["content-security-policy"]
    assert csp.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
    assert "script" not in csp
    assert "allow-same-origin" not in csp
    assert frame.headers["referrer-policy"] == "no-referrer"
    assert frame.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/2", "/0", "/01x", "/1.txt", "/1/2", "/٣", "/9999999999999999999999", "/1.html/x"]
)
def test_unknown_message_is_not_found(developer: Visitor, path: str) -> None:
    assert developer.request("GET", f"{PAGES[0]}{path}", headers=HEADERS).status == 404


@pytest.mark.parametrize("path", PAGES)
def test_others_do_not_see_mail(path: str) -> None:
    with memory_stores():
        app = app_with_mail()
        with Visitor(app, raise_errors=False) as guest:
            assert guest.request("GET", path).status == 401
            guest.sign_in("ann", roles=["dev", "admin"])
            assert guest.request("GET", path).status == 403
            guest.sign_in(DEV)  # the actor alone is not the sign-in
            assert guest.request("GET", path).status == 403


@pytest.mark.parametrize("path", PAGES)
def test_production_has_no_mailbox(path: str) -> None:
    with memory_stores(), Visitor(app_with_mail(env="production"), raise_errors=False) as visitor:
        assert visitor.request("GET", path).status == 404
        visitor.sign_in(DEV)
        assert visitor.request("GET", path).status == 404


def test_page_of_a_mounted_application_has_its_path() -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    with memory_stores():
        inner = app_with_mail()
        with Visitor(
            Starlette(routes=[Mount("/shop", inner)], lifespan=inner.router.lifespan_context)
        ) as visitor:
            as_developer(visitor)
            page = visitor.request("GET", f"/shop{PAGES[0]}", headers=HEADERS).text
    assert 'href="/shop/_starmodel/mail/1"' in page
