"""The conditions of an event, `@event(when=…, visible=…)`, and the reason it is not possible."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from starmodel.core.errors import ConditionFailedError, ConfigurationError, EventUnavailableError
from starmodel.core.fields.access_rules import RuleExpression, as_bool
from starmodel.texts.catalogue import Message

log = logging.getLogger("starmodel.events")

EventCondition = RuleExpression | Callable[..., bool]
ReasonText = str | Callable[..., str]


def check_condition(where: str, condition: Any) -> None:
    """Refuse what is neither a rule nor a function of the record. Raises: ConfigurationError."""
    if condition is None or isinstance(condition, RuleExpression):
        return
    if isinstance(condition, str) or not callable(condition):
        raise ConfigurationError(
            f"{where} is {condition!r}; expected a rule of starmodel.access, such as "
            "record.status == 'draft', or a function of the record, or of (record, actor)."
        )
    _check_function(where, condition)


def check_reason(where: str, text: Any) -> None:
    """Refuse what is neither a text nor a function of the record. Raises: ConfigurationError."""
    if text is None or isinstance(text, str):
        return
    if not callable(text):
        raise ConfigurationError(
            f"{where} is {text!r}; expected a text, or a function of the record that returns one."
        )
    _check_function(where, text)


def is_met_by(function: Callable[..., Any], entity: Any, actor: Any) -> bool:
    """The answer of a condition that is a function.

    Raises: ConditionFailedError, if the function raises or has no boolean answer.
    """
    try:
        answer = _called(function, entity, actor)
        return answer if answer is True or answer is False else as_bool(function, answer)
    except Exception as error:
        raise failed(function) from error


def failed(condition: Any) -> ConditionFailedError:
    """The error for a condition that could not be decided."""
    name = getattr(condition, "__name__", str(condition))
    return ConditionFailedError(f"The condition {name} of an event has failed.")


def reason_of(text: ReasonText | None, title: str, entity: Any, actor: Any) -> str:
    """Why the event with this title is not possible now, for people.

    A function that fails is logged, and the general reason takes its place.
    """
    if callable(text):
        try:
            given = _called(text, entity, actor)
            if isinstance(given, str) and given:
                return given
            raise TypeError(f"returned {given!r}; expected a text")
        except Exception:  # the refusal stands, whatever its wording
            log.exception("The text %s has failed", getattr(text, "__name__", text))
            text = None
    return text or Message("event.not_now", event=title)


def unavailable(name: str, reason: str) -> EventUnavailableError:
    """The refusal of an event whose condition is not met. Shapes: name is "Order.pack"."""
    return EventUnavailableError(name, reason)


@lru_cache(maxsize=1024)
def takes_actor(function: Callable[..., Any]) -> bool:
    """Whether a condition is a function of (record, actor), not of the record alone."""
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return True
    except ValueError:  # a function written in C
        return False
    return False


def asks_actor(event: Any) -> bool:
    """Whether a condition of the event, or its reason, depends on who asks."""
    info = event.info
    return any(
        part.reads_actor
        if isinstance(part, RuleExpression)
        else callable(part) and takes_actor(part)
        for part in (info.when, info.visible, info.when_text)
    )


def _called(function: Callable[..., Any], entity: Any, actor: Any) -> Any:
    return function(entity, actor) if takes_actor(function) else function(entity)


def _check_function(where: str, function: Callable[..., Any]) -> None:
    name = getattr(function, "__name__", repr(function))
    call = getattr(function, "__call__", None)  # noqa: B004 - of an object with such a method
    if any(map(inspect.iscoroutinefunction, (function, call))):
        raise ConfigurationError(
            f"{where} is the coroutine function {name!r}, and conditions are not awaited. "
            "Follow a relation, as in record.customer.blocked == False."
        )
    try:
        signature = inspect.signature(function)
    except ValueError:  # a function written in C
        return
    for given in ((None,), (None, None)):
        try:
            signature.bind(*given)
            return
        except TypeError:
            continue
    raise ConfigurationError(
        f"{where} is {name!r}, which takes {signature}; expected a function of the record, or of "
        "(record, actor)."
    )
