"""E-mails in Chromium, sent by SMTP to a real server: reset, confirmation, codes and links."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mail_server import MailServer, mail_server
from starmodel.mail import MailMessage

APP = '''
import sys
from starmodel import Entity, create_app

port = next(part.partition("=")[2] for part in sys.argv if part.startswith("--port="))

class Desk(Entity):
    """What signed-in users see."""

    model_config = {"scope": "app"}
    n: int = 0

app = create_app(
    [Desk], title="Desk & Co", auth=True, auth_registration="open", env="production",
    secret_key="k" * 40, public_url=f"http://127.0.0.1:{port}",
    mail_url="smtp://127.0.0.1:MAIL_PORT", mail_from="Desk <no-reply@desk.example>",
)
'''
ANN, PASSWORD, OTHER = "ann@example.org", "correct horse battery", "another good phrase"
INVALID = "This link or code is no longer valid."


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def server(serve: Callable[..., Any], mail: MailServer) -> Any:
    return serve(APP.replace("MAIL_PORT", str(mail.port)))


def newest(mail: MailServer, number: int) -> MailMessage:
    """The e-mail of this number, counted from 1, once it has arrived."""
    deadline = time.monotonic() + 20
    while len(mail.mime) < number:
        assert time.monotonic() < deadline, "no e-mail has arrived"
        time.sleep(0.02)
    assert len(mail.mime) == number
    return mail.messages[-1]


def link(message: MailMessage) -> str:
    """The path of the link, from the HTML that a mail program shows."""
    found = re.search(r'href="http://127\.0\.0\.1:\d+(/[^"]+)"', message.html)
    assert found is not None
    return found[1]


def press(page: Page, button: str) -> None:
    page.locator("main").get_by_role("button", name=button, exact=True).click()


def sign_up(page: Page) -> None:
    page.get_by_label("E-mail address").fill(ANN)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Create the account")
    expect(page.get_by_text("We have sent an e-mail")).to_be_visible()


def signs_in(page: Page, password: str) -> None:
    page.goto("/sign-in?next=/desk")
    page.get_by_label("E-mail address").fill(ANN)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Sign in")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_account_is_confirmed_and_its_password_reset(
    server: Any, mail: MailServer, visit: Callable[..., Any], script: bool
) -> None:
    ann = visit(server, java_script_enabled=script)
    ann.expect_errors("410")
    page = ann.open("/sign-up", live=False)
    sign_up(page)
    message = newest(mail, 1)
    assert message.to == ANN
    assert message.subject == "Desk & Co: confirm your address"
    assert "Desk &amp; Co" in message.html
    page.goto(link(message))
    press(page, "Confirm the address")
    heading(page, "Sign in")
    page.goto(link(message))
    expect(page.get_by_text(INVALID)).to_be_visible()

    page.goto("/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.get_by_label("E-mail address").fill(ANN)
    page.keyboard.press("Enter")
    expect(page.get_by_text("a link is on its way")).to_be_visible()
    path = link(newest(mail, 2))
    page.goto(path)
    page.goto(path)  # opening it changes nothing
    page.get_by_label("New password").fill(OTHER)
    press(page, "Save the password")
    heading(page, "Sign in")
    page.goto(path)
    expect(page.get_by_text(INVALID)).to_be_visible()
    signs_in(page, OTHER)
    heading(page, "Desk")


def test_reset_signs_other_browsers_out(
    server: Any, mail: MailServer, visit: Callable[..., Any]
) -> None:
    ann = visit(server)
    ann.expect_errors("403")  # the stream of the session that has ended
    page = ann.open("/sign-up", live=False)
    sign_up(page)
    newest(mail, 1)
    signs_in(page, PASSWORD)
    heading(page, "Desk")
    other = visit(server).open("/sign-in/forgot-password", live=False)
    other.get_by_label("E-mail address").fill(ANN)
    press(other, "Send the link")
    other.goto(link(newest(mail, 2)))
    other.get_by_label("New password").fill(OTHER)
    press(other, "Save the password")
    heading(other, "Sign in")
    heading(page, "Sign in")  # its stream was cut, and the page has reloaded


def test_code_and_link_sign_in(server: Any, mail: MailServer, visit: Callable[..., Any]) -> None:
    page = visit(server).open("/sign-up", live=False)
    sign_up(page)
    newest(mail, 1)
    page.goto("/sign-in?next=/desk")
    page.get_by_role("link", name="Sign in by e-mail instead").click()
    page.get_by_label("E-mail address").fill(ANN)
    press(page, "Send the code")
    message = newest(mail, 2)
    found = re.search(r"^\d{6}$", message.text, re.MULTILINE)
    assert found is not None
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(found[0])
    page.keyboard.press("Enter")
    heading(page, "Desk")

    other = visit(server)
    other.expect_errors("410")
    elsewhere = other.open(link(message), live=False)  # the code has ended it
    expect(elsewhere.get_by_text(INVALID)).to_be_visible()
    elsewhere.goto("/sign-in/mail")
    elsewhere.get_by_label("E-mail address").fill(ANN)
    press(elsewhere, "Send the code")
    path = link(newest(mail, 3))
    elsewhere.goto(path)
    expect(elsewhere.get_by_text(f"Sign in as {ANN} in this browser?")).to_be_visible()
    press(elsewhere, "Sign in")
    elsewhere.goto("/account")
    heading(elsewhere, "Your account")
    elsewhere.goto(path)
    expect(elsewhere.get_by_text(INVALID)).to_be_visible()


def test_owner_of_the_address_takes_the_account_over(
    server: Any, mail: MailServer, visit: Callable[..., Any]
) -> None:
    """Somebody else has registered the address before."""
    before = visit(server)
    before.expect_errors("403")  # the stream of the session that has ended
    intruder = before.open("/sign-up", live=False)
    sign_up(intruder)
    path = link(newest(mail, 1))
    signs_in(intruder, PASSWORD)
    heading(intruder, "Desk")
    owner = visit(server).open(path, live=False)
    expect(owner.get_by_text("This is another browser")).to_be_visible()
    owner.get_by_label("New password").fill(OTHER)
    press(owner, "Confirm the address")
    heading(owner, "Sign in")
    heading(intruder, "Sign in")
    signs_in(owner, OTHER)
    heading(owner, "Desk")


def test_logs_have_no_secret(server: Any, mail: MailServer, visit: Callable[..., Any]) -> None:
    page = visit(server).open("/sign-up", live=False)
    sign_up(page)
    page.goto(link(newest(mail, 1)))
    press(page, "Confirm the address")
    heading(page, "Sign in")
    token = link(mail.messages[0]).partition("token=")[2]
    assert token not in server.log
    assert PASSWORD not in server.log
