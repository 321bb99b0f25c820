"""Request bodies: read after the access check, decoded as UTF-8, parsed in linear time, bounded."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel

from cost import at_low_cost
from integration.web.browser import DATASTAR, HTML, JSON, ORIGIN, unlisted
from starmodel import Entity, EntityConfig, event

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


class Line(BaseModel):
    label: str = ""
    sizes: list[int] = []


@unlisted
class Note(Entity):
    text: str = ""

    @event
    def write(self, text: str, line: Line | None = None, rows: list[int] | None = None) -> None:
        self.text = text


@unlisted
class Ledger(Entity):
    model_config = EntityConfig(scope="record", access={"read": "public", "write": "signed_in"})
    name: str = ""

    @event
    def close(self) -> None: ...

    @event
    def book(self, amount: int) -> None: ...


def part(head: str, text: bytes = b"v") -> bytes:
    return b"--x\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + text + b"\r\n"


async def send(browser: Any, body: bytes, kind: str, **headers: str) -> Any:
    wanted = JSON | {"origin": ORIGIN, "content-type": kind} | headers
    return await browser.post("/note/write", content=body, headers=wanted)


@pytest.mark.parametrize(
    "charset",
    [
        "punycode",
        "undefined",
        "utf-7",
        "idna",
        "zip",
        "rot13",
        '"punycode"',
        "UTF-16",
        "latin-1",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["application/json", FORM, "multipart/form-data; boundary=x"])
async def test_unsupported_charset_is_415(visit: Any, charset: str, kind: str) -> None:
    body = part('name="text"', b"a" * 300_000 + b"-") + b"--x--\r\n"

    response = await at_low_cost(partial(send, visit(Note), body, f"{kind}; Charset={charset}"))

    assert response.status_code == 415
    assert "UTF-8" in response.json()["detail"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "us-ascii"])
async def test_utf_8_charset_aliases_are_accepted(visit: Any, charset: str) -> None:
    browser = visit(Note)
    texts = []
    for kind, body in (
        ("application/json", '{"text": "é"}'.encode()),
        (FORM, b"text=%C3%A9"),
        (MULTIPART, part('name="text"', "é".encode()) + b"--x--\r\n"),
    ):
        assert (await send(browser, body, f"{kind}; charset={charset}")).status_code == 200
        texts.append((await browser.call("GET", "/note")).json()["text"])

    assert texts == ["é"] * 3


async def test_user_routes_never_receive_another_charset(visit: Any, serve: Any) -> None:
    app, seen = serve(Note), []

    @app.post("/mine")
    async def mine(request) -> str:  # type: ignore[no-untyped-def]
        seen.append(await request.form())
        return "ok"

    body = part('name="text"', b"a" * 300_000 + b"-") + b"--x--\r\n"
    headers = JSON | {"origin": ORIGIN, "content-type": f"{MULTIPART}; charset=punycode"}
    response = await at_low_cost(partial(visit(app).post, "/mine", content=body, headers=headers))

    assert (response.status_code, seen) == (415, [])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, b"text=%ff%fe"),
        (FORM, b"text=\xff"),
        (FORM, b"%ff=a"),
        (MULTIPART, part('name="text"', b"\xff") + b"--x--\r\n"),
        (MULTIPART, part('name="text"').replace(b"text", b"te\xff") + b"--x--\r\n"),
        ("application/json", b'{"text": "\xff"}'),
        ("application/json", '{"text": "é"}'.encode("utf-16")),
    ],
)
async def test_invalid_utf_8_is_400(visit: Any, kind: str, body: bytes) -> None:
    assert (await send(visit(Note), body, kind)).status_code == 400


@pytest.mark.parametrize("accept", [JSON, HTML, DATASTAR])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[" * 999_000),
        ("application/xml", b"<a/>"),
        (FORM, b"&" * 5000),
        ("multipart/form-data", b"--"),
        (MULTIPART, b"\r\n--x" * 1000),
    ],
)
@pytest.mark.parametrize(
    "path", ["/ledgers", "/ledgers/1/book", "/ledgers/1/close", "/ledgers/_bulk"]
)
async def test_access_is_decided_before_the_body_is_parsed(
    visit: Any, monkeypatch: pytest.MonkeyPatch, accept: Any, kind: str, body: bytes, path: str
) -> None:
    def parse(*given: Any) -> None:
        raise AssertionError("a body was parsed")

    for name in ("read_json", "multipart_pairs", "urlencoded_pairs"):
        monkeypatch.setattr(f"starmodel.adapters.web.http.request.{name}", parse)
    headers = accept | {"origin": ORIGIN, "content-type": kind}

    response = await visit(Ledger).post(path, content=body, headers=headers)

    assert int(response.headers.get("starmodel-status", response.status_code)) == 401


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
async def test_access_is_decided_before_the_body_of_other_methods(visit: Any, verb: str) -> None:
    headers = JSON | {"origin": ORIGIN, "content-type": "application/json"}

    response = await visit(Ledger).request(verb, "/ledgers/1", content=b"{", headers=headers)

    assert response.status_code == 401


BAD_FORMS = {
    "no boundary": ("multipart/form-data", b"--x--\r\n"),
    "long boundary": (f"multipart/form-data; boundary={'x' * 71}", b"--x--\r\n"),
    "odd boundary": ("multipart/form-data; boundary=x\x7f", b"--x--\r\n"),
    "file name that is no UTF-8": (
        MULTIPART,
        part('name="text"; filename="a"').replace(b'"a"', b'"\xff"') + b"--x--\r\n",
    ),
    "no end": (MULTIPART, part('name="text"')),
    "no end of a field": (MULTIPART, part('name="text"')[:-2]),
    "no end of a file": (MULTIPART, part('name="text"; filename="a"')[:-2]),
    "no end of a name": (MULTIPART, part('name="text"') + b"--x\r\nContent-Dis"),
    "no name": (MULTIPART, part('filename="a"') + b"--x--\r\n"),
    "no disposition": (MULTIPART, b"--x\r\nA: b\r\n\r\nv\r\n--x--\r\n"),
    "extended name": (MULTIPART, part("name*=punycode''a-") + b"--x--\r\n"),
    "many parts": (MULTIPART, part('name="text"') * 1001 + b"--x--\r\n"),
    "many headers": (MULTIPART, b"--x\r\n" + b"A: b\r\n" * 20 + b"\r\nv\r\n--x--\r\n"),
    "long header": (MULTIPART, part(f'name="{"a" * 5000}"') + b"--x--\r\n"),
    "long name": (MULTIPART, part(f'name="{"a" * 201}"') + b"--x--\r\n"),
    "long name in a query form": (FORM, b"a" * 201 + b"=1"),
    "many fields": (FORM, b"text=a&" * 1001),
    "long content type": (f"{MULTIPART}; a={'b' * 600}", b"--x--\r\n"),
}


@pytest.mark.parametrize("name", BAD_FORMS)
async def test_form_beyond_a_bound_is_400(visit: Any, name: str) -> None:
    kind, body = BAD_FORMS[name]
    response = await send(visit(Note), body, kind)

    assert response.status_code == 400, response.text
    assert len(response.content) < 1000


MEGABYTE = 990_000
SLOW = {
    "semicolons": (MULTIPART, part('name="text"' + ";" * 1900) * 480),
    "quotes": (MULTIPART, part("name=text" + '";' * 950) * 480),
    "backslashes": (MULTIPART, part('name="' + "\\" * 1900) * 480),
    "false boundaries": (MULTIPART, part('name="text"', b"\r\n--xy" * 160_000) + b"--x--\r\n"),
    "files": (MULTIPART, part('name="text"; filename="a"') * 999 + b"--x--\r\n"),
    "percent": (FORM, b"text=" + b"%" * MEGABYTE),
    "encoded": (FORM, b"text=" + b"%41" * (MEGABYTE // 3)),
    "dots": (FORM, b"." * MEGABYTE),
    "nested names": (FORM, b"&".join(b"a[b][c]" * 25 + b"=%d" % n for n in range(999))),
    "dotted names": (FORM, b"&".join(b"line.a.b.c.d.e.f%d=1" % n for n in range(999))),
    "exact": (FORM, b"_exact.text=" + b"[" * MEGABYTE),
    "lines": (FORM, b"text=a&rows=" + b"%0A1" * (MEGABYTE // 4)),
    "brackets": ("application/json", b"[" * MEGABYTE),
    "empty lists": ("application/json", b'{"text":"a","rows":[' + b"[]," * 320_000 + b"[]]}"),
    "quotes in json": ("application/json", b'{"text":"' + b'\\"' * (MEGABYTE // 2) + b'"}'),
    "open string": ("application/json", b"[" * 40 + b'"\\"' * (MEGABYTE // 4)),
    "digits": ("application/json", b'{"text":' + b"9" * MEGABYTE + b"}"),
    "wrong items": ("application/json", b'{"text":"a","rows":[' + b'"x",' * 240_000 + b"1]}"),
    "wide": ("application/json", b"{" + b",".join(b'"%d":1' % n for n in range(90_000)) + b"}"),
}


@pytest.mark.parametrize("name", SLOW)
async def test_one_megabyte_of_any_type_is_parsed_quickly(visit: Any, name: str) -> None:
    kind, body = SLOW[name]
    browser = visit(Note)
    await browser.call("GET", "/note")

    response = await at_low_cost(partial(send, browser, body, kind))

    assert response.status_code in (200, 400, 413, 422)
    assert response.status_code == 200 or len(response.content) < 5000


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        (FORM, b"text=a&line=" + b"[" * 40 + b"]" * 40, "nested deeper than 32 levels"),
        (FORM, b"text=a&rows=[" + b"1," * 10_000 + b"1]", "more than 10000 items"),
        (FORM, b"text=a&rows=" + b"1%0A" * 10_001, "more than 10000 lines"),
        (FORM, b"text=a&line.sizes=" + b"[" * 40 + b"]" * 40, "nested deeper than 32 levels"),
        (
            "application/json",
            b'{"text":"a","line":"' + b"[" * 40 + b"]" * 40 + b'"}',
            "nested deeper than 32 levels",
        ),
    ],
)
async def test_json_texts_in_bodies_have_the_same_bounds(
    visit: Any, kind: str, body: bytes, message: str
) -> None:
    response = await send(visit(Note), body, kind)

    assert response.status_code == 422
    assert message in response.json()["detail"]


async def test_json_texts_in_signals_and_urls_have_the_same_bounds(visit: Any) -> None:
    browser, deep = visit(Note), "[" * 40 + "]" * 40

    click = await browser.click("/note/write", {"text": "a", "line": deep})
    address = await browser.call("POST", f"/note/write?text=a&line={deep}")

    assert click.headers["starmodel-status"] == "422"
    assert address.status_code == 422


async def test_depth_of_json_texts_follows_the_setting(visit: Any) -> None:
    browser = visit(Note, max_body_depth=3, max_body_items=5)

    for rows, status in (("[1,2,3]", 200), ("[1,2,3,4,5,6]", 422), ("[[[[1]]]]", 422)):
        assert (await browser.submit("/note/write", {"text": "a", "rows": rows})).status_code in (
            (200, 303) if status == 200 else (status,)
        )


async def test_unknown_name_is_truncated_in_the_error(visit: Any) -> None:
    response = await visit(Note).call("POST", "/note/write", {"text": "a", "n" * 100_000: 1})

    assert response.status_code == 422
    assert len(response.content) < 1000


def own_routes(app: Any) -> None:
    @app.post("/own")
    def own(name: str) -> str:
        return f"got {len(name)}"

    @app.post("/raw")
    async def raw(req) -> str:  # type: ignore[no-untyped-def]
        return f"got {len(await req.body())}"

    @app.get("/own")
    def shown(name: str = "") -> str:
        return f"shown {name}"


@pytest.mark.parametrize("kind", ["application/json", FORM, "application/octet-stream"])
@pytest.mark.parametrize("has_length", [True, False])
async def test_user_routes_read_no_more_than_the_limit(
    serve: Any, visit: Any, kind: str, has_length: bool
) -> None:
    app = serve(Note)
    own_routes(app)
    body = b'{"name": "' + b"x" * 3_000_000 + b'"}'

    async def pieces() -> Any:
        for at in range(0, len(body), 100_000):
            yield body[at : at + 100_000]

    for path in ("/own", "/raw"):
        response = await visit(app).post(
            path, content=body if has_length else pieces(),
            headers=JSON | {"origin": ORIGIN, "content-type": kind},
        )  # fmt: skip
        # FastHTML ends the request where it parses no body of this type.
        assert response.status_code == 413 or ("octet" in kind and path == "/own"), response.text


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"name":' * 100_000, b"[" * 40 + b"]" * 40])
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_user_routes_reject_deep_json(
    serve: Any, visit: Any, body: bytes, method: str
) -> None:
    app = serve(Note)
    own_routes(app)
    headers = JSON | {"origin": ORIGIN, "content-type": "application/json"}

    response = await visit(app).request(method, "/own", content=body, headers=headers)

    assert response.status_code == 400
    assert "nested" in response.json()["detail"]


async def test_user_routes_receive_bodies_within_limits_unchanged(serve: Any, visit: Any) -> None:
    app = serve(Note)
    own_routes(app)
    headers = JSON | {"origin": ORIGIN, "content-type": "application/json"}

    sent = await visit(app).post("/own", content=b'{"name": "abc"}', headers=headers)
    raw = await visit(app).post("/raw", content=b'{"a": [1]}', headers=headers)
    form = await visit(app).post("/own", data={"name": "abcd"}, headers=JSON | {"origin": ORIGIN})

    assert (sent.text, raw.text, form.text) == ("got 3", "got 10", "got 4")
