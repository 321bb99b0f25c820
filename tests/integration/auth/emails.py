"""E-mails of the tests: what has arrived, and the links and codes in it."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlsplit

import httpx

from integration.auth.people import ANN, OTHER
from integration.web.browser import Browser
from starmodel.mail import MailMessage

ORIGIN = "https://desk.example"
INVALID = "This link or code is no longer valid."
OPTIONS = {"auth_registration": "open", "public_url": ORIGIN, "cookie_secure": False}


async def emails(app: Any) -> list[MailMessage]:
    """The e-mails of the application, oldest first."""
    mail = app.starmodel.mail
    await mail.idle(timeout_s=30)
    return list(mail.mailer.messages)


async def only_email(app: Any) -> MailMessage:
    """The only e-mail; it is removed."""
    (found,) = await emails(app)
    app.starmodel.mail.mailer.clear()
    return found


def url_of(message: MailMessage) -> str:
    (url,) = re.findall(r"https?://\S+", message.text)
    assert f'href="{html.escape(url)}"' in message.html
    return str(url)


def path_of(message: MailMessage) -> str:
    parts = urlsplit(url_of(message))
    return f"{parts.path}?{parts.query}"


def token_of(message: MailMessage) -> str:
    return url_of(message).partition("token=")[2]


def code_of(message: MailMessage) -> str:
    (code,) = re.findall(r"^\d{6}$", message.text, re.MULTILINE)
    return str(code)


def said(response: httpx.Response) -> str:
    """The words of the page's content."""
    content = response.text.partition("<main")[2].partition("</main>")[0]
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", content).split()))


async def ask_reset(browser: Browser, email: str = ANN) -> httpx.Response:
    return await browser.submit("/sign-in/forgot-password", {"email": email})


async def reset_email(app: Any, browser: Browser, email: str = ANN) -> MailMessage:
    await ask_reset(browser, email)
    return await only_email(app)


async def reset(browser: Browser, token: str, password: str = OTHER) -> httpx.Response:
    return await browser.submit("/sign-in/reset-password", {"token": token, "password": password})


async def ask_sign_in(browser: Browser, email: str = ANN, **fields: str) -> httpx.Response:
    return await browser.submit("/sign-in/mail", {"email": email, **fields})


async def enter(browser: Browser, code: str) -> httpx.Response:
    return await browser.submit("/sign-in/mail/code", {"code": code})


async def follow(browser: Browser, token: str) -> httpx.Response:
    return await browser.submit("/sign-in/link", {"token": token})


async def confirm(browser: Browser, token: str, password: str = "") -> httpx.Response:
    return await browser.submit("/sign-up/confirm", {"token": token, "password": password})


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.call("GET", "/desk")).status_code == 200
