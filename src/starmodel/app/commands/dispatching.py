"""Dispatch of actions and stored command records by code."""

from __future__ import annotations

import inspect
from typing import Any

from starmodel.app.access.policy import Actor
from starmodel.app.commands.command import Outcome
from starmodel.app.sessions.scopes import Scopes
from starmodel.core.classes.registry import EntityType, Registry, defined_entities
from starmodel.core.commands import Action, CommandRecord
from starmodel.core.current_app import current_host, host_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import ActionFactory, Event
from starmodel.core.events.local import BoundEvent


def resolve(
    request: Action | CommandRecord, registry: Registry, scopes: Scopes
) -> tuple[EntityType, Event[Any, Any, Any], Any]:
    """Look up the entity type, the event and the id of an action or command record.

    Shapes: the id is None for a new record and for the caller's own instance.
    Raises: ConfigurationError, for an unknown event or a missing id.
    """
    id: Any
    if isinstance(request, Action):
        entity_type, id = registry[request.entity], request.id
    else:
        name, _, id = request.entity.partition(":")
        entity_type = registry.named(name)
    event = entity_type.events.get(request.event)
    if event is None:
        raise ConfigurationError(
            f"{entity_type.name} has no event {request.event!r}; "
            f"it has {', '.join(entity_type.events)}."
        )
    if entity_type.is_record and id in (None, "") and event.name != "create":
        name = f"{entity_type.name[:1].lower()}{entity_type.name[1:]}.do.{event.name}(…)"
        raise ConfigurationError(
            f"{entity_type.name}.{event.name}() names no record. Load one, and dispatch {name}."
        )
    if isinstance(request, CommandRecord):
        id = id or _recorded_id(entity_type, request, scopes)
    return entity_type, event, None if id == "" else id


def _recorded_id(entity_type: EntityType, record: CommandRecord, scopes: Scopes) -> str | None:
    """The id of the scoped instance of a command record: by its user or session."""
    if entity_type.scope == "user" and record.actor is not None:
        return scopes.id_of(entity_type, None, Actor(record.actor))
    return record.session if entity_type.scope == "session" else None


async def dispatch(request: Action | CommandRecord, **options: Any) -> Outcome:
    """Run an action (`product.do.adjust_stock(-1)`), or a stored command record.

    Trusted unless `actor=` is given. Raises what the event raises.
    """
    if not isinstance(request, Action | CommandRecord):
        raise ConfigurationError(
            f"dispatch() got {_what(request)}; expected an action such as product.do.update(…) or "
            "Counter.increment(…), or a CommandRecord."
        )
    application: Any = current_host()
    if isinstance(request, Action) or application is None:
        cls = request.entity if isinstance(request, Action) else _class_of(request)
        application = host_of(cls)
    return await application.dispatch(request, **options)  # type: ignore[no-any-return]


def _what(request: object) -> str:
    """A description of an argument that is no action, with the way to make it one."""
    if isinstance(request, ActionFactory):
        return f"{request!r}, which is not called yet"
    if isinstance(request, BoundEvent):
        return "the method of an instance, which runs where it is called"
    if inspect.iscoroutine(request):
        request.close()
        return "a coroutine, the call of an async method"
    return f"a value of type {type(request).__name__}"


def _class_of(record: CommandRecord) -> type[Entity]:
    name = record.entity.partition(":")[0]
    for cls in reversed(defined_entities()):
        if cls.__entity__.name == name:
            return cls
    raise ConfigurationError(f"No entity class is named {name!r}; import its module first.")
