"""Parses the sources of settings into layers of unvalidated values."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dotenv import dotenv_values

from starmodel.core.errors import ConfigurationError

PREFIX = "STARMODEL_"
# Environment variables of hosting platforms, accepted without the prefix.
PLAIN_NAMES = {"DATABASE_URL": "database_url", "REDIS_URL": "redis_url"}
# Set by `starmodel run` for its worker processes; not settings.
RUN_VARIABLES = {"STARMODEL_ADDRESS", "STARMODEL_TARGET", "STARMODEL_RELOADS", "STARMODEL_SOURCES"}
ENCODING = "utf-8-sig"  # Windows editors write a byte order mark
ENVS = ("development", "production")


class Layer(NamedTuple):
    """The unvalidated values of one source. Shapes: origins maps names to source locations."""

    values: dict[str, Any]
    origins: dict[str, str]


def read_layers(arguments: Mapping[str, Any]) -> list[Layer]:
    """Parse all sources, by precedence. Unknown names are included for validation.

    Raises: ConfigurationError, when a file can't be parsed.
    """
    arguments_layer = Layer(dict(arguments), dict.fromkeys(arguments, "an argument"))
    environment = _variables(os.environ, "the environment")
    dotenv = _variables(_read_dotenv(Path(".env")), ".env")
    above = [arguments_layer, environment, dotenv]
    return [*above, *_file_layers(Path("starmodel.toml"), above)]


def effective_origins(layers: list[Layer]) -> dict[str, str]:
    """The origin of each effective value; names that no layer sets are missing."""
    return {n: layer.origins[n] for layer in reversed(layers) for n in layer.values}


def chosen(name: str, default: str, **arguments: Any) -> Any:
    """The unvalidated value of one setting; the default when no source sets it."""
    return _first(read_layers(arguments), name, default=default)


def chosen_env(**arguments: Any) -> str:
    """The value of `env`, without validation of other settings."""
    return str(chosen("env", ENVS[0], **arguments))


def _first(layers: list[Layer], name: str, *, default: str) -> Any:
    return next((layer.values[name] for layer in layers if name in layer.values), default)


def _variables(variables: Mapping[str, str | None], source: str) -> Layer:
    layer = Layer({}, {})
    for variable, value in variables.items():
        if not value or variable in RUN_VARIABLES:
            continue  # an empty variable counts as unset
        if variable.startswith(PREFIX):
            name = variable.removeprefix(PREFIX).lower()
        elif variable in PLAIN_NAMES and not variables.get(PREFIX + variable):
            name = PLAIN_NAMES[variable]
        else:
            continue
        layer.values[name] = value
        layer.origins[name] = f"{variable} in {source}"
    return layer


def _read_dotenv(path: Path) -> dict[str, str | None]:
    try:
        return dict(dotenv_values(path, encoding=ENCODING)) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from error


def _file_layers(path: Path, above: list[Layer]) -> list[Layer]:
    """The active profile, then `[starmodel]`; inactive profiles for validation of names."""
    document = _read_toml(path)
    for table in document:
        if table != "starmodel":
            raise ConfigurationError(
                f"{path} has {table!r} outside [starmodel]. Allowed are the table [starmodel] "
                f"and its profiles {', '.join(f'[starmodel.{env}]' for env in ENVS)}."
            )
    base = document.get("starmodel", {})
    if not isinstance(base, dict):
        raise ConfigurationError(f"{path}: starmodel must be a table, got {base!r}.")
    profiles = {name: base.pop(name) for name in ENVS if isinstance(base.get(name), dict)}
    for name, profile in profiles.items():
        if "env" in profile:
            raise ConfigurationError(
                f"{path}: [starmodel.{name}] sets env, but env chooses the profile. "
                "Set it in [starmodel] or as STARMODEL_ENV."
            )
    below = _table(base, f"[starmodel] of {path}")
    env = _first([*above, below], "env", default=ENVS[0])
    ordered = sorted(profiles, key=lambda name: name != env)
    tables = {name: _table(profiles[name], f"[starmodel.{name}] of {path}") for name in ordered}
    unused = [_names_only(tables[name]) for name in ordered if name != env]
    return [*(tables[name] for name in ordered if name == env), below, *unused]


def _table(values: dict[str, Any], source: str) -> Layer:
    return Layer(values, dict.fromkeys(values, source))


def _names_only(layer: Layer) -> Layer:
    """An inactive profile: its names are validated, its values ignored."""
    return Layer({}, layer.origins)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding=ENCODING)) if path.is_file() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from error
