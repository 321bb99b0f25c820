"""The default access policy: rules of events and classes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

from starmodel.app.access.conditions.condition import Condition, decide, may_hold
from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.conditions.moments import one_moment
from starmodel.app.access.conditions.related import decided
from starmodel.app.access.denials import denial
from starmodel.app.access.expressions.expression import ByFunction, Expression, permits_by_name
from starmodel.app.access.expressions.reads import ReadFields, every_field, fields_read
from starmodel.app.access.fields import declared_condition, rules_by_field
from starmodel.app.access.grants import LimitedActor
from starmodel.app.access.offers import may_create, offers
from starmodel.app.access.policy import TRUSTED, Actor, Audience, Need, RelatedFields
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    AccessDeniedError,
    ConfigurationError,
    NotSignedInError,
    RuleFailedError,
)
from starmodel.core.events import Event
from starmodel.core.fields.access_rules import (
    AccessRule,
    is_named_rule,
    permits_by_function,
)
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.field import options_of
from starmodel.core.fields.nested import all_models
from starmodel.texts.catalogue import Message

CRUD = ("create", "update", "delete")
log = logging.getLogger("starmodel.access")


class RulePolicy:
    """Decides by the `access` of the event, else of the class, else by scope; denies by default.

    Without a rule, `session` entities are public to their visitor; all others
    require a signed-in actor.
    """

    def __init__(self) -> None:
        self._rules: dict[tuple[type[Entity], Need, Any], AccessRule] = {}
        self._models: dict[type[Entity], RuleModel] = {}
        self._read_fields: dict[type[Entity], ReadFields] = {}

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
        if rule == "public":
            return
        try:
            if isinstance(rule, Expression):
                condition = rule.bind(actor, self._model(entity_type))
                permitted = may_hold(condition) if entity is None else decided(condition, entity)
            else:
                permitted = allows(rule, actor, entity)
        except RuleFailedError:
            permitted = False
        if not permitted:
            raise denial(entity_type, need, actor, event, entity, may_sign_in=rule != "nobody")

    def reads_fields(self, entity_type: EntityType) -> bool:
        return depends_on_record(rule_of(entity_type, "read", None))

    def readable(self, entity_type: EntityType, actor: Actor | None) -> Condition | None:
        rule = rule_of(entity_type, "read", None)
        if type(self).check is not RulePolicy.check or not isinstance(rule, Expression):
            return None
        return rule.bind(actor, self._model(entity_type))

    def field_condition(
        self, entity_type: EntityType, field: str, need: Need, actor: Actor | None
    ) -> Condition:
        return declared_condition(entity_type, field, need, actor, self._model(entity_type))

    def own_fields(self, entity_type: EntityType) -> AbstractSet[str]:
        if type(self).check is not RulePolicy.check:  # an override may read any field
            return every_field(entity_type.cls)
        return self._reads(entity_type).own

    def related_fields(self, entity_type: EntityType) -> RelatedFields:
        return self._reads(entity_type).related

    def _reads(self, entity_type: EntityType) -> ReadFields:
        found = self._read_fields.get(entity_type.cls)
        if found is None:
            found = fields_read(rule_of(entity_type, "read", None), self._model(entity_type))
            self._read_fields[entity_type.cls] = found
        return found

    def _model(self, entity_type: EntityType) -> RuleModel:
        model = self._models.get(entity_type.cls)
        if model is None:
            model = self._models[entity_type.cls] = RuleModel.of(entity_type)
        return model

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
        per_record = self.reads_fields(entity_type) or any(map(depends_on_record, rules))
        return Audience(may, actor if per_record else None, per_record)


def rule_of(entity_type: EntityType, need: Need, event: Event[Any, Any, Any] | None) -> AccessRule:
    """The rule that applies."""
    if event is not None and event.info.access is not None:
        return event.info.access
    config: EntityConfig = entity_type.cls.model_config
    access = config.get("access")
    if isinstance(access, Mapping):
        own = access.get(event.name) if event is not None and event.name in CRUD else None
        access = own if own is not None else access.get(need)
    if access is not None:
        return access
    return "public" if entity_type.scope == "session" else "signed_in"


def depends_on_record(rule: AccessRule) -> bool:
    """Whether the answer of a rule differs between records."""
    return rule.reads_record if isinstance(rule, Expression) else callable(rule)


def calls_function(rule: AccessRule) -> bool:
    """Whether a rule is a function or has one among its parts, which no store can decide."""
    if isinstance(rule, Expression):
        return any(isinstance(part, ByFunction) for part in rule.parts())
    return callable(rule)


def check_rules(entity_types: Iterable[EntityType]) -> None:
    """Refuse expressions over unknown fields and relations. Raises: ConfigurationError."""
    for entity_type in entity_types:
        config: EntityConfig = entity_type.cls.model_config
        access = config.get("access")
        name = f"{entity_type.name}.model_config['access']"
        rules = dict(access) if isinstance(access, Mapping) else {"": access}
        declared = {f"{name}[{key!r}]" if key else name: rule for key, rule in rules.items()}
        for event in entity_type.events.values():
            declared[f"@event(access=…) on {entity_type.name}.{event.name}"] = event.info.access
            _check_conditions(entity_type, event, declared)
        for field, need, rule in rules_by_field(entity_type):
            declared[f"Field(access=…) on {entity_type.name}.{field}, {need}"] = rule
        _check_nested(entity_type)
        model = RuleModel.of(entity_type)
        for where, rule in declared.items():
            for part in rule.parts() if isinstance(rule, Expression) else ():
                try:
                    with one_moment(datetime.now(UTC)):  # the application has no clock yet
                        part.bind(None, model)
                except ConfigurationError as error:
                    raise ConfigurationError(f"{where}: {error}") from None


def _check_conditions(
    entity_type: EntityType, event: Event[Any, Any, Any], declared: dict[str, Any]
) -> None:
    """Add the rules among the conditions of an event. Raises: ConfigurationError."""
    for option in ("when", "visible"):
        condition = getattr(event.info, option)
        where = f"@event({option}=…) on {entity_type.name}.{event.name}"
        if condition is not None and entity_type.is_record and event.name == "create":
            raise ConfigurationError(f"{where}: create has no record yet whose state could count.")
        if isinstance(condition, Expression):
            declared[where] = condition


def _check_nested(entity_type: EntityType) -> None:
    """Refuse access rules inside of nested models. Raises: ConfigurationError."""
    fields = entity_type.cls.__pydantic_fields__.values()
    for model in all_models(info.annotation for info in fields):
        for name, info in getattr(model, "__pydantic_fields__", {}).items():
            if options_of(info).access is not None:
                raise ConfigurationError(
                    f"{model.__name__}.{name} has access rules inside of a field of "
                    f"{entity_type.name}. Only fields of entities have them: set the rules of the "
                    f"field of {entity_type.name}, or make {name} private."
                )


def permits_page(rule: AccessRule, actor: Actor | None, entity: Entity | None = None) -> bool:
    """Whether the rule of a page, a link or a part of a page permits the actor.

    Unlike a class rule it is not decided again with a record, so a function is called with
    None for pages without one. A function that raises denies, and so does a rule that reads
    the record of a page without one, or related records.
    """
    if isinstance(actor, LimitedActor):  # its grants name classes and events, no pages
        return rule == "public"
    if isinstance(rule, Expression):
        cls: Any = None if entity is None else entity.__entity__.cls
        model = None if cls is None else RuleModel(cls, {})
        try:
            return decide(rule.bind(actor, model), entity) is True
        except Exception:  # the rule expects a record
            log.debug("The access rule %s has failed, so it denies", rule, exc_info=True)
            return False
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
    """Whether a rule that is a name or a function permits the actor."""
    if callable(rule):
        return entity is None or permits_by_function(rule, actor, entity)
    if isinstance(rule, str) and is_named_rule(rule):
        return permits_by_name(rule, actor)
    raise ConfigurationError(f"Unknown access rule {rule!r}.")
