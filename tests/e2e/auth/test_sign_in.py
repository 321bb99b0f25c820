"""Signing in and out, the account, and several windows, in Chromium."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.accessibility.axe import violations
from e2e.browsing import SERVER_AWAY, Visitor
from e2e.serving import Server

Visit = Callable[..., Visitor]
ANN, PASSWORD, OTHER = "ann@example.org", "correct horse battery", "another good phrase"
PROGRAM = """
from starmodel import Entity, create_app, event
from starmodel.auth import Auth

class Note(Entity):
    \"\"\"What somebody wrote down.\"\"\"
    model_config = {"scope": "app"}
    text: str = ""
    likes: int = 0

    @event
    def like(self):
        self.likes += 1

app = create_app([Note], title="Notes", auth=Auth(registration="open"))
"""
REFUSED = r"status of (422|401|403|410)"


@pytest.fixture
def notes(serve: Callable[..., Server], tmp_path: Path) -> Server:
    """A server with the user Ann, who is an administrator."""
    server = serve(PROGRAM)
    program = "from starmodel.cli.main import main; main()"
    words = ["user", "create", ANN, "--name", "Ann", "--role", "admin", "--password-stdin"]
    subprocess.run(
        [sys.executable, "-c", program, *words], input=PASSWORD, text=True, cwd=tmp_path, check=True
    )
    return server


def sign_in(page: Page, password: str = PASSWORD, email: str = ANN) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")


def signed_in(visitor: Visitor) -> Page:
    page = visitor.context.new_page()
    page.goto("/note")
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Note")
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_page_leads_to_sign_in_and_back(notes: Server, visit: Visit, scripts: bool) -> None:
    ann = visit(notes, java_script_enabled=scripts)
    ann.expect_errors(REFUSED)
    page = ann.context.new_page()
    page.goto("/note")
    expect(page).to_have_url(f"{notes.url}/sign-in?next=/note")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    sign_in(page, "wrong password")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_have_value(ANN)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{notes.url}/note")
    expect(page.get_by_role("link", name="Ann", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{notes.url}/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_keyboard_alone_signs_in_and_out(notes: Server, visit: Visit) -> None:
    page = visit(notes).context.new_page()
    page.goto("/sign-in")
    expect(page.locator("[name=email]")).to_be_focused()  # a frame after the page is loaded
    for text in (ANN, PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("button", name="Sign in")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Ann", exact=True)).to_be_visible()
    page.get_by_role("link", name="Ann", exact=True).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_other_devices_are_signed_out_from_the_account(notes: Server, visit: Visit) -> None:
    here, phone = visit(notes), visit(notes)
    phone.expect_errors(REFUSED, *SERVER_AWAY)
    there = signed_in(phone)
    page = signed_in(here)
    page.get_by_role("link", name="Ann", exact=True).click()
    page.get_by_role("button", name="Sign out all other devices").click()
    expect(page.get_by_text("All other devices were signed out.")).to_be_visible()
    expect(page.locator(".sm-devices li")).to_have_count(1)

    expect(there).to_have_url(f"{notes.url}/sign-in?next=/note")
    page.goto("/note")
    expect(page.get_by_role("button", name="Like")).to_be_visible()


def test_changed_password_signs_other_windows_out(notes: Server, visit: Visit) -> None:
    here, other = visit(notes), visit(notes)
    other.expect_errors(REFUSED, *SERVER_AWAY)
    there = signed_in(other)
    page = signed_in(here)
    page.goto("/account")
    current, new = page.locator("[name=current_password]"), page.locator("[name=new_password]")
    current.fill(PASSWORD)
    new.fill(OTHER)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    expect(there).to_have_url(f"{notes.url}/sign-in?next=/note")
    sign_in(there, OTHER)
    expect(there).to_have_url(f"{notes.url}/note")


def test_cookie_of_a_signed_out_browser_is_refused_after_a_restart(
    notes: Server, visit: Visit
) -> None:
    ann, thief = visit(notes), visit(notes)
    page = signed_in(ann)
    cookies = ann.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    notes.stop()
    notes.start()
    thief.context.add_cookies(cookies)  # type: ignore[arg-type]
    stolen = thief.context.new_page()
    stolen.goto("/note")
    expect(stolen).to_have_url(f"{notes.url}/sign-in?next=/note")


@pytest.mark.parametrize(
    "look",
    [
        {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
        {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    ],
    ids=["wide and light", "narrow and dark"],
)
def test_pages_have_no_violations(notes: Server, visit: Visit, look: dict[str, object]) -> None:
    ann = visit(notes, reduced_motion="reduce", **look)
    ann.expect_errors(REFUSED)
    page = ann.context.new_page()
    found: list[str] = []
    for path in ("/sign-in", "/sign-up", "/first-sign-in?secret=x"):
        page.goto(path)
        found += violations(page, path)
    page.goto("/sign-up")
    page.get_by_label("E-mail address").fill("bob@example.org")
    page.get_by_label("Password", exact=True).fill("bob@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_text("easy to guess")).to_be_visible()
    found += violations(page, "a refused sign-up")
    page.goto("/sign-in")
    sign_in(page, "wrong password")
    expect(page.get_by_role("alert")).to_be_visible()
    found += violations(page, "a refused sign-in")
    sign_in(page)
    expect(page).to_have_url(f"{notes.url}/")
    for path in ("/account", "/sign-out", "/auth/users"):
        page.goto(path)
        found += violations(page, path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert found == []
