"""Finds what a command runs on, and what its arguments name; access to each is decided."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from starmodel.app.access import TRUSTED, AccessPolicy, check_record
from starmodel.app.binding import Binder
from starmodel.app.command import Command
from starmodel.app.command_access import check_run
from starmodel.app.model_input import UnknownPartError
from starmodel.app.persistence import PersistenceManager
from starmodel.app.private_parts import synced_value
from starmodel.app.scopes import Scopes, default_snapshot
from starmodel.app.uow import Tracked, UnitOfWork
from starmodel.core.definition import signal_prefix
from starmodel.core.drafts import copy_value
from starmodel.core.entity import Entity
from starmodel.core.errors import BindingError, GoneError, NotFoundError
from starmodel.core.registry import EntityType, Registry


class Loader:
    """Enlists in a unit of work the entities that one command needs."""

    def __init__(
        self,
        registry: Registry,
        persistence: PersistenceManager,
        policy: AccessPolicy,
        scopes: Scopes,
        binders: Mapping[tuple[type[Entity], str], Binder],
    ) -> None:
        self._persistence, self._policy, self._scopes = persistence, policy, scopes
        self._binders = binders
        self._ids_of = {t.cls: _id_adapter(t.cls) for t in registry}

    async def home(self, unit: UnitOfWork, command: Command) -> Tracked:
        """The entity the event runs on, enlisted; access to this very one is decided."""
        type = command.type
        cls = type.cls
        if type.is_record and command.id is None:
            if command.event.name != "create":
                raise NotFoundError(type.name, None)
            tracked = unit.enlist(type, None, default_snapshot(cls), new=True)
            tracked.checks = (partial(check_run, self._policy, command),)
            return tracked
        if type.is_record:
            id = self.id_of(cls, command.id)
            found = await self._persistence.for_class(cls).latest(cls, id)
            if found is None:
                raise (GoneError if command.expects else NotFoundError)(type.name, command.id)
        else:
            id = command.id
            if id is None:
                id = self._scopes.id_of(type, command.session, command.actor)
            found = await self._persistence.for_class(cls).latest(cls, id)
        entity = default_snapshot(cls, id) if found is None else found
        check_run(self._policy, command, entity)
        tracked = unit.enlist(type, id, entity, new=found is None)
        tracked.checks = (partial(check_run, self._policy, command),)
        if command.signals:
            self._take_over(tracked, command.signals)
        return tracked

    def _take_over(self, tracked: Tracked, signals: Mapping[str, Any]) -> None:
        """Let the browser's values of synchronised fields in before the event runs."""
        mine: Any = signals
        for part in filter(None, signal_prefix(tracked.type.cls).split(".")):
            mine = mine.get(part) if isinstance(mine, dict) else None
        if not isinstance(mine, dict):
            return
        for name in tracked.type.synced:
            if name not in mine:
                continue
            annotation: Any = tracked.type.cls.__pydantic_fields__[name].annotation
            given = mine[name]
            if given == "" and type(None) in get_args(annotation):
                # The browser has "" for None: a text is None again if it was None before.
                is_text = str in get_args(annotation)
                given = given if is_text and getattr(tracked.base, name) is not None else None
            try:
                value = synced_value(annotation, given, getattr(tracked.base, name, None))
            except UnknownPartError as error:
                raise BindingError(
                    f"{tracked.type.name}.{name}: {error.path[-1]!r} is unknown (from signal)",
                    {name: f"{error.path[-1]} is unknown."},
                ) from None
            except ValidationError as error:
                text = error.errors(include_url=False)[0]["msg"]
                raise BindingError(
                    f"{tracked.type.name}.{name}: {text} (from signal)", {name: text}
                ) from error
            setattr(tracked.draft, name, value)

    async def arguments(self, unit: UnitOfWork, command: Command, home: Tracked) -> dict[str, Any]:
        """What the event is called with: records, special parameters and private parts filled in.

        Shapes: home is the entity that the event runs on.
        """
        binder = self._binders[command.type.cls, command.event.name]
        # Copied, so that an event that runs again does not meet what it did to them before.
        given = binder.complete(home.base, command.arguments, trusted=command.actor is TRUSTED)
        arguments = {
            name: copy_value(value) if name in binder.containers else value
            for name, value in given.items()
        }
        for name in binder.entities:
            if name in arguments and arguments[name] is not None:
                arguments[name] = await self._referred(unit, command, binder, name)
        sources = {
            "request": command.request,
            "session": command.session,
            "actor": command.actor,
            "signals": command.signals,
            "uow": unit,
        }
        for name, cls in binder.own.items():
            own = self._scopes.id_of(binder.registry[cls], command.session, command.actor)
            arguments[name] = await self._readable(unit, command, binder.registry[cls], own)
        return arguments | {name: sources[source] for name, source in binder.special.items()}

    async def _referred(
        self, unit: UnitOfWork, command: Command, binder: Binder, name: str
    ) -> Entity:
        type = binder.registry[binder.entities[name]]
        id = self.id_of(type.cls, command.arguments[name])
        return await self._readable(unit, command, type, id)

    async def _readable(
        self, unit: UnitOfWork, command: Command, type: EntityType, id: Any
    ) -> Entity:
        self._policy.check(type, "read", command.actor)
        tracked = await unit.load(type.cls, id)

        def check(stored: Entity) -> None:
            check_record(self._policy, type, command.actor, stored, id)

        check(tracked.base)
        tracked.checks += (check,)
        return tracked.draft

    def id_of(self, cls: type[Entity], text: Any) -> Any:
        """An id from an address, as the class declares it. Raises: NotFoundError."""
        try:
            return self._ids_of[cls].validate_python(text)
        except ValidationError:
            raise NotFoundError(cls.__name__, text) from None


def _id_adapter(cls: type[Entity]) -> TypeAdapter[Any]:
    annotation: Any = cls.__pydantic_fields__["id"].annotation
    return TypeAdapter(annotation)
