"""The Content-Security-Policy, the head and the theme, as text."""

from __future__ import annotations

import base64
import doctest
import hashlib
import json
import re

import pytest

from starmodel.adapters.web.pages import csp as policy
from starmodel.adapters.web.pages import theme
from starmodel.adapters.web.pages.csp import page_csp
from starmodel.adapters.web.pages.head import PageHead, csp_by_root_path

ASSETS = {
    "starmodel.css": "/_starmodel/assets/starmodel-1.css",
    "styles.css": "/_starmodel/assets/styles-1.css",
    "icons.svg": "/_starmodel/assets/icons-1.svg",
    "datastar.js": "/_starmodel/assets/datastar-1.js",
}


@pytest.mark.parametrize("module", [policy, theme])
def test_examples_of_the_documentation_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def scripts(html: str) -> list[str]:
    return re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL)


def allowed(header: bytes) -> dict[str, list[str]]:
    parts = (part.split() for part in header.decode().split("; "))
    return {name: values for name, *values in parts}


def hash_of(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def test_csp_allows_own_origin_and_nothing_inline() -> None:
    assert allowed(page_csp()) == {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    }


@pytest.mark.parametrize("cdn", [False, True])
@pytest.mark.parametrize("root_path", ["", "/shop"])
def test_every_inline_script_of_the_head_has_its_hash_in_the_csp(cdn: bool, root_path: str) -> None:
    head = PageHead(ASSETS, cdn=cdn)
    inline = scripts(head.html(root_path))
    assert len(inline) == 1 + cdn
    for text in inline:
        assert hash_of(text) in allowed(head.policy(root_path))["script-src"]


def test_scripts_of_a_skin_are_in_the_csp() -> None:
    policy = csp_by_root_path(PageHead(ASSETS), ["let a = 1"])
    assert hash_of("let a = 1") in allowed(policy(""))["script-src"]
    assert policy("") is policy("")


def test_cdn_is_allowed_only_when_configured() -> None:
    local, cdn = PageHead(ASSETS), PageHead(ASSETS, cdn=True)
    assert b"https:" not in local.policy()
    assert "https:" not in local.html()
    for name in ("script-src", "style-src"):
        assert "https://cdn.jsdelivr.net" in allowed(cdn.policy())[name]
    assert "https://cdn.jsdelivr.net" not in allowed(cdn.policy())["default-src"]


def test_cdn_replaces_third_party_assets() -> None:
    head = PageHead(ASSETS, cdn=True)
    imports = json.loads(scripts(head.html("/shop"))[1])["imports"]
    assert imports["/shop/_starmodel/assets/datastar-1.js"].startswith("https://cdn.jsdelivr.net/")
    assert "datastar.js" not in head.served
    assert 'href="/shop/_starmodel/assets/styles-1.css"' in head.html("/shop")
    assert "starmodel-1.css" not in head.html("/shop")


def test_head_without_a_style_sheet_still_has_the_theme() -> None:
    html = PageHead({"icons.svg": ASSETS["icons.svg"]}).html()
    assert "stylesheet" not in html
    assert len(scripts(html)) == 1


def test_icon_url_is_below_the_mount_point() -> None:
    assert PageHead(ASSETS).icon("plus", "/shop") == "/shop/_starmodel/assets/icons-1.svg#plus"
