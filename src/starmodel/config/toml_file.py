"""The profiles and the table `[starmodel]` of `starmodel.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from starmodel.config.sources import ENCODING, Values
from starmodel.core.errors import ConfigurationError

TOML = Path("starmodel.toml")
ENVS = ("development", "production")
PLUGIN = "plugin"


class Profile(Values):
    """The table `[starmodel.<env>]`, which has values only while `env` is its name."""

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        values: Mapping[str, Any],
        name: str,
        default_env: Any,
    ) -> None:
        super().__init__(settings_cls, values, f"[starmodel.{name}] of {TOML}")
        self._name, self._default_env = name, default_env

    def __call__(self) -> dict[str, Any]:
        self.is_active = self.current_state.get("env", self._default_env) == self._name
        return super().__call__() if self.is_active else {}


class Table(Values):
    """The table `[starmodel]`, with the tables of plugins."""

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        values: Mapping[str, Any],
        plugins: Mapping[str, dict[str, Any]],
    ) -> None:
        super().__init__(settings_cls, values, f"[starmodel] of {TOML}")
        self._plugins = plugins

    def plugin_values(self) -> Mapping[str, dict[str, Any]]:
        return self._plugins

    def plugin_origin(self, plugin: str, name: str) -> str:
        return f"[starmodel.{PLUGIN}.{plugin}] of {TOML}"


def toml_sources(settings_cls: type[BaseSettings]) -> list[Values]:
    """The profiles, then the table `[starmodel]`; none without the file.

    Raises: ConfigurationError, when the file can't be parsed or has other tables.
    """
    document = _read_toml()
    for table in document:
        if table != "starmodel":
            raise ConfigurationError(
                f"{TOML} has {table!r} outside [starmodel]. Allowed are the table [starmodel] "
                f"and its profiles {', '.join(f'[starmodel.{env}]' for env in ENVS)}."
            )
    base = document.get("starmodel", {})
    if not isinstance(base, dict):
        raise ConfigurationError(f"{TOML}: starmodel must be a table, got {base!r}.")
    plugins = _plugin_tables(base.pop(PLUGIN, {}))
    profiles = {name: base.pop(name) for name in ENVS if isinstance(base.get(name), dict)}
    for name, profile in profiles.items():
        if "env" in profile:
            raise ConfigurationError(
                f"{TOML}: [starmodel.{name}] sets env, but env chooses the profile. "
                "Set it in [starmodel] or as STARMODEL_ENV."
            )
    default_env = base.get("env", ENVS[0])
    return [
        *(Profile(settings_cls, values, name, default_env) for name, values in profiles.items()),
        Table(settings_cls, base, plugins),
    ]


def _plugin_tables(tables: Any) -> dict[str, dict[str, Any]]:
    """The tables `[starmodel.plugin.NAME]`, by plugin. Raises: ConfigurationError."""
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise ConfigurationError(
            f"{TOML}: [starmodel.{PLUGIN}] has a value of its own. Expected a table for each "
            f"plugin, such as [starmodel.{PLUGIN}.backup]."
        )
    return tables


def _read_toml() -> dict[str, Any]:
    try:
        return tomllib.loads(TOML.read_text(encoding=ENCODING)) if TOML.is_file() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{TOML} cannot be read: {error}.") from error
