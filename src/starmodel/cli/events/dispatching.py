"""Dispatches one event from the command line."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starmodel.app.access.policy import TRUSTED, Actor
from starmodel.app.application import Application
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.inputs import Inputs
from starmodel.app.context import RequestContext, current_context
from starmodel.app.sessions.scopes import keyed_hash
from starmodel.app.sessions.session import Session
from starmodel.cli.events.arguments import form_of
from starmodel.cli.events.lookup import find_entity, find_event
from starmodel.cli.serving.loading import open_stores
from starmodel.cli.terminal.errors import CommandError, UsageError
from starmodel.config import secret_keys
from starmodel.core.classes.registry import EntityType

log = logging.getLogger("starmodel")
IN_BROWSER = ("session_storage", "local_storage")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The parsed options of `starmodel event`.

    Shapes: target is "Product:42", "Product" or "Counter"; words and pairs
    are parsed by `form_of`; session is a visitor id.
    """

    target: str
    event: str | None
    words: Sequence[str] = ()
    pairs: Sequence[str] = ()
    actor: str | None = None
    roles: Sequence[str] = ()
    session: str | None = None


class Request:
    """A command line resolved to an event and its target.

    Raises: UsageError, for an unknown entity or event, or a missing id, role,
    session or actor; CommandError, for an entity in a browser store.
    """

    def __init__(self, application: Application, line: CommandLine) -> None:
        name, _, id = line.target.partition(":")
        self.application, self.line = application, line
        self.entity_type, self.id = find_entity(application, name), id or None
        self.event = find_event(application, self.entity_type, line.event)
        self.binder: Binder = application.dispatcher.binders[self.entity_type.cls, self.event.name]
        if line.roles and line.actor is None:
            raise UsageError("--role needs an actor. Add one: --actor ID --role NAME.")
        self._check_target()
        self._check_session()

    @property
    def is_segmented(self) -> bool:
        """Whether the event is a generator, which commits at each `yield`."""
        return "generator" in self.event.kind

    @property
    def where(self) -> str:
        """The target and the event: "Product:42.adjust_stock"."""
        at = f"{self.entity_type.name}:{self.id}" if self.id is not None else self.entity_type.name
        return f"{at}.{self.event.name}"

    async def run(self, on_step: Callable[[Outcome], None]) -> Outcome:
        """Open the stores, dispatch the event once and close the stores.

        Shapes: on_step is called with the outcome of each committed `yield`.

        Raises: BindingError, for invalid arguments; what `Dispatcher.dispatch`
        raises; CommandError, when a store can't be opened.
        """
        actor = TRUSTED
        if self.line.actor is not None:
            actor = Actor(self.line.actor, roles=frozenset(self.line.roles))
        form = form_of(self.line.words, self.line.pairs, self.binder)
        private = [name for name in form if name in self.binder.private]
        if private and actor is not TRUSTED:
            raise UsageError(
                f"Only trusted code may set {', '.join(map(repr, private))} "
                f"of {self.entity_type.name}. "
                "Leave it out, or leave out --actor."
            )
        inputs = Inputs(body=form, body_name="form", trusted=actor is TRUSTED)
        inputs = inputs.seen_by(self.application.policy, self.entity_type, actor)
        arguments = self.application.dispatcher.bind(self.entity_type, self.event, inputs)
        session = self._session(actor)
        command = Command(
            self.entity_type,
            self.event,
            arguments,
            self.application.policy,
            self.id,
            actor,
            session,
            send=_async_callback(on_step),
            inputs=inputs,
        )
        current_context.set(RequestContext(self.application, session))
        outcome = None
        try:
            async with open_stores(self.application):
                outcome = await self.application.dispatcher.dispatch(command)
        except Exception:
            if outcome is None:
                raise
            log.exception("%s is stored, but the application did not close", self.where)
        return outcome

    def _session(self, actor: Actor) -> Session | None:
        visitor = self.line.session
        if visitor is None:
            return None
        key = keyed_hash(secret_keys(self.application.settings)[-1], "visitor")(visitor)
        return Session(visitor, visitor, key, None if actor is TRUSTED else actor)

    def _check_target(self) -> None:
        """Refuse a record event without an id, and an id for create and app-scoped entities."""
        entity_type, name, event = self.entity_type, self.entity_type.name, self.event.name
        if entity_type.store in IN_BROWSER:
            raise CommandError(
                f"{name} is stored in the visitor's browser, which a terminal can't access."
            )
        if entity_type.is_record and event == "create":
            if self.id is not None:
                raise UsageError(f"create makes a new {name}. Leave out {':' + self.id!r}.")
        elif entity_type.is_record and self.id is None:
            raise UsageError(
                f"Which {name}? Give its id: starmodel event {name}:ID {event}. "
                "Only create needs none."
            )
        elif entity_type.scope == "app" and self.id is not None:
            raise UsageError(
                f"There is one {name} for the whole application. Leave out {':' + self.id!r}."
            )

    def _check_session(self) -> None:
        """Refuse session and user entities without --session or --actor."""
        needed = [self.entity_type] if self.id is None else []
        needed += [self.application.registry[cls] for cls in self.binder.own.values()]
        for entity_type in needed:
            if entity_type.scope == "session" and self.line.session is None:
                raise UsageError(_no_session(entity_type, direct=entity_type is self.entity_type))
            if entity_type.scope == "user" and self.line.actor is None:
                raise UsageError(
                    f"{entity_type.name} belongs to a signed-in user. Name the user: --actor ID."
                )


def _no_session(entity_type: EntityType, *, direct: bool) -> str:
    stored = f", or name a stored one by its key: {entity_type.name}:KEY" if direct else ""
    return (
        f"{entity_type.name} belongs to a visitor's session, and a terminal has none. "
        "Name one with --session NAME "
        f"(the same name means the same {entity_type.name} each time){stored}."
    )


def _async_callback(callback: Callable[[Outcome], None]) -> Callable[[Outcome], Awaitable[None]]:
    async def send(outcome: Outcome) -> None:
        callback(outcome)

    return send
