"""Sources of settings; each records where its values come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
)

from starmodel.core.errors import ConfigurationError

PREFIX = "STARMODEL_"
# Environment variables of hosting platforms, accepted without the prefix.
PLAIN_NAMES = {"DATABASE_URL": "database_url", "REDIS_URL": "redis_url"}
# Set by `starmodel run` for its worker processes; not settings.
RUN_VARIABLES = {"STARMODEL_ADDRESS", "STARMODEL_TARGET", "STARMODEL_RELOADS", "STARMODEL_SOURCES"}
# The settings of plugins: STARMODEL_PLUGIN_BACKUP__FOLDER.
PLUGIN_VARIABLE = re.compile(rf"{PREFIX}PLUGIN_([A-Z0-9_]+?)__([A-Z0-9_]+)")
ENCODING = "utf-8-sig"  # Windows editors write a byte order mark
DOTENV = Path(".env")


class Values(InitSettingsSource):
    """Values of one origin: arguments, or a table of `starmodel.toml`."""

    is_active = True

    def __init__(
        self, settings_cls: type[BaseSettings], values: Mapping[str, Any], origin: str
    ) -> None:
        super().__init__(settings_cls, dict(values))
        self.origins = dict.fromkeys(values, origin)
        self.tables = frozenset(name for name, value in values.items() if isinstance(value, dict))

    def plugin_values(self) -> Mapping[str, dict[str, Any]]:
        """The settings of plugins, by plugin and name."""
        return {}

    def plugin_origin(self, plugin: str, name: str) -> str:
        """Where a setting of a plugin comes from."""
        return ""


class Variables(EnvSettingsSource):
    """Environment variables, in any case. Includes unknown names with the prefix."""

    place = "the environment"
    is_active = True
    tables: frozenset[str] = frozenset()

    def __init__(self, settings_cls: type[BaseSettings], **options: Any) -> None:
        super().__init__(
            settings_cls, case_sensitive=False, env_prefix=PREFIX, env_ignore_empty=True, **options
        )
        self.origins: dict[str, str] = {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        plain = [variable for variable, name in PLAIN_NAMES.items() if name == field_name]
        for variable in [f"{PREFIX}{field_name.upper()}", *plain]:
            value = self.env_vars.get(variable.lower())
            if value is not None:
                self.origins[field_name] = f"{variable} in {self.place}"
                return value, field_name, False
        return None, field_name, False

    def prepare_field_value(
        self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool
    ) -> Any:
        return value  # lists are separated by commas, so no value is JSON

    def plugin_origin(self, plugin: str, name: str) -> str:
        """Where a setting of a plugin comes from."""
        return f"{PREFIX}PLUGIN_{plugin}__{name}".upper() + f" in {self.place}"

    def plugin_values(self) -> Mapping[str, dict[str, str]]:
        """The settings of plugins, by plugin and name."""
        found: dict[str, dict[str, str]] = {}
        for key, value in self.env_vars.items():
            match = PLUGIN_VARIABLE.fullmatch(key.upper())
            if match and value:
                found.setdefault(match[1].lower(), {})[match[2].lower()] = value
        return found

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for key, value in self.env_vars.items():
            variable = key.upper()
            name = variable.removeprefix(PREFIX).lower()
            if not value or not variable.startswith(PREFIX) or variable in RUN_VARIABLES:
                continue
            if PLUGIN_VARIABLE.fullmatch(variable):
                continue
            if name not in values:
                values[name] = value
                self.origins[name] = f"{variable} in {self.place}"
        return values


class DotEnv(Variables, DotEnvSettingsSource):
    """The variables of `.env`. Raises: ConfigurationError, when it can't be read."""

    place = str(DOTENV)

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        try:
            super().__init__(
                settings_cls,
                env_file=DOTENV,
                env_file_encoding=ENCODING,
                dotenv_filtering="only_existing",
            )
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{DOTENV} cannot be read: {error}.") from error
