"""Access rules as expressions: `role("staff") | owner("user_id")`, `record.team == actor.team`.

An expression is bound to an actor, which gives a condition on records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starmodel.app.access.conditions.condition import (
    Condition,
    Function,
    constant,
    decide,
    is_collection,
    junction,
    negation,
)
from starmodel.app.access.conditions.models import RuleModel
from starmodel.app.access.conditions.moments import one_moment
from starmodel.app.access.policy import Actor, EveryRole
from starmodel.core.classes.registry import defined_entities
from starmodel.core.errors import NotLoadedError
from starmodel.core.fields.access_rules import (
    AccessRule,
    RuleExpression,
    check_function,
    is_named_rule,
)


class Expression(RuleExpression):
    """A rule that combines with others by `&`, `|` and `~`."""

    __slots__ = ()

    reads_record = False
    """Whether the answer depends on the record."""

    def bind(self, actor: Actor | None, model: RuleModel | None) -> Condition:
        """The condition on the records of the model's class for which the actor is permitted.

        Without a model, a comparison with a field can't be decided.

        Raises: ConfigurationError, for an unknown field or relation.
        """
        raise NotImplementedError

    def holds(self, entity: Any, actor: Actor | None = None) -> bool:
        cls = entity.__entity__.cls
        known = {each.__entity__.name: each for each in defined_entities()}
        with one_moment(datetime.now(UTC)):  # there may be no application with a clock
            answer = decide(self.bind(actor, RuleModel(cls, known)), entity)
        if answer is None:
            raise NotLoadedError(
                f"{self} reads records related to {cls.__name__}, which are not loaded here. "
                "Run the event with dispatch()."
            )
        return answer

    def parts(self) -> Iterator[Expression]:
        """This expression and those inside it."""
        yield self

    def __and__(self, other: AccessRule) -> Expression:
        return _joined(True, self, other)

    def __rand__(self, other: AccessRule) -> Expression:
        return _joined(True, other, self)

    def __or__(self, other: AccessRule) -> Expression:
        return _joined(False, self, other)

    def __ror__(self, other: AccessRule) -> Expression:
        return _joined(False, other, self)

    def __invert__(self) -> Expression:
        return Inverse(self)

    def __bool__(self) -> bool:
        raise TypeError(
            f"The access rule {self} is true or false for an actor and a record only. Combine "
            "rules with &, | and ~ in place of and, or and not, put comparisons in parentheses, "
            "and write in_() for in."
        )


@dataclass(frozen=True, slots=True)
class Named(Expression):
    """A rule by name: "public", "signed_in", "nobody" or "role:NAME"."""

    name: str

    def bind(self, actor: Actor | None, model: RuleModel | None) -> Condition:
        return constant(permits_by_name(self.name, actor))

    def __str__(self) -> str:
        return f"role({self.name[5:]!r})" if self.name.startswith("role:") else repr(self.name)


@dataclass(frozen=True, slots=True)
class SecondFactor(Expression):
    """Permits who signed in with several factors, and actors with every role."""

    def bind(self, actor: Actor | None, model: RuleModel | None) -> Condition:
        methods = () if actor is None else actor.attribute("amr")
        return constant(
            (is_collection(methods) and "mfa" in methods)
            or (actor is not None and isinstance(actor.roles, EveryRole))
        )

    def __str__(self) -> str:
        return "mfa()"


@dataclass(frozen=True, slots=True)
class ByFunction(Expression):
    """A function of (actor, entity) in an expression."""

    function: Callable[..., Any]
    reads_record = True

    def bind(self, actor: Actor | None, model: RuleModel | None) -> Condition:
        return Function(self.function, actor)

    def __str__(self) -> str:
        return getattr(self.function, "__name__", repr(self.function))


@dataclass(frozen=True, slots=True)
class Joined(Expression):
    """All of the rules, or any of them."""

    is_all: bool
    rules: tuple[Expression, ...]

    @property
    def reads_actor(self) -> bool:
        return any(rule.reads_actor for rule in self.rules)

    @property
    def reads_record(self) -> bool:  # type: ignore[override]
        return any(rule.reads_record for rule in self.rules)

    def bind(self, actor: Actor | None, model: RuleModel | None) -> Condition:
        return junction(self.is_all, [rule.bind(actor, model) for rule in self.rules])

    def parts(self) -> Iterator[Expression]:
        yield self
        for rule in self.rules:
            yield from rule.parts()

    def owner_fields(self) -> frozenset[str]:
        return frozenset[str]().union(*(rule.owner_fields() for rule in self.rules))

    def __str__(self) -> str:
        return f"({(' & ' if self.is_all else ' | ').join(map(str, self.rules))})"


@dataclass(frozen=True, slots=True)
class Inverse(Expression):
    """Permits where the rule does not."""

    rule: Expression

    @property
    def reads_actor(self) -> bool:
        return self.rule.reads_actor

    @property
    def reads_record(self) -> bool:  # type: ignore[override]
        return self.rule.reads_record

    def bind(self, actor: Actor | None, model: RuleModel | None) -> Condition:
        return negation(self.rule.bind(actor, model))

    def parts(self) -> Iterator[Expression]:
        yield self
        yield from self.rule.parts()

    def __str__(self) -> str:
        return f"~{self.rule}"


def as_expression(rule: Any) -> Expression | None:
    """A rule of any kind as an expression; None for what is no rule."""
    if isinstance(rule, Expression):
        return rule
    if isinstance(rule, str):
        return Named(rule) if is_named_rule(rule) else None
    return ByFunction(rule) if callable(rule) else None


def _joined(is_all: bool, *rules: AccessRule) -> Expression:
    made = [as_expression(rule) for rule in rules]
    if None in made:
        wrong = rules[made.index(None)]
        raise TypeError(
            f"{wrong!r} is no access rule; expected an expression of starmodel.access, 'public', "
            "'signed_in', 'nobody', 'role:NAME', or a function of (actor, entity)."
        )
    flat: list[Expression] = []
    for rule in made:
        if isinstance(rule, ByFunction):
            check_function("A part of an access rule", rule.function)
        same = isinstance(rule, Joined) and rule.is_all is is_all
        flat += rule.rules if same else [rule]  # type: ignore[union-attr, list-item]
    return Joined(is_all, tuple(flat))


def permits_by_name(rule: str, actor: Actor | None) -> bool:
    """Whether the rule of this name permits the actor."""
    if rule == "public":
        return True
    if rule == "nobody" or actor is None:
        return False
    return rule == "signed_in" or (rule.startswith("role:") and rule[5:] in actor.roles)


def role(name: str) -> Expression:
    """Permits actors with this role.

    >>> str(role("staff") | role("boss"))
    "(role('staff') | role('boss'))"
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"role({name!r}): expected the name of a role.")
    return Named(f"role:{name}")


def mfa() -> Expression:
    """Permits actors who signed in with several factors: their claim "amr" has "mfa" (RFC 8176)."""
    return SecondFactor()
