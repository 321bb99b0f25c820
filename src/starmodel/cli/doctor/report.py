"""Runs every check and collects the findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starmodel.app.application import Application
from starmodel.cli.doctor import environment, plugins, production
from starmodel.cli.doctor.access import check_access
from starmodel.cli.doctor.finding import Finding
from starmodel.cli.doctor.settings import setting_rows
from starmodel.cli.doctor.stores import check_stores
from starmodel.cli.events.describe import overview
from starmodel.cli.serving.loading import load_application
from starmodel.cli.targets import find_target
from starmodel.cli.terminal.errors import CommandError
from starmodel.cli.terminal.setting_row import SettingRow
from starmodel.config import Settings, load_settings
from starmodel.core.errors import ConfigurationError


@dataclass(slots=True)
class Report:
    """The result of all checks. Shapes: settings and entities are empty when loading fails."""

    settings: list[SettingRow] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when no finding is a problem."""
        return all(finding.level != "problem" for finding in self.findings)


def examine(app: str | None, built_in: Iterable[str]) -> Report:
    """Run all checks; an application or settings that fail validation are a finding."""
    report = Report()
    found = report.findings
    application = _application(app, found)
    settings = _settings(application, found)
    if settings is not None:
        report.settings = setting_rows(settings)
        found += production.check_settings(settings, application)
        found += production.check_production(settings, application)
    if application is not None:
        report.entities = [overview(entity_type) for entity_type in application.registry]
        if isinstance(settings, Settings):
            found += check_stores(application, settings)
            found += check_access(application, settings.access_scan_limit)
    found += environment.check_assets(settings)
    found += environment.check_files(settings)
    found.append(environment.check_port())
    names = set(built_in)
    found += plugins.check_entry_points(names)
    if settings is not None:
        found += plugins.check_plugins(application, settings, names)
    order = ("problem", "warning", "note", "ok")
    found.sort(key=lambda finding: order.index(finding.level))
    return report


def _application(app: str | None, found: list[Finding]) -> Application | None:
    try:
        target = find_target(app, Path.cwd())
    except CommandError as error:
        found.append(Finding("problem", "application", str(error)))
        return None
    try:
        application = load_application(app)
    except CommandError as error:
        found.append(Finding("problem", "application", str(error)))
        return None
    found.append(Finding("ok", "application", f"{target.import_string} can be loaded."))
    return application


def _settings(application: Application | None, found: list[Finding]) -> Settings | None:
    """The settings of the application, or of the current folder when it can't be loaded."""
    if application is not None and isinstance(application.settings, Settings):
        return application.settings
    try:
        return load_settings()
    except ConfigurationError as error:
        # Loading the application may have reported the same error already.
        if all(str(error) != finding.text for finding in found):
            found.append(Finding("problem", "settings", str(error)))
        return None
