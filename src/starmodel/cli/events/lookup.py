"""Looks up entities and events by name, with suggestions for typing errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starmodel.app.application import Application
from starmodel.cli.terminal.errors import UsageError
from starmodel.cli.terminal.output import columns
from starmodel.cli.terminal.suggestions import did_you_mean
from starmodel.core.classes.registry import EntityType
from starmodel.core.events import Event


def find_entity(application: Application, name: str) -> EntityType:
    """The entity type with this name, ignoring case.

    Raises: UsageError, with the existing names.
    """
    names = {entity_type.name: entity_type for entity_type in application.registry}
    found = _by_name(name, names)
    if found is not None:
        return names[found]
    existing = ", ".join(names) or "none"
    raise UsageError(
        f"There is no entity {name!r}.{did_you_mean(name, names)} This application has {existing}."
    )


def find_event(
    application: Application, entity_type: EntityType, name: str | None
) -> Event[Any, Any, Any]:
    """The event with this name; dashes may replace underscores.

    Raises: UsageError, with the signatures of all events.
    """
    found = None if name is None else _by_name(name.replace("-", "_"), entity_type.events)
    if found is not None:
        return entity_type.events[found]
    if name is None:
        problem = f"Which event of {entity_type.name}?"
    else:
        problem = (
            f"{entity_type.name} has no event {name!r}.{did_you_mean(name, entity_type.events)}"
        )
    raise UsageError(f"{problem} Its events are:\n{events_of(application, entity_type)}")


def events_of(application: Application, entity_type: EntityType) -> str:
    """The signature and docstring summary of every event, one per line."""
    binders = application.dispatcher.binders
    rows = [
        (binders[entity_type.cls, event.name].signature, summary(event))
        for event in entity_type.events.values()
    ]
    return columns(rows, indent="  ")


def summary(event: Event[Any, Any, Any]) -> str:
    """The first line of the docstring of an event."""
    return (event.__doc__ or "").strip().partition("\n")[0]


def _by_name(name: str, names: Iterable[str]) -> str | None:
    names = list(names)
    if name in names:
        return name
    matches = [other for other in names if other.casefold() == name.casefold()]
    return matches[0] if len(matches) == 1 else None
