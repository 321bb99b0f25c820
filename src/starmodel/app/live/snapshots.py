"""Snapshots from the states of messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starmodel.app.sessions.scopes import default_snapshot
from starmodel.core.entity import Entity
from starmodel.core.snapshot import stored


def snapshot_of(cls: type[Entity], id: Any, state: Mapping[str, Any], version: int) -> Entity:
    """A snapshot with the public fields of a message; private fields have their defaults.

    Raises: ValidationError, for a state that is invalid in this build.
    """
    snapshot = default_snapshot(cls, id)
    values = {n: v for n, v in state.items() if n in cls.__pydantic_fields__}
    validated: Entity = cls.__pydantic_validator__.validate_python(
        {**snapshot.__dict__, **values}, by_name=True, by_alias=False
    )
    return stored(validated, version)
