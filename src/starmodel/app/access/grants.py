"""Actors with a part of the permissions of a user, such as programs with a bearer token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from starmodel.app.access.policy import Actor, Need
from starmodel.core.classes.registry import EntityType, Registry
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event

READ, ALL, SUDO = "read", "*", "sudo"
MAX_GRANTS, MAX_GRANT_CHARS = 50, 200


@dataclass(frozen=True, slots=True)
class Grants:
    """The part of its owner's permissions that an actor has.

    Shapes: "Product:read" reads Product, "Product:adjust" runs that event, and "Product:*" does
    both for all events; "*:read" reads and "*:*" does everything that the owner may. "sudo" also
    permits events with `sudo=True`.

    >>> Grants.of(["Product:read", "sudo"]).permits_sudo
    True
    """

    names: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Grants:
        return cls(frozenset(names))

    @property
    def permits_sudo(self) -> bool:
        """Whether the actor may run events that need a recent sign-in."""
        return SUDO in self.names

    def permits(
        self,
        entity_type: EntityType,
        need: Need,
        event: Event[Any, Any, Any] | None,
    ) -> bool:
        """Whether the decision is among the grants; the policy decides it as well."""
        name, names = entity_type.name, self.names
        if "*:*" in names or f"{name}:*" in names:
            return True
        if event is not None:
            return f"{name}:{event.name}" in names
        return need == READ and (f"{name}:read" in names or "*:read" in names)


@dataclass(frozen=True, slots=True)
class LimitedActor(Actor):
    """A user's actor with grants: what the user may not do, it may not do either."""

    grants: Grants = Grants(frozenset())


class UnknownGrantError(ConfigurationError):
    """A grant names no class or event of the application."""

    def __init__(self, grant: str, classes: Iterable[str]) -> None:
        super().__init__(
            f"The grant {grant!r} is unknown; expected one such as 'Product:read', "
            "'Product:adjust', 'Product:*', '*:read', '*:*' or 'sudo'. "
            f"Classes are {', '.join(classes)}."
        )
        self.grant = grant


def limited(actor: Actor, grants: Grants) -> LimitedActor:
    """The actor, limited to the grants; it has not signed in by any method."""
    claims = {name: value for name, value in actor.claims.items() if name != "amr"}
    return LimitedActor(actor.id, actor.name, actor.roles, claims, grants)


def checked_grants(names: Iterable[str], registry: Registry) -> Grants:
    """The grants of these names. Raises: ConfigurationError, for no or too many of them;
    UnknownGrantError.
    """
    given = [*dict.fromkeys(names)]
    if not given or len(given) > MAX_GRANTS:
        raise ConfigurationError(f"{len(given)} grants; expected 1 to {MAX_GRANTS}.")
    known = {each.name: each for each in registry}
    for name in given:
        entity, _, event = name.partition(":")
        if len(name) > MAX_GRANT_CHARS or not (
            name in (SUDO, "*:read", "*:*")
            or (entity in known and event in (READ, ALL, *known[entity].events))
        ):
            raise UnknownGrantError(name[:MAX_GRANT_CHARS], sorted(known))
    return Grants.of(given)
