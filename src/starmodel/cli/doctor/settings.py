"""The settings with their values and origins; secret values are masked."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from starmodel.cli.terminal.setting_row import SettingRow, masked_url
from starmodel.config import Settings


def setting_rows(settings: Settings) -> list[SettingRow]:
    """Every setting, sorted by name."""
    origins = settings.origins
    return [
        SettingRow(name, _masked(name, getattr(settings, name), settings), origins[name])
        for name in sorted(type(settings).model_fields)
    ]


def _masked(name: str, value: Any, settings: Settings) -> Any:
    if name == "secret_key" and value is None:
        return "generated, in .starmodel/secret_key"
    if isinstance(value, SecretStr):
        return f"hidden, {len(value.get_secret_value())} characters"
    if isinstance(value, list) and any(isinstance(item, SecretStr) for item in value):
        return [_masked("", item, settings) for item in value]
    if isinstance(value, str) and not type(settings).model_fields[name].repr:
        return masked_url(value)
    return value
