"""Validation of `model_config["list_editable"]`, the fields that are edited in cells of lists."""

from __future__ import annotations

from typing import Any

from starmodel.core.definition.info import EntityInfo
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.specs import FieldSpec


def list_editable(about: EntityInfo) -> tuple[str, ...]:
    """The fields whose cells are edited in lists."""
    config: Any = about.cls.model_config
    return tuple(config.get("list_editable") or ())


def check_list_editable(about: EntityInfo) -> None:
    """Refuse fields that have no input of their own in a cell. Raises: ConfigurationError."""
    config: Any = about.cls.model_config
    name, given = about.cls.__name__, config.get("list_editable")
    if given is None:
        return
    possible = [key for key, spec in about.fields.items() if not _obstacle(spec)]
    if isinstance(given, str) or not all(isinstance(key, str) for key in given):
        raise ConfigurationError(
            f"{name}.model_config['list_editable'] is {given!r}; expected a list of fields, some "
            f"of {', '.join(possible)}."
        )
    for key in given:
        spec = about.fields.get(key)
        obstacle = "is no field" if spec is None else _obstacle(spec)
        if obstacle:
            raise ConfigurationError(
                f"{name}.model_config['list_editable'] names {key!r}, which {obstacle}; expected "
                f"some of {', '.join(possible)}."
            )


def _obstacle(spec: FieldSpec) -> str:
    """Why a field can't be edited in a cell; "" when it can."""
    if spec.private:
        return "is private"
    if not spec.editable or spec.name == "id":
        return "is not editable"
    if spec.transitions is not None:
        return "has transitions, and is changed by events"
    if not spec.atomic:
        return "has more than one input"
    if spec.is_foreign_key:
        return "chooses a record, which is done in its form"
    return ""
