"""The documentation site builds without broken links and requests no third-party resource."""

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from documentation.build import build

ROOT = Path(__file__).parents[2]
LOADS = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src",
    "audio": "src", "embed": "src", "object": "data", "use": "href", "image": "href",
}  # fmt: skip
LINKS = {"canonical", "alternate", "prev", "next", "license", "author"}  # which load nothing
FOREIGN = re.compile(r"(?:https?:)?//")
IN_STYLES = re.compile(r"""@import\s+["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    built = build(tmp_path_factory.mktemp("documentation"))
    assert built is not None, "a page is wrong or a link is broken; see above"
    return built


class Loaded(HTMLParser):
    """URLs that a page makes its browser request."""

    def __init__(self, text):
        super().__init__()
        self.addresses = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        if tag in LOADS:
            self.addresses += [given.get(LOADS[tag], ""), *given.get("srcset", "").split()]
        if tag == "link" and given.get("rel") not in LINKS:
            self.addresses.append(given.get("href", ""))
        self.addresses += re.findall(r"url\(['\"]?([^)'\"]+)", given.get("style", ""))


def test_page_loads_no_third_party_resource(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    foreign = {
        address
        for page in pages
        for address in Loaded(page.read_text()).addresses
        if FOREIGN.match(address)
    }
    assert foreign == set()


def test_style_sheets_load_no_third_party_resource(site):
    styles = [*site.rglob("*.css"), *site.rglob("*.html")]
    assert [str(file) for file in styles if IN_STYLES.search(file.read_text())] == []


def test_test_only_blocks_appear_in_no_page(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert "<!-- check" not in text, page
        assert "[[[cog" not in text, page


def test_every_document_is_in_the_navigation():
    nav = re.findall(
        r"[\w/-]+\.md", str(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"])
    )
    written = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    assert set(nav) == written | {"changelog.md"}
    assert len(nav) == len(set(nav))
