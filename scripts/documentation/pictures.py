"""Screenshots of the programs in the documents, taken in Chromium from the running programs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from documentation.blocks import blocks_of
from documentation.serving import served
from documentation.staging import PICTURES, SOURCE

BROWSERS = (
    "chromium",
    "chromium-headless-shell",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)
LIVE = "html[data-live=open]"


class Picture(NamedTuple):
    """One screenshot.

    Shapes: program is the title of a block of page; act changes the program's
    state, pose the state of the tab; is_live for a page with a stream.
    Units: size is in CSS pixels; the image has twice as many each way.
    """

    name: str
    page: str
    program: str
    path: str
    act: Callable[[Any], None] = lambda tab: None
    size: tuple[int, int] = (1080, 600)
    pose: Callable[[Any], None] = lambda tab: None
    is_live: bool = True


def _count(tab: Any) -> None:
    for count in range(1, 4):
        tab.get_by_role("button", name="Increment").click()
        tab.locator(".sm-fields dd", has_text=re.compile(f"^{count}$")).wait_for()


def _products(tab: Any) -> None:
    for product in (
        {"name": "Notebook", "price": 4.5, "stock": 120},
        {"name": "Pen", "price": 2.0, "stock": 300},
        {"name": "Desk lamp", "price": 39.0, "stock": 12},
        {"name": "Chair", "price": 129.0, "stock": 4},
        {"name": "Stapler", "price": 11.9, "stock": 0},
    ):
        _post(tab, "/products", product)
    tab.reload()
    tab.get_by_text("Desk lamp").first.wait_for()


def _open_first_product(tab: Any) -> None:
    _products(tab)
    tab.get_by_text("Desk lamp").first.click()
    tab.get_by_role("heading", name="Desk lamp").first.wait_for()


def _board(tab: Any) -> None:
    for line in ("The coffee machine works again.", "Lunch at half past twelve?", "I'm in."):
        tab.get_by_label("Message").fill(line)
        tab.get_by_role("button", name="Send").click()
        tab.get_by_text(line).wait_for()


def _wrong_product(tab: Any) -> None:
    for label, text in (("Name", "P"), ("Price", "-1"), ("Stock", "-5")):
        tab.get_by_label(label).fill(text)
    tab.keyboard.press("Tab")
    tab.locator("[aria-invalid=true]").nth(2).wait_for()


def _post(tab: Any, path: str, data: Any) -> None:
    origin = re.match(r"https?://[^/]+", tab.url)
    headers = {"accept": "application/json", "origin": origin[0] if origin else ""}
    answer = tab.request.post(path, data=data, headers=headers)
    if not answer.ok:
        raise RuntimeError(f"POST {path}: {answer.status} {answer.text()}")


ALL = (
    Picture("hello", "tutorial/hello.md", "hello.py", "/counter", _count, (1080, 520)),
    Picture("products", "tutorial/records.md", "shop.py", "/products", _products, (1080, 600)),
    Picture(
        "product", "tutorial/records.md", "shop.py", "/products", _open_first_product, (1080, 560)
    ),
    Picture(
        "checks",
        "tutorial/rules.md",
        "shop.py",
        "/products/new",
        size=(1080, 590),
        pose=_wrong_product,
        is_live=False,
    ),
    Picture("board", "tutorial/live.md", "board.py", "/", _board, (800, 330)),
)


def take_pictures() -> None:
    """Fill PICTURES; without Chromium print a notice and leave it empty."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("No Chromium: the documentation is built without pictures. "
              "To have them, install it, for example: apt-get install chromium")  # fmt: skip
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for picture in ALL:
            take(chromium, picture, PICTURES)
        chromium.close()


def take(chromium: Any, picture: Picture, folder: Path) -> None:
    """Save the screenshot to the folder, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    width, height = picture.size
    page = SOURCE / picture.page
    block = next(b for b in reversed(blocks_of(page)) if b.title == picture.program)
    with served(picture.program, block.code) as url:
        context = chromium.new_context(
            base_url=url, viewport={"width": width, "height": height},
            device_scale_factor=2, color_scheme="light",
        )  # fmt: skip
        tab = context.new_page()
        ready = tab.locator(LIVE if picture.is_live else "main")
        tab.goto(picture.path)
        ready.wait_for()
        picture.act(tab)
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            tab.reload()  # removes the highlighting of recent changes
            ready.wait_for()
            picture.pose(tab)
            tab.screenshot(path=folder / f"{picture.name}-{scheme}.png")
        context.close()
