"""Access decisions of commands, queries and streams: each awaits the policy if it is asynchronous.

With a synchronous policy none of these functions suspends.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starmodel.app.access.conditions.condition import ALWAYS
from starmodel.app.access.conditions.related import UndecidedError, check_again
from starmodel.app.access.denials import check_answer
from starmodel.app.access.offers import rendered, with_fields
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor, Audience, Need
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, HiddenRecordError, NotSignedInError
from starmodel.core.events import Event


async def check(
    policy: AccessPolicy,
    entity_type: EntityType,
    need: Need,
    actor: Actor | None,
    *,
    event: Event[Any, Any, Any] | None = None,
    entity: Entity | None = None,
) -> None:
    """Return if the policy permits. Raises: NotSignedInError; AccessDeniedError."""
    if actor is TRUSTED:
        return
    try:
        answer = policy.check(entity_type, need, actor, event=event, entity=entity)
        if answer is not None:
            await check_answer(answer, entity_type, need, actor, event)
    except UndecidedError as error:
        await _check_again(error, policy, entity_type, need, actor, event, entity)


async def _check_again(
    error: UndecidedError,
    policy: AccessPolicy,
    entity_type: EntityType,
    need: Need,
    actor: Actor | None,
    event: Event[Any, Any, Any] | None,
    entity: Entity | None,
) -> None:
    """Return if the policy permits once it has read related records. Raises: as `check`."""
    ask = partial(policy.check, entity_type, need, actor, event=event, entity=entity)
    await check_answer(await check_again(ask, error), entity_type, need, actor, event)


async def permits(
    policy: AccessPolicy,
    entity_type: EntityType,
    actor: Actor | None,
    *,
    event: Event[Any, Any, Any] | None = None,
    entity: Entity | None = None,
) -> bool:
    """Whether the actor may run the event or, without an event, read."""
    if actor is TRUSTED:
        return True
    need: Need = "read" if event is None else "write"
    try:
        try:
            answer = policy.check(entity_type, need, actor, event=event, entity=entity)
            if answer is not None:
                await check_answer(answer, entity_type, need, actor, event)
        except UndecidedError as error:
            await _check_again(error, policy, entity_type, need, actor, event, entity)
    except (NotSignedInError, AccessDeniedError):
        return False
    return True


async def check_record(
    policy: AccessPolicy,
    entity_type: EntityType,
    actor: Actor | None,
    entity: Entity,
    id: Any,
    *,
    event: Event[Any, Any, Any] | None = None,
    gone: bool = False,
) -> None:
    """Return if the actor may read this entity, or run the event on it.

    An unreadable record is reported as missing, so that its id is not disclosed.

    Shapes: id is the record's as the caller wrote it; gone is True if a missing
    record raises `GoneError`.
    Raises: NotSignedInError; AccessDeniedError; HiddenRecordError.
    """
    if actor is TRUSTED:
        return
    need: Need = "read" if event is None else "write"
    try:
        try:
            answer = policy.check(entity_type, need, actor, event=event, entity=entity)
            if answer is not None:
                await check_answer(answer, entity_type, need, actor, event)
        except UndecidedError as error:
            await _check_again(error, policy, entity_type, need, actor, event, entity)
    except (NotSignedInError, AccessDeniedError):
        if entity_type.is_record and not (
            event and await permits(policy, entity_type, actor, entity=entity)
        ):
            raise HiddenRecordError(entity_type.name, id, gone=gone) from None
        raise


def reads_every_record(policy: AccessPolicy, entity_type: EntityType, actor: Actor | None) -> bool:
    """Whether an actor who may read the class may read each of its records.

    A rule such as `role("staff") | owner("user_id")` depends on the record, but not for the staff.
    """
    if actor is TRUSTED or not policy.reads_fields(entity_type):
        return True
    readable = getattr(policy, "readable", None)
    return readable is not None and readable(entity_type, actor) == ALWAYS


async def audience_of(
    policy: AccessPolicy, entity_type: EntityType, actor: Actor | None
) -> Audience:
    """The policy's audience of the actor; a synchronous one may use `offers`."""
    audience = await rendered(lambda: policy.audience(entity_type, actor))
    made = audience if isinstance(audience, Audience) else await audience
    return with_fields(made, policy, entity_type, actor)
