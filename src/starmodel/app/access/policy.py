"""Who may read and run what. One policy decides on every face and in every mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    AccessDeniedError,
    ConfigurationError,
    HiddenRecordError,
    NotSignedInError,
)
from starmodel.core.events import Event
from starmodel.core.fields.entity_config import AccessRule, EntityConfig
from starmodel.texts.catalogue import Message

Need = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody (or something) that is signed in. Shapes: roles are names such as "editor"."""

    id: str
    name: str = ""
    roles: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.name or self.id


class EveryRole(frozenset[str]):
    """Roles of the development actor: contains every name.

    Iteration gives the reserved role "dev" alone, which is also what is
    stored. Equal to no other set, so that nobody else is shown what was
    decided for the developer. `role in roles` and operators with the roles
    on the left know every name; `{"admin"} & roles` is decided by Python's
    set, which does not.
    """

    __slots__ = ()

    def __contains__(self, role: object) -> bool:
        return isinstance(role, str)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EveryRole)

    def __hash__(self) -> int:
        return hash(EveryRole)

    def __and__(self, other: AbstractSet[object]) -> frozenset[str]:
        return frozenset(role for role in other if isinstance(role, str))

    def __ge__(self, other: AbstractSet[object]) -> bool:
        return True

    def isdisjoint(self, other: Iterable[object]) -> bool:
        return not any(isinstance(role, str) for role in other)

    def issuperset(self, other: Iterable[object]) -> bool:
        return True


DEV = Actor("dev", "Developer", EveryRole({"dev"}))
"""The reserved actor of the development sign-in; it has every role."""

TRUSTED = Actor("trusted", "Trusted code")
"""Code of the application itself, when it names no actor; it may do everything."""


class AccessPolicy(Protocol):
    """Decides; raises when the answer is no."""

    def check(
        self,
        entity_type: EntityType,
        need: Need,
        actor: Actor | None,
        *,
        event: Event[Any, Any, Any] | None = None,
        entity: Entity | None = None,
    ) -> None:
        """Return when the actor may.

        Without an entity only what no single record decides is checked: a rule that is a
        function passes and has to be asked again with the record.

        Raises: NotSignedInError, AccessDeniedError.
        """

    def reads_fields(self, entity_type: EntityType) -> bool:
        """True when reading depends on a record's fields."""

    def audience(self, entity_type: EntityType, actor: Actor | None) -> Audience:
        """What this actor may run on records of the class; equal for all who are shown the same."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who are shown the same of one class, so that one rendering serves them all.

    Shapes: events names what they may run; per_record is True when a rule of
    the class is a function, which is then asked of each record for `actor`.
    """

    events: frozenset[str] = frozenset()
    actor: Actor | None = None
    per_record: bool = False


class RulePolicy:
    """Decides by the `access` of the event, else of the class, else by scope: closed by default.

    `session` entities belong to their visitor; all others need somebody signed in.
    """

    def __init__(self) -> None:
        self._rules: dict[tuple[type[Entity], Need, Any], AccessRule] = {}

    def check(
        self,
        entity_type: EntityType,
        need: Need,
        actor: Actor | None,
        *,
        event: Event[Any, Any, Any] | None = None,
        entity: Entity | None = None,
    ) -> None:
        if actor is TRUSTED:
            return
        key = (entity_type.cls, need, event)
        rule = self._rules.get(key)
        if rule is None:
            rule = self._rules[key] = rule_of(entity_type, need, event)
        if rule == "public" or allows(rule, actor, entity):
            return
        what = (
            f"run {entity_type.name}.{event.name}"
            if event is not None
            else f"{need} {entity_type.name}"
        )
        seen = event is None and need == "read"
        if actor is None and rule != "nobody":
            plain = Message("access.sign_in_to_see" if seen else "access.sign_in_to_do")
            raise NotSignedInError(f"Sign in first: only who is signed in may {what}.", plain=plain)
        plain = Message("access.not_seen" if seen else "access.not_done")
        raise AccessDeniedError(f"You may not {what}.", plain=plain)

    def reads_fields(self, entity_type: EntityType) -> bool:
        return callable(rule_of(entity_type, "read", None))

    def audience(self, entity_type: EntityType, actor: Actor | None) -> Audience:
        may = frozenset(
            name
            for name, event in entity_type.events.items()
            if (
                may_create(self, entity_type, actor)
                if name == "create"
                else permits(self, entity_type, actor, event=event)
            )
        )
        rules = [rule_of(entity_type, "write", event) for event in entity_type.events.values()]
        per_record = self.reads_fields(entity_type) or any(map(callable, rules))
        return Audience(may, actor if per_record else None, per_record)


def permits(
    policy: AccessPolicy,
    entity_type: EntityType,
    actor: Actor | None,
    *,
    event: Event[Any, Any, Any] | None = None,
    entity: Entity | None = None,
) -> bool:
    """Whether the actor may run the event, or, without one, read."""
    need: Need = "read" if event is None else "write"
    try:
        policy.check(entity_type, need, actor, event=event, entity=entity)
    except (NotSignedInError, AccessDeniedError):
        return False
    return True


def may_create(policy: AccessPolicy, entity_type: EntityType, actor: Actor | None) -> bool:
    """Whether creating a record can be offered to the actor.

    There is no record to ask a function about yet. A guest is offered what
    the function allows for a record of defaults; others may still be refused
    for the values that they fill in.
    """
    create = entity_type.events["create"]
    if not permits(policy, entity_type, actor, event=create):
        return False
    if actor is not None:
        return True
    try:
        return permits(policy, entity_type, None, event=create, entity=entity_type.blank)
    except (AttributeError, TypeError, ValueError, LookupError):  # of a rule that needs an actor
        return False


def check_record(
    policy: AccessPolicy,
    entity_type: EntityType,
    actor: Actor | None,
    entity: Entity,
    id: Any,
    *,
    event: Event[Any, Any, Any] | None = None,
    gone: bool = False,
) -> None:
    """Return when the actor may read this entity, or run the event on it.

    A record that the actor may not read is answered as one that does not
    exist, so that nobody learns which ids are taken.

    Shapes: id is the record's as the caller wrote it; gone is True where a
    missing record would be a `GoneError`.
    Raises: NotSignedInError; AccessDeniedError; HiddenRecordError.
    """
    need: Need = "read" if event is None else "write"
    try:
        policy.check(entity_type, need, actor, event=event, entity=entity)
    except (NotSignedInError, AccessDeniedError):
        if entity_type.is_record and not (
            event and permits(policy, entity_type, actor, entity=entity)
        ):
            raise HiddenRecordError(entity_type.name, id, gone=gone) from None
        raise


def rule_of(entity_type: EntityType, need: Need, event: Event[Any, Any, Any] | None) -> AccessRule:
    """The rule that applies."""
    if event is not None and event.info.access is not None:
        return event.info.access
    config: EntityConfig = entity_type.cls.model_config
    access = config.get("access")
    if isinstance(access, Mapping):
        access = access.get(need)
    if access is not None:
        return access
    return "public" if entity_type.scope == "session" else "signed_in"


def allows(rule: AccessRule, actor: Actor | None, entity: Entity | None) -> bool:
    """Whether one rule lets the actor pass."""
    if callable(rule):
        return entity is None or bool(rule(actor, entity))
    if rule == "public":
        return True
    if rule == "nobody" or actor is None:
        return False
    if rule == "signed_in":
        return True
    if rule.startswith("role:"):
        return rule[5:] in actor.roles
    raise ConfigurationError(f"Unknown access rule {rule!r}.")
