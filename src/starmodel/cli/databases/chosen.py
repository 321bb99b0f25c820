"""The database of an application, or of a folder without one."""

from __future__ import annotations

from pathlib import Path

from starmodel.cli.serving.store_url import store_url
from starmodel.cli.targets import NoApplicationError, find_target
from starmodel.config import Settings, load_settings


def database_url_of(app: str | None) -> str:
    """Return the database of the application; that of the current folder when it has none.

    Raises: CommandError, when the application can't be loaded; ConfigurationError.
    """
    try:
        find_target(app, Path.cwd())
    except NoApplicationError:
        return load_settings().database_url
    from starmodel.cli.serving.loading import load_application

    application = load_application(app)
    found = application.settings
    settings = found if isinstance(found, Settings) else load_settings()
    return store_url(application, settings) or settings.database_url
