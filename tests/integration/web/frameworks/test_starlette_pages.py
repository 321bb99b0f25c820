"""Pages of Starlette applications: `PageResponse`, `page_head` and `page_tail`."""

import asyncio

import pytest
from fastcore.xml import FT
from jinja2 import DictLoader, Environment, select_autoescape
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.templating import Jinja2Templates
from starlette.testclient import TestClient

from integration.web.browser import DATASTAR, unlisted
from starmodel import ConfigurationError, Entity, create_app, event
from starmodel.app.access.rules import RulePolicy
from starmodel.starlette import PageResponse, endpoint, page_head, page_tail, render
from starmodel.testing.browser.asgi import HTML


@unlisted
class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount


TEMPLATE = """<!doctype html><html><head><title>{{ title }}</title>{{ page_head(request) }}</head>
<body>{{ counter }}<h2 data-text="{{ Counter.count_signal }}"></h2>
<button data-on:click="{{ Counter.increment(2) }}">+2</button>{{ page_tail(request) }}</body></html>
"""
templates = Jinja2Templates(
    env=Environment(loader=DictLoader({"counter.html": TEMPLATE}), autoescape=select_autoescape())
)
templates.env.globals |= {"page_head": page_head, "page_tail": page_tail, "Counter": Counter}


@endpoint
async def from_template(request, counter: Counter):
    context = {"counter": counter, "title": "Tea & milk"}
    return templates.TemplateResponse(request, "counter.html", context)


def test_template_makes_a_live_page(starlette):
    visitor = starlette(Counter, routes=[Route("/mine", from_template)])
    page, other = visitor.open("/mine"), visitor.open("/counter")
    page.click("+2")
    assert [page.text("h2"), other.signals["Counter.count"]] == ["2", 2]
    assert page.title == "Tea & milk"
    assert page.html.count('id="starmodel-live"') == 1


def test_html_string_is_a_page_of_the_application(starlette):
    @endpoint
    async def home(counter: Counter):
        """The counter of a visitor."""
        return f"<h1>Tea</h1>{counter.__html__()}<b data-text='{Counter.count_signal}'></b>"

    visitor = starlette(Counter, routes=[Route("/mine", home)], title="Tea & milk")
    page = visitor.open("/mine")
    assert (page.title, page.text("h1"), page.text("b")) == ("Tea & milk", "Tea", "0")
    html = visitor.request("GET", "/mine", headers=HTML).text
    assert '<html lang="en" class="uk-theme-blue' in html
    assert '<meta name="description" content="The counter of a visitor.">' in html
    assert "starmodel.css" in html or "/_starmodel/assets/starmodel-" in html


def test_texts_among_components_are_escaped(starlette):
    @endpoint
    async def home():
        return PageResponse(["<i>", "a & b"], title="<T>")

    html = starlette(Counter, routes=[Route("/mine", home)]).request("GET", "/mine").text
    assert "&lt;i&gt;a &amp; b" in html
    assert "<title>&lt;T&gt;</title>" in html


class Ft:
    def __ft__(self):
        return FT("i", ("ft",), {})


def test_components_of_every_kind_are_rendered(starlette):
    @endpoint
    async def home():
        return [Markup("<b>markup</b>"), Ft(), [FT("u", ("list",), {})], 5, None, "<"]

    html = starlette(Counter, routes=[Route("/mine", home)]).request("GET", "/mine").text
    body = html.partition("<body>")[2]
    assert body.startswith("<b>markup</b><i>ft</i><u>list</u>5&lt;")


def test_components_of_fasthtml_are_a_page(starlette):
    from fasthtml.common import Titled

    @endpoint
    async def home(counter: Counter):
        return Titled("Mine", counter)

    html = starlette(Counter, routes=[Route("/mine", home)]).request("GET", "/mine").text
    head, body = html.split("<body>")
    assert "<title>Mine</title>" in head
    assert html.count("<title>") == 1
    assert "data-signals" in body


def test_whole_document_is_sent_unchanged(starlette):
    document = "<!DOCTYPE html><html><head></head><body>Mine</body></html>"

    @endpoint
    async def home():
        return document

    assert starlette(Counter, routes=[Route("/mine", home)]).get("/mine").text == document


def test_page_response_for_a_click_has_its_content_only(starlette):
    @endpoint
    async def part():
        return PageResponse("<p id='part'>new</p>", title="Part", status_code=201)

    visitor = starlette(Counter, routes=[Route("/part", part)])
    reply = visitor.request("GET", "/part", headers=DATASTAR)
    assert (reply.http_status, reply.text) == (201, "<p id='part'>new</p>")


def test_page_without_styles_has_scripts_alone(starlette):
    @endpoint
    async def home(request):
        return HTMLResponse(page_head(request, styles=False) + "|" + page_head(request))

    parts = starlette(Counter, routes=[Route("/mine", home)]).get("/mine").text.split("|")
    assert ["stylesheet" in part for part in parts] == [False, True]
    assert all('<script type="module"' in part for part in parts)


def test_page_response_outside_a_request_is_an_error():
    with pytest.raises(ConfigurationError, match="needs a request"):
        PageResponse("x")
    with pytest.raises(ConfigurationError, match="needs a request"):
        render("x")


def test_page_response_in_an_application_of_fasthtml_names_the_alternative(caplog):
    app = create_app([Counter], secret_key="k" * 40)

    @app.get("/mine")
    def mine():
        return PageResponse("x")

    assert TestClient(app).get("/mine").status_code == 500
    assert "for applications of Starlette" in caplog.text


class Api(Starlette):
    """A subclass with an own `__call__`, as of a framework that is built on Starlette."""

    async def __call__(self, scope, receive, send):
        scope["api"] = "yes"
        await super().__call__(scope, receive, send)


async def plain(request):
    seen = request.session.setdefault("seen", []) if "session" in request.scope else []
    seen.append(request.scope.get("api", "no"))
    return HTMLResponse(f"plain {len(seen)} {seen[-1]}")


@pytest.mark.parametrize(("cls", "api"), [(Starlette, "no"), (Api, "yes")])
def test_existing_application_keeps_its_routes_session_and_404(configured, cls, api):
    sessions = Middleware(SessionMiddleware, secret_key="s" * 40)
    app = cls(routes=[Route("/", plain), Route("/mine", from_template)], middleware=[sessions])
    visitor = configured(app, Counter)
    assert isinstance(app, cls)
    assert [visitor.get("/").text for _ in range(2)] == [f"plain 1 {api}", f"plain 2 {api}"]
    assert visitor.get("/none").text == "Not Found"
    page, own = visitor.open("/counter"), visitor.open("/mine")
    page.submit(Counter.increment(), amount=3)
    assert own.text("h2") == "3"
    html = visitor.request("GET", "/mine", headers=HTML).text
    assert "stylesheet" not in html
    assert html.count('name="viewport"') == 1
    assert len(visitor.cookies) == 2


def test_application_without_a_session_middleware_has_starmodels_session(configured):
    visitor = configured(Starlette(routes=[Route("/", plain)]), Counter)
    assert [visitor.get("/").text for _ in range(2)] == ["plain 1 no", "plain 2 no"]


def test_page_of_a_mounted_application_of_the_user(starlette):
    inner = Mount("/inner", app=Starlette(routes=[Route("/mine", from_template)]))
    visitor = starlette(Counter, routes=[inner])
    page = visitor.open("/inner/mine")
    page.click("+2")
    assert page.text("h2") == "2"


class AsyncRules(RulePolicy):
    """The rules, each decided after a pause."""

    async def check(self, *args, **options):
        await asyncio.sleep(0)
        super().check(*args, **options)


def test_entity_page_offers_what_an_asynchronous_policy_allows(starlette):
    @endpoint
    async def show(counter: Counter):
        return counter

    visitor = starlette(Counter, routes=[Route("/mine", show)], policy=AsyncRules())
    page = visitor.open("/mine")
    page.submit(Counter.increment(), amount=2)
    assert page.signals["Counter.count"] == 2
