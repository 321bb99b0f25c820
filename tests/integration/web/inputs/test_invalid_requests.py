"""Invalid requests end in a clear error and change nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from integration.web.browser import DATASTAR, HTML, JSON, ORIGIN, Stream, unlisted
from integration.web.entities import Product
from starmodel import Entity, EntityConfig, Field, event


@unlisted
class Memo(Entity):
    text: str = ""
    pin: int = Field(default=7, private=True)

    @event
    def write(self, text: str) -> None:
        self.text = text


JSON_BODY = JSON | {"origin": ORIGIN, "content-type": "application/json"}


async def refused(browser: Any, body: Any, **headers: str) -> Any:
    response = await browser.post("/memo/write", content=body, headers=JSON_BODY | headers)
    assert (await browser.call("GET", "/memo")).json()["text"] == ""
    assert response.headers["content-type"] == "application/problem+json"
    return response


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"text": ', "The body is not JSON"),
        (b'{"text": NaN}', "The body is not JSON"),
        (b"\xff\xfe", "The body is not JSON"),
        (b'["text"]', "The body is list; expected a JSON object"),
        (b'"text"', "The body is str; expected a JSON object"),
        (b"null", "The body is NoneType; expected a JSON object"),
        (b'{"text":' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper than 32 levels"),
        (b"[" * 100_000, "nested deeper than 32 levels"),
    ],
)
async def test_unparsable_body_is_400(visit: Any, body: bytes, message: str) -> None:
    response = await refused(visit(Memo), body)

    assert response.status_code == 400
    assert message in response.json()["detail"]


async def test_brackets_in_texts_do_not_count_as_depth(visit: Any) -> None:
    response = await visit(Memo).call("POST", "/memo/write", {"text": '["{' * 50})

    assert response.status_code == 200


async def test_oversized_body_is_413_with_and_without_a_length(visit: Any) -> None:
    browser = visit(Memo, max_body_bytes=1000)

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"text": "'
        for _ in range(100):
            yield b"x" * 100
        yield b'"}'

    whole = await refused(browser, b"x" * 1001)
    parts = await refused(browser, chunks())

    assert whole.status_code == parts.status_code == 413
    assert "larger than 1000 bytes" in whole.json()["detail"]
    form = await browser.submit("/memo/write", {"text": "x" * 2000})
    assert form.status_code == 413


async def test_body_of_an_unknown_type_is_415(visit: Any) -> None:
    response = await refused(visit(Memo), b"<text/>", **{"content-type": "application/xml"})

    assert response.status_code == 415
    assert "application/xml" in response.json()["detail"]


async def test_wrong_content_length_is_400(visit: Any) -> None:
    response = await refused(visit(Memo), b"{}", **{"content-length": "-5"})

    assert response.status_code == 400


async def test_broken_multipart_is_400(visit: Any) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        response = await refused(visit(Memo), b"--y\r\nhello", **{"content-type": kind})
        assert response.status_code in (400, 422)


async def test_disconnect_before_the_body_is_complete_runs_nothing(visit: Any, serve: Any) -> None:
    app = serve(Memo)
    stream = Stream(app, "/memo/write?text=x", JSON_BODY)
    stream._scope["method"] = "POST"
    stream._gone.set()

    async with stream:
        assert stream.status == 400


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "'text' is missing"),
        ({"text": "a", "pin": 1}, "'pin' is unknown (from JSON body)"),
        ({"text": "a", "other": 1}, "'other' is unknown (from JSON body)"),
        ({"text": {"a": 1}}, "'text' input should be a valid string"),
    ],
)
async def test_wrong_parameters_are_422(visit: Any, data: Any, message: str) -> None:
    browser = visit(Memo)

    response = await browser.call("POST", "/memo/write", data)

    assert response.status_code == 422
    assert message in response.json()["detail"]
    assert "Memo.write" in response.json()["detail"]
    assert (await browser.call("GET", "/memo")).json()["text"] == ""


async def test_unknown_name_in_a_form_and_in_the_query_is_422(visit: Any) -> None:
    browser = visit(Memo)

    form = await browser.submit("/memo/write", {"text": "a", "x": "1"})
    query = await browser.call("POST", "/memo/write?text=a&x=1")

    assert (form.status_code, query.status_code) == (422, 422)
    assert "unknown (from form)" in form.text
    assert "unknown (from query)" in query.text


@pytest.mark.parametrize("name", ["cost", "rating", "supplier_secret", "id", "nothing", "_sm_mode"])
async def test_form_cannot_set_other_fields(visit: Any, name: str) -> None:
    browser = visit(Product)
    made = (await browser.call("POST", "/products", {"name": "Pen"})).json()["entity"]
    url = f"/products/{made['id']}"

    results = [
        await browser.submit("/products", {"name": "B", name: "9"}),
        await browser.submit(f"{url}/update", {name: "9"}),
        await browser.call("PATCH", url, {name: "9"}),
        await browser.call("POST", f"/products?{name}=9", {"name": "C"}),
        await browser.click(f"{url}/update", {name: "9"}),
    ]

    left = (await browser.call("GET", "/products")).json()["items"]
    assert [i for i in left if i["id"] == made["id"]] == [made]
    assert all(i["rating"] == 3 and i["id"] != "9" for i in left)
    if not name.startswith("_"):
        assert [a.status_code for a in results[:4]] == [422] * 4
        assert len(left) == 1
    cost = await browser.app.starmodel.objects(Product).get(made["id"])
    assert (cost.cost, cost.supplier_secret.get_secret_value()) == (0.5, "")


async def test_signals_named_like_fields_do_not_update_by_a_click(visit: Any) -> None:
    """`update` takes fields from its form; a page's signals are not a form."""
    browser = visit(Product)
    made = (await browser.call("POST", "/products", {"name": "Pen"})).json()["entity"]

    await browser.click(f"/products/{made['id']}/update", {"Product": {"name": "X"}})

    assert (await browser.call("GET", f"/products/{made['id']}")).json()["name"] == "Pen"


@pytest.mark.parametrize("key", ["", "x" * 129])
async def test_idempotency_key_of_a_wrong_length_is_400(visit: Any, key: str) -> None:
    response = await refused(visit(Memo), b'{"text": "a"}', **{"idempotency-key": key})

    assert response.status_code == 400
    assert "expected 1 to 128" in response.json()["detail"]


async def test_access_is_denied_before_the_body_is_parsed(visit: Any) -> None:
    class Vault(Entity):
        model_config = EntityConfig(scope="app")

        @event
        def fill(self, recipe: str) -> None: ...

    response = await visit(Vault).post("/vault/fill", content=b"{", headers=JSON_BODY)

    assert response.status_code == 401
    assert "recipe" not in response.text


async def test_unexpected_exception_is_500_without_details(visit: Any, caplog: Any) -> None:
    class Bomb(Entity):
        n: int = 0

        @event
        def go(self) -> None:
            self.n = 1
            raise RuntimeError("/etc/secret-path")

    browser = visit(Bomb)

    data = await browser.call("POST", "/bomb/go")
    page = await browser.submit("/bomb/go")
    click = await browser.click("/bomb/go")

    assert (data.status_code, page.status_code) == (500, 500)
    assert click.headers["starmodel-status"] == "500"
    for result in (data, page, click):
        assert "secret-path" not in result.text
        assert "Something went wrong on our side" in result.text
    assert "secret-path" in caplog.text
    assert "Bomb.go() failed" in caplog.text
    assert (await browser.call("GET", "/bomb")).json()["n"] == 0


async def test_failure_names_the_arguments_without_secrets(visit: Any, caplog: Any) -> None:
    class Bomb(Entity):
        n: int = 0

        @event
        def go(self, wires: int, code: SecretStr) -> None:
            raise RuntimeError("no")

    await visit(Bomb).call("POST", "/bomb/go", {"wires": 3, "code": "s3cret"})

    assert "Bomb.go(wires=3, code=" in caplog.text
    assert "s3cret" not in caplog.text


async def test_exception_in_a_user_route_is_500_without_details(
    visit: Any, serve: Any, caplog: Any
) -> None:
    app = serve(Memo)

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("/etc/secret-path")

    @app.get("/refused")
    def refused() -> str:
        raise ValueError("/etc/secret-path")

    browser = visit(app)
    for path in ("/broken", "/refused"):
        for headers in (HTML, JSON, DATASTAR):
            response = await browser.get(path, headers=headers)
            assert "secret-path" not in response.text
    assert "secret-path" in caplog.text
