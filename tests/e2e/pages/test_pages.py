"""Every generated page: own assets, any viewport width, a label for every input."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.browsing import Visitor
from e2e.live.test_live import new_product
from e2e.serving import Server

Visit = Callable[..., Visitor]
PATHS = (
    "/",
    "/counter",
    "/board",
    "/job",
    "/products",
    "/products/new",
    "{product}",
    "{product}/edit",
    "/nowhere",
)


@pytest.fixture(scope="module")
def product(browser: object, shop: Server) -> str:
    visitor = Visitor(browser, shop.url)  # type: ignore[arg-type]
    page = visitor.context.new_page()
    new_product(page, "Twentycharactersname", price="123456.789", stock="1234567890")
    url = new_product(page, "Pen of all pages")
    page.goto(f"{url}/edit")
    tags = page.get_by_role("group", name="Tags")
    tags.get_by_role("button", name="Add tag", exact=True).click()
    tags.get_by_role("textbox").fill("a-long-tag-without-a-single-space-in-it")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(url)
    visitor.context.close()
    return url


def test_assets_are_own_hashed_compressed_and_immutable(shop: Server, visit: Visit) -> None:
    ann = visit(shop)  # which fails on requests to other hosts
    ann.open("/counter")
    assets = {r.url.rpartition("/")[2]: r for r in ann.responses if "/assets/" in r.url}
    scripts = {name.rpartition("-")[0] for name in assets if name.endswith(".js")}
    assert scripts == {"datastar", "starmodel", "editing"}  # it has a form
    assert {n.rpartition("-")[0] for n in assets if not n.endswith(".js")} == {"icons", "pages"}
    for name, response in assets.items():
        digest = name.rpartition("-")[2].partition(".")[0]
        assert hashlib.sha256(response.body()).hexdigest().startswith(digest)
        assert response.headers["content-encoding"] == "br"
        assert "immutable" in response.headers["cache-control"]
        limit = 22_400 if name.endswith(".css") else 25_400
        assert len(gzip.compress(response.body(), 9)) < limit
    # The only requests are the page, its assets and its stream.
    addresses = {request.url for request in ann.requests if not request.url.startswith("data:")}
    assert len(addresses) == len(assets) + 2


@pytest.mark.parametrize("path", PATHS)
def test_page_fits_a_phone_and_names_its_inputs(
    shop: Server, visit: Visit, product: str, path: str
) -> None:
    ann = visit(shop, viewport={"width": 390, "height": 800})
    ann.expect_errors("status of 404" if path == "/nowhere" else "nothing")
    page = ann.open(path.format(product=product), live=False)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, f"{path} is {wide} px wide"
    # A button that is hidden from everybody is what Enter presses.
    inputs = "input:not([type=hidden]), select, textarea, button:not([aria-hidden])"
    unnamed = [
        box.evaluate("(input) => input.outerHTML")
        for box in page.locator(inputs).all()
        if not box.evaluate(
            "(el) => (el.labels?.[0]?.textContent || el.ariaLabel || el.textContent).trim()"
        )
    ]
    assert unnamed == []


def test_list_on_a_phone_shows_every_column_with_its_name(
    shop: Server, visit: Visit, product: str
) -> None:
    page = visit(shop, viewport={"width": 390, "height": 800}).open("/products")
    row = page.get_by_role("row").filter(has_text="Pen of all pages").first
    expect(row.locator("td")).to_have_count(7)
    for cell in row.locator("td").all():
        expect(cell).to_be_visible()
    names = row.locator("td").evaluate_all(
        "(cells) => cells.map((cell) => getComputedStyle(cell, '::before').content)"
    )
    assert [name for name in names if "Stock" in name] == ['"Stock "']
    page.get_by_label("Sort", exact=True).select_option(label="Stock, descending")
    page.wait_for_url("**/products?order=-stock")


def test_csp_violation_fails_the_test(shop: Server, visit: Visit) -> None:
    ann = visit(shop)
    page = ann.open("/counter")
    page.evaluate(
        "() => { const made = document.createElement('script');"
        " made.textContent = 'window.ran = true'; document.body.append(made);"
        " document.body.append(Object.assign(new Image(), {src: 'https://evil.example/x.png'})) }"
    )
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    told = " ".join(ann.complaints)
    ann.complaints.clear()
    assert "inline script" in told
    assert "evil.example" in told
