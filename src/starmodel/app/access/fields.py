"""Access to single fields: which of a record an actor may read, and which it may set."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starmodel.app.access.conditions.condition import ALWAYS, NEVER, Condition, decide, junction
from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.expressions.expression import as_expression
from starmodel.app.access.policy import TRUSTED, AccessPolicy, Actor, Need
from starmodel.core.classes.registry import EntityType
from starmodel.core.current_app import host_of
from starmodel.core.entity import Entity
from starmodel.core.snapshot import as_seen

E = TypeVar("E", bound=Entity)
log = logging.getLogger("starmodel.access")


@dataclass(frozen=True, slots=True)
class OpenFields:
    """The fields of one class that one actor may read, or may set, by record.

    Shapes: conditions has, for each field with a rule, the condition on the records where the
    actor may; all other fields are open.
    """

    conditions: Mapping[str, Condition]

    @property
    def closed(self) -> frozenset[str]:
        """The fields that are closed on every record."""
        return frozenset([name for name, each in self.conditions.items() if each == NEVER])

    @property
    def uncertain(self) -> frozenset[str]:
        """The fields that are closed on some record, or on all.

        A query must not compare them: its result would disclose their values.
        """
        return frozenset([name for name, each in self.conditions.items() if each != ALWAYS])

    @property
    def depends_on_record(self) -> bool:
        """Whether a field is open on some records only."""
        return any(each not in (ALWAYS, NEVER) for each in self.conditions.values())

    async def closed_on(self, entity: Entity) -> frozenset[str]:
        """The fields that are closed on this record; related records are read for the rules."""
        return (await self.closed_on_each([entity]))[0]

    async def closed_on_each(self, entities: Sequence[Entity]) -> list[frozenset[str]]:
        """The fields that are closed on each record of one class; a query for each rule."""
        closed: list[set[str]] = [set() for _ in entities]
        for name, condition in self.conditions.items():
            rest: list[Entity] = []
            for entity, names in zip(entities, closed, strict=True):
                answer = _answer(condition, entity, name)
                if answer is None:
                    rest.append(entity)
                elif not answer:
                    names.add(name)
            if not rest:
                continue
            met = await host_of(rest[0].__entity__.cls).meeting(condition, rest)
            denied = {id(entity) for entity in rest if entity.id not in met}
            for entity, names in zip(entities, closed, strict=True):
                if id(entity) in denied:
                    names.add(name)
        return [frozenset(names) for names in closed]

    def closed_now(self, entity: Entity) -> frozenset[str]:
        """As `closed_on`, where a rule that reads related records closes its field."""
        conditions = self.conditions.items()
        return frozenset([name for name, each in conditions if not _answer(each, entity, name)])


NO_RULES = OpenFields({})


def readable_fields(
    policy: AccessPolicy, entity_type: EntityType, actor: Actor | None
) -> OpenFields:
    """The fields that the actor may read."""
    rules = entity_type.cls.__entity__.read_rules
    if not rules or actor is TRUSTED:
        return NO_RULES
    return OpenFields({n: field_condition(policy, entity_type, n, "read", actor) for n in rules})


def writable_fields(
    policy: AccessPolicy, entity_type: EntityType, actor: Actor | None
) -> OpenFields:
    """The fields that callers may set as the actor: those that it may read and write."""
    info = entity_type.cls.__entity__
    if not (info.read_rules or info.write_rules) or actor is TRUSTED:
        return NO_RULES
    about = (policy, entity_type)
    conditions: dict[str, Condition] = {}
    for name in {**info.read_rules, **info.write_rules}:
        reads = field_condition(*about, name, "read", actor) if name in info.read_rules else ALWAYS
        writes = (
            field_condition(*about, name, "write", actor) if name in info.write_rules else ALWAYS
        )
        conditions[name] = junction(True, [reads, writes])
    return OpenFields(conditions)


def field_condition(
    policy: AccessPolicy, entity_type: EntityType, field: str, need: Need, actor: Actor | None
) -> Condition:
    """The condition on the records whose field the actor may read or write."""
    decide_field = getattr(policy, "field_condition", None)
    if decide_field is None:  # a policy of the application's own, without a decision on fields
        return declared_condition(entity_type, field, need, actor, RuleModel.of(entity_type))
    condition: Condition = decide_field(entity_type, field, need, actor)
    return condition


def declared_condition(
    entity_type: EntityType, field: str, need: Need, actor: Actor | None, model: RuleModel
) -> Condition:
    """The condition of the rule in `Field(access=…)`; `ALWAYS` without one."""
    info = entity_type.cls.__entity__
    rule = (info.read_rules if need == "read" else info.write_rules).get(field)
    expression = None if rule is None else as_expression(rule)
    return ALWAYS if expression is None else expression.bind(actor, model)


def _answer(condition: Condition, entity: Entity, name: str) -> bool | None:
    """As `decide`; a function that raises closes the field."""
    try:
        return decide(condition, entity)
    except Exception:  # the rule expects an actor
        what = f"{entity.__entity__.name}.{name}"
        log.debug("The access rule of the field %s has failed, so it denies", what, exc_info=True)
        return False


async def seen_by(
    policy: AccessPolicy, actor: Actor | None, entity_type: EntityType, entity: E
) -> E:
    """The record as the actor sees it; access to the record itself is decided by the caller.

    For code without an actor it is the record itself.
    """
    if not entity_type.cls.__entity__.guarded or actor is TRUSTED:
        return entity
    fields = readable_fields(policy, entity_type, actor)
    return as_seen(entity, await fields.closed_on(entity))


async def each_seen_by(
    policy: AccessPolicy, actor: Actor | None, entity_type: EntityType, entities: Sequence[E]
) -> list[E]:
    """As `seen_by`, for records of one class: a query for each rule that reads related records."""
    if not entity_type.cls.__entity__.guarded or actor is TRUSTED:
        return list(entities)
    closed = await readable_fields(policy, entity_type, actor).closed_on_each(entities)
    return [as_seen(entity, names) for entity, names in zip(entities, closed, strict=True)]


def seen_now(policy: AccessPolicy, actor: Actor | None, entity_type: EntityType, entity: E) -> E:
    """As `seen_by`, for code that can't await: fields whose rule reads related records are hidden.

    A record that is one viewer's already stays so.
    """
    if not entity_type.cls.__entity__.guarded or getattr(entity, "_sm_hidden", None) is not None:
        return entity
    return as_seen(entity, readable_fields(policy, entity_type, actor).closed_now(entity))


def rules_by_field(entity_type: EntityType) -> Iterable[tuple[str, Need, Any]]:
    """Each rule of a field, as (field, "read" or "write", rule)."""
    info = entity_type.cls.__entity__
    for name, rule in info.read_rules.items():
        yield name, "read", rule
    for name, rule in info.write_rules.items():
        yield name, "write", rule
