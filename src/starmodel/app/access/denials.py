"""Denials: the answer of a policy that is neither None nor True, as an exception."""

from __future__ import annotations

import inspect
from typing import Any

from starmodel.app.access.policy import Actor, Need
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, NotSignedInError
from starmodel.core.events import Event
from starmodel.texts.catalogue import Message


def permits_answer(answer: object) -> bool:
    """Whether what `AccessPolicy.check` returned permits: None or True, nothing else."""
    return answer is None or answer is True


async def check_answer(
    answer: Any,
    entity_type: EntityType,
    need: Need,
    actor: Actor | None,
    event: Event[Any, Any, Any] | None,
) -> None:
    """Await an answer of a policy, and return if it permits. Raises: as `denial`."""
    if inspect.isawaitable(answer):
        answer = await answer
    if not permits_answer(answer):
        raise denial(entity_type, need, actor, event)


def denial(
    entity_type: EntityType,
    need: Need,
    actor: Actor | None,
    event: Event[Any, Any, Any] | None,
    entity: Entity | None = None,
    *,
    may_sign_in: bool = True,
) -> AccessDeniedError:
    """The error for an actor: `NotSignedInError` for a guest whom signing in may help."""
    what = (
        f"run {entity_type.name}.{event.name}"
        if event is not None
        else f"{need} {entity_type.name}"
    )
    seen = event is None and need == "read"
    if actor is None and may_sign_in:
        plain = Message("access.sign_in_to_see" if seen else "access.sign_in_to_do")
        return NotSignedInError(f"Sign in first: only who is signed in may {what}.", plain=plain)
    plain = _refusal(entity_type, need, event)
    about = {"entity_type": entity_type, "actor": actor, "event": event, "entity": entity}
    return AccessDeniedError(f"You may not {what}.", plain=plain, about=about)


def _refusal(entity_type: EntityType, need: Need, event: Event[Any, Any, Any] | None) -> Message:
    """What the visitor may not do, by the titles of event and class."""
    seen, things = event is None and need == "read", entity_type.plural_title
    if not entity_type.is_record or (event is None and not seen):
        return Message("access.not_seen" if seen else "access.not_done")
    if event is None:
        return Message("access.not_seen_of", things=things)
    return Message("access.not_done_of", event=event.title, things=things)


def not_granted(
    entity_type: EntityType, need: Need, event: Event[Any, Any, Any] | None
) -> AccessDeniedError:
    """The error for an actor whose grants do not have the decision."""
    what = f"{entity_type.name}:{need if event is None else event.name}"
    return AccessDeniedError(
        f"This token has no grant for {what}.", plain=Message("access.not_granted")
    )
