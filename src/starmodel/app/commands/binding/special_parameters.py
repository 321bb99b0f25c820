"""Parameters that are injected: request, session, actor, signals and unit of work."""

from __future__ import annotations

import inspect
from typing import Any

from starmodel.app.access.policy import Actor
from starmodel.app.sessions.session import Session
from starmodel.app.uow import UnitOfWork
from starmodel.core.classes.registry import Registry
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event
from starmodel.core.fields.annotations import resolved_hints
from starmodel.core.fields.field_types import plain_types

SPECIAL = ("request", "session", "actor", "signals", "datastar", "uow")
_SPECIAL_TYPES: dict[str, type] = {"actor": Actor, "session": Session, "uow": UnitOfWork}
_SPECIAL_NAMES: dict[str, Any] = {
    **{kind.__name__: kind for kind in _SPECIAL_TYPES.values()},
    "Request": type("Request", (), {}),  # a placeholder for the class of any web framework
}


def hints_of(event: Event[Any, Any, Any], registry: Registry) -> dict[str, Any]:
    """The type hints of an event's parameters.

    Entities and special types resolve even if the module imports them under
    TYPE_CHECKING. An unresolved special parameter is recognised by its name.

    Raises: ConfigurationError, for any other unresolved annotation.
    """
    known = {entity_type.name: entity_type.cls for entity_type in registry} | _SPECIAL_NAMES
    hints, failed = resolved_hints(event.fn, known)
    for name, error in failed.items():
        if name not in SPECIAL and name != "return":
            raise ConfigurationError(
                f"{event.owner}.{event.name}: the annotation of {name!r} can't be resolved "
                f"({error}). Import the name at module level, outside TYPE_CHECKING."
            ) from error
    return hints


def special_of(name: str, annotation: Any) -> str | None:
    """The injected value of a parameter, by type or by the name of an untyped one; else None."""
    for kind in plain_types(annotation) if annotation is not inspect.Parameter.empty else ():
        if isinstance(kind, type):
            for special, base in _SPECIAL_TYPES.items():
                if issubclass(kind, base):
                    return special
        if getattr(kind, "__name__", "") == "Request":  # of any web framework
            return "request"
    untyped = annotation in (inspect.Parameter.empty, dict, Any) or isinstance(annotation, str)
    if name in SPECIAL and untyped:
        return "signals" if name == "datastar" else name
    return None
