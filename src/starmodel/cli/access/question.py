"""Decisions of the access policy about one actor and the events of an entity, explained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starmodel.app.access.explanations import Explanation, Part, explain, explain_fields
from starmodel.app.access.policy import Actor
from starmodel.app.application import Application
from starmodel.app.sessions.scopes import default_snapshot
from starmodel.cli.events.lookup import find_entity, find_event
from starmodel.cli.serving.loading import open_stores
from starmodel.cli.terminal.errors import CommandError, UsageError
from starmodel.core.entity import Entity
from starmodel.core.events import Event

IN_BROWSER = ("session_storage", "local_storage")


@dataclass(frozen=True, slots=True)
class Decision:
    """The explanation of one need. Shapes: names are "read", or the events with this rule."""

    names: tuple[str, ...]
    explanation: Explanation


class Question:
    """A command line resolved to an entity, an actor and the events to explain.

    Shapes: target is "Product:42" or "Product"; event is None for reading and every event;
    claims are "NAME=VALUE", where the value is JSON or a text.
    Raises: UsageError, for an unknown entity or event, or options without an actor;
    CommandError, for a record in a browser store.
    """

    def __init__(
        self,
        application: Application,
        target: str,
        event: str | None,
        actor: str | None,
        roles: Sequence[str],
        claims: Sequence[str],
    ) -> None:
        name, _, id = target.partition(":")
        self._application = application
        self.entity_type, self.id = find_entity(application, name), id or None
        if actor is None and (roles or claims):
            raise UsageError("--role and --claim need an actor. Add one: --as ID.")
        try:
            self.actor = None if actor is None else Actor(
                actor, roles=frozenset(roles), claims=dict(map(_claim, claims))
            )  # fmt: skip
        except ValueError as error:
            raise UsageError(str(error)) from error
        if self.id is not None and self.entity_type.store in IN_BROWSER:
            raise CommandError(
                f"{self.entity_type.name} is stored in the visitor's browser, which a terminal "
                "can't access. Leave out the id."
            )
        events = self.entity_type.events.values()
        self._events: list[Event[Any, Any, Any] | None] = [None, *events]
        if event is not None:
            named = None if event == "read" else find_event(application, self.entity_type, event)
            self._events = [named]

    async def ask(self) -> list[Decision]:
        """The decisions, those of events with the same rule and reasons together.

        Raises: CommandError, for a missing record, and when a store can't be opened.
        """
        application, made = self._application, list[Decision]()
        async with open_stores(application):
            entity = None if self.id is None else await self._stored(self.id)
            for event in self._events:
                is_new = event is not None and event.name == "create"
                explanation = await explain(
                    application.policy, self.entity_type, self.actor, application.meets,
                    event=event, entity=None if is_new else entity,
                )  # fmt: skip
                _add(made, "read" if event is None else event.name, explanation)
            if len(self._events) > 1:
                fields = explain_fields(
                    application.policy, self.entity_type, self.actor, application.meets, entity
                )
                async for name, explanation in fields:
                    _add(made, name, explanation)
        return made

    async def _stored(self, id: str) -> Entity:
        entity_type, application = self.entity_type, self._application
        key = application.id_of(entity_type.cls, id)
        found = await application.persistence.for_class(entity_type.cls).get(entity_type.cls, key)
        if found is None and entity_type.is_record:
            raise CommandError(f"There is no {entity_type.name} {id!r}. Check its id.")
        return default_snapshot(entity_type.cls, key) if found is None else found


def _add(made: list[Decision], name: str, explanation: Explanation) -> None:
    """Add a decision, or its name to an equal one."""
    for at, each in enumerate(made):
        if _same(each.explanation, explanation):
            made[at] = Decision((*each.names, name), explanation)
            return
    made.append(Decision((name,), explanation))


def _same(one: Explanation, other: Explanation) -> bool:
    """Whether two decisions have one answer, by one rule and with the same reasons."""
    return (one.answer, one.source, _lines(one.part)) == (
        other.answer, other.source, _lines(other.part),
    )  # fmt: skip


def _lines(part: Part | None) -> list[tuple[int, str, bool | None]]:
    return [] if part is None else list(part.lines())


def _claim(text: str) -> tuple[str, Any]:
    """A claim of the command line. Raises: UsageError."""
    name, found, value = text.partition("=")
    if not found or not name:
        raise UsageError(f"--claim {text!r} has no '='. Write --claim NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
