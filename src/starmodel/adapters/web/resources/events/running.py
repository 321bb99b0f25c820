"""Async and generator events, in tasks that outlive the connection of their request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starmodel.adapters.web.errors.problems import Problem
from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import NO_STORE, Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.resources.events.event_call import text_of
from starmodel.adapters.web.resources.events.replies import EventReplies
from starmodel.adapters.web.resources.events.reply_parts import ReplyParts
from starmodel.app.application import Application
from starmodel.app.commands.cancelling import Cancellation
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.replies import NO_REPLY, Reply
from starmodel.app.ports.transport import Patch
from starmodel.core.errors import EventCancelledError
from starmodel.core.events.results import Download, Toast


class RunningEvents:
    """The tasks of running events, and the streamed replies of generator events."""

    def __init__(
        self,
        application: Application,
        patches: PatchResponses,
        error_responses: ErrorResponses,
        replies: EventReplies,
    ) -> None:
        self._application, self._patches = application, patches
        self._error_responses, self._replies = error_responses, replies
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self.open_replies: set[ReplyParts] = set()
        self._cancellable: dict[str, tuple[str, Cancellation]] = {}  # session and way to cancel

    async def outcome(self, command: Command) -> Outcome:
        """Dispatch in a task that a closed connection does not cancel."""
        return await asyncio.shield(self._start(command))

    async def collected(self, command: Command) -> Outcome:
        """The outcome of a generator event, with the results of all yields."""
        results: list[Any] = []
        redirects: list[str] = []
        toasts: list[Toast] = []
        downloads: list[Download] = []

        async def collect(outcome: Outcome) -> None:
            if outcome.reply.result is not None:
                results.append(outcome.reply.result)
            if outcome.reply.redirect is not None:
                redirects.append(outcome.reply.redirect)
            toasts.extend(outcome.reply.toasts)
            if outcome.reply.download is not None:
                downloads.append(outcome.reply.download)

        command.send = collect
        outcome = await self.outcome(command)
        redirect = redirects[-1] if redirects else None
        outcome.reply = replace(
            outcome.reply, result=results, redirect=redirect, toasts=toasts,
            download=downloads[-1] if downloads else None,
        )  # fmt: skip
        return outcome

    async def stream(self, exchange: Exchange, command: Command) -> None:
        """Stream the reply of each yield after its commit."""
        parts, transport = ReplyParts(), self._patches.transport(exchange)
        progress = ""

        async def enqueue(outcome: Outcome) -> None:
            nonlocal progress
            self._replies.mount(exchange, outcome)
            patches = [*self._replies.encode(exchange, command, outcome)]
            if outcome.reply.progress is not None:
                step, first = outcome.reply.progress, not progress
                progress = outcome.record.id
                if first and command.cancellation is not None:
                    owner = exchange.session.id
                    self._cancellable[progress] = (owner, command.cancellation)
                patches += self._patches.encoder.encode_progress(progress, step, first=first)
            await parts.put(transport.body(patches))

        command.send, command.cancellation = enqueue, Cancellation()
        task = self._start(command)
        task.add_done_callback(lambda _: self._cancellable.pop(progress, None))
        task.add_done_callback(lambda _: parts.finish())
        self.open_replies.add(parts)
        try:
            part = await parts.get()
            if part is None and task.done() and task.exception() is not None:
                raise task.exception()  # type: ignore[misc]
            await exchange.save_session()
            await self._application.end_sessions(exchange.session)
            headers = [NO_STORE, (b"x-accel-buffering", b"no")]
            await exchange.start(200, transport.media_type, headers)
            while part is not None:
                await exchange.part(part)
                part = await parts.get()
        finally:  # the event may run longer than its connection
            self.open_replies.discard(parts)
            parts.abandon()
        if not task.done():  # the server is shutting down; the event's task continues
            await exchange.part(b"", last=True)
            return
        patches = self._end_of(exchange, command, task, progress, parts)
        await exchange.part(transport.body(patches), last=True)
        await exchange.end_session()
        await self._application.end_sessions(exchange.session)

    async def cancel(self, exchange: Exchange, found: Any, id: str) -> None:
        """End the event of the query, for the session that has started it; 404 for others."""
        run = exchange.request.query.get("run", "")
        owner, cancellation = self._cancellable.get(run, ("", None))
        if cancellation is None or owner != exchange.session.id:
            problem = Problem(404, self._application.texts.text("event.ended"))
            await self._error_responses.send(exchange, problem)
            return
        cancellation.cancel()
        await self._patches.send(exchange, self._patches.encoder.encode_effects(NO_REPLY))

    def end_replies(self) -> None:
        """End the streamed replies of running events, so that the server can shut down."""
        for parts in self.open_replies:
            parts.finish()

    def _end_of(
        self,
        exchange: Exchange,
        command: Command,
        task: asyncio.Task[Outcome],
        progress: str,
        parts: ReplyParts,
    ) -> Sequence[Patch]:
        """The last patches of a streamed reply."""
        encoder = self._patches.encoder
        error = task.exception()
        if error is None:
            self._replies.mount(exchange, task.result())
            patches = [*self._replies.encode_last(exchange, command, task.result())]
        elif isinstance(error, EventCancelledError):
            said = Toast(self._application.texts.render(error.message), "info")
            patches = [*encoder.encode_effects(Reply(toasts=[said]), status=error.status)]
        else:
            where = text_of(command, self._application.dispatcher.recorded)
            words = self._error_responses.words(command.entity_type, command.event)
            problem = self._error_responses.problem(
                exchange, error, where, domain=True, words=words
            )
            patches = [*self._error_responses.encode(problem)]
        if progress:
            patches += encoder.encode_progress(progress, None, first=False)
        if parts.skipped:
            slow = Toast(self._application.texts.text("problem.slow"), "warning")
            patches += encoder.encode_effects(Reply(toasts=[slow]))
        return patches

    def _start(self, command: Command) -> asyncio.Task[Outcome]:
        task = asyncio.create_task(self._application.dispatcher.dispatch(command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
