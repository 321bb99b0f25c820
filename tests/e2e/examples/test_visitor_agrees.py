"""`starmodel.testing.Visitor` and Chromium render the same pages of one program."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, expect
from playwright.sync_api import Page as Tab

from e2e.browsing import TIMEOUT_MS
from e2e.serving import Server
from starmodel.testing import Page, Visitor

SOURCE = Path(__file__).parents[2] / "integration" / "testing" / "program.py"
Look = Callable[[], Any]


class ByChromium:
    """The steps of a test on a page in Chromium."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    def go(self, path: str) -> None:
        self.tab.goto(path)
        if self.tab.locator("#starmodel-live").count():
            expect(self.tab.locator("html")).to_have_attribute("data-live", "open")

    def click(self, button: str) -> None:
        self.tab.get_by_role("button", name=button, exact=True).click()
        ask = self.tab.get_by_role("dialog")
        if button == "Reset":
            ask.get_by_role("button", name="Reset").click()

    def fill(self, label: str, value: str) -> None:
        self.tab.get_by_label(label).fill(value)

    def submit(self, button: str, **values: str) -> None:
        opener = self.tab.get_by_role("button", name=f"{button}\u2026", exact=True)
        if opener.is_visible() and not self.tab.locator("dialog[open]").count():
            opener.click()
        form = self.tab.locator("form").filter(
            has=self.tab.get_by_role("button", name=button, exact=True)
        )
        for name, value in values.items():
            form.locator(f"[name='{name}'], [data-bind='{name}']").fill(value)
        form.get_by_role("button", name=button, exact=True).click()

    def text(self, selector: str) -> str:
        return " ".join(self.tab.locator(selector).inner_text().split())

    def texts(self, selector: str) -> list[str]:
        return [" ".join(text.split()) for text in self.tab.locator(selector).all_inner_texts()]

    def has(self, selector: str) -> bool:
        return self.tab.locator(selector).filter(visible=True).count() > 0

    def value(self, label: str) -> str:
        return self.tab.get_by_label(label).input_value()

    @property
    def errors(self) -> dict[str, str]:
        shown = self.tab.locator("form small[id$='-problem']:not(:empty)")
        # One evaluation: the page may change between a read of the ids and one of the texts.
        found = shown.evaluate_all("all => all.map((each) => [each.id, each.innerText])")
        return {id.split("-")[-2]: text for id, text in found}

    @property
    def toasts(self) -> list[tuple[str, str]]:
        said = self.tab.locator("[data-toast]").all()
        return [(str(t.get_attribute("data-toast")), t.locator("p").inner_text()) for t in said]

    @property
    def path(self) -> str:
        return self.tab.url.partition("//")[2].partition("/")[2]


class ByVisitor:
    """The same steps on a page of `Visitor`, without a browser."""

    def __init__(self, visitor: Visitor) -> None:
        self.page: Page = visitor.open("/")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)

    def go(self, path: str) -> None:
        self.page.visit(path)

    @property
    def toasts(self) -> list[tuple[str, str]]:
        return [(toast.kind, toast.text) for toast in self.page.toasts]

    @property
    def path(self) -> str:
        return self.page.url.lstrip("/")


def steps(one: Any, other: Any) -> Iterator[Look]:
    """A scenario, and what to compare after each step."""
    one.go("/own")
    other.go("/counter")
    yield lambda: (one.text("h1"), one.text("#count"), one.has("#much"), one.has("#details"))
    one.click("+2")
    yield lambda: (one.text("#count"), one.toasts[-1:], other.text("main dd"))
    one.click("Toggle")
    yield lambda: (one.has("#details"), one.texts("#details"))
    one.click("+1")
    one.click("+1")
    yield lambda: (one.text("#count"), one.has("#much"), one.has("#parity.even"))
    one.click("Reset")
    yield lambda: (one.text("#count"), one.has("#much"))
    one.fill("Name", "Fred <b>")
    one.click("Rename")
    yield lambda: (one.text("#called"), one.value("Name"))
    one.click("Slowly")
    yield lambda: one.text("#count")
    one.go("/chat")
    other.go("/chat")
    one.submit("Say", text="Hello")
    yield lambda: (one.texts("#lines li"), other.texts("#lines li"))
    one.submit("Say", text="  a & b  ")
    yield lambda: (one.texts("#lines li"), other.texts("#lines li"))
    one.submit("Say", text="  ")
    yield lambda: (one.texts("#lines li"), one.toasts[-1:])
    one.go("/products/new")
    one.submit("Create", name="P", stock="3")
    yield lambda: (one.text("h1"), one.errors, one.value("Stock"))
    one.submit("Create", name="Pen")
    yield lambda: (one.text("h1"), one.texts("main .sm-fields dd")[:3])
    other.go("/products")
    yield lambda: other.texts("tbody tr .sm-open")
    one.submit("Sell", n="5")
    yield lambda: one.toasts[-1:]
    one.submit("Sell", n="1")
    yield lambda: (one.texts("main .sm-fields dd")[1], other.texts("tbody td:nth-of-type(2)"))


@pytest.fixture
def visited(in_memory: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    monkeypatch.chdir(tmp_path)
    spec = util.spec_from_file_location("agreed_program", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "agreed_program", module)
    spec.loader.exec_module(module)
    return Visitor(module.build())


def test_visitor_renders_what_chromium_renders(
    visited: Visitor, serve: Callable[..., Server], visit: Callable[..., Any]
) -> None:
    server = serve(SOURCE.read_text(encoding="utf-8") + "\n\napp = build()\n")
    browser = visit(server)
    browser.expect_errors("toFixed", "UnreadableExpression")
    behind, front = browser.context.new_page(), browser.context.new_page()
    tabs = ByChromium(front), ByChromium(behind)
    ours = steps(ByVisitor(visited), ByVisitor(visited))
    for mine, theirs in zip(ours, steps(*tabs), strict=True):
        wanted = mine()  # at once; a real browser needs its time
        assert within(theirs, wanted) == wanted


def within(look: Look, wanted: Any) -> Any:
    """The value as soon as it equals the expected one, or at the timeout."""
    for _ in range(TIMEOUT_MS // 50):
        try:
            if look() == wanted:
                break
        except Error:  # the page is on its way to another
            pass
        time.sleep(0.05)
    return look()
