"""Live parts render whatever their view returns: nothing, several elements, parts of an SVG."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.browsing import Visitor
from e2e.serving import Server

SHOP = """
from fasthtml.common import *
from fasthtml.svg import Circle, Rect, Svg
from starmodel import Entity, create_app, event, live

class Shop(Entity):
    model_config = {"scope": "app", "access": "public"}
    n: int = 0

    @event
    def step(self):
        self.n += 1

    @event(selector="#drawing", mode="append")
    def draw(self):
        return Rect(width=5, height=5, id="drawn")

@live
def banner(shop: Shop):
    return [None, Div("One", id="banner"), (P("Two"), P("Three")), "Text", None][shop.n % 5]

@live
def row(shop: Shop):
    return Tr(Td(f"Row {shop.n}"), id="row") if shop.n % 2 else None

@live
def item(shop: Shop):
    return [Li(f"Item {i}") for i in range(shop.n % 3)]

@live
def shape(shop: Shop):
    return [None, Circle(r=9, id="c"), [Circle(r=5), Rect(width=4, height=4)]][shop.n % 3]

app = create_app()

@app.get("/door")
def door(shop: Shop):
    drawing = Svg(shape(shop), id="drawing", width=90, height=90)
    table = Table(Tbody(Tr(Td("first")), row(shop), Tr(Td("last"))))
    buttons = Button("Step", data_on_click=Shop.step()), Button("Draw", data_on_click=Shop.draw())
    return Titled("Door", Main(banner(shop), id="part"), table, Ul(item(shop)), drawing, *buttons)
"""

SHAPES = """() => [...document.querySelectorAll("#drawing circle, #drawing rect")].filter(
    (e) => e instanceof SVGElement && e.getBoundingClientRect().width).length"""


def test_live_parts_render_every_type_of_result(
    serve: Callable[..., Server], visit: Callable[..., Visitor]
) -> None:
    server = serve(SHOP)
    pages = [visit(server).open("/door"), visit(server).open("/door")]
    banners = ["", "One", "Two\n\nThree", "Text", ""]
    for n in range(1, 8):
        pages[0].get_by_role("button", name="Step").click()
        for page in pages:
            expect(page.locator("#part")).to_have_text(banners[n % 5].replace("\n\n", ""))
            rows = ["first", *([f"Row {n}"] if n % 2 else []), "last"]
            expect(page.locator("table tr")).to_have_text(rows)
            expect(page.locator("ul li")).to_have_text([f"Item {i}" for i in range(n % 3)])
            page.wait_for_function(f"({SHAPES})() === {n % 3}")
        if n == 4:
            pages[1].reload()  # begins with nothing in the place of most
            pages[1].wait_for_selector("html[data-live=open]", state="attached")
    shapes = pages[0].evaluate(SHAPES)
    pages[0].get_by_role("button", name="Draw").click()
    pages[0].wait_for_function(f"({SHAPES})() === {shapes + 1}")
