"""`@on`: what else happens once something has been committed."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starmodel.app.sessions.browser_state import NOTHING, carried
from starmodel.app.uow import UnitOfWork
from starmodel.core.changes.copies import Lease
from starmodel.core.commands import CommandRecord
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import ActionFactory

log = logging.getLogger("starmodel.reactions")


@dataclass(frozen=True, slots=True)
class Reaction:
    """One handler and what it waits for: a fact's class, or (entity class, event name)."""

    cause: Any
    handler: Callable[..., Any]


_defined: dict[tuple[str, str, Any], Reaction] = {}


def on(cause: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run the function after the commit that emitted such a fact, or that ended such an event.

    The first parameter is the fact, or the event's command record; `uow`
    and `entity` (the snapshot after) may be asked for by name. It runs
    once, in the committing process, in its own unit of work, at most once.
    A failing one is logged and harms nobody.

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
    """Every handler declared so far; a redefinition in the same module replaces."""
    return list(_defined.values())


class Reactions:
    """Starts the handlers of one application after each commit."""

    def __init__(self, reactions: Iterable[Reaction], unit: Callable[[Lease], UnitOfWork]) -> None:
        self._unit = unit
        self._by_cause: dict[Any, list[Callable[..., Any]]] = {}
        for reaction in reactions:
            self._by_cause.setdefault(reaction.cause, []).append(reaction.handler)
        self._tasks: set[asyncio.Task[None]] = set()

    def waits_for(self, cls: type[Entity], event: str) -> bool:
        """True when a handler runs after each such event."""
        return (cls, event) in self._by_cause

    def after(
        self,
        record: CommandRecord | None,
        cls: type[Entity] | None,
        entity: Entity | None,
        facts: list[Any],
    ) -> None:
        """Start what waits for this event and these facts; returns at once.

        Shapes: record is None while the event goes on after a `yield`.
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
        """Return when every started handler, and what those started, has ended, or time is up."""
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
        carried.set(NOTHING)  # the request that caused this may be answered already
        unit = self._unit(Lease())
        extra = {"uow": unit, "entity": entity}
        wanted = list(inspect.signature(handler).parameters)[1:]
        try:
            result = handler(subject, **{name: extra[name] for name in wanted if name in extra})
            if inspect.isawaitable(result):
                await result
            await unit.settle()
            self.after(None, None, entity, unit.facts.emitted)
        except Exception:  # delivery: a failing handler must not harm the event that caused it
            log.exception("The @on handler %s failed", handler.__qualname__)
