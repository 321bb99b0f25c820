"""File inputs: client-side validation, upload and storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from e2e.browsing import Visitor
from e2e.serving import Server

ALBUM = """
from typing import Annotated
from starlette.datastructures import UploadFile
from starmodel import UI, Entity, create_app, event

class Album(Entity):
    model_config = {"scope": "app", "access": "public"}
    names: list[str] = []

    @event
    async def attach(self, picture: Annotated[UploadFile, UI(widget="image")], label: str = ""):
        self.names.append(f"{picture.filename} {len(await picture.read())}")

    @event
    async def many(self, papers: Annotated[list[UploadFile], UI(max_bytes=3000, accept=".txt")]):
        self.names.extend(paper.filename for paper in papers)

app = create_app(max_body_bytes=20_000)
"""


def chosen(name: str, size: int = 8) -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": b"x" * size}


def problem(page: Page, name: str) -> Any:
    return page.locator(f"small[id$='-{name}-problem']")


def test_file_errors_are_beside_their_input_and_valid_files_are_uploaded(
    serve: Callable[..., Server], visit: Callable[..., Visitor]
) -> None:
    page = visit(serve(ALBUM)).open("/album")
    picture, send = "form[action$=attach] input[type=file]", "form[action$=attach] button"

    page.click(send)
    expect(problem(page, "picture")).to_have_text("Choose a file.")
    page.set_input_files(picture, chosen("large.png", 30_000))
    expect(problem(page, "picture")).to_have_text("Together at most 20 kB are possible.")
    page.click(send)
    expect(page.locator("main")).not_to_contain_text("large.png")
    page.set_input_files(picture, chosen("sea.png"))
    expect(problem(page, "picture")).to_have_text("")
    page.fill("form[action$=attach] [name=label]", "x")
    page.press("form[action$=attach] [name=label]", "Tab")
    page.wait_for_timeout(700)  # the live check has answered
    expect(problem(page, "picture")).to_have_text("")
    page.click(send)
    expect(page.locator("main")).to_contain_text("sea.png 8")

    papers, send = "form[action$=many] input[type=file]", "form[action$=many] button"
    page.set_input_files(papers, [chosen("a.txt"), chosen("b.txt", 4000)])
    page.click(send)
    expect(problem(page, "papers")).to_have_text("The file may have at most 3 kB.")
    page.set_input_files(papers, [chosen("a.exe")])
    page.click(send)
    expect(problem(page, "papers")).to_have_text("Choose a file of type .txt.")
    page.set_input_files(papers, [chosen("a.txt"), chosen("b.txt")])
    page.click(send)
    expect(page.locator("main")).to_contain_text("a.txt")
    expect(page.locator("main")).to_contain_text("b.txt")
