"""The access policy port, actors and audiences."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol, runtime_checkable

from starmodel.app.access.conditions.condition import Condition
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.events import Event

Need = Literal["read", "write"]


OWN_ATTRIBUTES = ("id", "name", "roles")


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user or service.

    Shapes: roles are names such as "editor"; claims are further attributes, such as
    {"team": "red"}, with values that JSON has. The claim "amr" lists the methods of the
    sign-in, such as "mfa" (RFC 8176).
    Raises: ValueError, for a claim with the name of an attribute, and for an id that is no text
    or an empty one, which is the owner of every record without an owner.
    """

    id: str
    name: str = ""
    roles: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise ValueError(f"The id of an actor is {self.id!r}; expected a text, such as 'ann'.")
        taken = [name for name in OWN_ATTRIBUTES if name in self.claims]
        if taken:
            raise ValueError(f"The claims have {taken[0]!r}, which is an attribute of the actor.")
        object.__setattr__(self, "claims", MappingProxyType(dict(self.claims)))

    def __str__(self) -> str:
        return self.name or self.id

    def attribute(self, name: str) -> Any:
        """The attribute or claim of this name; None without one."""
        return getattr(self, name) if name in OWN_ATTRIBUTES else self.claims.get(name)


class EveryRole(frozenset[str]):
    """Roles of the development actor: contains every name.

    Iteration yields the reserved role "dev" alone, which is what gets stored.
    Unequal to every other set, so that a cached rendering for the developer is
    never shared. `role in roles` and operators with these roles on the left
    contain every name; `{"admin"} & roles` is evaluated by Python's set, which
    does not.
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
"""Code of the application without a named actor; every check passes."""


class AccessPolicy(Protocol):
    """Decides who may read and run what.

    `check` and `audience` may be coroutine functions, for policies that query
    a database or a service. Code of the framework calls neither directly: it
    awaits the functions of `access.decisions`, and rendering those of
    `access.offers`.
    """

    def check(
        self,
        entity_type: EntityType,
        need: Need,
        actor: Actor | None,
        *,
        event: Event[Any, Any, Any] | None = None,
        entity: Entity | None = None,
    ) -> Awaitable[bool | None] | bool | None:
        """Return None or True, or an awaitable of one of them, if the actor may.

        Any other value denies: a guest is asked to sign in, others are refused.
        Without an entity the decision is about the class: a rule that depends on
        the record permits, and is checked again with the record. TRUSTED is
        permitted everything without a call of `check`.

        Raises: NotSignedInError, AccessDeniedError.
        """

    def reads_fields(self, entity_type: EntityType) -> bool:
        """Whether read access depends on the record. Then each record is checked."""

    def audience(
        self, entity_type: EntityType, actor: Actor | None
    ) -> Audience | Awaitable[Audience]:
        """The events that the actor may run on records of the class.

        Actors with equal audiences share the rendering of a list. An
        asynchronous policy sets no `per_record`: rows are rendered without
        awaiting, so their menus follow `events`, and `check` decides a click.
        """


@runtime_checkable
class CompilesReads(Protocol):
    """A policy whose read access can be a condition of a query."""

    def readable(self, entity_type: EntityType, actor: Actor | None) -> Condition | None:
        """The condition on the records that `check` lets the actor read; None where it has none.

        Then each record is checked.
        """


@runtime_checkable
class DecidesFields(Protocol):
    """A policy with rules of its own for single fields; without it those of the fields apply."""

    def field_condition(
        self, entity_type: EntityType, field: str, need: Need, actor: Actor | None
    ) -> Condition:
        """The condition on the records whose field the actor may read or write.

        Called for fields with a rule only. `starmodel.access` has the rules to make it of.
        """


RelatedFields = Mapping[type[Entity], AbstractSet[str]]
"""Names of fields by class."""


@runtime_checkable
class ReadsRelated(Protocol):
    """A policy whose read decisions depend on other records."""

    def related_fields(self, entity_type: EntityType) -> RelatedFields:
        """The fields of other records, by class. Open lists and pages follow their changes."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Actors with the same permissions on one class, who share one rendering.

    Shapes: events has the names of the permitted events; per_record is True
    if a rule of the class is a function, which is evaluated per record for `actor`. hidden are
    the fields that the actors may read on no record, uncertain those that they may not read
    on every record; a policy leaves both to the rules of the fields.
    """

    events: frozenset[str] = frozenset()
    actor: Actor | None = None
    per_record: bool = False
    hidden: frozenset[str] = frozenset()
    uncertain: frozenset[str] = frozenset()
