"""Calling an event in Python: in place on one's own instance, as a savepoint on a draft."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING, Any

from starmodel.core.drafts import DRAFT, STORED, Facts, close_draft, copy_value, open_draft, refill
from starmodel.core.errors import FrozenEntityError, InvalidStateError

if TYPE_CHECKING:
    from starmodel.core.entity import Entity
    from starmodel.core.events import Event

_set = object.__setattr__


class BoundEvent:
    """`counter.increment`: the method itself, all or nothing."""

    __slots__ = ("_entity", "_event")

    def __init__(self, entity: Entity, event: Event[Any, Any, Any]) -> None:
        self._entity, self._event = entity, event

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        entity, event = self._entity, self._event
        if entity._sm_mode == STORED:
            raise FrozenEntityError(
                f"{event.owner}.{event.name}() was called on a loaded {event.owner}, where the "
                "change would be lost. Run it with "
                f"await dispatch({event.owner.lower()}.do.{event.name}(…))."
            )
        run = _Nested(entity) if entity._sm_mode == DRAFT else _InPlace(entity)
        return getattr(run, event.kind)(event.fn, args, kwargs)

    def __repr__(self) -> str:
        return f"<{self._event!r} of {self._entity!r}>"


class _Run:
    """The four kinds of event method around `draft`, `accept` and `undo`."""

    draft: Any

    def accept(self, result: Any = None) -> Any:
        raise NotImplementedError

    def undo(self) -> None:
        raise NotImplementedError

    def sync(self, fn: Any, args: Any, kwargs: Any) -> Any:
        try:
            return self.accept(fn(self.draft, *args, **kwargs))
        except BaseException:
            self.undo()
            raise

    async def _await(self, fn: Any, args: Any, kwargs: Any) -> Any:
        try:
            return self.accept(await fn(self.draft, *args, **kwargs))
        except BaseException:
            self.undo()
            raise

    def generator(self, fn: Any, args: Any, kwargs: Any) -> Generator[Any, Any, Any]:
        steps = fn(self.draft, *args, **kwargs)
        try:
            for step in steps:
                self.accept()
                yield step
            self.accept()
        except BaseException:
            self.undo()
            raise

    async def async_generator(self, fn: Any, args: Any, kwargs: Any) -> AsyncGenerator[Any, Any]:
        steps = fn(self.draft, *args, **kwargs)
        try:
            async for step in steps:
                self.accept()
                yield step
            self.accept()
        except BaseException:
            self.undo()
            raise


setattr(_Run, "async", _Run._await)  # the kind's name is a keyword


class _InPlace(_Run):
    """On an instance that user code made: run on a draft, then replace the instance's values."""

    def __init__(self, entity: Entity) -> None:
        self.entity, self.facts = entity, Facts()
        self.draft = open_draft(entity, self.facts)

    def accept(self, result: Any = None) -> Any:
        own = type(result) is type(self.entity)
        made = result if own else close_draft(self.draft)
        _set(self.entity, "__dict__", dict(made.__dict__))
        _set(self.entity, "__pydantic_private__", made.__pydantic_private__)
        _set(self.entity, "__pydantic_extra__", made.__pydantic_extra__)
        emitted(self.entity).extend(self.facts.emitted)
        self.facts.emitted.clear()
        refill(self.draft, self.entity)
        return self.entity if own else result

    def undo(self) -> None:
        self.facts.emitted.clear()


class _Nested(_Run):
    """On a draft, inside an event or unit of work: a savepoint of that draft."""

    def __init__(self, draft: Entity) -> None:
        self.draft = draft
        self._keep()

    def _keep(self) -> None:
        values = object.__getattribute__(self.draft, "__dict__")
        self.before = {name: copy_value(value) for name, value in values.items()}
        self.facts = len(self.draft._sm_facts.emitted)

    def accept(self, result: Any = None) -> Any:
        if isinstance(result, self.draft.__entity__.cls) and result is not self.draft:
            refill(self.draft, result)
            result = self.draft
        else:
            try:
                close_draft(self.draft)
            except InvalidStateError:
                self.undo()
                raise
        self._keep()
        return result

    def undo(self) -> None:
        values = object.__getattribute__(self.draft, "__dict__")
        values.clear()
        values.update(self.before)
        del self.draft._sm_facts.emitted[self.facts :]


def emitted(entity: Entity) -> list[Any]:
    """The facts that events called on this instance have emitted so far; for tests."""
    facts = getattr(entity, "_sm_facts", None)
    if facts is None:
        facts = Facts()
        _set(entity, "_sm_facts", facts)
    return facts.emitted
