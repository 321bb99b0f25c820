"""Finds what a command runs on, and what its arguments name; access to each is decided."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

from pydantic import TypeAdapter, ValidationError

from starmodel.app.access.decisions import check, check_record
from starmodel.app.access.disclosure import Viewer
from starmodel.app.access.expressions.field_conditions import typed_id
from starmodel.app.access.fields import writable_fields
from starmodel.app.access.policy import TRUSTED
from starmodel.app.access.readiness import check_ready
from starmodel.app.commands.access import check_class, check_run
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.binding.link_references import LinkReferences
from starmodel.app.commands.binding.models import UnknownPartError
from starmodel.app.commands.binding.private_parts import synced_value
from starmodel.app.commands.binding.references import References
from starmodel.app.commands.binding.shown_fields import without_hidden
from starmodel.app.commands.command import Command
from starmodel.app.commands.field_access import check_set_fields
from starmodel.app.commit.tracked import Tracked
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports.repository import RecordKey
from starmodel.app.sessions.scopes import Scopes, default_snapshot
from starmodel.app.uow import UnitOfWork
from starmodel.core.changes.copies import copy_value
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.definition.info import signal_prefix
from starmodel.core.entity import Entity
from starmodel.core.errors import BindingError, GoneError, NotFoundError
from starmodel.core.fields.field_types import accepts_none, plain_types
from starmodel.core.values.bounds import BoundsError, Count, check_keys, check_numbers, key_counter
from starmodel.texts.catalogue import Message

MAX_ID_CHARS = 1000


class Loader:
    """Enlists in a unit of work the entities that one command needs."""

    def __init__(
        self,
        registry: Registry,
        persistence: PersistenceManager,
        scopes: Scopes,
        binders: Mapping[tuple[type[Entity], str], Binder],
    ) -> None:
        self._registry, self._persistence, self._scopes = registry, persistence, scopes
        self._binders = binders
        self._references = References(registry, persistence)
        self._links = LinkReferences(registry, persistence)
        self._ids_of = {t.cls: _id_adapter(t.cls) for t in registry}

    def keys(self, command: Command) -> set[RecordKey]:
        """The entities that the command names, without reading any of them.

        Raises: NotFoundError, for an id that no record of its class can have.
        """
        entity_type, binder = (
            command.entity_type,
            self._binders[command.entity_type.cls, command.event.name],
        )
        keys: set[RecordKey] = set()
        if command.id is not None or not entity_type.is_record:
            keys.add((entity_type.cls, self._target_id(command)))
        for name in binder.entities:
            if command.arguments.get(name) is not None:
                cls = binder.registry[binder.entities[name]].cls
                named = command.arguments[name]
                for id in named if binder.parameters[name].has_records else (named,):
                    keys.add((cls, self.id_of(cls, id)))
        for cls in binder.own.values():
            own = self._scopes.id_of(binder.registry[cls], command.session, command.actor)
            keys.add((binder.registry[cls].cls, own))
        return keys

    def _target_id(self, command: Command) -> Any:
        if command.entity_type.is_record:
            return self.id_of(command.entity_type.cls, command.id)
        if command.id is None:
            return self._scopes.id_of(command.entity_type, command.session, command.actor)
        return command.id

    async def target(self, unit: UnitOfWork, command: Command) -> Tracked:
        """The entity the event runs on, enlisted; access to its stored state is decided.

        Raises: NotFoundError; NotSignedInError; AccessDeniedError; EventUnavailableError;
        PreconditionFailedError.
        """
        entity_type = command.entity_type
        cls = entity_type.cls
        if entity_type.is_record and command.id is None:
            return await self._new_record(unit, command)
        id = self._target_id(command)
        found = await unit.find(cls, id)
        if found is None and entity_type.is_record:
            raise (GoneError if command.expects else NotFoundError)(entity_type.name, command.id)
        entity = default_snapshot(cls, id) if found is None else found
        await check_run(command, entity)  # on this very state, before the event reads it
        tracked = unit.enlist(entity_type, id, entity, new=found is None)
        tracked.checks = (partial(check_run, command),)
        if command.event.info.when is not None:
            ready = partial(check_ready, entity_type, command.event, command.actor)
            await ready(entity)
            tracked.conditions = (ready,)
        if command.precondition is not None:
            await self._check_version(command, entity)
            tracked.checks += (partial(self._check_version, command),)
        if command.signals:
            writable = writable_fields(command.policy, entity_type, command.actor)
            self._take_over(tracked, command.signals, await writable.closed_on(entity))
        return tracked

    async def _new_record(self, unit: UnitOfWork, command: Command) -> Tracked:
        """A draft of defaults for `create`; the class decides whether the event may run."""
        entity_type = command.entity_type
        if command.event.name != "create":
            raise NotFoundError(entity_type.name, None)
        await check_class(command)
        if command.precondition is not None:
            command.precondition.check_new()
        tracked = unit.enlist(entity_type, None, default_snapshot(entity_type.cls), new=True)
        if command.actor is not None and command.actor is not TRUSTED:
            for name in entity_type.from_actor:
                setattr(tracked.draft, name, typed_id(entity_type.cls, name, command.actor.id))
        tracked.checks = (partial(check_run, command),)
        return tracked

    async def _check_version(self, command: Command, stored: Entity) -> None:
        """Raises: PreconditionFailedError, for a version that the request excludes."""
        if command.precondition is not None:
            viewer = Viewer(self._registry, command.policy, command.reader)
            command.precondition.check(stored, readable=await viewer.may_read(stored))

    def _take_over(
        self, tracked: Tracked, signals: Mapping[str, Any], closed: frozenset[str]
    ) -> None:
        """Let the browser's values of synchronised fields in before the event runs.

        Shapes: closed are the fields that the caller may not set; a page sends all its signals,
        so theirs are ignored.
        """
        mine: Any = signals
        for part in filter(None, signal_prefix(tracked.entity_type.cls).split(".")):
            mine = mine.get(part) if isinstance(mine, dict) else None
        if not isinstance(mine, dict):
            return
        for name in tracked.entity_type.synced:
            if name not in mine or name in closed:
                continue
            annotation: Any = tracked.entity_type.cls.__pydantic_fields__[name].annotation
            given = mine[name]
            if given == "" and annotation is not Any and accepts_none(annotation):
                # The browser has "" for None: a text is None again if it was None before.
                is_text = str in plain_types(annotation)
                given = given if is_text and getattr(tracked.base, name) is not None else None
            try:
                check_keys(_key_counter(tracked.entity_type.cls, name), given)
                value = synced_value(
                    tracked.entity_type.cls, name, given, getattr(tracked.base, name, None)
                )
                check_numbers(value)
            except UnknownPartError as error:
                part = str(error.path[-1])[:60]
                raise BindingError(
                    f"{tracked.entity_type.name}.{name}: {part!r} is unknown (from signal)",
                    {name: Message("value.unknown_part", name=part)},
                ) from None
            except (ValidationError, BoundsError) as error:
                if isinstance(error, ValidationError):
                    text = error.errors(include_url=False)[0]["msg"]
                else:
                    text = Message("value.out_of_bounds", problem=error.args[0])
                raise BindingError(
                    f"{tracked.entity_type.name}.{name}: {text} (from signal)", {name: text}
                ) from error
            setattr(tracked.draft, name, value)

    async def arguments(
        self, unit: UnitOfWork, command: Command, target: Tracked
    ) -> dict[str, Any]:
        """What the event is called with: records, special parameters and private parts filled in.

        Shapes: target is the entity that the event runs on.
        """
        binder = self._binders[command.entity_type.cls, command.event.name]
        given = command.arguments
        if binder.conditions and command.inputs.body_name == "form":
            base = target.draft if target.new else target.base
            given = without_hidden(binder.conditions, base, given, command.inputs.body)
        if binder.guarded and command.actor is not TRUSTED:
            is_new = target.new and command.entity_type.is_record
            await check_set_fields(command, binder, None if is_new else target.base)
            target.checks += (partial(check_set_fields, command, binder),)
        # Copied, so that an event that runs again does not meet what it did to them before.
        if binder.takes_fields and self._references.has(command.entity_type.cls):
            fields = {n: v for n, v in given.items() if binder.parameters[n].is_field}
            await self._references.check(command, fields, None if target.new else target.base)
        if binder.linked and command.actor is not TRUSTED:
            given = await self._links.checked(command, binder.linked, given, target)
        complete = binder.complete(target.base, given, trusted=command.actor is TRUSTED)
        arguments = {
            name: copy_value(value) if name in binder.containers else value
            for name, value in complete.items()
        }
        for name in binder.entities:
            if name not in arguments or arguments[name] is None:
                continue
            if binder.parameters[name].has_records:
                arguments[name] = await self._all_referred(unit, command, binder, name)
            else:
                id = command.arguments[name]
                arguments[name] = await self._referred(unit, command, binder, name, id)
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

    async def read_references(self, commands: Iterable[Command]) -> None:
        """Read what the foreign keys of several commands refer to, as `arguments` needs it."""
        await self._references.read_together(commands)

    async def check_new_fields(self, command: Command, target: Tracked) -> None:
        """Decide, on a new record as its event has made it, which fields its author may set.

        Raises: as `check_set_fields` does.
        """
        if target.new and command.entity_type.is_record and command.actor is not TRUSTED:
            binder = self._binders[command.entity_type.cls, command.event.name]
            if binder.guarded:
                await check_set_fields(command, binder, target.draft, has_run=True)

    async def stored(self, command: Command) -> Entity | None:
        """The stored state of the command's own entity; None without one."""
        entity_type = command.entity_type
        if entity_type.is_record and command.id is None:
            return None
        repository = self._persistence.for_class(entity_type.cls)
        return await repository.get(entity_type.cls, self._target_id(command))

    async def _all_referred(
        self, unit: UnitOfWork, command: Command, binder: Binder, name: str
    ) -> list[Entity]:
        """The records of a parameter that names several, by one query."""
        cls = binder.registry[binder.entities[name]].cls
        ids = list(dict.fromkeys(command.arguments[name]))
        unread = [id for id in ids if (cls, id) not in unit.keys]
        if len(unread) > 1:
            await unit.preload(cls, unread)
        return [await self._referred(unit, command, binder, name, id) for id in ids]

    async def _referred(
        self, unit: UnitOfWork, command: Command, binder: Binder, name: str, given: Any
    ) -> Entity:
        entity_type = binder.registry[binder.entities[name]]
        try:
            id = self.id_of(entity_type.cls, given)
            return await self._readable(unit, command, entity_type, id)
        except NotFoundError as error:  # unreadable ones are reported in the same way
            error.fields = {name: Message("value.no_such", title=entity_type.title)}
            raise

    async def _readable(
        self, unit: UnitOfWork, command: Command, entity_type: EntityType, id: Any
    ) -> Entity:
        await check(command.policy, entity_type, "read", command.actor)
        tracked = await unit.load(entity_type.cls, id)

        async def check_stored(stored: Entity) -> None:
            await check_record(command.policy, entity_type, command.actor, stored, id)

        await check_stored(tracked.base)
        tracked.checks += (check_stored,)
        return tracked.draft

    def id_of(self, cls: type[Entity], text: Any) -> Any:
        """An id from an address, as the class declares it.

        A record has one address: "+1" and "01" are no spellings of 1. Raises: NotFoundError.
        """
        if isinstance(text, str) and len(text) > MAX_ID_CHARS:
            raise NotFoundError(cls.__name__, text)
        try:
            made = self._ids_of[cls].validate_python(text)
            check_numbers(made)
        except (ValidationError, BoundsError):
            raise NotFoundError(cls.__name__, text) from None
        if isinstance(text, str) and not _is_canonical(made, text):
            raise NotFoundError(cls.__name__, text)
        return made


@lru_cache(maxsize=1024)
def _key_counter(cls: type[Entity], name: str) -> Count | None:
    return key_counter(cls.__pydantic_fields__[name].annotation)


def _is_canonical(id: Any, text: str) -> bool:
    """Whether a text is the one spelling of an id; a UUID may have upper-case letters."""
    if isinstance(id, uuid.UUID):
        return str(id) == text.lower()
    return type(id) is not int or str(id) == text


def _id_adapter(cls: type[Entity]) -> TypeAdapter[Any]:
    annotation: Any = cls.__pydantic_fields__["id"].annotation
    return TypeAdapter(annotation)
