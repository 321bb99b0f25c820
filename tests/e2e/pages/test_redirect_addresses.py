"""URLs that pass the redirect validation stay on this host in Chromium."""

from __future__ import annotations

import random

from playwright.sync_api import Browser

from starmodel.app.commands.redirects import sent_as, stays_here

PIECES = [
    "/", "//", "\\", "http:", "https:", "HTTP:", "javascript:", "here.example", "evil.example",
    "@", ":", "80", "?", "#", ".", "..", "%2f", "%5c", "%00", "\t", "\n", "\r", " ", "\x00", "\x1f",
    "\u3002", "\uff0f", "\u2044", "\u00ad", "[", "]", "::1", ";", "&", "x", "\u202e", "|", "^",
]  # fmt: skip
CASES = 50_000


def test_accepted_redirects_stay_on_this_host(browser: Browser) -> None:
    rnd = random.Random(7)
    passed = set()
    for _ in range(CASES):
        url = "".join(rnd.choices(PIECES, k=rnd.randint(1, 7)))
        if stays_here(url, "here.example") and stays_here(sent_as(url), "here.example"):
            passed.add(sent_as(url))
    page = browser.new_page()
    left = page.evaluate(
        """(urls) => urls.filter((url) =>
            ["http://here.example/a/b", "https://here.example/"].some((base) =>
                URL.canParse(url, base) && new URL(url, base).host !== "here.example"))""",
        sorted(passed),
    )
    page.close()

    assert len(passed) > 1000
    assert left == []
