"""Errors for a package built without its assets or its style sheet."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from starmodel.adapters.web.pages import assets
from starmodel.core.errors import ConfigurationError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with assets written by a test."""
    monkeypatch.setattr("importlib.resources.files", lambda name: tmp_path)
    (tmp_path / "static").mkdir()
    assets.asset_urls.cache_clear()
    yield tmp_path
    assets.asset_urls.cache_clear()


def write(package: Path, manifest: dict[str, str]) -> None:
    (package / "static" / "manifest.json").write_text(json.dumps(manifest))


def test_missing_modules_fail_startup(package: Path) -> None:
    with pytest.raises(ConfigurationError, match="make assets"):
        assets.asset_urls()


def test_missing_style_sheet_is_logged_once_with_the_remedy(
    package: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(package, {"starmodel.js": "starmodel-12345678.js"})
    with caplog.at_level(logging.WARNING, "starmodel.web"):
        urls = assets.asset_urls()
        assets.asset_urls()
    assert urls["starmodel.js"] == "/_starmodel/assets/starmodel-12345678.js"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "make assets" in caplog.text


def test_build_name_changes_with_any_asset(package: Path) -> None:
    def build(name: str) -> str:
        write(package, {"starmodel.css": name})
        assets.asset_urls.cache_clear()
        return assets.asset_urls()["build"]

    assert build("starmodel-1.css") == build("starmodel-1.css") != build("starmodel-2.css")
