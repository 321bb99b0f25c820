"""Runs one event of one entity, whoever asks: a click, an API call, a script, a replay."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from starmodel.app.access import TRUSTED, AccessPolicy, Actor
from starmodel.app.binding import MASK, Binder, Inputs
from starmodel.app.idempotency import Claim, Idempotency
from starmodel.app.persistence import PersistenceManager
from starmodel.app.ports import Clock, IdSource
from starmodel.app.reactions import Reactions
from starmodel.app.replies import Render, Reply, reply_to
from starmodel.app.scopes import Scopes, default_snapshot
from starmodel.app.session import Session
from starmodel.app.uow import ATTEMPTS, Tracked, UnitOfWork
from starmodel.core.commands import CommandRecord, plain
from starmodel.core.definition import signal_prefix
from starmodel.core.drafts import Lease, copy_value, refill, returned_state
from starmodel.core.entity import Entity, version_of
from starmodel.core.errors import BindingError, GoneError, NotFoundError, VersionConflictError
from starmodel.core.events import Event
from starmodel.core.patches import Patch
from starmodel.core.registry import EntityType, Registry

Send = Callable[["Outcome"], Awaitable[None]]


@dataclass(slots=True)
class Command:
    """A bound request to run one event, with what only this process has.

    Shapes: id is None for the visitor's own instance and for `create`;
    arguments come from `Dispatcher.bind`; key is the caller's idempotency
    key; signals are the browser's; send takes the outcome of each `yield`;
    expects means the caller has seen the record, so that a missing one is
    gone rather than unknown; vet may refuse a reply, by raising, before
    anything is stored.
    """

    type: EntityType
    event: Event[Any, Any, Any]
    arguments: dict[str, Any]
    id: Any = None
    actor: Actor | None = TRUSTED
    session: Session | None = None
    request: Any = None
    signals: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    send: Send | None = None
    expects: bool = False
    vet: Callable[[Reply], None] | None = None


@dataclass(slots=True)
class Outcome:
    """What came of a command.

    Shapes: value is what the event returned (for a generator, the list of
    what it yielded); reply is that, sorted for the caller; entity is the
    snapshot after, None after delete; stored is False for a change that
    auto_persist kept from the store.
    """

    record: CommandRecord
    value: Any = None
    reply: Reply = field(default_factory=Reply)
    entity: Entity | None = None
    version: int = 0
    patch: Patch = field(default_factory=Patch)
    stored: bool = True
    repeated: bool = False


class Dispatcher:
    """Loads, checks access, runs, commits and tells the outcome; knows no transport."""

    def __init__(
        self,
        *,
        registry: Registry,
        unit: Callable[[Lease | None], UnitOfWork],
        persistence: PersistenceManager,
        policy: AccessPolicy,
        scopes: Scopes,
        reactions: Reactions,
        render: Render,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._unit, self._persistence, self._policy = unit, persistence, policy
        self._scopes, self._reactions, self._render = scopes, reactions, render
        self._clock, self._ids = clock, ids
        self._idempotency = Idempotency()
        self._ids_of = {t.cls: _id_adapter(t.cls) for t in registry}
        self.binders = {
            (t.cls, event.name): Binder(t, event, registry)
            for t in registry
            for event in t.events.values()
        }

    def bind(self, type: EntityType, event: Event[Any, Any, Any], inputs: Inputs) -> dict[str, Any]:
        """The event's arguments out of what a caller sent. Raises: BindingError."""
        return self.binders[type.cls, event.name].bind(inputs)

    def refuse_masked(
        self, type: EntityType, event: Event[Any, Any, Any], args: Mapping[str, Any]
    ) -> None:
        """Refuse a stored record whose secrets were masked. Raises: BindingError."""
        for name in self.binders[type.cls, event.name].unsaid:
            if args.get(name) == MASK:
                raise BindingError(
                    f"{type.name}.{event.name}: {name!r} is secret and was not recorded; "
                    "dispatch the event with its value.",
                    {name: "was not recorded"},
                )

    async def dispatch(self, command: Command) -> Outcome:
        """Run the event once and answer after its change is stored and published.

        The same key, session, entity and event with the same arguments is
        answered with the first outcome, for a day.

        Raises: what the event raises; NotFoundError, AccessDeniedError,
        InvalidStateError, ConstraintError, VersionConflictError,
        CommandRunningError, CommandReusedError. Then nothing was stored
        since the event's last `yield`.
        """
        actor, session = command.actor, command.session
        record = CommandRecord(
            self._ids(),
            command.type.name if command.id is None else f"{command.type.name}:{command.id}",
            command.event.name,
            self._recorded(command),
            None if actor is None else actor.id,
            None if session is None else session.key,
            self._clock(),
        )
        self._policy.check(command.type, "write", actor, event=command.event)
        if command.key is None:
            return await self._run(command, record, None)
        return await self._idempotency.once(
            record,
            command.key,
            self._persistence.for_class(command.type.cls),
            lambda claim: self._run(command, record, claim),
            lambda outcome: self._repeat(command, record, outcome),
        )

    def _recorded(self, command: Command) -> dict[str, Any]:
        """The arguments as a record keeps them: secrets and private fields masked."""
        unsaid = self.binders[command.type.cls, command.event.name].unsaid
        return {
            name: MASK if name in unsaid else plain(value)
            for name, value in command.arguments.items()
        }

    async def _run(self, command: Command, record: CommandRecord, claim: Claim | None) -> Outcome:
        kind = command.event.kind
        if kind == "sync":
            return await self._run_sync(command, record, claim)
        if claim is not None:
            await claim.start()
        try:
            if kind == "async":
                return await self._run_async(command, record, claim)
            return await self._run_segments(command, record, claim)
        except Exception:  # not when cancelled: what was interrupted is never run again by itself
            if claim is not None:
                await claim.release()
            raise

    async def _run_sync(
        self, command: Command, record: CommandRecord, claim: Claim | None
    ) -> Outcome:
        """Nothing awaits between loading and handing over, so a conflict can just run again."""
        for attempt in range(1, ATTEMPTS + 1):
            unit = self._unit(None)
            home = await self._home(unit, command)
            arguments = command.arguments
            if self.binders[command.type.cls, command.event.name].needs_more:
                arguments = await self._arguments(unit, command)
            value = command.event.fn(home.draft, **arguments)
            try:
                return await self._finish(unit, home, command, record, claim, value)
            except VersionConflictError:
                if attempt == ATTEMPTS:
                    raise
            await asyncio.sleep(random.uniform(0, 0.002 * 2**attempt))  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    async def _run_async(
        self, command: Command, record: CommandRecord, claim: Claim | None
    ) -> Outcome:
        """The event may wait for the world: a conflict is rebased, or run again by `retry=True`."""
        for attempt in range(1, ATTEMPTS + 1):
            unit = self._unit(Lease())
            home = await self._home(unit, command)
            arguments = await self._arguments(unit, command)
            value = await command.event.fn(home.draft, **arguments)
            try:
                return await self._finish(unit, home, command, record, claim, value)
            except VersionConflictError:
                if not command.event.info.retry or attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _run_segments(
        self, command: Command, record: CommandRecord, claim: Claim | None
    ) -> Outcome:
        """Each `yield` commits, publishes and sends; a conflict is thrown in at the yield."""
        unit = self._unit(Lease())
        home = await self._home(unit, command)
        arguments = await self._arguments(unit, command)
        steps = _Steps(command.event.fn(home.draft, **arguments))
        yielded: list[Any] = []
        try:
            async for value in steps:
                try:
                    outcome = await self._finish(
                        unit, home, command, record, claim, value, last=False
                    )
                except VersionConflictError as conflict:
                    await unit.reload(Lease())
                    if not unit.has(home):
                        raise
                    steps.throw_in(conflict)
                    continue
                yielded.append(value)
                if command.send is not None:
                    await command.send(outcome)
                await unit.next_segment(Lease())
        finally:
            await steps.close()
        outcome = await self._finish(unit, home, command, record, claim, None)
        outcome.value = yielded
        return outcome

    async def _finish(
        self,
        unit: UnitOfWork,
        home: Tracked,
        command: Command,
        record: CommandRecord,
        claim: Claim | None,
        value: Any,
        *,
        last: bool = True,
    ) -> Outcome:
        cls = command.type.cls
        state = None if value is None else returned_state(home.draft, value)
        if state is not None:
            if state is not home.draft:
                refill(home.draft, state)  # its version does not matter: the base's counts
            value = None
        if command.event.name == "delete" and command.type.is_record:
            home.deleted = True
        elif home.new:
            self._policy.check(
                command.type, "write", command.actor, event=command.event, entity=home.draft
            )
        if value is not None:
            where = f"{command.type.name}.{command.event.name}"
            reply = reply_to(value, command.event.info, self._render, where)
        else:
            reply = Reply()
        if command.vet is not None:
            command.vet(reply)
        facts = unit.facts.emitted.copy()
        record = record.reading(version_of(home.base))
        for attempt in range(1, ATTEMPTS + 1):
            marker = None
            if claim is not None:
                marker = claim.marker(_remember(reply, home) if last else None)
            try:
                await unit.commit(marker=marker, home=home, record=record)
                break
            except VersionConflictError:
                if command.event.kind == "sync" or attempt == ATTEMPTS:
                    raise
                await unit.rebase()
        if claim is not None:
            claim.kept = True
        entity = None if home.deleted else home.made
        self._reactions.after(record if last else None, cls, entity, facts)
        stored = home.type.cls.model_config.get("auto_persist", True) or unit.facts.save
        version = 0 if entity is None else version_of(entity)
        return Outcome(record, value, reply, entity, version, home.patch, bool(stored))

    async def _repeat(self, command: Command, record: CommandRecord, outcome: str) -> Outcome:
        """The first outcome's reply, with the entity as it is now."""
        made, text = from_json(outcome)
        cls = command.type.cls
        if command.id is None and not command.type.is_record:
            id = self._scopes.id_of(command.type, command.session, command.actor)
        else:
            id = self.id_of(cls, made if command.id is None else command.id)
        entity = await self._persistence.for_class(cls).get(cls, id)
        version = 0 if entity is None else version_of(entity)
        reply = Reply.from_json(text)
        return Outcome(record, reply.result, reply, entity, version, repeated=True)

    async def _home(self, unit: UnitOfWork, command: Command) -> Tracked:
        """The entity the event runs on, enlisted; access to this very one is decided."""
        type = command.type
        cls = type.cls
        if type.is_record and command.id is None:
            if command.event.name != "create":
                raise NotFoundError(type.name, None)
            return unit.enlist(type, None, default_snapshot(cls), new=True)
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
        self._policy.check(type, "write", command.actor, event=command.event, entity=entity)
        tracked = unit.enlist(type, id, entity, new=found is None)
        if command.signals:
            self._take_over(tracked, command.signals)
        return tracked

    def _take_over(self, tracked: Tracked, signals: dict[str, Any]) -> None:
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
                value = TypeAdapter(annotation).validate_python(given)
            except ValidationError as error:
                text = error.errors(include_url=False)[0]["msg"]
                raise BindingError(
                    f"{tracked.type.name}.{name}: {text} (from signal)", {name: text}
                ) from error
            setattr(tracked.draft, name, value)

    async def _arguments(self, unit: UnitOfWork, command: Command) -> dict[str, Any]:
        binder = self.binders[command.type.cls, command.event.name]
        # Copied, so that an event that runs again does not meet what it did to them before.
        arguments = {
            name: copy_value(value) if name in binder.containers else value
            for name, value in command.arguments.items()
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
        entity: Entity = await unit.get(type.cls, id)
        self._policy.check(type, "read", command.actor, entity=entity)
        return entity

    def id_of(self, cls: type[Entity], text: Any) -> Any:
        """An id from an address, as the class declares it. Raises: NotFoundError."""
        try:
            return self._ids_of[cls].validate_python(text)
        except ValidationError:
            raise NotFoundError(cls.__name__, text) from None


_NOTHING_SAID = to_json((None, Reply().to_json())).decode()


class _Steps:
    """What a generator event yields, sync or async, with errors thrown in at the yield."""

    def __init__(self, generator: Any) -> None:
        self._generator, self._error = generator, None
        self._is_async = hasattr(generator, "__anext__")

    async def close(self) -> None:
        """Let the event clean up when it is not run to its end."""
        if self._is_async:
            await self._generator.aclose()
        else:
            self._generator.close()

    def throw_in(self, error: BaseException) -> None:
        self._error = error  # type: ignore[assignment]

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        error, self._error = self._error, None
        if self._is_async:
            if error is None:
                return await self._generator.__anext__()
            return await self._generator.athrow(error)
        try:
            return next(self._generator) if error is None else self._generator.throw(error)
        except StopIteration:
            raise StopAsyncIteration from None


def _remember(reply: Reply, home: Tracked) -> str:
    if not home.new and reply.is_empty:
        return _NOTHING_SAID
    return to_json((plain(home.draft.id), reply.to_json())).decode()


def _id_adapter(cls: type[Entity]) -> TypeAdapter[Any]:
    annotation: Any = cls.__pydantic_fields__["id"].annotation
    return TypeAdapter(annotation)
