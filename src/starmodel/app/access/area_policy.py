"""The access policy of the resources below one prefix, for users and for their tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from starmodel.app.access.conditions.condition import NEVER, Condition
from starmodel.app.access.denials import not_granted
from starmodel.app.access.expressions.reads import read_fields_of
from starmodel.app.access.fields import field_condition
from starmodel.app.access.grants import LimitedActor
from starmodel.app.access.policy import AccessPolicy, Actor, Audience, Need, RelatedFields
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.events import Event


class AreaPolicy:
    """Decides by the policy of each class's own resource, else by the application's.

    The one place where the decisions for an actor with grants are intersected with them.

    Shapes: own has the policies of the classes that are served with rules of their own.
    """

    def __init__(self, own: Mapping[type[Entity], AccessPolicy], default: AccessPolicy) -> None:
        self._own, self._default = own, default

    def of(self, entity_type: EntityType) -> AccessPolicy:
        """The policy that decides about the class."""
        return self._own.get(entity_type.cls, self._default)

    def check(
        self,
        entity_type: EntityType,
        need: Need,
        actor: Actor | None,
        *,
        event: Event[Any, Any, Any] | None = None,
        entity: Entity | None = None,
    ) -> Awaitable[bool | None] | bool | None:
        if type(actor) is LimitedActor and not actor.grants.permits(entity_type, need, event):
            raise not_granted(entity_type, need, event)
        policy = self._own.get(entity_type.cls, self._default)
        return policy.check(entity_type, need, actor, event=event, entity=entity)

    def reads_fields(self, entity_type: EntityType) -> bool:
        return self.of(entity_type).reads_fields(entity_type)

    def readable(self, entity_type: EntityType, actor: Actor | None) -> Condition | None:
        if not _may_read(entity_type, actor):
            return NEVER
        policy = self.of(entity_type)
        readable = getattr(policy, "readable", None)
        return None if readable is None else readable(entity_type, actor)

    def field_condition(
        self, entity_type: EntityType, field: str, need: Need, actor: Actor | None
    ) -> Condition:
        if need == "read" and not _may_read(entity_type, actor):
            return NEVER
        policy = self._own.get(entity_type.cls, self._default)
        return field_condition(policy, entity_type, field, need, actor)

    def own_fields(self, entity_type: EntityType) -> AbstractSet[str]:
        return read_fields_of(self.of(entity_type), entity_type).own

    def related_fields(self, entity_type: EntityType) -> RelatedFields:
        return read_fields_of(self.of(entity_type), entity_type).related

    def audience(
        self, entity_type: EntityType, actor: Actor | None
    ) -> Audience | Awaitable[Audience]:
        audience = self.of(entity_type).audience(entity_type, actor)
        return _granted(audience, entity_type, actor) if type(actor) is LimitedActor else audience


def _may_read(entity_type: EntityType, actor: Actor | None) -> bool:
    """Whether the actor has no grants, or one for reading the class."""
    return type(actor) is not LimitedActor or actor.grants.permits(entity_type, "read", None)


def _granted(
    audience: Audience | Awaitable[Audience], entity_type: EntityType, actor: LimitedActor
) -> Audience | Awaitable[Audience]:
    """The audience without the events that the actor has no grant for."""
    if not isinstance(audience, Audience):
        return _awaited(audience, entity_type, actor)
    permits, events = actor.grants.permits, entity_type.events
    granted = {n for n in audience.events if permits(entity_type, "write", events[n])}
    return replace(audience, events=frozenset(granted))


async def _awaited(
    audience: Awaitable[Audience], entity_type: EntityType, actor: LimitedActor
) -> Audience:
    made = _granted(await audience, entity_type, actor)
    return made if isinstance(made, Audience) else await made
