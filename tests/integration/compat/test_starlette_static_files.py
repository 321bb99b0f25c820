"""Starlette's StaticFiles beside StarModel's assets: equal content, without the properties of ours.

When one of these tests fails because Starlette has changed, StaticFiles may replace
`starmodel.adapters.web.pages.assets`.
"""

from __future__ import annotations

import gzip
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from integration.web.browser import unlisted
from starmodel import Entity, create_app
from starmodel.adapters.web.pages.assets import PREFIX, asset_urls


@unlisted
class Counter(Entity):
    count: int = 0


@pytest.fixture
def ours() -> TestClient:
    return TestClient(create_app([Counter], secret_key="k" * 40))


@pytest.fixture
def theirs() -> TestClient:
    folder = Path(str(resources.files("starmodel") / "static"))
    return TestClient(Starlette(routes=[Mount(PREFIX, StaticFiles(directory=folder))]))


ASSETS = ["starmodel.js", "starmodel.css", "icons.svg"]
PLAIN = {"accept-encoding": "identity"}


@pytest.mark.parametrize("name", ASSETS)
def test_content_and_type_are_equal(ours: Any, theirs: Any, name: str) -> None:
    one, two = (client.get(asset_urls()[name], headers=PLAIN) for client in (ours, theirs))
    assert one.content == two.content
    assert (
        one.headers["content-type"].partition(";")[0]
        == (two.headers["content-type"].partition(";")[0])
    )


@pytest.mark.parametrize("path", ["none.js", "../pyproject.toml", "%2e%2e/secret", "compiler"])
def test_other_names_are_not_found(ours: Any, theirs: Any, path: str) -> None:
    assert [client.get(PREFIX + path).status_code for client in (ours, theirs)] == [404, 404]


@pytest.mark.parametrize("name", ASSETS)
def test_static_files_has_no_compressed_variant(ours: Any, theirs: Any, name: str) -> None:
    url, headers = asset_urls()[name], {"accept-encoding": "gzip"}
    with ours.stream("GET", url, headers=headers) as response:
        body = b"".join(response.iter_raw())
        assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == theirs.get(url, headers=headers).content
    assert "content-encoding" not in theirs.get(url, headers=headers).headers


def test_static_files_lets_browsers_ask_again_for_each_page(ours: Any, theirs: Any) -> None:
    url = asset_urls()["starmodel.js"]
    assert "immutable" in ours.get(url).headers["cache-control"]
    assert "cache-control" not in theirs.get(url).headers


def test_static_files_has_nothing_for_a_page_of_another_build(ours: Any, theirs: Any) -> None:
    url = f"{PREFIX}starmodel-00000000.js"
    response = ours.get(url)
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    assert theirs.get(url).status_code == 404


@pytest.mark.parametrize("name", ["manifest.json", "LICENSE-datastar.txt", "compiler/index.css"])
def test_static_files_serves_files_that_pages_do_not_load(
    ours: Any, theirs: Any, name: str
) -> None:
    assert ours.get(PREFIX + name).status_code == 404
    if name != "compiler/index.css":
        assert theirs.get(PREFIX + name).status_code == 200


def test_static_files_sends_no_sniffing_protection(ours: Any, theirs: Any) -> None:
    url = asset_urls()["starmodel.js"]
    assert ours.get(url).headers["x-content-type-options"] == "nosniff"
    assert "x-content-type-options" not in theirs.get(url).headers


@pytest.mark.parametrize("name", ["starmodel.js", "starmodel.css"])
def test_brotli_is_sent_to_browsers_that_name_it(ours: Any, name: str) -> None:
    url = asset_urls()[name]
    sizes = {}
    for accepted, coding in (
        ("gzip, deflate, br", "br"),
        ("gzip, br;q=0", "gzip"),
        ("*", "gzip"),
        ("identity", None),
    ):
        with ours.stream("GET", url, headers={"accept-encoding": accepted}) as response:
            assert response.headers.get("content-encoding") == coding
            assert response.headers["vary"] == "accept-encoding"
            sizes[coding] = len(b"".join(response.iter_raw()))
    assert sizes["br"] < sizes["gzip"] < sizes[None]


def test_assets_of_a_list_page_stay_small(ours: Any) -> None:
    headers = {"accept-encoding": "br"}
    total = 0
    for name in ("starmodel.js", "pages.css", "datastar.js", "icons.svg"):
        with ours.stream("GET", asset_urls()[name], headers=headers) as response:
            total += len(b"".join(response.iter_raw()))
    assert total < 56_300
