"""Values inside of components are escaped on generated pages, whatever their type."""

from __future__ import annotations

from typing import Any

import pytest
from fasthtml.common import NotStr
from fasthtml.components import Div, P

from starmodel import Entity, create_app, live
from starmodel.plugins import Page, Plugin, Route, SlotContent
from starmodel.testing import Visitor

MARKUP = "<img src=x>"


class Pen(Entity):
    model_config = {"scope": "record", "access": "public"}
    tags: list[str] = []


@live
def tags(pen: Pen) -> Any:
    return P(pen.tags)


class Titled:
    def __str__(self) -> str:
        return MARKUP


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "value",
    [[P("a"), MARKUP], {MARKUP}, Exception(MARKUP), Titled(), MARKUP.encode()],
    ids=lambda value: type(value).__name__,
)
def test_value_inside_of_a_page_is_escaped(value: Any) -> None:
    async def page(exchange: Any) -> Page:
        return Page("Values", value, P(value), Div(P("first"), value))

    plugin = type(
        "Made",
        (Plugin,),
        {"name": "made", "routes": lambda s: [Route("/made", page, access="public")]},
    )
    app = create_app([], plugins=[plugin()], secret_key="k" * 40)
    with Visitor(app) as visitor:
        html = visitor.request("GET", "/made", headers={"accept": "text/html"}).text
    assert MARKUP not in html
    assert html.count("&lt;img src=x") == 3


def test_list_of_a_record_is_escaped_in_contents_and_live_views() -> None:
    class Tags(Plugin):
        name = "tags"

        def slots(self) -> list[SlotContent]:
            return [
                SlotContent("record.panels", "once", self.once, access="public"),
                SlotContent("record.panels", "live", self.live, access="public"),
            ]

        def once(self, place: Any) -> Any:
            return P(place.entity.tags)

        def live(self, place: Any) -> Any:
            return tags(place.entity)

    app = create_app([Pen], plugins=[Tags()], secret_key="k" * 40)
    with Visitor(app) as visitor:
        url = visitor.post("/pens", {"tags": [MARKUP]}).headers["location"]
        html = visitor.request("GET", url, headers={"accept": "text/html"}).text
    assert MARKUP not in html


def test_declared_html_is_not_escaped() -> None:
    async def page(exchange: Any) -> Page:
        return Page("Values", P(NotStr("<b>bold</b>")), NotStr("<i>italic</i>"))

    plugin = type(
        "Made",
        (Plugin,),
        {"name": "made", "routes": lambda s: [Route("/made", page, access="public")]},
    )
    app = create_app([], plugins=[plugin()], secret_key="k" * 40)
    with Visitor(app) as visitor:
        html = visitor.request("GET", "/made", headers={"accept": "text/html"}).text
    assert "<b>bold</b>" in html
    assert "<i>italic</i>" in html
