"""Generated pages have a Content-Security-Policy; an application's own pages have none."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
from fasthtml.common import Script, Titled

from integration.web.browser import unlisted
from starmodel import Entity
from starmodel.adapters.web.pages.assets import asset_urls
from starmodel.core.fields.field import Field

CSP = "content-security-policy"


@unlisted
class Note(Entity):
    model_config = {"access": "public"}
    text: str = Field(default="", max_length=5)


@unlisted
class Pad(Entity):
    count: int = 0


@pytest.mark.parametrize("path", ["/", "/pad", "/notes", "/notes/new", "/notes/none", "/nowhere"])
async def test_generated_page_has_a_matching_csp(visit: Any, path: str) -> None:
    answer = await visit(Note, Pad).page(path)

    policy = answer.headers[CSP]
    assert "default-src 'self'; script-src 'self' 'unsafe-eval' 'sha256-" in policy
    inline = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    for text in inline:
        digest = hashlib.sha256(text.encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert not re.search(r"<[^>]+ on\w+=", answer.text)


async def test_application_page_has_no_csp(visit: Any, serve: Any) -> None:
    app = serve(Pad)

    @app.get("/own")
    def own(pad: Pad) -> Any:
        return Titled("Own", pad, Script("let own = 1"))

    answer = await visit(app).page("/own")

    assert answer.status_code == 200
    assert CSP not in answer.headers


async def test_application_page_starts_with_the_theme(visit: Any, serve: Any) -> None:
    app = serve(Pad, theme="green")

    @app.get("/own")
    def own(pad: Pad) -> Any:
        return Titled("Own", pad)

    text = (await visit(app).page("/own")).text

    assert '<html class="uk-theme-green ' in text
    assert "uk-theme-green" in text.partition("<script>")[2].partition("</script>")[0]
    assert text.index('<meta charset="utf-8">') < 200
    assert text.index("<script>") < text.index('<link rel="stylesheet"')
    assert text.index('<link rel="stylesheet"') < text.index('type="module"')


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("starmodel.css", "text/css; charset=utf-8"),
        ("starmodel.js", "text/javascript; charset=utf-8"),
        ("franken-core.js", "text/javascript; charset=utf-8"),
        ("icons.svg", "image/svg+xml"),
    ],
)
async def test_asset_has_content_type_cache_control_and_gzip(
    visit: Any, name: str, kind: str
) -> None:
    browser = visit(Pad)
    url = asset_urls()[name]

    plain = await browser.get(url, headers={"accept-encoding": "identity"})
    packed = await browser.get(url, headers={"accept-encoding": "gzip"})

    assert plain.headers["content-type"] == packed.headers["content-type"] == kind
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_asset_of_another_build_is_served_from_this_one(visit: Any) -> None:
    browser = visit(Pad)
    answer = await browser.get("/_starmodel/assets/franken-core-00000000.js")
    assert answer.content == (await browser.get(asset_urls()["franken-core.js"])).content
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["compiler/lib.mjs", "lib.mjs", "compile.mjs", "manifest.json"])
async def test_internal_files_are_not_served(visit: Any, name: str) -> None:
    assert (await visit(Pad).get(f"/_starmodel/assets/{name}")).status_code == 404
