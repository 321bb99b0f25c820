"""Loads the plugins of an application, or of the current folder without one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import typer

from starmodel.app.application import Application
from starmodel.cli.serving.loading import load_application
from starmodel.cli.targets import NoApplicationError
from starmodel.cli.terminal.errors import CommandError
from starmodel.config import Settings, load_settings
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.plugins.built_in import built_in_candidates
from starmodel.plugins.collecting import Contributed
from starmodel.plugins.discovery import candidates
from starmodel.plugins.host import PluginHost, load_plugins
from starmodel.plugins.loading import PluginOptions


@dataclass(frozen=True, slots=True)
class FoundPlugins:
    """The plugin host that a command reads, with the application and settings that it is of."""

    host: PluginHost
    settings: Settings
    application: Application | None = None

    def contributed(self, name: str) -> Contributed | None:
        """The contributions of a loaded plugin; None for one that is off or failed."""
        return next((made for made in self.host.loaded if made.plugin.name == name), None)

    def entity_type(self, cls: type[Entity]) -> EntityType:
        """The entity type of a plugin's class: the application's, or one with these settings."""
        found = None if self.application is None else self.application.registry.get(cls)
        if found is not None:
            return found
        (made,) = Registry([cls], default_store=self.settings.default_store)
        return made


def find_plugins(app: str | None) -> FoundPlugins:
    """The plugins of `app`, of the application by convention, or of the current folder.

    When the application by convention can't be loaded, that is printed on stderr, and the
    plugins are those of the folder.

    Raises: CommandError, when `app` can't be loaded; ConfigurationError, for invalid settings.
    """
    try:
        with silent_reports():
            application = load_application(app)
    except NoApplicationError:
        return folder_plugins()
    except CommandError as error:
        if app is not None:
            raise
        typer.echo(f"starmodel: {error}", err=True)
        typer.echo("starmodel: These are the plugins of the current folder.", err=True)
        return folder_plugins()
    return plugins_of(application)


def plugins_of(application: Application) -> FoundPlugins:
    """The plugins of a loaded application."""
    host, settings = application.plugins, application.settings
    if host is None:
        return folder_plugins(settings)
    with silent_reports():
        host.note_replaced_routes()
    return FoundPlugins(host, settings, application)


def folder_plugins(settings: Settings | None = None) -> FoundPlugins:
    """The plugins of `app/plugins`, of installed packages and of StarModel itself.

    plugins_required is not checked. Output of plugins goes to stderr.

    Raises: ConfigurationError, for invalid settings, and for an essential plugin that is off.
    """
    settings = settings or load_settings()
    found = candidates(built_in=built_in_candidates())
    options = PluginOptions(
        enabled=frozenset(settings.plugins_enabled),
        disabled=frozenset(settings.plugins_disabled),
        tables=settings.plugin_settings,
    )
    with silent_reports(), imports_of_the_folder():
        return FoundPlugins(load_plugins(found, options), settings)


@contextmanager
def imports_of_the_folder() -> Iterator[None]:
    """Print the output of plugins on stderr; their modules may import the application's."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    with redirect_stdout(sys.stderr):
        yield


@contextmanager
def silent_reports() -> Iterator[None]:
    """Discard the log records of the plugin host, whose reports the command prints."""
    log = logging.getLogger("starmodel.plugins")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before
