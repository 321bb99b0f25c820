"""Entities in FastHTML handlers: as parameters, as components, as results."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from fasthtml.common import H2, APIRouter, Button, Div, Form, Input, Titled
from fasthtml.core import Redirect as HtmlRedirect
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from integration.web.browser import JSON, ORIGIN, moved_to, unlisted
from integration.web.entities import Product
from starmodel import ConfigurationError, Entity, Redirect, create_fasthtml_app, event


@unlisted
class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount

    @event(confirm="Sure? \"Yes\" & 'go'")
    def reset(self) -> None:
        self.count = 0


@unlisted
class Reading(Entity):
    value: float = float("nan")
    raw: bytes = b"\xff"


async def test_page_of_the_specification(visit: Any, serve: Any) -> None:
    app = serve(Counter)

    @app.get("/")
    def home(counter: Counter):  # type: ignore[no-untyped-def]
        return Titled(
            "Counter",
            counter,
            H2(data_text=Counter.count_signal),
            Button("+1", data_on_click=Counter.increment(1)),
            Form(
                Input(type="number", data_bind="amount"),
                Button("Add"),
                data_on_submit=Counter.increment(),
            ),
        )

    page = (await visit(app).page("/")).text

    assert 'data-signals="{&quot;Counter&quot;:{&quot;count&quot;:0}}"' in page
    assert '<h2 data-text="$Counter.count"></h2>' in page
    assert """data-on:click="@post('/counter/increment?amount=1', @click())\"""" in page
    assert """data-on:submit="@post('/counter/increment', @click('amount'))\"""" in page
    assert 'data-bind="amount"' in page
    assert page.count('id="starmodel-live"') == 1
    assert "https://" not in page


async def test_description_of_a_page_is_the_docstring_of_its_handler(
    visit: Any, serve: Any
) -> None:
    app = serve(Counter)

    @app.get("/mine")
    def mine():  # type: ignore[no-untyped-def]
        """Tea & "milk".

        Not shown.
        """
        return Titled("Mine")

    page = (await visit(app).page("/mine")).text
    assert '<meta name="description" content="Tea &amp; &quot;milk&quot;.">' in page


async def test_page_of_a_router_or_with_custom_body_is_live(visit: Any, serve: Any) -> None:
    app, router = serve(Counter), APIRouter()

    @router("/routed")
    def routed(counter: Counter):  # type: ignore[no-untyped-def]
        return Titled("Routed", counter)

    @app.get("/wrapped", body_wrap=lambda content: Div(*content, id="own"))
    def wrapped(counter: Counter):  # type: ignore[no-untyped-def]
        return Titled("Wrapped", counter)

    router.to_app(app)
    browser = visit(app)

    for path in ("/routed", "/wrapped"):
        page = (await browser.page(path)).text
        assert page.count('id="starmodel-live"') == 1
        assert page.index("data-signals") < page.index('id="starmodel-live"')


async def test_handler_gets_the_visitors_own_instance(visit: Any, serve: Any) -> None:
    app = serve(Counter)

    @app.get("/n")
    def n(counter: Counter, count: int = 5) -> str:
        return f"{counter.count} {count}"

    @app.get("/m")
    async def m(request) -> str:  # type: ignore[no-untyped-def]
        return f"{(await Counter.get(request)).count}"

    browser = visit(app)
    await browser.click("/counter/increment?amount=3")

    assert (await browser.call("GET", "/n?count=9")).text == "3 9"
    assert (await browser.call("GET", "/m")).text == "3"


async def test_record_is_found_by_its_path_parameter(visit: Any, serve: Any) -> None:
    app = serve(Product)

    @app.get("/a/{product_id}")
    def a(product: Product) -> str:
        return product.name

    @app.get("/b/{product}")
    def b(product: Product) -> str:
        return product.name

    @app.get("/c/{id}")
    def c(product: Product) -> str:
        return product.name

    browser = visit(app)
    made = (await browser.call("POST", "/products", {"name": "Pen"})).json()["entity"]

    for letter in "abc":
        assert (await browser.call("GET", f"/{letter}/{made['id']}")).text == "Pen"
        missing = await browser.call("GET", f"/{letter}/none")
        assert missing.status_code == 404
        assert missing.headers["content-type"] == "application/problem+json"


async def test_client_can_not_fill_an_injected_entity(visit: Any, serve: Any) -> None:
    app = serve(Counter)

    @app.post("/n")
    def n(counter: Counter) -> str:
        return str(counter.count)

    response = await visit(app).submit("/n?count=7", {"count": "8"})

    assert response.text == "0"


@pytest.mark.parametrize("annotation", [Counter | None, list[Counter], dict[str, Counter]])
def test_annotation_that_a_client_would_fill_is_rejected(serve: Any, annotation: Any) -> None:
    app = serve(Counter)

    def handler(counter):  # type: ignore[no-untyped-def]
        return ""

    handler.__annotations__["counter"] = annotation
    with pytest.raises(ConfigurationError, match=r"can't be injected\. Write counter: Counter"):
        app.get("/x")(handler)


async def test_entity_as_result_is_its_page_or_its_json(visit: Any, serve: Any) -> None:
    app = serve(Counter)

    @app.get("/it")
    def it(counter: Counter):  # type: ignore[no-untyped-def]
        return counter

    browser = visit(app)
    page, data = await browser.page("/it"), await browser.call("GET", "/it")

    assert data.json()["count"] == 0
    assert "data-signals" in page.text
    assert "Count" in page.text
    assert 'action="/counter/increment"' in page.text
    assert 'id="starmodel-live"' in page.text


async def test_confirmation_precedes_the_click(visit: Any, serve: Any) -> None:
    app = serve(Counter)

    @app.get("/")
    def home(counter: Counter):  # type: ignore[no-untyped-def]
        return Div(Button("0", data_on_click=Counter.reset()), id="x")

    page = (await visit(app).page("/")).text

    found = re.search(r"""data-on:click=(?:"([^"]*)"|'([^']*)')>0<""", page)
    assert found
    code = html.unescape(found[1] or found[2])
    queries, _, action = code.partition(") && ")
    assert json.loads(queries.removeprefix("@ask(")) == "Sure? \"Yes\" & 'go'"
    assert action == "@post('/counter/reset', @click())"


async def test_two_applications_have_separate_routes(visit: Any, serve: Any) -> None:
    one, two = visit(Counter), visit(Counter)
    two.cookies = one.cookies

    await one.click("/counter/increment")

    assert (await one.call("GET", "/counter")).json()["count"] == 1
    assert (await two.call("GET", "/counter")).json()["count"] == 0


async def test_create_fasthtml_app_takes_states(visit: Any) -> None:
    browser = visit(create_fasthtml_app(states=[Counter], secret_key="k" * 40))

    assert (await browser.call("POST", "/counter/increment")).json()["entity"]["count"] == 1


async def test_handler_error_is_content_negotiated(visit: Any, serve: Any) -> None:
    from starmodel import dispatch

    app = serve(Product)

    @app.get("/sell/{id}")
    async def sell(product: Product) -> str:
        await dispatch(product.do.adjust_stock(-5))
        return "sold"

    browser = visit(app)
    made = (await browser.call("POST", "/products", {"name": "Pen"})).json()["entity"]
    data = await browser.call("GET", f"/sell/{made['id']}")
    page = await browser.page(f"/sell/{made['id']}")

    assert (data.status_code, data.json()["detail"]) == (422, "Insufficient stock")
    assert (page.status_code, "Insufficient stock" in page.text) == (422, True)


async def test_redirect_of_a_handler_stays_on_allowed_hosts(visit: Any, serve: Any) -> None:
    app = serve(Counter)

    @app.get("/go")
    def go(to: str):  # type: ignore[no-untyped-def]
        return Redirect(to)

    browser = visit(app)
    inside = await browser.get("/go", params={"to": "/x?y=1"})
    outside = await browser.get("/go", params={"to": "//evil.example"})

    assert (inside.status_code, inside.headers["location"]) == (303, "/x?y=1")
    assert (outside.status_code, "location" in outside.headers) == (400, False)


async def test_handler_component_is_a_patch_for_datastar_and_a_page_otherwise(
    visit: Any, serve: Any
) -> None:
    app = serve(Counter)

    @app.get("/part")
    def part():  # type: ignore[no-untyped-def]
        return Div("new", id="part")

    browser = visit(app)
    for_click, page = await browser.click("/part", method="GET"), await browser.page("/part")

    assert for_click.text.strip() == '<div id="part">new</div>'
    assert "<html" in page.text
    assert all("Datastar-Request" in result.headers["vary"] for result in (for_click, page))


@pytest.mark.parametrize(
    "make",
    [Redirect, HtmlRedirect, RedirectResponse],
    ids=["StarModel", "FastHTML", "Starlette"],
)
async def test_redirect_of_a_handler_moves_the_page_of_a_click(
    visit: Any, serve: Any, make: Any
) -> None:
    app = serve(Counter)

    @app.post("/go")
    def go(session):  # type: ignore[no-untyped-def]
        session["seen"] = True
        return make("/x?y=1")

    browser = visit(app)
    clicked, submitted = await browser.click("/go"), await browser.submit("/go")

    assert (clicked.status_code, "set-cookie" in clicked.headers) == (200, True)
    assert moved_to(clicked.text) == "/x?y=1"
    assert submitted.headers["location"] == "/x?y=1"


async def test_redirect_to_a_script_never_runs_in_the_page_of_a_click(
    visit: Any, serve: Any
) -> None:
    app = serve(Counter)

    @app.post("/go")
    def go():  # type: ignore[no-untyped-def]
        return Response(status_code=303, headers={"location": "javascript://x/%0aalert(1)"})

    assert moved_to((await visit(app).click("/go")).text) is None


async def test_entity_with_nan_from_a_handler_is_json_with_null(visit: Any, serve: Any) -> None:
    app = serve(Reading)

    @app.get("/reading")
    def reading(reading: Reading):  # type: ignore[no-untyped-def]
        return reading

    answer = await visit(app).get("/reading", headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["value"] is None
    assert answer.json()["raw"] == "data:;base64,/w=="


async def test_missing_parameter_of_a_handler_is_named_in_our_words(visit: Any, serve: Any) -> None:
    app = serve(Counter, texts={"value.missing": "Hier fehlt etwas."})

    @app.get("/order")
    def order(amount: int):  # type: ignore[no-untyped-def]
        return str(amount)

    browser = visit(app)
    data, page = await browser.call("GET", "/order"), await browser.page("/order")
    click = await browser.click("/order", method="GET")

    assert data.status_code == page.status_code == 400
    assert data.json()["detail"] == "amount is missing in this request."
    assert data.json()["errors"] == {"amount": "Hier fehlt etwas."}
    assert click.headers["starmodel-status"] == "400"
    for reply in (data, page, click):
        assert "Hier fehlt etwas." in reply.text
        assert "Missing required field" not in reply.text


async def test_text_of_a_http_exception_is_the_users_and_never_a_librarys(
    visit: Any, serve: Any
) -> None:
    app = serve(Counter)

    @app.get("/own")
    def own():  # type: ignore[no-untyped-def]
        raise HTTPException(400, "Not on Mondays.")

    @app.route("/form", methods=["POST"])
    async def form(request):  # type: ignore[no-untyped-def]
        return str(await request.form())

    browser = visit(app)
    assert (await browser.call("GET", "/own")).json()["detail"] == "Not on Mondays."
    headers = JSON | {"content-type": "multipart/form-data", "origin": ORIGIN}
    reply = await browser.post("/form", content=b"x", headers=headers)
    assert reply.status_code == 400
    assert reply.json()["detail"] == "A value in this request can't be read."
