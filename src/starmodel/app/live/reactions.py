"""`@on`: handlers that run after a commit."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starmodel.app.context import current_context, derived_context
from starmodel.app.sessions.browser_state import NO_BROWSER_STATE
from starmodel.app.uow import UnitOfWork
from starmodel.core.changes.copies import Lease
from starmodel.core.commands import CommandRecord
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import ActionFactory

log = logging.getLogger("starmodel.reactions")


@dataclass(frozen=True, slots=True)
class Reaction:
    """One handler and its cause: the class of a fact, or (entity class, event name)."""

    cause: Any
    handler: Callable[..., Any]


_defined: dict[tuple[str, str, Any], Reaction] = {}


def on(cause: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run the function after a commit that emitted such a fact, or that ended such an event.

    The first parameter is the fact, or the event's command record; parameters
    named `uow` and `entity` (the snapshot after the commit) are supplied. The
    function runs at most once, in the committing process, in a separate unit
    of work. An exception is logged and does not affect the command.

    Shapes: cause is the class of a fact, or `Product.adjust_stock`.
    """
    key: Any
    if isinstance(cause, ActionFactory):
        key = (cause.entity, cause.event.name)
    elif isinstance(cause, type):
        key = cause
    else:
        raise ConfigurationError(
            f"@on({cause!r}): expected the class of a fact, or an event "
            "such as Product.adjust_stock."
        )

    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        _defined[handler.__module__, handler.__qualname__, key] = Reaction(key, handler)
        return handler

    return register


def defined_reactions() -> list[Reaction]:
    """Every handler declared so far; a redefinition in the same module replaces the first."""
    return list(_defined.values())


class Reactions:
    """Starts the handlers of one application after each commit."""

    def __init__(self, reactions: Iterable[Reaction], unit: Callable[[Lease], UnitOfWork]) -> None:
        self._unit = unit
        self._by_cause: dict[Any, list[Callable[..., Any]]] = {}
        for reaction in reactions:
            self._by_cause.setdefault(reaction.cause, []).append(reaction.handler)
        self.causes = frozenset(self._by_cause)
        """The classes of facts, and (entity class, event name) pairs, that handlers wait for."""
        self._tasks: set[asyncio.Task[None]] = set()

    def after(
        self,
        record: CommandRecord | None,
        cls: type[Entity] | None,
        entity: Entity | None,
        facts: list[Any],
    ) -> None:
        """Start the handlers of this event and of these facts; does not wait for them.

        Shapes: record is None for a commit at a `yield`.
        """
        if not self._by_cause:
            return
        if record is not None:
            for handler in self._by_cause.get((cls, record.event), ()):
                self._start(handler, record, entity)
        for fact in facts:
            for kind in type(fact).__mro__:
                for handler in self._by_cause.get(kind, ()):
                    self._start(handler, fact, entity)

    async def idle(self, *, timeout_s: float | None = None) -> None:
        """Return when every handler, and those that they caused, has ended; or at the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._tasks:
                    await asyncio.wait(set(self._tasks))
        except TimeoutError:
            log.warning("%d @on handlers were still running at the end", len(self._tasks))

    def _start(self, handler: Callable[..., Any], subject: Any, entity: Entity | None) -> None:
        task = asyncio.create_task(self._run(handler, subject, entity))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, handler: Callable[..., Any], subject: Any, entity: Entity | None) -> None:
        # The request that caused this may be answered already.
        current_context.set(derived_context(browser_state=NO_BROWSER_STATE))
        unit = self._unit(Lease())
        extra = {"uow": unit, "entity": entity}
        parameters = list(inspect.signature(handler).parameters)[1:]
        try:
            result = handler(subject, **{name: extra[name] for name in parameters if name in extra})
            if inspect.isawaitable(result):
                await result
            await unit.settle()
            self.after(None, None, entity, unit.facts.emitted)
        except Exception:  # delivery: a failing handler must not harm its cause
            log.exception("The @on handler %s failed", handler.__qualname__)
