"""Visitor input never escapes an expression, an SSE line or a page."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from fasthtml.common import Button, Div, P, to_xml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integration.web.browser import sse_events, toasts, unlisted
from integration.web.expressions import Outline, rewritten, run
from starmodel import Entity, EntityConfig, event
from starmodel.adapters.frontends.datastar.expressions import attribute, script_json
from starmodel.adapters.frontends.datastar.patches import patch_elements, patch_signals
from starmodel.adapters.transports.sse import frame
from starmodel.app.commands.elements import Element
from starmodel.app.context import RequestContext, current_context
from starmodel.app.queries.record_keys import id_in

HOSTILE = [
    "@get('/evil')", "@post(`/x`)", "');alert(1);('", '");alert(1);("', "`;alert(1);`",
    "${alert(1)}",
    "$Counter.count", "$$", "a;b", "; return alert(1)", "</script><script>alert(1)</script>",
    "<!--", "-->", "]]>", "\\", "\\\\", "\\'", '\\"', "\\u0022", "\u2028", "\u2029", "line\nbreak",
    "cr\rlf\r\n", "\n\nevent: datastar-patch-elements\ndata: elements <p>x</p>\n\n", "\x00", "\x7f",
    "🖕JS_DS🚀", "🖕JS_alert(1)_DS🚀", "__escaped0", "(function(){})()", "(()=>{alert(1)})()",
    "/*", "*/", "//", "/re/g", "&quot;", "&#39;", "&lt;", "\"'`",
    "'\"><img src=x onerror=alert(1)>",
    '" data-init="@get(\'/evil\')', "' data-on:click='alert(1)", "__proto__", "constructor",
    "e\u0301", "\ufeff", "\u202e", "😀", "return", "{", "}", "[", ",", ":", "%27", "+",
    "?a=1&b=2#c",
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.lists(st.sampled_from([*"@$'\"`;(){}\\/<>&=\n\r\u2028", "get", "🖕JS_", "_DS🚀"]),
        max_size=12).map("".join),
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False,
    allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(texts.filter(lambda key: key != "__proto__"), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@unlisted
class Note(Entity):
    model_config = EntityConfig(scope="record", access="public")
    id: str
    text: str = ""
    title: str = ""

    @event
    def write(self, text: str, n: int = 0) -> None:
        self.text = text

    @event
    def fail(self, text: str) -> None:
        raise ValueError(text)


@given(value=values)
@settings(max_examples=300, deadline=None)
def test_signals_in_a_page_are_pure_json(value: Any) -> None:
    made = attribute("data-signals", script_json({"x": value}))

    (code,) = Outline(f"<div {made}></div>").values("data-signals")

    assert rewritten(code, returns=True) == f"return ({code});"
    assert json.loads(code) == {"x": value}


def test_the_runtime_itself_reads_back_each_hostile_value() -> None:
    cases = [{"x": value, value: [value]} for value in HOSTILE if value != "__proto__"]

    results = run([script_json(case) for case in cases], returns=True)

    if results is not None:
        assert [result["value"] for result in results] == cases


def test_large_numbers_and_none_survive_a_dict_of_signals() -> None:
    case = {"n": None, "big": 2**53 - 1, "f": 0.1, "t": True}

    results = run([script_json(case)], returns=True)

    if results is not None:
        assert results[0]["value"] == case


def action_code(app: Any, action: Any, method: str = "data_on_click") -> str:
    """The expression of an action, parsed from FastHTML's page."""
    token = current_context.set(RequestContext(app.starmodel))
    try:
        html = to_xml(Button("x", **{method: action}), indent=False)
    finally:
        current_context.reset(token)
    (code,) = Outline(html).values("data-on:click")
    return code


def test_arguments_and_ids_of_an_action_stay_in_its_url(serve: Any) -> None:
    app = serve(Note)
    codes, wanted = [], []

    @given(text=texts, id=texts.filter(bool))
    @settings(max_examples=300, deadline=None)
    @example(text="🖕JS_DS🚀", id="🖕JS_');alert(1)//_DS🚀")
    def check(text: str, id: str) -> None:
        code = action_code(app, Note(id=id).do.write(text, n=3))
        start, _, address = code.partition("('")
        address, _, end = address.partition("'")
        parts = urlsplit(address)

        assert (start, end) == ("@post", ", @click())")
        assert rewritten(code, returns=False) == (
            f'__action("post",evt,\'{address}\', __action("click",evt,))'
        )
        assert dict(parse_qsl(parts.query, keep_blank_values=True)) == {"text": text, "n": "3"}
        _, path, key, name = map(unquote, parts.path.split("/"))
        assert (path, id_in(key), name) == ("notes", id, "write")
        codes.append(code)
        wanted.append(address)

    check()
    results = run(codes[:200], returns=False)
    if results is not None:
        assert [result["value"][1] for result in results] == wanted[:200]


def test_confirmation_text_is_passed_verbatim(serve: Any) -> None:
    codes = []
    for text in HOSTILE:

        class Door(Entity):
            @event(confirm=text)
            def open(self) -> None: ...

        codes.append(action_code(serve(Door), Door.open()))

    for text, code in zip(HOSTILE, codes, strict=True):
        queries = code.partition(") && @post")[0].removeprefix("@ask(")
        assert json.loads(queries) == text
    results = run(codes, returns=False)
    if results is not None:
        assert [result["asked"] for result in results] == HOSTILE
        assert {result["value"][1] for result in results} == {"/door/open"}


@given(value=values)
@settings(max_examples=200, deadline=None)
def test_signals_on_the_wire_are_one_line_of_json(value: Any) -> None:
    text = frame([patch_signals({"x": value}, version="Note 1", status=200)]).decode()

    (made,) = sse_events(text)
    assert text.count("\n") == 5
    assert "\r" not in text
    assert made.signals == {"x": value}


@given(text=texts)
@settings(max_examples=200, deadline=None)
def test_elements_on_the_wire_add_no_sse_line(text: str) -> None:
    html = to_xml(P(text, title=text, id="p"), indent=False)

    wire = frame([patch_elements(Element(str(html), "#list\nmode: x", "append"))]).decode()

    (made,) = sse_events(wire)
    assert set(made.data) == {"selector", "mode", "elements"}
    assert made.data["mode"] == "append"
    outline = Outline(made.elements)
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    assert [tag for tag, _ in outline.elements] == ["p"]
    assert outline.elements[0][1] == {"title": unix, "id": "p"}
    assert outline.text == unix


async def pages_of(browser: Any, id: str, text: str) -> list[Outline]:
    """The page of a note with this title and text, and its form."""
    data = {"id": id, "text": text, "title": text}
    made = await browser.call("POST", "/notes", data)
    assert made.status_code == 201
    url = made.headers["location"]
    return [Outline((await browser.page(u)).text) for u in (url, f"{url}/edit")]


def shapes(pages: list[Outline]) -> list[Any]:
    # A hidden input holds the part of a value that the visible one cannot represent.
    return [
        [
            (tag, sorted(attrs))
            for tag, attrs in page.elements
            if not str(attrs.get("name")).startswith("_exact.")
        ]
        for page in pages
    ]


async def test_markup_in_records_is_escaped_on_every_page(visit: Any) -> None:
    browser, other = visit(Note), visit(Note)
    codes = []
    shown = [text for text in ["x", *HOSTILE] if "\x00" not in text]
    for number, text in enumerate(shown):
        pages = await pages_of(browser, f"n-{number}", text)
        harmless = await pages_of(
            other, f"n-{number}", re.sub(r"\S", "x", text)
        )  # of the same length

        assert shapes(pages) == shapes(harmless), text
        (code,) = list(pages[0].values("data-signals"))
        signals = json.loads(code)["Note"]
        assert (signals["text"], signals["title"]) == (text, text)
        assert text.replace("\r\n", "\n").replace("\r", "\n").strip() in pages[0].text.replace(
            "\r\n", "\n"
        ).replace("\r", "\n")
        codes.append(code)
    results = run(codes, returns=True)
    if results is not None:
        assert [result["value"]["Note"]["text"] for result in results] == shown


async def test_markup_in_errors_is_escaped(visit: Any) -> None:
    browser = visit(Note)
    await browser.call("POST", "/notes", {"id": "1"})

    for text in HOSTILE:
        click = await browser.click("/notes/1/fail", {"text": text})
        page = await browser.submit("/notes/1/fail", {"text": text})

        assert click.headers["starmodel-status"] == "422"
        events = sse_events(click.text)
        kinds = ["datastar-patch-signals", "datastar-patch-elements"]
        assert [e.type for e in events] == kinds, text
        messages = [(kind, message.split()) for kind, message in toasts(events[-1].elements)]
        assert messages == [("error", text.split())]
        scripts = [
            a
            for t, a in Outline(page.text).elements
            if t == "script" and not {"src", "type"} & set(a)
        ]
        assert len(scripts) == 1  # the theme's, whose hash is in the CSP
        assert "img" not in [tag for tag, _ in Outline(page.text).elements]


def test_attributes_of_components_are_escaped(serve: Any) -> None:
    serve(Note)
    for text in HOSTILE:
        outline = Outline(to_xml(Div(text, title=text, data_text="$x", id="a"), indent=False))
        assert [sorted(attrs) for _, attrs in outline.elements] == [["data-text", "id", "title"]]
