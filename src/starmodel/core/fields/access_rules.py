"""Access rules as classes and events declare them, and their check."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from starmodel.core.errors import ConfigurationError, RuleFailedError

log = logging.getLogger("starmodel.access")

NEEDS = ("read", "write", "create", "update", "delete")
"""The keys of `model_config["access"]`; the last three are built-in events."""


class RuleExpression:
    """Base class of the rules that `starmodel.access` builds."""

    __slots__ = ()

    @property
    def reads_actor(self) -> bool:
        """Whether the answer may differ between actors."""
        return True

    def owner_fields(self) -> frozenset[str]:
        """The fields whose comparison with the actor's id permits."""
        return frozenset()

    def holds(self, entity: Any, actor: Any = None) -> bool:
        """Whether the rule permits the actor on this state, decided without any store.

        Raises: NotLoadedError, where that depends on related records; RuleFailedError.
        """
        raise NotImplementedError


AccessRule = str | Callable[..., bool] | RuleExpression


class FieldAccess(NamedTuple):
    """The rules of one field; None where only those of the class apply."""

    read: AccessRule | None = None
    write: AccessRule | None = None


def field_access(given: Any) -> FieldAccess | None:
    """The rules of `Field(access=…)`: one for both, or one by "read" and one by "write".

    Raises: ConfigurationError.
    """
    if given is None:
        return None
    where = "Field(access=…)"
    if isinstance(given, Mapping):
        unknown = [key for key in given if key not in FieldAccess._fields]
        if unknown:
            raise ConfigurationError(f"{where} has the key {unknown[0]!r}; expected read, write.")
        rules = FieldAccess(**given)
    else:
        rules = FieldAccess(given, given)
    for rule in rules:
        check_access(where, rule)
    # "public" restricts nothing.
    return FieldAccess(*(None if rule == "public" else rule for rule in rules))


def check_page_access(where: str, rule: Any) -> None:
    """Refuse what is no rule of a page. Raises: ConfigurationError."""
    if rule is None or isinstance(rule, Mapping) or inspect.iscoroutinefunction(rule):
        raise ConfigurationError(
            f"{where}: access is {rule!r}; expected 'public', 'signed_in', 'nobody', "
            "'role:NAME', an expression of starmodel.access, or a function of (actor, entity)."
        )
    check_access(f"{where}: access", rule)


def check_access(where: str, rule: Any) -> None:
    """Refuse an access rule that is undecidable. Raises: ConfigurationError."""
    if isinstance(rule, Mapping):
        unknown = set(rule) - set(NEEDS)
        if unknown:
            raise ConfigurationError(
                f"{where} has the keys {sorted(unknown)}; expected {', '.join(map(repr, NEEDS))}."
            )
        for part in rule.values():
            check_access(where, part)
    elif isinstance(rule, str):
        if not is_named_rule(rule):
            raise ConfigurationError(
                f"{where} is {rule!r}; expected 'public', 'signed_in', 'nobody', 'role:NAME', "
                "an expression of starmodel.access, a function of (actor, entity), or rules by "
                f"{', '.join(map(repr, NEEDS))}."
            )
    elif rule is not None and not callable(rule) and not isinstance(rule, RuleExpression):
        raise ConfigurationError(
            f"{where} is {rule!r}; expected a rule's name, an expression of starmodel.access, "
            "or a function."
        )
    elif rule is not None and not isinstance(rule, RuleExpression):
        check_function(where, rule)


def check_function(where: str, rule: Callable[..., Any]) -> None:
    """Refuse a function that can't be a rule. Raises: ConfigurationError."""
    name = getattr(rule, "__name__", repr(rule))
    if any(map(inspect.iscoroutinefunction, (rule, getattr(rule, "__call__", None)))):  # noqa: B004
        raise ConfigurationError(
            f"{where} is the coroutine function {name!r}, and rules are not awaited. "
            "Follow a relation, as in record.order.customer_id == actor.id, or pass "
            "create_app(policy=…) with a coroutine function `check`."
        )
    try:
        signature = inspect.signature(rule)
    except ValueError:  # a function written in C
        return
    try:
        signature.bind(None, None)
    except TypeError:
        raise ConfigurationError(
            f"{where} is {name!r}, which takes {signature}; expected a function of "
            "(actor, entity). The rules of starmodel.access are called: role('staff')."
        ) from None


def permits_by_function(rule: Callable[..., Any], actor: Any, entity: Any) -> bool:
    """The answer of a rule that is a function.

    Raises: RuleFailedError, if the function raises or has no boolean answer. A guest may cause
    that at any time where a function expects an actor, so it is logged for actors only.
    """
    try:
        answer = rule(actor, entity)
        return answer if answer is True or answer is False else as_bool(rule, answer)
    except RuleFailedError:
        raise
    except Exception as error:
        level = logging.DEBUG if actor is None else logging.ERROR
        what = getattr(rule, "__name__", rule)
        log.log(level, "The access rule %s has failed, so it denies", what, exc_info=True)
        raise RuleFailedError from error


def as_bool(rule: Callable[..., Any], answer: Any) -> bool:
    """The truth of an answer.

    Raises: TypeError, for a coroutine, an iterator or a method, which are true whatever they
    would answer.
    """
    if inspect.iscoroutine(answer):
        answer.close()  # else Python warns that it was never awaited
    if inspect.isawaitable(answer) or isinstance(answer, Iterator) or callable(answer):
        raise TypeError(
            f"The access rule {getattr(rule, '__name__', rule)!r} returned {answer!r}; expected "
            "True or False."
        )
    return bool(answer)


def owner_fields(access: Any) -> frozenset[str]:
    """The fields that `model_config["access"]` compares with the actor's id.

    Only of the rules of `create` and `update`: who may read a record is not always its author.
    """
    rules = [access]
    if isinstance(access, Mapping):
        own = [access.get(name) for name in ("create", "update")]
        rules = [access.get("write") if rule is None else rule for rule in own]
    expressions = [rule for rule in rules if isinstance(rule, RuleExpression)]
    return frozenset[str]().union(*(rule.owner_fields() for rule in expressions))


def is_named_rule(rule: str) -> bool:
    """Whether a rule of this name exists.

    >>> is_named_rule("role:staff"), is_named_rule("everybody")
    (True, False)
    """
    return rule in ("public", "signed_in", "nobody") or rule.startswith("role:")
