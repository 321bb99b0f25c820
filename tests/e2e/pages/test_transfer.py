"""What the first visit of a list transfers, and modules and style sheets that load later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from e2e.browsing import Visitor
from e2e.pages.desk import signed_in
from e2e.serving import Server

# The page, its style sheet, two scripts, the icons and the stream; then the number of all records.
MOST_BYTES, MOST_REQUESTS = 67_500, 7
Visit = Callable[..., Visitor]


def transferred(page: Page, path: str) -> dict[str, int]:
    """The bytes of each request of a visit with an empty cache. Shapes: by URL."""
    network = page.context.new_cdp_session(page)
    urls, sizes = dict[str, str](), dict[str, int]()

    def asked(event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        if not url.startswith("data:"):
            urls[event["requestId"]], sizes[url] = url, 0

    def received(event: dict[str, Any]) -> None:
        if event["requestId"] in urls:
            sizes[urls[event["requestId"]]] += event["encodedDataLength"]

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] in urls:  # with its headers
            sizes[urls[event["requestId"]]] = int(event["encodedDataLength"])

    network.on("Network.requestWillBeSent", asked)
    network.on("Network.dataReceived", received)
    network.on("Network.loadingFinished", finished)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(path)
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    expect(page.locator(".sm-pages")).to_contain_text("of 500")
    return sizes


def test_first_visit_of_a_list_is_light(desk: Server, visit: Visit) -> None:
    page = signed_in(visit, desk)
    sizes = transferred(page, "/orders")

    assert sum(sizes.values()) < MOST_BYTES, sizes
    assert len(sizes) <= MOST_REQUESTS, sizes


def test_module_of_forms_loads_with_a_form_and_not_with_a_list(desk: Server, visit: Visit) -> None:
    page = signed_in(visit, desk)
    loaded = list[str]()
    page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
    page.goto("/products")
    expect(page.locator("html")).to_have_attribute("data-live", "open")
    assert not [name for name in loaded if name.startswith("editing-")]

    page.goto("/products/new", wait_until="networkidle")

    assert len([name for name in loaded if name.startswith("editing-")]) == 1


def test_component_with_other_classes_brings_the_whole_style_sheet(
    desk: Server, visit: Visit
) -> None:
    page = signed_in(visit, desk)
    page.goto("/products")
    sheets = page.locator("link[rel=stylesheet]")
    before = sheets.count()
    page.evaluate("document.body.append(document.createElement('p'))")
    expect(sheets).to_have_count(before)

    page.evaluate(
        "document.body.append(Object.assign(document.createElement('p'), {className: 'uk-alert'}))"
    )

    expect(sheets).to_have_count(before + 1)
    expect(page.locator("p.uk-alert")).to_have_css("border-top-width", "1px")
