"""Why an access rule permits or denies: its parts in words, each with its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from starmodel.app.access.area_policy import AreaPolicy
from starmodel.app.access.conditions.condition import Condition, Constant, decide
from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.decisions import permits
from starmodel.app.access.expressions.expression import Expression, Inverse, Joined, as_expression
from starmodel.app.access.expressions.words import in_words
from starmodel.app.access.fields import field_condition, rules_by_field
from starmodel.app.access.policy import AccessPolicy, Actor, Need
from starmodel.app.access.rules import CRUD, RulePolicy, rule_of
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, RuleFailedError
from starmodel.core.events import Event
from starmodel.core.fields.access_rules import AccessRule

Meets = Callable[[Condition, Entity], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a rule with its answer for one actor; None where that depends on a record.

    Shapes: kind is how the answer follows from the parts inside; "leaf" has none, and its
    condition is decided.
    """

    words: str
    answer: bool | None
    kind: Literal["leaf", "all", "any", "not"] = "leaf"
    parts: tuple[Part, ...] = ()
    condition: Condition | None = None

    def lines(self, depth: int = 0) -> Iterator[tuple[int, str, bool | None]]:
        """The depth, the words and the answer of this part and of those inside it."""
        yield depth, self.words, self.answer
        for part in self.parts:
            yield from part.lines(depth + 1)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision. Shapes: source is where the rule is declared; part is None without a rule."""

    answer: bool | None
    source: str
    rule: str
    part: Part | None


async def explain(
    policy: AccessPolicy,
    entity_type: EntityType,
    actor: Actor | None,
    meets: Meets,
    *,
    event: Event[Any, Any, Any] | None = None,
    entity: Entity | None = None,
) -> Explanation:
    """The decision whether the actor may run the event or, without one, read, and its reasons.

    The answer is the policy's own; without an entity it is None if it depends on the record.

    Shapes: meets decides a condition that depends on related records.
    """
    permitted = await permits(policy, entity_type, actor, event=event, entity=entity)
    decides = policy.of(entity_type) if isinstance(policy, AreaPolicy) else policy
    check = f"{type(decides).__name__}.check"
    if not isinstance(decides, RulePolicy):
        return Explanation(permitted, check, "", None)
    need: Need = "read" if event is None else "write"
    rule = rule_of(entity_type, need, event)
    part = parts_of(rule, actor, RuleModel.of(entity_type), entity)
    if entity is not None and part is not None:
        part = await _completed(part, entity, meets)
    answer = None if permitted and part is not None and part.answer is None else permitted
    source = source_of(entity_type, need, event)
    if type(decides).check is not RulePolicy.check:
        source, answer = f"{check}, beside {source}", permitted
    return Explanation(answer, source, in_words(rule), part)


async def explain_fields(
    policy: AccessPolicy,
    entity_type: EntityType,
    actor: Actor | None,
    meets: Meets,
    entity: Entity | None = None,
) -> AsyncIterator[tuple[str, Explanation]]:
    """The decisions about fields with rules, by names such as "read salary"."""
    model = RuleModel.of(entity_type)
    for field, need, rule in rules_by_field(entity_type):
        condition = field_condition(policy, entity_type, field, need, actor)
        answer = condition.value if isinstance(condition, Constant) else None
        part = parts_of(rule, actor, model, entity)
        if entity is not None:
            answer = await meets(condition, entity)
            part = None if part is None else await _completed(part, entity, meets)
        source = f"Field(access=…) on {entity_type.name}.{field}"
        yield f"{need} {field}", Explanation(answer, source, in_words(rule), part)


def denial_in_words(error: BaseException) -> dict[str, str]:
    """The rule that raised the error, and each of its parts with its answer; empty without one.

    Parts that depend on related records are left open.
    """
    about: Any = None
    for denied in (error, error.__context__):  # of a hidden record
        if about is None and isinstance(denied, AccessDeniedError):
            about = denied.about
    if about is None:
        return {}
    entity_type, event, entity = about["entity_type"], about["event"], about["entity"]
    need: Need = "read" if event is None else "write"
    rule = rule_of(entity_type, need, event)
    part = parts_of(rule, about["actor"], RuleModel.of(entity_type), entity)
    what = "read" if event is None else event.name
    found = {what: f"no, by {source_of(entity_type, need, event)}"}
    for depth, words, answer in () if part is None else part.lines():
        told = {True: "yes", False: "no", None: "depends on records"}[answer]
        found[f"{'· ' * depth}{words}"] = told
    return found


def source_of(entity_type: EntityType, need: Need, event: Event[Any, Any, Any] | None) -> str:
    """Where the rule that `rule_of` returns is declared."""
    name, config = entity_type.name, entity_type.cls.model_config
    if event is not None and event.info.access is not None:
        return f"@event(access=…) on {name}.{event.name}"
    access = config.get("access")
    if isinstance(access, Mapping):
        keys = [event.name] if event is not None and event.name in CRUD else []
        key = next((key for key in [*keys, need] if access.get(key) is not None), None)
        if key is not None:
            return f"{name}.model_config['access'][{key!r}]"
    elif access is not None:
        return f"{name}.model_config['access']"
    return f"the default of scope {entity_type.scope!r}"


def parts_of(
    rule: AccessRule, actor: Actor | None, model: RuleModel, entity: Entity | None
) -> Part | None:
    """The parts of a rule, those answered that need no store; None for what is no rule."""
    made = as_expression(rule)
    return None if made is None else _part(made, actor, model, entity)


def _part(rule: Expression, actor: Actor | None, model: RuleModel, entity: Entity | None) -> Part:
    match rule:
        case Joined(is_all, rules):
            parts = [_part(each, actor, model, entity) for each in rules]
            return _combined("all" if is_all else "any", parts)
        case Inverse(inner):
            return _combined("not", [_part(inner, actor, model, entity)])
    condition = rule.bind(actor, model)
    answer: bool | None = None
    if isinstance(condition, Constant):
        answer = condition.value
    elif entity is not None:
        try:
            answer = decide(condition, entity)
        except RuleFailedError:
            answer = False
    return Part(in_words(rule), answer, condition=condition)


def _combined(kind: Literal["all", "any", "not"], parts: Iterable[Part]) -> Part:
    parts = tuple(parts)
    answers = [part.answer for part in parts]
    if kind == "not":
        return Part("not", None if answers[0] is None else not answers[0], kind, parts)
    decisive = kind == "any"
    answer = decisive if decisive in answers else None if None in answers else not decisive
    return Part("all of" if kind == "all" else "at least one of", answer, kind, parts)


async def _completed(part: Part, entity: Entity, meets: Meets) -> Part:
    """The part with the answers that depend on related records."""
    if part.kind != "leaf":
        return _combined(part.kind, [await _completed(each, entity, meets) for each in part.parts])
    if part.answer is not None or part.condition is None:
        return part
    return replace(part, answer=await meets(part.condition, entity))
