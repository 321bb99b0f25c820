"""Formats and renderers of values: their HTML, hostile texts, and options that make no sense."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Annotated, Any

import pytest

from starmodel import UI, Entity, Field
from starmodel.adapters.ui.elements import Span
from starmodel.adapters.ui.formats import without_links
from starmodel.adapters.ui.values import value_renderer
from starmodel.core.errors import ConfigurationError

HOSTILE = [
    "<script>alert(1)</script>", '" onmouseover="alert(1)', "${alert(1)}", "$signal",
    "@post('/x')", "\u202etxt.exe", "word" * 2500, "👩‍👩‍👧", "javascript:alert(1)",
    "//evil.example/x.png", "/\\evil.example/x.png", "/\t/evil.example", "/x.png\" onerror=\"a()",
    "https://x.example/\"><script>", "a@b.example?bcc=c@d.example", "'><img src=x onerror=a()>",
]  # fmt: skip


class Tags(HTMLParser):
    """The elements and attributes of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(value: Any, ui: UI, kind: Any = str, *, brief: bool = True) -> str:
    return value_renderer(kind, ui, brief=brief)(value)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "ui",
    [
        *(UI(format=name) for name in ("avatar", "link", "image")),
        *(UI(widget=name) for name in ("url", "email", "tel", "color")),
        UI(format="bar", max=10), UI(format="bytes"), UI(format="duration"), UI(format="relative"),
        UI(render=lambda value: value), UI(render=lambda value: Span(value, title=value)),
        UI(render=lambda value: [value]),
    ],
)  # fmt: skip
def test_hostile_text_stays_text_in_every_format(ui: UI, text: str) -> None:
    page = Tags(shown(text, ui))

    for tag, attributes in page.found:
        assert tag in ("a", "img", "span", "time", "progress", "data")
        assert attributes.keys() <= {
            "class", "href", "src", "alt", "rel", "loading", "decoding", "title", "aria-hidden",
            "aria-label", "role", "datetime",
        }  # fmt: skip
        href = attributes.get("href")
        assert href is None or href.startswith(("http://", "https://", "mailto:", "tel:", "/x"))
        assert href is None or not href.startswith("mailto:") or not {"?", "&"} & {*href}
        src = attributes.get("src")
        assert src is None or src.startswith("/x")


def test_formats_render_what_people_read() -> None:
    assert "2.5 MB" in shown(2_500_000, UI(format="bytes"), int)
    assert "1 h 30 min" in shown(5400, UI(format="duration"), int)
    assert "1 d 1 s" in shown(timedelta(days=1, seconds=1), UI(format="duration"), timedelta)
    bar = shown(Decimal("0.25"), UI(format="bar", max=1), Decimal)
    assert '<progress value="0.25" max="1" aria-label="25% of 100%"></progress>25%' in bar
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    html = shown(moment, UI(format="relative"), datetime)
    assert html.startswith('<time datetime="2026-01-02T03:04:00+00:00" data-relative')
    assert "3:04 UTC" in html  # without a script
    assert "data-local" not in html
    assert ">AL</span>" in shown("Ada Lovelace", UI(format="avatar"))
    assert 'alt="blue pen"' in shown("/static/blue-pen.png", UI(format="image"))
    assert "<img" not in shown("https://other.example/pen.png", UI(format="image"))
    assert 'href="tel:+49301234"' in shown("+49 30 1234", UI(widget="tel"))
    assert 'href="https://www.example.org/"' in shown("https://www.example.org/", UI(format="link"))


def test_renderer_that_fails_marks_its_cell_and_is_logged(caplog: Any) -> None:
    html = shown("x", UI(render=lambda value: value.missing))

    assert "This can't be displayed" in Tags(html).found[0][1]["aria-label"]  # type: ignore[operator]
    assert "renderer" in caplog.text


def test_renderer_takes_the_record_with_a_second_parameter() -> None:
    ui = UI(render=lambda value, record: f"{value}/{record}")

    assert value_renderer(str, ui)(1, 2) == "1/2"
    assert UI(render=str).renders_record is False


def test_links_are_taken_out_of_the_link_of_a_row() -> None:
    assert without_links(value_renderer(str, UI(widget="url"), brief=True))("http://a.b") == (
        "http://a.b"
    )


@pytest.mark.parametrize(
    ("kind", "ui", "message"),
    [
        (str, {"format": "bar", "max": 3}, r"expected a number"),
        (int, {"format": "bar"}, r"no end.*Field\(le=100\)"),
        (bool, {"format": "bytes"}, "expected an int"),
        (str, {"format": "relative"}, "expected a date or datetime"),
        (int, {"format": "avatar"}, "expected a str"),
        (int, {"max": 3}, "the end of a bar"),
    ],
)
def test_format_of_another_type_stops_the_start(kind: Any, ui: Any, message: str) -> None:
    namespace = {"__annotations__": {"field": Annotated[kind, UI(**ui)]}, "__module__": __name__}
    with pytest.raises(ConfigurationError, match=message):
        type("Wrong", (Entity,), {**namespace, "field": kind()})


@pytest.mark.parametrize("options", [{"max": 0}, {"render": 3}, {"render": lambda: 1}])
def test_senseless_options_are_refused(options: Any) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        UI(**options)


def test_bar_ends_at_the_bound_of_its_field() -> None:
    class Gauge(Entity):
        level: Annotated[int, UI(format="bar")] = Field(default=0, le=8)
        seen: Annotated[date, UI(format="relative")] = date(2026, 1, 1)

    assert Gauge.__entity__.fields["level"].ui.format == "bar"
