"""All findings about one application in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starmodel.app.application import Application
from starmodel.cli.doctor import place, production
from starmodel.cli.doctor.finding import Finding
from starmodel.cli.doctor.stores import stores
from starmodel.cli.doctor.values import Shown, settings_shown
from starmodel.cli.events.describe import overview
from starmodel.cli.serving.loading import load_application
from starmodel.cli.targets import find_target
from starmodel.cli.terminal.problems import CommandError
from starmodel.config import Settings, load_settings
from starmodel.core.errors import ConfigurationError


@dataclass(slots=True)
class Report:
    """What was found. Shapes: settings and entities are empty when they can't be read."""

    settings: list[Shown] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when nothing keeps the application from working."""
        return all(finding.level != "problem" for finding in self.findings)


def examine(app: str | None, built_in: Iterable[str]) -> Report:
    """Look at everything; what can't be looked at becomes a finding itself."""
    report = Report()
    found = report.findings
    application = _application(app, found)
    settings = _settings(application, found)
    if settings is not None:
        report.settings = settings_shown(settings)
        found += production.always(settings, application)
        found += production.production(settings, application)
    if application is not None:
        report.entities = [overview(entity_type) for entity_type in application.registry]
        if isinstance(settings, Settings):
            found += stores(application, settings)
    found += [*place.assets(settings), *place.files(settings), place.port()]
    found += place.plugins(built_in)
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
    """Those that the application has, arguments in its code included; else those of the folder."""
    if application is not None and isinstance(application.settings, Settings):
        return application.settings
    try:
        return load_settings()
    except ConfigurationError as error:
        if all(str(error) != finding.text for finding in found):  # it kept the application too
            found.append(Finding("problem", "settings", str(error)))
        return None
