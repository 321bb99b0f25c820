"""The settings of an application, or of a folder without one."""

from __future__ import annotations

from pathlib import Path

from starmodel.cli.targets import NoApplicationError, find_target
from starmodel.config import Settings, load_settings


def settings_of(app: str | None) -> Settings:
    """Return the settings of the application; those of the current folder when it has none.

    Raises: CommandError, when the application can't be loaded; ConfigurationError.
    """
    try:
        find_target(app, Path.cwd())
    except NoApplicationError:
        return load_settings()
    from starmodel.cli.serving.loading import load_application

    settings = load_application(app).settings
    return settings if isinstance(settings, Settings) else load_settings()
