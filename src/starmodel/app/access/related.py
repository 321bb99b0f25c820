"""Decisions of rules that read related records: the policy is asked again with the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from starmodel.app.access.conditions import Condition, decide
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


async def check_again(ask: Callable[[], Awaitable[None] | None], error: UndecidedError) -> None:
    """Answer the policy's questions, and return if it then permits.

    Raises: NotSignedInError; AccessDeniedError.
    """
    answers: list[_Answer] = []
    for _ in range(MAX_QUESTIONS):
        condition, entity = error.condition, error.entity
        answer = await host_of(entity.__entity__.cls).meets(condition, entity)
        answers.append((condition, entity, answer))
        token = _answers.set((*_answers.get(), *answers))
        try:
            pending = ask()
            if pending is not None:
                await pending
            return
        except UndecidedError as further:
            error = further
        finally:
            _answers.reset(token)
    raise error
