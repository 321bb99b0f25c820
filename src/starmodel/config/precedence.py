"""The sources of settings by precedence, and the origins of the effective values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_settings import BaseSettings

from starmodel.config.sources import DotEnv, Values, Variables
from starmodel.config.toml_file import ENVS, toml_sources

Sources = tuple[Values | Variables, ...]


def setting_sources(settings_cls: type[BaseSettings], arguments: Mapping[str, Any]) -> Sources:
    """All sources, highest precedence first.

    Raises: ConfigurationError, when a file can't be parsed.
    """
    return (
        Values(settings_cls, arguments, "an argument"),
        Variables(settings_cls),
        DotEnv(settings_cls),
        *toml_sources(settings_cls),
    )


def plugin_settings(sources: Sources) -> dict[str, dict[str, Any]]:
    """The settings of plugins by plugin: `starmodel.toml`, then `.env`, then the environment."""
    merged: dict[str, dict[str, Any]] = {}
    for source in reversed(sources):
        for name, values in source.plugin_values().items():
            merged.setdefault(name, {}).update(values)
    return merged


def plugin_origins(sources: Sources) -> dict[str, dict[str, str]]:
    """The origin of each value in `plugin_settings`, by plugin and setting."""
    origins: dict[str, dict[str, str]] = {}
    for source in reversed(sources):
        for plugin, values in source.plugin_values().items():
            of_plugin = origins.setdefault(plugin, {})
            of_plugin.update({name: source.plugin_origin(plugin, name) for name in values})
    return origins


def effective_origins(sources: Sources) -> dict[str, str]:
    """The origin of each effective value; names that no source sets are missing."""
    active = [source for source in reversed(sources) if source.is_active]
    return {name: origin for source in active for name, origin in source.origins.items()}


def chosen(name: str, default: str, **arguments: Any) -> Any:
    """The unvalidated value of one setting; the default when no source sets it."""
    found = (source().get(name) for source in setting_sources(BaseSettings, arguments))
    return next(filter(None, found), default)


def chosen_env(**arguments: Any) -> str:
    """The value of `env`, without validation of other settings."""
    return str(chosen("env", ENVS[0], **arguments))
