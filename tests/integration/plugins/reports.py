"""The plugins of an application apart from those that are part of StarModel."""

from __future__ import annotations

from typing import Any


def given_reports(app: Any) -> list[Any]:
    """The reports on the plugins that are not built in."""
    return [report for report in app.starmodel.plugins.reports if not report.is_built_in]


def given_plugins(app: Any) -> list[Any]:
    """The contributions of the loaded plugins that are not built in."""
    return [made for made in app.starmodel.plugins.loaded if not made.report.is_built_in]
