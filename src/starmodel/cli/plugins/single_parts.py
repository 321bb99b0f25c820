"""The state of single entry points: commands, parts of pages, and stores."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import EntryPoint

from starmodel.adapters.ui.skins import PARTS
from starmodel.cli.plugins.discovery import (
    COMMAND_GROUPS,
    EntryPointError,
    load_command,
    shadowed_reason,
)
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.single_parts import (
    STORE_GROUP,
    UI_GROUP,
    loaded_part,
    loaded_store,
    refused_reason,
)

USED_GROUPS = (*COMMAND_GROUPS, UI_GROUP, STORE_GROUP)
BUILT_IN_STORES = ("memory", "sql", "redis", "system", "session_storage", "local_storage")
_ALTERNATIVES = {"starmodel.bus": "create_app(bus=…), or the setting event_bus"}


def unused_reason(point: EntryPoint, built_in: Collection[str]) -> str:
    """Why an entry point is ignored, before it is imported; "" for one that is used.

    Shapes: built_in are the names of the commands of `starmodel`.
    """
    if point.group in COMMAND_GROUPS:
        return shadowed_reason(point, built_in)
    if point.group == UI_GROUP:
        return refused_reason(point, PARTS)
    if point.group == STORE_GROUP:
        return refused_reason(point, None, BUILT_IN_STORES)
    alternative = _ALTERNATIVES.get(point.group)
    remedy = f" Pass the object in code: {alternative}." if alternative else ""
    return f"This version does not read this group.{remedy}"


def check_point(point: EntryPoint) -> None:
    """Import what a used entry point names. Raises: EntryPointError, if it can't be used."""
    if point.group in COMMAND_GROUPS:
        load_command(point)
        return
    try:
        loaded_part(point) if point.group == UI_GROUP else loaded_store(point)
    except ConfigurationError as error:
        raise EntryPointError(str(error)) from error
