"""The icon of pages: ours, or the application's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from starmodel.adapters.web.pages.head import PageHead

ASSETS = {"favicon.svg": "/_starmodel/assets/favicon-1.svg"}


def icon(root_path: str = "") -> str:
    return PageHead(ASSETS).basics(root_path).partition('rel="icon" ')[2].partition(">")[0]


def test_icon_is_ours_below_the_mount_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert icon("/shop") == 'type="image/svg+xml" href="/shop/_starmodel/assets/favicon-1.svg"'
    assert 'href="data:,"' in PageHead({}).basics()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("favicon.svg", "image/svg+xml"), ("favicon.png", "image/png"),
        ("favicon.ico", "image/x-icon"),
    ],
)  # fmt: skip
def test_icon_of_the_application_replaces_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / name).write_bytes(b"1")
    assert icon() == f'type="{kind}" href="/static/{name}?v=6b86b273"'
