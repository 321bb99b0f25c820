"""Access decisions of rendering code, which is synchronous: which links and forms a page offers.

An offer is a convenience: the event's own check decides when it is used.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Hashable
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from starmodel.app.access.conditions.condition import Condition
from starmodel.app.access.conditions.moments import one_moment
from starmodel.app.access.conditions.related import UndecidedError, answer_of, ask_with, check_again
from starmodel.app.access.denials import permits_answer
from starmodel.app.access.fields import readable_fields, writable_fields
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor, Audience, Need
from starmodel.core.classes.registry import EntityType
from starmodel.core.current_app import host_of
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, NotSignedInError
from starmodel.core.events import Event
from starmodel.core.events.conditions import asks_actor
from starmodel.core.snapshot import version_of

T = TypeVar("T")
MAX_PASSES = 20
_DENIALS = (NotSignedInError, AccessDeniedError)
# Errors of a rule that requires an actor, when it is evaluated for a guest.
_GUEST_ERRORS = (AttributeError, TypeError, ValueError, LookupError)


class _Decisions:
    """Awaited answers of an asynchronous policy, and the awaitables of missing ones."""

    def __init__(self) -> None:
        self.answers: dict[Hashable, Any] = {}
        self.pending: dict[Hashable, Awaitable[Any]] = {}
        # The rows of lists about which a condition on related records is to be decided.
        self.rows: dict[Condition, list[Entity]] = {}
        self.met: dict[Condition, dict[Any, bool]] = {}

    def row_answer(self, error: UndecidedError) -> bool | None:
        """The answer to the question of a row, which is noted where there is none yet."""
        try:
            answer = self.met.get(error.condition, {}).get(error.entity.id)
        except TypeError:  # a claim with a value that can't be hashed
            return None
        if answer is None:
            self.rows.setdefault(error.condition, []).append(error.entity)
        return answer

    async def decide_rows(self) -> None:
        """Decide each condition for its rows, in one query if its store can."""
        rows, self.rows = self.rows, {}
        for condition, entities in rows.items():
            met = await host_of(entities[0].__entity__.cls).meeting(condition, entities)
            known = self.met.setdefault(condition, {})
            known.update({entity.id: entity.id in met for entity in entities})


_decisions: ContextVar[_Decisions | None] = ContextVar("starmodel_offers", default=None)


async def rendered(render: Callable[[], T]) -> T:
    """The result of `render`, with the decisions of an asynchronous policy.

    Decisions that `render` lacks are awaited after it, and `render` runs again.
    With a synchronous policy it runs once.
    """
    with one_moment():
        return await _rendered(render)


async def _rendered(render: Callable[[], T]) -> T:
    decisions = _Decisions()
    for _ in range(MAX_PASSES):
        token = _decisions.set(decisions)
        try:
            page = render()
        finally:
            _decisions.reset(token)
        if not decisions.pending and not decisions.rows:
            return page
        await decisions.decide_rows()
        keys, pending = list(decisions.pending), list(decisions.pending.values())
        decisions.pending.clear()
        answers = await asyncio.gather(*pending, return_exceptions=True)
        for decision in answers:
            if isinstance(decision, BaseException):
                raise decision
        decisions.answers.update(zip(keys, answers, strict=True))
    raise RuntimeError(f"A page needs new access decisions in each of {MAX_PASSES} renderings.")


def offers(
    policy: AccessPolicy,
    entity_type: EntityType,
    actor: Actor | None,
    *,
    event: Event[Any, Any, Any] | None = None,
    entity: Entity | None = None,
) -> bool:
    """Whether the actor may run the event or, without an event, read.

    Inside `rendered` this is the policy's decision. Outside of it an
    asynchronous policy offers nothing.
    """
    return _offers(policy, entity_type, actor, event, entity, _DENIALS)


def offers_in_row(
    policy: AccessPolicy,
    entity_type: EntityType,
    actor: Actor | None,
    event: Event[Any, Any, Any],
    entity: Entity,
) -> bool:
    """Whether a row offers the event.

    Inside `rendered`, rules that read related records are decided for all rows together.
    Outside of it, where a live list is encoded, such a rule is not awaited: the row offers
    the event, and a click is decided.
    """
    return decided_together(
        partial(_offers, policy, entity_type, actor, event, entity, _DENIALS, awaits=False)
    )


def decided_together(ask: Callable[[], bool]) -> bool:
    """The answer of `ask`, whose questions about related records are decided for all rows at once.

    True where they are not decided: outside of `rendered`.
    """
    decisions = _decisions.get()
    for _ in range(MAX_PASSES):
        try:
            return ask()
        except UndecidedError as error:
            answer = None if decisions is None else decisions.row_answer(error)
            if answer is None:
                return True
            ask = partial(ask_with, ask, error, answer)
    return True


def _offers(
    policy: AccessPolicy,
    entity_type: EntityType,
    actor: Actor | None,
    event: Event[Any, Any, Any] | None,
    entity: Entity | None,
    denials: tuple[type[Exception], ...],
    *,
    awaits: bool = True,
) -> bool:
    if actor is TRUSTED:
        return True
    need: Need = "read" if event is None else "write"
    ask = partial(policy.check, entity_type, need, actor, event=event, entity=entity)
    pending: Any
    try:
        pending = ask()
    except denials:
        return False
    except UndecidedError as error:
        if not awaits:
            raise
        pending = check_again(ask, error)
    if not inspect.isawaitable(pending):
        return permits_answer(pending)
    record: Hashable = None
    if entity is not None:  # the id of an unsaved record differs between two renderings
        version = version_of(entity)
        record = (entity.id if version or not entity_type.is_record else "", version)
    key = (id(policy), entity_type.cls, event, actor, record)
    return _answer(key, pending, partial(_is_permitted, ask, denials), False)


def may_create(policy: AccessPolicy, entity_type: EntityType, actor: Actor | None) -> bool:
    """Whether a form for a new record is offered to the actor.

    Not if it may not set a required field. A rule that is a function needs a record. For a
    guest it is evaluated on a record of defaults; an actor may still be denied for the
    submitted values.
    """
    create = entity_type.events["create"]
    fields = entity_type.cls.__pydantic_fields__
    closed = writable_fields(policy, entity_type, actor).closed
    if any(fields[name].is_required() for name in closed):
        return False
    if not offers(policy, entity_type, actor, event=create):
        return False
    if actor is not None:
        return True
    denials = (*_DENIALS, *_GUEST_ERRORS)
    return _offers(policy, entity_type, None, create, entity_type.blank, denials)


def offered_audience(
    policy: AccessPolicy, entity_type: EntityType, actor: Actor | None
) -> Audience:
    """The policy's audience of the actor; outside `rendered` an asynchronous one is empty."""
    audience = policy.audience(entity_type, actor)
    if not isinstance(audience, Audience):
        key = (id(policy), entity_type.cls, actor)
        audience = _answer(key, audience, _unchanged, Audience())
    return with_fields(audience, policy, entity_type, actor)


def with_fields(
    audience: Audience, policy: AccessPolicy, entity_type: EntityType, actor: Actor | None
) -> Audience:
    """The audience with the fields that its actors may not read."""
    info = entity_type.cls.__entity__
    if audience.actor is None and actor is not None and any(map(asks_actor, info.conditional)):
        audience = replace(audience, actor=actor)
    if not info.guarded:
        return audience
    fields = readable_fields(policy, entity_type, actor)
    return replace(audience, hidden=fields.closed, uncertain=fields.uncertain)


def answer_to(key: Hashable, missing: Any) -> Any:
    """The result of `await_later` with this key; `missing` before it, and outside `rendered`."""
    decisions = _decisions.get()
    return missing if decisions is None else decisions.answers.get(key, missing)


def awaited(key: Hashable) -> Awaitable[Any] | None:
    """What `await_later` has been given with this key since the last rendering."""
    decisions = _decisions.get()
    return None if decisions is None else decisions.pending.get(key)


def await_later(key: Hashable, pending: Awaitable[Any]) -> bool:
    """Let `rendered` await this and render again; False outside of it."""
    decisions = _decisions.get()
    if decisions is None:
        return False
    decisions.pending[key] = pending
    return True


def _answer(
    key: Hashable,
    pending: Awaitable[Any],
    decide: Callable[[Awaitable[Any]], Awaitable[T]],
    missing: T,
) -> T:
    decisions = _decisions.get()
    if decisions is None or key in decisions.answers or key in decisions.pending:
        if inspect.iscoroutine(pending):
            pending.close()  # not started
    else:
        decisions.pending[key] = decide(pending)
    return missing if decisions is None else decisions.answers.get(key, missing)


async def _is_permitted(
    ask: Callable[[], Any], denials: tuple[type[Exception], ...], pending: Awaitable[Any]
) -> bool:
    try:
        return permits_answer(await answer_of(ask, pending))
    except denials:
        return False


async def _unchanged(pending: Awaitable[T]) -> T:
    return await pending
