"""Async events and generator events: no transaction is open while they await."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from starmodel.app.commands.access import SessionWatch
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.generators import Steps
from starmodel.app.commands.idempotency import Claim
from starmodel.app.commands.loading import Loader
from starmodel.app.commands.outcomes import Outcomes
from starmodel.app.commit.tracked import Tracked
from starmodel.app.ports.repository import Marker
from starmodel.app.uow import ATTEMPTS, UnitOfWork
from starmodel.core.changes.copies import Lease
from starmodel.core.commands import CommandRecord
from starmodel.core.errors import VersionConflictError
from starmodel.core.snapshot import version_of

log = logging.getLogger("starmodel.dispatcher")


class AsyncEvents:
    """Runs coroutine and generator events, and commits their steps.

    Shapes: unit makes a unit of work that records what its drafts read, so
    that a conflicting commit can be rebased.
    """

    def __init__(
        self, unit: Callable[[Lease | None], UnitOfWork], loader: Loader, outcomes: Outcomes
    ) -> None:
        self._unit, self._loader, self._outcomes = unit, loader, outcomes

    async def run(
        self, command: Command, record: CommandRecord, claim: Claim | None, session: SessionWatch
    ) -> Outcome:
        """Run the event and commit; `session` is checked at each commit.

        Raises: as `Dispatcher.dispatch` does.
        """
        if command.event.kind == "async":
            return await self._run_coroutine(command, record, claim, session)
        return await self._run_generator(command, record, claim, session)

    async def _run_coroutine(
        self, command: Command, record: CommandRecord, claim: Claim | None, session: SessionWatch
    ) -> Outcome:
        """Run a coroutine event; a conflict is rebased, or with `retry` the event runs again."""
        for attempt in range(1, ATTEMPTS + 1):
            unit = self._unit(Lease())
            target = await self._loader.target(unit, command)
            arguments = await self._loader.arguments(unit, command, target)
            if claim is not None:
                await claim.start()
            value = await command.event.fn(target.draft, **arguments)
            await self._loader.check_new_fields(command, target)
            try:
                return await self._settle(unit, target, command, record, claim, value, session)
            except VersionConflictError:
                if not command.event.info.retry or attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _run_generator(
        self, command: Command, record: CommandRecord, claim: Claim | None, session: SessionWatch
    ) -> Outcome:
        """Run a generator event: each `yield` commits and sends; a conflict is raised there."""
        unit = self._unit(Lease())
        target = await self._loader.target(unit, command)
        arguments = await self._loader.arguments(unit, command, target)
        if claim is not None:
            await claim.start()
        steps = Steps(command.event.fn(target.draft, **arguments), command.cancellation)
        yielded: list[Any] = []
        try:
            async for value in steps:
                try:
                    outcome = await self._settle(
                        unit, target, command, record, claim, value, session, last=False
                    )
                except VersionConflictError as conflict:
                    await unit.reload(Lease())
                    if not unit.has(target):
                        raise
                    steps.throw_in(conflict)
                    continue
                yielded.append(value)
                if command.send is not None:
                    try:
                        await command.send(outcome)
                    except Exception:  # delivery: the step is stored, and the next ones follow
                        log.exception("A step of %s was not delivered", outcome.record.event)
                await unit.next_segment(Lease())
        finally:
            await steps.close()
        outcome = await self._settle(unit, target, command, record, claim, None, session)
        outcome.value = yielded
        return outcome

    async def _settle(
        self,
        unit: UnitOfWork,
        target: Tracked,
        command: Command,
        record: CommandRecord,
        claim: Claim | None,
        value: Any,
        session: SessionWatch,
        *,
        last: bool = True,
    ) -> Outcome:
        """Commit a step of an event; conflicts are rebased."""
        value, reply = await self._outcomes.reply(unit, target, command, value)
        record = record.reading(version_of(target.base))

        async def marker() -> Marker | None:
            made = None
            if claim is not None:
                made = await self._outcomes.marker(unit, target, command, claim, reply, last=last)
            session.check()  # again at each attempt, because the session may end in between
            return made

        await unit.settle(marker=marker, target=target, record=record)
        return await self._outcomes.outcome(
            unit.facts, target, command, record, claim, value, reply, last=last
        )
