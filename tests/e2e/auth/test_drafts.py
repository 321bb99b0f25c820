"""Drafts of forms end with the session that typed them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]
ANN, PASSWORD = "ann@example.org", "correct horse battery"
PROGRAM = """
from starmodel import Entity, create_app
from starmodel.auth import Auth

class Letter(Entity):
    \"\"\"What somebody writes.\"\"\"
    model_config = {"store": "sql", "access": "signed_in"}
    title: str

app = create_app([Letter], title="Letters", auth=Auth(registration="open"))
"""
DRAFTS = "Object.values(localStorage).filter((text) => text.includes('secret words')).length"


@pytest.fixture
def letters(serve: Callable[..., Server], tmp_path: Path) -> Server:
    """A server with the user Ann."""
    server = serve(PROGRAM)
    program = "from starmodel.cli.main import main; main()"
    words = ["user", "create", ANN, "--name", "Ann", "--role", "admin", "--password-stdin"]
    subprocess.run(
        [sys.executable, "-c", program, *words], input=PASSWORD, text=True, cwd=tmp_path, check=True
    )
    return server


def _typed(visitor: Visitor) -> Page:
    page = visitor.context.new_page()
    page.goto("/letters/new")
    if page.get_by_label("Password", exact=True).count():
        page.get_by_label("E-mail address").fill(ANN)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
    title = page.get_by_label("Title")
    title.fill("secret words")
    page.wait_for_function(f"{DRAFTS} > 0")
    return page


def _sign_out(page: Page) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


def test_sign_out_beside_a_filled_in_form_leaves_no_draft(letters: Server, visit: Visit) -> None:
    page = _typed(ann := visit(letters))
    ann.expect_errors(r"status of 40[13]")
    _sign_out(page)
    assert page.evaluate(DRAFTS) == 0


def test_form_in_another_tab_writes_no_draft_after_the_sign_out(
    letters: Server, visit: Visit
) -> None:
    ann = visit(letters)
    ann.expect_errors(r"status of 40[13]")
    other = _typed(ann)
    page = ann.context.new_page()
    page.goto("/letters")
    _sign_out(page)
    if other.get_by_label("Title").count():
        other.get_by_label("Title").press("End")
        other.keyboard.type(" and more")
        other.wait_for_timeout(800)
    other.once("dialog", lambda dialog: dialog.accept())
    other.goto("/sign-in")
    expect(other.get_by_label("E-mail address")).to_be_visible()
    assert other.evaluate(DRAFTS) == 0
