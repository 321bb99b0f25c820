"""Whether an event is possible on the state of its record: `when` and `visible` of `@event`.

Unlike an access rule, a condition binds trusted code too, for which it has no actor.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.conditions.related import UndecidedError, check_again, decided
from starmodel.app.access.expressions.comparisons import Compared
from starmodel.app.access.expressions.expression import Expression
from starmodel.app.access.expressions.reads import fields_read
from starmodel.app.access.offers import decided_together
from starmodel.app.access.policy import TRUSTED, Actor
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import ConditionFailedError, RuleFailedError
from starmodel.core.events import Event
from starmodel.core.events.conditions import (
    asks_actor,
    failed,
    is_met_by,
    reason_of,
    unavailable,
)
from starmodel.core.snapshot import hidden_of
from starmodel.texts.catalogue import Message

log = logging.getLogger("starmodel.events")
_logged: set[tuple[str, str]] = set()  # the events whose condition has failed in a rendering


@dataclass(frozen=True, slots=True)
class Availability:
    """How a page offers an event of one record.

    Shapes: reason says why the event is not possible now, "" where it is.
    """

    reason: str = ""
    is_visible: bool = True


POSSIBLE, HIDDEN = Availability(), Availability(is_visible=False)


async def check_ready(
    entity_type: EntityType, event: Event[Any, Any, Any], actor: Actor | None, entity: Entity
) -> None:
    """Return when the event is possible on this state.

    Raises: EventUnavailableError; ConditionFailedError.
    """
    when = event.info.when
    if when is None:
        return
    ask = partial(_is_met, when, entity_type, actor, entity)
    try:
        answer = ask()
    except UndecidedError as error:
        answer = await check_again(ask, error)
    if not answer:
        reason = _reason(event, actor, entity)
        raise unavailable(f"{entity_type.name}.{event.name}", reason)


def availability(
    entity_type: EntityType, event: Event[Any, Any, Any], actor: Actor | None, entity: Entity
) -> Availability:
    """How a page offers an event that the actor may run.

    A condition on a field that the actor may not read is decided by the click. One that fails is
    logged once, and the event is not offered.
    """
    for condition in (event.info.visible, event.info.when):
        if condition is None or _reads_hidden(condition, entity_type, entity):
            continue
        try:
            if decided_together(partial(_is_met, condition, entity_type, actor, entity)):
                continue
        except ConditionFailedError:
            if (about := (entity_type.name, event.name)) not in _logged:
                _logged.add(about)
                log.exception("The condition of %s.%s has failed", *about)
            return Availability(Message("event.undecided"))
        if condition is event.info.visible:
            return HIDDEN
        return Availability(_reason(event, actor, entity))
    return POSSIBLE


def reasons_of(states: Mapping[str, Availability]) -> dict[str, str | None]:
    """Why each event is not possible, "" where it is; None where its button is hidden."""
    return {name: state.reason if state.is_visible else None for name, state in states.items()}


def is_shared(entity_type: EntityType, event: Event[Any, Any, Any]) -> bool:
    """Whether the public state of a record decides the conditions, for every viewer alike."""
    info = entity_type.cls.__entity__
    if asks_actor(event) or info.guarded:
        return False
    conditions = (event.info.visible, event.info.when)
    if any(callable(part) for part in (*conditions, event.info.when_text)) and info.private:
        return False  # a function may read any field
    for condition in conditions:
        if not isinstance(condition, Expression):
            continue
        if any(isinstance(part, Compared) and part.reads_time for part in condition.parts()):
            return False
        read = fields_read(condition, RuleModel.of(entity_type))
        if read.related or info.private.intersection(read.own):
            return False
    return True


def _is_met(condition: Any, entity_type: EntityType, actor: Actor | None, entity: Entity) -> bool:
    """Whether the record meets the condition.

    Raises: UndecidedError, where that depends on related records; ConditionFailedError.
    """
    actor = None if actor is TRUSTED else actor
    if not isinstance(condition, Expression):
        return is_met_by(condition, entity, actor)
    try:
        return decided(condition.bind(actor, RuleModel.of(entity_type)), entity)
    except RuleFailedError as error:
        raise failed(condition) from error


def _reason(event: Event[Any, Any, Any], actor: Actor | None, entity: Entity) -> str:
    known = None if actor is TRUSTED else actor
    return reason_of(event.info.when_text, event.title, entity, known)


def _reads_hidden(condition: Any, entity_type: EntityType, entity: Entity) -> bool:
    hidden = hidden_of(entity)
    if not hidden:
        return False
    if not isinstance(condition, Expression):
        return True
    return not hidden.isdisjoint(fields_read(condition, RuleModel.of(entity_type)).own)
