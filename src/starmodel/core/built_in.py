"""`create`, `update` and `delete`: the events that every record has.

They are events like any other: same access rules, same records, same
live updates. A class that declares one of its own replaces it.
"""

from __future__ import annotations

from typing import Any

from starmodel.core.entity import Entity
from starmodel.core.events import Event, EventInfo
from starmodel.core.registry import BUILT_IN


def create(self: Entity, **values: Any) -> None:
    """Store a new record with these values."""
    _assign(self, values)


def update(self: Entity, **values: Any) -> None:
    """Change these fields of the record."""
    _assign(self, values)


def delete(self: Entity) -> None:
    """Remove the record."""


def _assign(draft: Entity, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(draft, name, value)


def _built_in(fn: Any, **info: Any) -> None:
    made: Event[Any, Any, Any] = Event(fn, EventInfo(**info))
    made.owner = "Entity"
    BUILT_IN[fn.__name__] = made


_built_in(create, method="post")
_built_in(update, method="patch")
_built_in(delete, method="delete", confirm="Delete this for good?")
