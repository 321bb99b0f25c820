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


def effective_origins(sources: Sources) -> dict[str, str]:
    """The origin of each effective value; names that no source sets are missing."""
    active = [source for source in reversed(sources) if source.is_active]
    return {name: origin for source in active for name, origin in source.origins.items()}


def chosen_env(**arguments: Any) -> str:
    """The value of `env`, without validation of other settings."""
    found = (source().get("env") for source in setting_sources(BaseSettings, arguments))
    return str(next(filter(None, found), ENVS[0]))
