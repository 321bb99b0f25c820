"""The development mailbox in Chromium: links work, and the HTML of a message does nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

APP = '''
from fasthtml.common import *
from starmodel import create_app
from starmodel.mail import send_mail

HTML = """<!doctype html><html><head><title>x</title></head><body>
<script>parent.document.title = "broken"</script>
<img src="/seen" alt=""><form action="/seen" method="post"><button>Send</button></form>
<p style="color: rgb(1, 2, 3)">Styled</p><a href="/found">Open it</a></body></html>"""

app = create_app([], secret_key="k" * 40)
seen = []

@app.get("/send")
def send():
    subject = "An e-mail with quite a long subject, as some are"
    send_mail("ann@example.org", subject, TEXT, html=HTML)
    return Titled("Sent")

@app.get("/found")
def found():
    return Titled("Found", P(f"seen {len(seen)}"))

@app.route("/seen")
def see():
    seen.append(1)
    return "seen"

TEXT = "Open http://127.0.0.1/found?token=" + "a1" * 60 + " please."
'''


@pytest.mark.parametrize("size", [(1280, 800, "light"), (390, 800, "dark")], ids=["wide", "phone"])
def test_email_is_shown_and_its_link_opens(
    serve: Callable[..., Any], visit: Callable[..., Any], size: tuple[int, int, Any]
) -> None:
    width, height, scheme = size
    server = serve(APP)
    developer = visit(server, viewport={"width": width, "height": height}, color_scheme=scheme)
    developer.expect_errors("sandboxed", "Content Security Policy", "violates")
    page = developer.open(server.sign_in_url.removeprefix(server.url), live=False)
    page.goto("/send")
    page.goto("/_starmodel/mail")
    page.get_by_role("link", name="An e-mail with quite").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("An e-mail with")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Styled")).to_have_css("color", "rgb(1, 2, 3)")
    assert page.title() != "broken"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    frame.get_by_role("button", name="Send").click()  # a form in an e-mail does nothing
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Open it").click()
    expect(opened.value.get_by_text("seen 0")).to_be_visible()
    assert opened.value.evaluate("opener") is None
