"""`create`, `update` and `delete`: the default events of records.

The same access policy, command records and live updates apply to them as to
other events. An entity type overrides one by an event of that name.
"""

from __future__ import annotations

from typing import Any

from starmodel.core.errors import BindingError
from starmodel.core.events.event import Event, EventInfo
from starmodel.texts.catalogue import Message


def create(self: Any, /, **values: Any) -> None:
    """Store a new record with these values."""
    if values.get("id") == "":  # no address could name it
        raise BindingError("A record's id must not be empty.", {"id": Message("value.empty")})
    _assign(self, values)


def update(self: Any, /, **values: Any) -> None:
    """Change these fields of the record."""
    _assign(self, values)


def delete(self: Any) -> None:
    """Remove the record."""


def _assign(draft: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(draft, name, value)


BUILT_IN: dict[str, Event[Any, Any, Any]] = {
    "create": Event(create, EventInfo(method="post", title=Message("event.create"))),
    "update": Event(update, EventInfo(method="patch", title=Message("event.update"))),
    "delete": Event(
        delete,
        EventInfo(
            method="delete",
            title=Message("event.delete"),
            confirm=Message("event.delete_confirm"),
        ),
    ),
}
