"""Local execution of events: in place on an own instance, or as a savepoint on a draft."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from typing import Any, Protocol

from starmodel.core.changes.copies import Lease
from starmodel.core.changes.drafts import (
    Facts,
    close_draft,
    open_draft,
    reset_draft,
    returned_state,
)
from starmodel.core.changes.savepoints import Savepoint
from starmodel.core.changes.transitions import check_transitions
from starmodel.core.errors import FrozenEntityError, StaleDraftError
from starmodel.core.snapshot import (
    DRAFT,
    PARTS,
    STORED,
    Snapshot,
    assemble,
    at_version,
    mode_of,
    version_of,
)

_set = object.__setattr__


class EventMethod(Protocol):
    """The protocol of `Event` that a local call uses.

    Shapes: kind is sync, async, generator or async_generator.
    """

    fn: Callable[..., Any]
    name: str
    kind: str

    def check_ready(self, entity: Snapshot) -> None:
        """Raise unless the event is possible on this state."""


class BoundEvent:
    """An event bound to an instance, as in `counter.increment`; it commits or rolls back."""

    __slots__ = ("_entity", "_event")

    def __init__(self, entity: Snapshot, event: EventMethod) -> None:
        self._entity, self._event = entity, event

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        entity, event = self._entity, self._event
        mode = mode_of(entity)
        if mode == STORED:
            name = type(entity).__name__
            raise FrozenEntityError(
                f"{name}.{event.name}() was called on a loaded {name}, where the change would be "
                f"lost. Run it with await dispatch({name.lower()}.do.{event.name}(…))."
            )
        event.check_ready(entity)
        run = _Nested(entity) if mode == DRAFT else _InPlace(entity, event)
        return getattr(run, event.kind)(event.fn, args, kwargs)

    def __repr__(self) -> str:
        return f"<{self._event!r} of {self._entity!r}>"


class _Run(ABC):
    """The four kinds of event method around `begin`, `accept` and `undo`."""

    draft: Any

    @abstractmethod
    def begin(self) -> None:
        """Open a draft or savepoint, at the start and after each `yield`."""

    @abstractmethod
    def accept(self, result: Any = None) -> Any:
        """Commit the changes; returns the value for the caller."""

    @abstractmethod
    def undo(self) -> None:
        """Roll back the changes since `begin`."""

    @contextmanager
    def _attempt(self) -> Iterator[None]:
        """A context manager of one run, with rollback on any exception."""
        self.begin()
        try:
            yield
        except BaseException:
            self.undo()
            raise

    def sync(self, fn: Any, args: Any, kwargs: Any) -> Any:
        with self._attempt():
            return self.accept(fn(self.draft, *args, **kwargs))

    async def _await(self, fn: Any, args: Any, kwargs: Any) -> Any:
        with self._attempt():
            return self.accept(await fn(self.draft, *args, **kwargs))

    def generator(self, fn: Any, args: Any, kwargs: Any) -> Generator[Any, Any, Any]:
        with self._attempt(), closing(fn(self.draft, *args, **kwargs)) as steps:
            for step in steps:
                self.accept()
                yield step
                self.begin()
            self.accept()

    async def async_generator(self, fn: Any, args: Any, kwargs: Any) -> AsyncGenerator[Any, Any]:
        with self._attempt():
            async with aclosing(fn(self.draft, *args, **kwargs)) as steps:
                async for step in steps:
                    self.accept()
                    yield step
                    self.begin()
                self.accept()


setattr(_Run, "async", _Run._await)  # the kind's name is a keyword


class _InPlace(_Run):
    """On an instance that user code made: run on a draft, then replace the instance's values."""

    def __init__(self, entity: Snapshot, event: EventMethod) -> None:
        self.entity, self.event, self.facts = entity, event, Facts()
        self.lease: Lease | None = None

    def begin(self) -> None:
        self.base = self.entity.__dict__
        if "generator" not in self.event.kind:
            self.draft = open_draft(self.entity, self.facts)
            return
        again, self.lease = self.lease is not None, Lease()
        if again:
            reset_draft(self.draft, self.entity, self.lease)
        else:
            self.draft = open_draft(self.entity, self.facts, self.lease)

    def accept(self, result: Any = None) -> Any:
        returned = returned_state(self.draft, result)
        snapshot = close_draft(self.draft if returned is None else returned)
        check_transitions(self.entity, snapshot)
        if self.entity.__dict__ is not self.base:
            name = type(self.entity).__name__
            raise StaleDraftError(
                f"Another event changed this {name} while {name}.{self.event.name}() was running. "
                "Await events of one instance one after another."
            )
        assemble(self.entity, *(getattr(snapshot, part) for part in PARTS))
        emitted(self.entity).extend(self.facts.emitted)
        self.facts.emitted.clear()
        if self.lease:
            self.lease.over = True
        return result if returned is None else self.entity

    def undo(self) -> None:
        self.facts.emitted.clear()


class _Nested(_Run):
    """On a draft, inside an event or unit of work: a savepoint of that draft."""

    def __init__(self, draft: Snapshot) -> None:
        self.draft = draft

    def begin(self) -> None:
        self.before = Savepoint(self.draft)
        self.facts = getattr(self.draft, "_sm_facts", None) or Facts()
        self.emitted, self.save = len(self.facts.emitted), self.facts.save

    def accept(self, result: Any = None) -> Any:
        returned = returned_state(self.draft, result)
        if returned is None or returned is self.draft:
            close_draft(self.draft)
            return result
        version = version_of(self.draft)
        reset_draft(self.draft, close_draft(returned), self.draft._sm_lease)
        at_version(self.draft, version)
        return self.draft

    def undo(self) -> None:
        self.before.restore()
        del self.facts.emitted[self.emitted :]
        self.facts.save = self.save


def emitted(entity: Snapshot) -> list[Any]:
    """The domain events that this instance has emitted; for tests."""
    facts = getattr(entity, "_sm_facts", None)
    if facts is None:
        facts = Facts()
        _set(entity, "_sm_facts", facts)
    return facts.emitted
