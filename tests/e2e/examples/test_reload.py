"""`starmodel run` with reload: pages stay open, errors are rendered, and streams recover."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import SERVER_AWAY, Visitor, form
from e2e.serving import Server

PROGRAM = """
from fasthtml.common import *
from starmodel import Entity, create_app, event

class Note(Entity):
    model_config = {"store": "sql", "access": "public"}
    text: str

class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount

app = create_app(title="Notes")

@app.get("/first")
def first(counter: Counter):
    return Titled("First", counter, P("The first page"))
"""
RUN = (
    sys.executable, "-c", "from starmodel.cli.main import main; main()",
    "run", "main.py", "--port={port}",
)  # fmt: skip
BROKEN = (*SERVER_AWAY, "status of 50[03]")

Serve, Visit = Callable[..., Server], Callable[..., Visitor]


@pytest.fixture
def edited(serve: Serve) -> tuple[Server, Callable[[str], None]]:
    """A server with reload, and a function that rewrites its program."""
    server = serve(PROGRAM, command=RUN)

    def edit(program: str) -> None:
        (server.folder / "main.py").write_text(program, encoding="utf-8")

    return server, edit


def test_new_code_reloads_pages_without_unsent_input(
    edited: tuple[Server, Callable[[str], None]], visit: Visit
) -> None:
    server, edit = edited
    ann = visit(server)
    ann.expect_errors(*BROKEN)
    ann.context.request.post("/notes", data={"text": "Kept"}, headers={"origin": server.url})
    idle, typing, notes = ann.open("/first"), ann.open("/counter"), ann.open("/notes")
    form(typing, "Increment").get_by_label("Amount").fill("12")
    for word in ("second", "third"):  # soon one after the other
        edit(PROGRAM.replace("The first page", f"The {word} page"))
        expect(idle.get_by_text(f"The {word} page")).to_be_visible(timeout=15_000)
    expect(notes.get_by_role("cell", name="Kept", exact=True)).to_be_visible()
    expect(typing.get_by_role("status")).to_contain_text("Reload this page when you are ready")
    expect(form(typing, "Increment").get_by_label("Amount")).to_have_value("12")


def _open_pages(server: Server, developer: Visitor, guest: Visitor) -> tuple[Page, Page, Page]:
    """A page of the signed-in developer, one of a guest, and one with a guest's unsent input."""
    for visitor in (developer, guest):
        visitor.expect_errors(*BROKEN)
    mine = developer.context.new_page()
    mine.goto(server.sign_in_url)
    mine.goto("/first")
    theirs, typing = guest.open("/first"), guest.open("/counter")
    form(typing, "Increment").get_by_label("Amount").fill("12")
    return mine, theirs, typing


def test_import_error_is_rendered_for_the_developer_until_fixed(
    edited: tuple[Server, Callable[[str], None]], visit: Visit
) -> None:
    server, edit = edited
    guest = visit(server)
    mine, theirs, typing = _open_pages(server, visit(server), guest)

    edit(PROGRAM.replace("def increment(self,", "def increment(self:"))
    expect(mine.get_by_role("heading", name="can't be loaded")).to_be_visible(timeout=15_000)
    expect(mine.locator(".sm-line-here").last).to_contain_text("def increment(self:")
    expect(theirs.get_by_role("heading", name="The application has an error")).to_be_visible()
    expect(theirs.locator("body")).not_to_contain_text("increment")
    expect(typing.get_by_role("status")).to_contain_text("continues when it is fixed")
    assert guest.context.request.get("/_starmodel/health").status == 500
    assert "importlib" not in server.log
    assert "uvicorn/" not in server.log

    edit(PROGRAM + "\n1 / 0\n")
    expect(
        mine.locator(".sm-failure-text:has-text('ZeroDivisionError: division by zero')")
    ).to_be_visible(timeout=15_000)
    expect(theirs.locator("body")).not_to_contain_text("ZeroDivision")

    edit(PROGRAM)
    for page in (mine, theirs):
        expect(page.get_by_text("The first page")).to_be_visible(timeout=15_000)
    form(typing, "Increment").get_by_role("button").click()
    expect(typing.locator("main .sm-figure dd")).to_have_text("12")


def test_startup_error_is_rendered_like_an_import_error(
    edited: tuple[Server, Callable[[str], None]], visit: Visit
) -> None:
    server, edit = edited
    guest = visit(server)
    mine, theirs, typing = _open_pages(server, visit(server), guest)

    edit(PROGRAM.replace("    text: str", "    words: str"))
    question = mine.get_by_text("Note.text (text) is gone, and words is new. Was it renamed?")
    expect(question).to_be_visible(timeout=15_000)
    expect(mine.get_by_text("starmodel migrate", exact=True)).to_be_visible()
    expect(theirs.get_by_role("heading", name="The application has an error")).to_be_visible()
    expect(typing.get_by_role("status")).to_contain_text("continues when it is fixed")
    expect(guest.open("/counter", live=False).locator("main")).not_to_contain_text("words")

    raising = "\ndef open_shop():\n    raise RuntimeError('no keys')\n"
    edit(
        PROGRAM.replace(
            "app = create_app(", f"{raising}\napp = create_app(on_startup=[open_shop], "
        )
    )
    expect(mine.locator(".sm-failure-text:has-text('no keys')")).to_be_visible(timeout=15_000)
    expect(mine.locator(".sm-line-here").last).to_contain_text("raise RuntimeError('no keys')")

    edit(PROGRAM)
    for page in (mine, theirs):
        expect(page.get_by_text("The first page")).to_be_visible(timeout=15_000)


def test_failed_click_shows_the_developer_frames_and_arguments(serve: Serve, visit: Visit) -> None:
    failing = PROGRAM.replace("self.count += amount", "self.count = 12 // (amount - amount)")
    server = serve(failing, command=RUN)
    dev, guest = visit(server), visit(server)
    page = dev.context.new_page()
    page.goto(server.sign_in_url)
    page.goto("/counter")
    form(page, "Increment").get_by_label("Amount").fill("7")
    form(page, "Increment").get_by_role("button").click()
    panel = page.get_by_role("alert", name="Error in the application")
    expect(panel).to_contain_text("ZeroDivisionError")
    expect(panel).to_contain_text("amount")
    expect(panel.locator(".sm-line-here").last).to_contain_text("12 // (amount - amount)")
    panel.get_by_role("button", name="Dismiss").click()
    expect(panel).to_have_count(0)

    other = guest.open("/counter")
    form(other, "Increment").get_by_role("button").click()
    expect(other.locator("[data-toast=error]")).to_contain_text("Something went wrong")
    expect(other.get_by_role("alert", name="Error in the application")).to_have_count(0)


def test_developer_can_sign_in_while_the_application_has_failed(
    serve: Serve, visit: Visit, edited: tuple[Server, Callable[[str], None]]
) -> None:
    server, edit = edited
    dev = visit(server)
    dev.expect_errors(*BROKEN)
    edit(PROGRAM.replace('title="Notes"', 'theme="pink"'))
    page = dev.context.new_page()
    deadline = time.monotonic() + 15
    while "Waiting for a change" not in server.log and time.monotonic() < deadline:
        time.sleep(0.05)
    page.goto(server.sign_in_url)
    expect(page.locator(".sm-failure-text")).to_contain_text("Setting 'theme' cannot be 'pink'")
    expect(page.locator(".sm-line-here").last).to_contain_text('theme="pink"')
    edit(PROGRAM)
    expect(page.get_by_role("link", name="Notes").first).to_be_visible(timeout=15_000)


def test_port_is_free_after_the_watching_process_was_killed(
    edited: tuple[Server, Callable[[str], None]], visit: Visit
) -> None:
    server, _ = edited
    ann = visit(server)
    ann.expect_errors(*SERVER_AWAY)
    page = ann.open("/counter")
    assert server._process is not None
    os.kill(server._process.pid, signal.SIGKILL)
    server._process.wait()
    deadline = time.monotonic() + 10
    while server._answers() and time.monotonic() < deadline:
        time.sleep(0.1)
    server.start()
    expect(page.locator("html")).to_have_attribute("data-live", "open", timeout=15_000)
