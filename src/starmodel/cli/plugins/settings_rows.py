"""The settings of a plugin with their values and origins; secret values are masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from starmodel.cli.terminal.setting_row import MASK, SettingRow, masked_url
from starmodel.config import Settings
from starmodel.core.fields.privacy import is_private, looks_secret
from starmodel.plugins.plugin import Plugin


def plugin_setting_rows(plugin: Plugin, settings: Settings) -> list[SettingRow]:
    """Every setting of a loaded plugin, in the order of its class.

    Shapes: settings are those of the application.
    """
    if plugin.settings is None:
        return []
    # A plugin with a constructor of its own may have no arguments.
    origins = settings.plugin_origins.get(plugin.name, {}) | dict.fromkeys(
        getattr(plugin, "arguments", ()), "an argument in the code"
    )
    values = _masked(plugin.settings)
    return [
        SettingRow(name, value, origins.get(name, "the default")) for name, value in values.items()
    ]


def _masked(value: Any) -> Any:
    """The value as JSON data without secrets, in nested models and tables too."""
    if isinstance(value, SecretStr | SecretBytes | Secret):
        return MASK
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {
            name: _masked_field(name, getattr(value, name), is_private(info) or not info.repr)
            for name, info in fields.items()
        }
    if isinstance(value, Mapping):
        return {str(name): _masked_field(str(name), item, False) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item) for item in value]
    if isinstance(value, str):
        return masked_url(value) if "://" in value else value
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _masked_field(name: str, value: Any, is_secret: bool) -> Any:
    return MASK if value is not None and (is_secret or looks_secret(name)) else _masked(value)
