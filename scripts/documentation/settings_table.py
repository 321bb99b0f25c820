"""Generates the table of all settings; cog inserts it into docs/reference/settings.md."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any, Literal

import griffe

from starmodel.config import Settings
from starmodel.config.sources import PLAIN_NAMES, PREFIX

SOURCE = Path(__file__).parents[2] / "src"
WORDS = {
    "str": "text",
    "SecretStr": "secret text",
    "bool": "yes or no",
    "Name": "a name",
    "Bus": "a name",
    "Origin": "an origin",
    "CorsOrigin": "an origin or `*`",
    "Host": "a host name",
    "Network": "a network",
    "DatabaseUrl": "a database url",
    "MailFrom": "a name and an address",
    "MailUrl": "a URL",
    "PluginName": "a plugin",
    "RedisPrefix": "a name",
    "LanguageTag": "a language tag",
    "FolderPath": "a path",
    "Count": "whole number from 1",
    "Annotated[int, Field(ge=1, le=30)]": "whole number from 1 to 30",
    "Annotated[int, Field(ge=1, le=1440)]": "whole number from 1 to 1440",
    "Annotated[float, Field(gt=0)]": "number above 0",
}


def settings_table() -> str:
    """Return one row per setting. Raises: KeyError, for a type without a description in WORDS."""
    package = griffe.load("starmodel.config.settings", search_paths=[SOURCE])
    rows = ["| Setting, variable | Type | Default | Meaning |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        attribute: Any = package["Settings"][name]
        if attribute.docstring is None:
            raise ValueError(f"Settings.{name} has no docstring that tells what it is for.")
        meaning = " ".join(attribute.docstring.value.split())
        variables = [f"`{PREFIX}{name.upper()}`"]
        variables += [f"`{plain}`" for plain, setting in PLAIN_NAMES.items() if setting == name]
        allowed = _allowed(field.annotation, str(attribute.annotation))
        default = _default(field.default)
        rows.append(f"| `{name}`<br>{'<br>'.join(variables)} | {allowed} | {default} | {meaning} |")
    return "\n".join(rows) + "\n"


def _allowed(annotation: Any, written: str) -> str:
    if typing.get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in typing.get_args(annotation))
    written = written.removesuffix(" | None")
    if written.startswith("Annotated[list["):
        return f"list: {WORDS[written.removeprefix('Annotated[list[').partition(']')[0]]}"
    return WORDS[written]


def _default(value: Any) -> str:
    if value is None or value == []:
        return ""
    return f"`{value:_}`" if isinstance(value, int) and value > 999 else f"`{value}`"
