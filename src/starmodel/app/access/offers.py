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

from starmodel.app.access.denials import permits_answer
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor, Audience, Need
from starmodel.app.access.related import UndecidedError, answer_of, check_again
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, NotSignedInError
from starmodel.core.events import Event
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


_decisions: ContextVar[_Decisions | None] = ContextVar("starmodel_offers", default=None)


async def rendered(render: Callable[[], T]) -> T:
    """The result of `render`, with the decisions of an asynchronous policy.

    Decisions that `render` lacks are awaited after it, and `render` runs again.
    With a synchronous policy it runs once.
    """
    decisions = _Decisions()
    for _ in range(MAX_PASSES):
        token = _decisions.set(decisions)
        try:
            page = render()
        finally:
            _decisions.reset(token)
        if not decisions.pending:
            return page
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
    """Whether a row offers the event. A rule that reads related records is not awaited for it."""
    try:
        return _offers(policy, entity_type, actor, event, entity, _DENIALS, awaits=False)
    except UndecidedError:
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

    A rule that is a function needs a record. For a guest it is evaluated on a
    record of defaults; an actor may still be denied for the submitted values.
    """
    create = entity_type.events["create"]
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
    if not entity_type.cls.__entity__.guarded:
        return audience
    fields = readable_fields(policy, entity_type, actor)
    return replace(audience, hidden=fields.closed, uncertain=fields.uncertain)


def answer_to(key: Hashable, missing: Any) -> Any:
    """The result of `await_later` with this key; `missing` before it, and outside `rendered`."""
    decisions = _decisions.get()
    return missing if decisions is None else decisions.answers.get(key, missing)


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
