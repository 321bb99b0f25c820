"""The default access policy: rules of events and classes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from starmodel.app.access.denials import denial
from starmodel.app.access.offers import may_create, offers
from starmodel.app.access.policy import TRUSTED, Actor, Audience, Need
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, ConfigurationError, NotSignedInError
from starmodel.core.events import Event
from starmodel.core.fields.entity_config import AccessRule, EntityConfig
from starmodel.texts.catalogue import Message

log = logging.getLogger("starmodel.access")


class RulePolicy:
    """Decides by the `access` of the event, else of the class, else by scope; denies by default.

    Without a rule, `session` entities are public to their visitor; all others
    require a signed-in actor.
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
        raise denial(entity_type, need, actor, event, may_sign_in=rule != "nobody")

    def reads_fields(self, entity_type: EntityType) -> bool:
        return callable(rule_of(entity_type, "read", None))

    def audience(self, entity_type: EntityType, actor: Actor | None) -> Audience:
        may = frozenset(
            name
            for name, event in entity_type.events.items()
            if (
                may_create(self, entity_type, actor)
                if name == "create"
                else offers(self, entity_type, actor, event=event)
            )
        )
        rules = [rule_of(entity_type, "write", event) for event in entity_type.events.values()]
        per_record = self.reads_fields(entity_type) or any(map(callable, rules))
        return Audience(may, actor if per_record else None, per_record)


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


def permits_page(rule: AccessRule, actor: Actor | None, entity: Entity | None = None) -> bool:
    """Whether the rule of a page, a link or a part of a page permits the actor.

    Unlike a class rule it is not decided again with a record, so a function is called with
    None for pages without one. A function that raises denies.
    """
    if not callable(rule):
        return allows(rule, actor, entity)
    try:
        return rule(actor, entity) is True
    except Exception:  # the rule expects an actor or a record
        log.debug("The access rule %r has failed, so it denies", rule, exc_info=True)
        return False


def check_rule(rule: AccessRule, actor: Actor | None, what: str) -> None:
    """Return if the rule of a page permits the actor.

    Raises: NotSignedInError, AccessDeniedError.
    """
    if permits_page(rule, actor):
        return
    if actor is None and rule != "nobody":
        plain = Message("access.sign_in_to_see")
        raise NotSignedInError(f"Sign in first: only who is signed in may see {what}.", plain=plain)
    raise AccessDeniedError(f"You may not see {what}.", plain=Message("access.not_seen"))


def allows(rule: AccessRule, actor: Actor | None, entity: Entity | None) -> bool:
    """Whether one rule permits the actor."""
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
