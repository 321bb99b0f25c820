"""Rendered values, escaped so that no type can run a script."""

from __future__ import annotations

import enum
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from html import escape
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel

from starmodel.adapters.ui.markdown import MAX_MARKS, _parser, markdown
from starmodel.adapters.ui.values import MAX_CELL_CHARS, NOTHING, value_renderer
from starmodel.core.fields.widgets import UI
from unit.adapters.ui.dom import dom
from unit.adapters.ui.test_compiled import elements, texts

PARIS = timezone(timedelta(hours=2))


class Size(enum.Enum):
    EXTRA_LARGE = "xl"


class Address(BaseModel):
    street: str = "Main"
    tags: list[str] = []


class Stay(BaseModel):
    nights: list[date]
    price: Decimal = Decimal("12345.00")
    next: Stay | None = None


def text_of(html: str) -> str:
    return "".join(node[1] for node in dom(html) if node[0] == "text")


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (str, "Pen & <ink>", "Pen & <ink>"),
        (int, 0, "0"),
        (int, 2026, "2026"),
        (int, -12345, "-12,345"),
        (int, 2**80, "1,208,925,819,614,629,174,706,176"),
        (int, 10**200, str(10**200)),
        (float, 1e22, "10,000,000,000,000,000,000,000"),
        (float, float("nan"), "nan"),
        (Decimal, "1234.5", "1,234.5"),
        (Decimal, "not a number", "not a number"),
        (float, -0.5, "-0.5"),
        (Decimal, Decimal("1.50"), "1.50"),
        (bool, True, "Yes"),
        (bool, False, "No"),
        (Size, Size.EXTRA_LARGE, "Extra large"),
        (Size, "xl", "Extra large"),
        (Literal["in_progress"], "in_progress", "In progress"),
        (Literal[1, 2], 2, "2"),
        (date, date(2026, 11, 4), "4 Nov 2026"),
        (date, "2026-11-04", "4 Nov 2026"),
        (datetime, datetime(2026, 11, 4, 6, 5), "4 Nov 2026, 06:05"),
        (datetime, datetime(2026, 11, 4, 6, 5, tzinfo=UTC), "4 Nov 2026, 06:05 UTC"),
        (datetime, "2026-11-04T06:05:00+02:00", "4 Nov 2026, 04:05 UTC"),
        (time, time(6, 5), "06:05:00"),
        (AnyUrl, AnyUrl("https://example.org/?a=1&b=2"), "https://example.org/?a=1&b=2"),
        (list[str], ["a", "b"], "ab"),
        (list[Size], [Size.EXTRA_LARGE], "Extra large"),
        (list[Literal["a_b", "c"]], ["c", "a_b"], "C\nA b"),
        (set[Literal["a"]], [], "\u2013"),
        (dict[str, Any], {"a": True, "b": None}, "aYesb\u2013"),
        (Address, Address(tags=["x"]), "StreetMainTagsx"),
        (dict[str, Decimal], {"a": Decimal("1234.5")}, "a1,234.5"),
        (list[date], [date(2026, 11, 4)], "4 Nov 2026"),
        (list[list[int]], [[12345, 1], []], "12,345, 1\u2013"),
        (Stay, Stay(nights=[date(2026, 11, 4)]), "Nights4 Nov 2026Price12,345.00Next\u2013"),
        (list[Address], [Address()], "StreetMainTags\u2013"),
        (Any, {"a": 1}, "a1"),
    ],
)
def test_value_of_each_type_is_formatted(annotation: Any, value: Any, text: str) -> None:
    assert text_of(value_renderer(annotation)(value)) == text


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (list[str], ["a", "b"], "a, b"),
        (dict[str, int], {"a": 1, "b": 2}, "2 keys"),
        (str, "x" * 500, "x" * MAX_CELL_CHARS + "…"),
        (str, "<" * 500, "<" * MAX_CELL_CHARS + "…"),
    ],
)
def test_cell_value_is_truncated(annotation: Any, value: Any, text: str) -> None:
    assert text_of(value_renderer(annotation, brief=True)(value)) == text


@pytest.mark.parametrize("brief", [True, False])
@pytest.mark.parametrize("annotation", [str, int | None, list[str], dict[str, Any], Size, date])
def test_missing_value_renders_a_dash(annotation: Any, brief: bool) -> None:
    show = value_renderer(annotation, brief=brief)

    assert show(None) == show("") == NOTHING
    if annotation in (list[str], dict[str, Any]):
        assert show([] if annotation == list[str] else {}) == NOTHING


@pytest.mark.parametrize(
    "moment",
    [
        datetime.min.replace(tzinfo=PARIS),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=9))),
    ],
    ids=["first", "last"],
)
def test_latest_datetime_is_rendered(moment: datetime) -> None:
    assert str(moment.year) in text_of(value_renderer(datetime)(moment))


HOSTILE_URLS = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "vbscript:x", "//evil.example", "blob:x", "\0https://x",
    "file:///etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE_URLS)
@pytest.mark.parametrize("shown", [(str, UI(widget="url")), (AnyUrl, UI())], ids=["widget", "type"])
def test_script_url_renders_no_link(shown: tuple[Any, UI], url: str) -> None:
    assert elements(value_renderer(*shown)(url)) == []


def test_quotes_in_a_url_stay_in_its_attribute() -> None:
    (link, *_) = dom(value_renderer(str, UI(widget="url"))('https://x/"onclick="alert(1)'))

    assert {name for name, _ in link[2]} == {"class", "href", "rel"}


@pytest.mark.parametrize(
    "color", ["red;background:url(//x)", "#12", "#1234567890", "url(x)", "a b"]
)
def test_invalid_colour_renders_no_style(color: str) -> None:
    html = value_renderer(str, UI(widget="color"))(color)

    assert "style" not in html
    assert text_of(html) == color


@given(text=texts)
@settings(max_examples=100, deadline=None)
def test_markup_in_text_is_escaped(text: str) -> None:
    wishes = ["color", "email", "url", "markdown", None]
    for widget, brief in [(w, b) for w in wishes for b in (True, False)]:
        html = value_renderer(str, UI(widget=widget), brief=brief)(text)
        names = {name for _, _, attributes in elements(html) for name in attributes}
        assert names <= {"class", "href", "rel", "style", "start"}
        for node in dom(html):
            if node[0] == "open":
                assert node[1] not in ("script", "img", "iframe", "form", "input")
                href = dict(node[2]).get("href", "https:")
                assert (
                    href.startswith(("http:", "https:", "mailto:", "/", "#", "?"))
                    or ":" not in href
                )


@given(
    value=st.recursive(
        texts | st.none(),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(texts, x, max_size=2),
        max_leaves=8,
    )
)
@settings(max_examples=50, deadline=None)
def test_markup_in_nested_data_is_escaped(value: Any) -> None:
    tags = {tag for _, tag, _ in elements(value_renderer(Any)(value))}

    assert tags <= {"span", "dl", "div", "dt", "dd", "ul", "li"}


# Markdown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<div data-init=\"@post('/x')\">x</div>",
        "<!-- comment -->",
        "a <b onclick=x>b</b>",
        "[a](javascript:alert(1))",
        "[a](JAVASCRIPT:alert(1))",
        "[a](  javascript:alert(1))",
        "[a](&#106;avascript:alert(1))",
        "[a](data:text/html,x)",
        "[a](vbscript:x)",
        "<javascript:alert(1)>",
        "[a]: javascript:alert(1)\n\n[a]",
        "![x](https://evil.example/pixel.png)",
        "![x](data:image/png;base64,xx)",
        "![x][y]\n\n[y]: https://evil.example/p.png",
        '[a](https://x "title\\" onclick=\\"x")',
        "```html\n<script>\n```",
        '~~~" data-init=x\ncode\n~~~',
        "| a |\n|---|\n| <script> |",
    ],
)
def test_markdown_renders_no_script_or_external_resource(text: str) -> None:
    nodes = [node for node in dom(markdown(text)) if node[0] in ("open", "comment")]

    for node in nodes:
        assert node[0] == "open"
        assert node[1] not in ("script", "img", "b", "iframe", "style")
        for name, value in node[2]:
            assert name in ("class", "href", "title", "start")
            assert name != "href" or value.startswith(("https://", "http://")), value


def test_markdown_renders_its_elements() -> None:
    html = markdown("# Title\n\n- *a*\n- **b**\n\n| x |\n|---|\n| 1 |\n\n[go](https://x) [in](/y)")

    tags = {node[1] for node in dom(html) if node[0] == "open"}
    assert {"h1", "ul", "em", "strong", "table", "a"} <= tags
    assert 'href="/y"' in html


@pytest.mark.parametrize(
    "mark", ["[", "*a ", "<![CDATA[", "a\n\n", "|", "`", "_a ", "\\a", "- a\n", "&"]
)
def test_markdown_with_too_many_delimiters_renders_as_text(mark: str) -> None:
    text = mark * (MAX_MARKS + 1)

    assert markdown(text) == escape(text)


def test_markdown_of_a_long_document_is_rendered() -> None:
    text = "# Title\n\n" + "Plain words, as people write them. **Bold** too.\n\n" * 500

    assert markdown(text).startswith('<div class="sm-prose"><h1>Title</h1>')


def test_markdown_is_rendered_once_for_the_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    monkeypatch.setattr(_parser(), "render", lambda text: rendered.append(text) or "x")

    assert markdown("once *only*") == markdown("once *only*")
    assert rendered == ["once *only*"]


def test_large_value_renders_with_few_calls() -> None:
    """Rendering a visitor's 10,000 values must not block the event loop for seconds."""
    value = {str(n): [n, {"a": "<b>"}] for n in range(2_000)}
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    show = value_renderer(dict[str, Any])
    sys.setprofile(count)
    try:
        html = show(value)
    finally:
        sys.setprofile(None)

    assert html.count("&lt;b&gt;") == 2_000
    assert calls < 60 * len(value)  # 8,000 keys and values; components took 3,000 calls an entry


def test_markdown_in_a_cell_is_plain_text() -> None:
    show = value_renderer(Annotated[str, UI(widget="markdown")], UI(widget="markdown"), brief=True)

    assert show("# <b>") == "# &lt;b&gt;"
