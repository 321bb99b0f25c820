"""Decisions of rules that read related records: loads them, and evaluates the policy again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from starmodel.app.access.conditions.condition import Condition, decide
from starmodel.app.access.conditions.moments import one_moment
from starmodel.core.current_app import host_of
from starmodel.core.entity import Entity

MAX_QUESTIONS = 20


class UndecidedError(Exception):
    """A rule depends on related records, which have to be awaited.

    `AccessPolicy.check` raises it, so that an override which calls `super().check` can't lose
    the question. It is no denial: `access.decisions` answers it and calls `check` again.
    """

    def __init__(self, condition: Condition, entity: Entity) -> None:
        super().__init__(
            f"The access rule of {entity.__entity__.name} reads related records. Await "
            "starmodel's own decision instead of calling the policy."
        )
        self.condition, self.entity = condition, entity


T = TypeVar("T")
_Answer = tuple[Condition, Entity, bool]
_answers: ContextVar[tuple[_Answer, ...]] = ContextVar("starmodel_related", default=())


def decided(condition: Condition, entity: Entity) -> bool:
    """Whether the record meets the condition. Raises: UndecidedError."""
    answer = decide(condition, entity)
    if answer is None:
        for known, about, answer in _answers.get():
            if about is entity and known == condition:
                return answer
        raise UndecidedError(condition, entity)
    return answer


async def check_again(ask: Callable[[], Any], error: UndecidedError) -> Any:
    """Answer the questions of a policy, and return what it then answers.

    Shapes: the callback evaluates `AccessPolicy.check`.
    Raises: NotSignedInError; AccessDeniedError.
    """
    with one_moment():
        return await _answered(ask, error)


async def _answered(ask: Callable[[], Any], error: UndecidedError) -> Any:
    answers: list[_Answer] = []
    for _ in range(MAX_QUESTIONS):
        condition, entity = error.condition, error.entity
        answer = await host_of(entity.__entity__.cls).meets(condition, entity)
        answers.append((condition, entity, answer))
        token = _answers.set((*_answers.get(), *answers))
        try:
            return await _awaited(ask())
        except UndecidedError as further:
            error = further
        finally:
            _answers.reset(token)
    raise error


def ask_with(ask: Callable[[], T], error: UndecidedError, answer: bool) -> T:
    """What a policy answers, now that the question of the error has this answer."""
    token = _answers.set((*_answers.get(), (error.condition, error.entity, answer)))
    try:
        return ask()
    finally:
        _answers.reset(token)


async def answer_of(ask: Callable[[], Any], pending: Any) -> Any:
    """Await an answer of a policy, and answer its questions."""
    try:
        return await _awaited(pending)
    except UndecidedError as error:
        return await check_again(ask, error)


async def _awaited(answer: Any) -> Any:
    return await answer if inspect.isawaitable(answer) else answer
