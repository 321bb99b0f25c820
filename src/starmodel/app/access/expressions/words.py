"""Access rules in words, for the developer: "role 'staff' or user_id is the actor's id"."""

from __future__ import annotations

from typing import Any

from starmodel.app.access.conditions.moments import offset_text
from starmodel.app.access.expressions.comparisons import ActorAttribute, Compared, Now, RecordPath
from starmodel.app.access.expressions.expression import (
    ByFunction,
    Expression,
    Inverse,
    Joined,
    Named,
    SecondFactor,
    as_expression,
)
from starmodel.core.fields.access_rules import AccessRule

_VERBS = {
    "eq": "is", "ne": "is not", "lt": "is less than", "lte": "is at most", "gt": "is greater than",
    "gte": "is at least", "in": "is one of", "has": "has",
}  # fmt: skip
_TIMES = {
    "lt": "is before", "lte": "is not after", "gt": "is after", "gte": "is not before",
}  # fmt: skip
_NAMED = {"public": "everybody", "signed_in": "signed in", "nobody": "nobody"}


def in_words(rule: AccessRule) -> str:
    """A rule as a clause.

    >>> in_words("role:staff")
    "role 'staff'"
    """
    made = as_expression(rule)
    return repr(rule) if made is None else _clause(made)


def _clause(rule: Expression, *, inside: bool = False) -> str:
    match rule:
        case Named(name):
            return _NAMED.get(name, f"role {name[5:]!r}")
        case SecondFactor():
            return "signed in with a second factor"
        case ByFunction():
            return f"function {rule}"
        case Compared():
            return _comparison(rule)
        case Inverse(inner):
            return f"not {_clause(inner, inside=True)}"
        case Joined(is_all, rules):
            clauses = [_clause(part, inside=True) for part in rules]
            text = (" and " if is_all else " or ").join(clauses)
            return f"({text})" if inside else text
    return str(rule)


def _comparison(rule: Compared) -> str:
    left, op, right = rule.left, rule.op, rule.right
    if op == "eq" and right is None:
        return f"{_operand(left)} is empty"
    if op == "ne" and right is None:
        return f"{_operand(left)} is not empty"
    verbs = _VERBS | _TIMES if isinstance(left, Now) or isinstance(right, Now) else _VERBS
    return f"{_operand(left)} {verbs[op]} {_operand(right)}"


def _operand(value: Any) -> str:
    if isinstance(value, RecordPath):
        return ".".join(value._path)
    if isinstance(value, ActorAttribute):
        return f"the actor's {value._name}"
    if isinstance(value, Now):
        return f"now{offset_text(value.offset)}"
    if isinstance(value, tuple):
        return ", ".join(map(repr, value)) or "nothing"
    return repr(value)
