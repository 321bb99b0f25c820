"""The route of an event: read what was sent, bind, dispatch, answer in the caller's own way."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic_core import from_json

from starmodel.adapters.web.call import NO_STORE, SSE, Call
from starmodel.adapters.web.carrying import Sent, carry, taken
from starmodel.adapters.web.conditional import etag_header, precondition_of
from starmodel.adapters.web.event_call import EventCall
from starmodel.adapters.web.origin import OriginCheck
from starmodel.adapters.web.problems import Problem
from starmodel.adapters.web.refusals import Refusals
from starmodel.adapters.web.reply_parts import ReplyParts
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.policy import permits
from starmodel.app.application import Application
from starmodel.app.commands.binding.edited_fields import digests_in, touched
from starmodel.app.commands.binding.form_names import BROWSER, WAS
from starmodel.app.commands.binding.inputs import Inputs
from starmodel.app.commands.command import Command, Outcome
from starmodel.app.commands.replies import NO_REPLY, Reply
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.app.queries.listing import key_of
from starmodel.app.sessions.browser_state import NOTHING, carried
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import BindingError, RequestError
from starmodel.core.events import Event
from starmodel.core.public_state import public_state
from starmodel.core.results import Toast
from starmodel.core.values.signal_names import keys_of

log = logging.getLogger("starmodel.web")
_SKIPPED = "Your connection was slow, so some steps were not shown. Reload this page to see all."
_ACCEPTED = (NO_STORE, (b"starmodel-status", b"200"))


class EventRoutes:
    """Runs events for HTTP callers: Datastar, API clients and plain forms on the same URLs."""

    def __init__(
        self,
        application: Application,
        realtime: RealtimeAdapter,
        refusals: Refusals,
        settings: WebSettings,
        origin: OriginCheck,
    ) -> None:
        self._origin = origin
        self._application, self._realtime, self._refusals = application, realtime, refusals
        self._recorded = application.dispatcher.recorded
        self._settings = settings
        self._running: set[asyncio.Task[Any]] = set()
        self._replying: set[ReplyParts] = set()

    async def run(
        self, call: Call, entity_type: EntityType, event: Event[Any, Any, Any], id: str = ""
    ) -> None:
        """Dispatch the event and answer; a refusal or failure is answered too."""
        request = call.request
        if request.method == "HEAD" or (request.method == "GET" and not request.is_deliberate):
            # A link or a prefetch must not change state.
            problem = Problem(
                405, f"{entity_type.name}.{event.name} runs by a click, not by a link."
            )
            await self._refusals.send(call, problem, headers=[(b"allow", b"POST")])
            return
        kept, command = call.session.keep(), None
        try:
            if request.method == "GET":
                self._origin.check_get(request)
            if not self._application.is_ready:
                await self._application.ready()
            self._application.policy.check(entity_type, "write", call.session.actor, event=event)
            if b"starmodel-check" in request.headers:
                await call.json({"errors": await self._checked(call, entity_type, event, id)})
                request.close_files()
                return
            command = await self._command(call, entity_type, event, id)
            if event.kind == "sync":
                outcome = await self._application.dispatcher.dispatch(command)
                await self._confirm(call, command, outcome)
            elif event.kind == "async":
                await self._confirm(call, command, await asyncio.shield(self._start(command)))
            elif request.is_datastar:
                await self._stream(call, command)
            else:
                await self._confirm(call, command, await self._collected(command))
        except Exception as error:  # the web edge: every failure becomes an answer
            if call.started:
                raise  # half an answer can't be taken back; the server logs it and ends it
            call.session.restore(kept)
            about = EventCall(entity_type, event, id, command)
            where, details = about.text(self._recorded), about.details(self._recorded)
            problem = self._refusals.problem(call, error, where, domain=True, details=details)
            await self._refusals.send_event(call, entity_type, event, id, problem, call.sent)
        request.close_files()  # not when cancelled: the event that runs on may still read them

    def end_replies(self) -> None:
        """End the replies of events that are still running, so that the server can stop."""
        for parts in self._replying:
            parts.finish()

    async def _checked(
        self, call: Call, entity_type: EntityType, event: Event[Any, Any, Any], id: str
    ) -> dict[str, str]:
        """What the event would refuse of a form that is being filled in, by input."""
        found: dict[str, str] = {}
        try:
            command = await self._command(call, entity_type, event, id, found)
        except BindingError as error:
            return error.fields
        return await self._application.dispatcher.check(command) | found

    async def _command(
        self,
        call: Call,
        entity_type: EntityType,
        event: Event[Any, Any, Any],
        id: str,
        problems: dict[str, str] | None = None,
    ) -> Command:
        """The command of a request; `problems` collects what is wrong with arguments."""
        request, session = call.request, call.session
        binder = self._application.dispatcher.binders[entity_type.cls, event.name]
        inputs, sent, memory = await self._inputs(call, event)
        for name in binder.sensitive:
            if name in inputs.fixed:
                raise BindingError(
                    f"{binder.where}: {name!r} is secret and travels in the body only.",
                    {name: "must be sent in the body"},
                )
        if binder.carries and request.wants_html and not request.is_datastar:
            raise RequestError(
                f"{' and '.join(binder.carries)} is kept in your browser, which needs JavaScript. "
                "Nothing was changed."
            )
        if binder.carries or sent.owner:
            carry(sent, session, self._application.scopes, binder.carries)
        elif request.method == "GET":
            carried.set(NOTHING)
        signals = inputs.signals
        if problems is None:
            arguments = binder.bind(inputs)
        else:
            arguments, found = binder.partial(inputs)
            problems |= found
        was = digests_in(memory, self._settings.bounds)
        key = request.headers.get(b"idempotency-key")
        return Command(
            entity_type,
            event,
            touched(arguments, was) if was else arguments,
            id if entity_type.is_record and event.name != "create" else None,
            session.actor,
            session,
            request.for_events() if binder.takes_request else None,
            signals if not sent.signals else {**signals, **sent.signals},
            None if key is None else key.decode("latin-1"),
            None,
            request.is_datastar,
            partial(self._vet, call),
            was,
            precondition_of(request),
        )

    async def _inputs(self, call: Call, event: Event[Any, Any, Any]) -> tuple[Inputs, Sent, Any]:
        """What address and body say, the browser's states, and what an edit form remembers.

        Raises: RequestError, for a body that can't be read.
        """
        request = call.request
        data: dict[str, Any] = {}
        files: dict[str, Any] = {}
        is_form = request.is_form and request.method != "GET"
        if request.method == "GET" or (request.method == "DELETE" and request.is_datastar):
            if request.is_datastar:
                data = request.signals_in_query
        else:
            data, files = await request.fields()
            if is_form:
                call.sent = data
        sent, bounds = taken(request, data), self._settings.bounds
        if request.is_datastar and not is_form:
            signals = keys_of(data) if data else data
            return Inputs(request.query, signals=signals, bounds=bounds), sent, None
        memory = data.get(WAS) if event.name == "update" else None
        if memory is not None:
            data = {name: value for name, value in data.items() if name != WAS}
        name = "form" if is_form else "JSON body"
        return Inputs(request.query, data, files, body_name=name, bounds=bounds), sent, memory

    def _vet(self, call: Call, reply: Reply) -> None:
        """Refuse what can't be answered, before anything is stored.

        A redirect that leads away, or a session that no cookie can carry.
        """
        call.check_session()
        if reply.redirect is not None:
            call.safe_url(reply.redirect, self._settings.allowed_hosts)

    def _mount(self, call: Call, outcome: Outcome) -> None:
        """Let the event's redirect follow the mount path."""
        if outcome.reply.redirect is not None:
            outcome.reply = replace(outcome.reply, redirect=call.mounted(outcome.reply.redirect))

    async def _confirm(self, call: Call, command: Command, outcome: Outcome) -> None:
        """Answer a stored command; when its answer fails, with the bare fact that it is stored.

        Raises: SessionNotStoredError, because a sign-in that is not stored must not look like one.
        """
        if not call.is_saved:
            await call.save_session()
        try:
            await self._answer(call, command, outcome)
        except Exception:  # the web edge: a success stays one, whatever its answer does
            if call.started:
                raise
            log.exception("%s is stored, but its answer failed", self._told(command))
            await self._answer_barely(call, command, outcome)

    async def _answer_barely(self, call: Call, command: Command, outcome: Outcome) -> None:
        if call.request.is_datastar:
            await call.answer(
                200, SSE, self._realtime.encode_effects(NO_REPLY, status=200), _ACCEPTED
            )
        elif not call.request.wants_html:
            created = command.event.name == "create" and command.id is None
            data = {"result": None, "entity": None, "version": outcome.version}
            await call.json(data, 201 if created else 200)
        else:
            await call.redirect(f"{call.root_path}{command.entity_type.path}")

    def _told(self, command: Command) -> str:
        about = EventCall(command.entity_type, command.event, str(command.id or ""), command)
        return about.text(self._recorded)

    async def _answer(self, call: Call, command: Command, outcome: Outcome) -> None:
        request, entity_type = call.request, command.entity_type
        if outcome.reply.redirect is not None:
            self._mount(call, outcome)
        if call.session.ended:
            await self._application.end_sessions(call.session)
        if request.is_datastar:
            has_page = b"starmodel-page" in request.headers
            if self._leaves(call, command, outcome):
                there = self._next(call, command, outcome)
                outcome.reply = replace(outcome.reply, redirect=there)
            elif not outcome.readable and outcome.reply.is_empty:
                done = Toast(f"{command.event.title}: done.", "success")
                outcome.reply = replace(outcome.reply, toasts=[done])
            body = self._reply(call, entity_type, outcome, has_page)
            await call.answer(200, SSE, body, _ACCEPTED)
        elif not request.wants_html:
            await self._answer_json(call, command, outcome)
        else:
            call.say_next(outcome.reply.toasts)
            await call.redirect(outcome.reply.redirect or self._next(call, command, outcome))

    def _reply(
        self, call: Call, entity_type: EntityType, outcome: Outcome, has_page: bool
    ) -> bytes:
        """What a page is sent: first what its browser is to keep, because the rest may leave it."""
        states = self._realtime.encode_states(call.session)
        return states + self._realtime.encode_reply(entity_type, outcome, has_page=has_page)

    def _last_reply(self, call: Call, command: Command, outcome: Outcome, has_page: bool) -> bytes:
        try:
            return self._reply(call, command.entity_type, outcome, has_page)
        except Exception:  # the web edge: a success stays one, whatever its answer does
            log.exception("%s is stored, but its answer failed", self._told(command))
            return self._realtime.encode_effects(NO_REPLY, status=200)

    async def _answer_json(self, call: Call, command: Command, outcome: Outcome) -> None:
        entity = outcome.entity
        data: dict[str, Any] = {
            "result": outcome.reply.result,
            "entity": None if entity is None else public_state(entity),
            "version": outcome.version if outcome.readable else None,
        }
        brought = carried.get()
        if brought is not None and brought.names:
            kept = brought.take()
            data[BROWSER] = {"states": {n: from_json(k.text) for n, k in kept.items() if k.text}}
        is_create = command.event.name == "create" and command.id is None
        is_update = command.event.name == "update" and command.entity_type.is_record
        if is_create and not outcome.readable:
            await call.json(data, 201)
        elif is_create and entity is not None:
            where = self._next(call, command, outcome).encode()
            await call.json(data, 201, [(b"location", where), etag_header(entity)])
        elif call.request.method in ("PUT", "PATCH") and is_update and entity is not None:
            await call.json(data, 200, [etag_header(entity)])
        else:
            await call.json(data)

    def _next(self, call: Call, command: Command, outcome: Outcome) -> str:
        """Where a plain form leads after its event; only pages that the caller may read."""
        base = f"{call.root_path}{command.entity_type.path}"
        if not permits(self._application.policy, command.entity_type, command.reader):
            return call.came_from(f"{call.root_path}/")
        if command.entity_type.is_record and command.event.name == "delete":
            return base
        if command.entity_type.is_record and command.event.name in ("create", "update"):
            entity = outcome.entity
            return base if entity is None else f"{base}/{key_of(entity.id)}"
        return call.came_from(base)

    def _leaves(self, call: Call, command: Command, outcome: Outcome) -> bool:
        """True when a form of ours created or deleted the record that its page was about."""
        if outcome.reply.redirect is not None or not command.entity_type.is_record:
            return False
        if not permits(self._application.policy, command.entity_type, command.reader):
            return False
        here = call.came_from("").partition("?")[0]
        base = f"{call.root_path}{command.entity_type.path}"
        if command.event.name == "delete":
            return here.startswith(f"{base}/")
        return (command.event.name == "create" and here == f"{base}/new") or (
            command.event.name == "update" and here.endswith("/edit")
        )

    def _start(self, command: Command) -> asyncio.Task[Outcome]:
        """Run to the end even when the caller goes away."""
        task = asyncio.create_task(self._application.dispatcher.dispatch(command))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _collected(self, command: Command) -> Outcome:
        """The outcome of a generator event, with all that it yielded."""
        results: list[Any] = []
        redirects: list[str] = []
        toasts: list[Toast] = []

        async def keep(outcome: Outcome) -> None:
            if outcome.reply.result is not None:
                results.append(outcome.reply.result)
            if outcome.reply.redirect is not None:
                redirects.append(outcome.reply.redirect)
            toasts.extend(outcome.reply.toasts)

        command.send = keep
        outcome = await asyncio.shield(self._start(command))
        redirect = redirects[-1] if redirects else None
        outcome.reply = replace(outcome.reply, result=results, redirect=redirect, toasts=toasts)
        return outcome

    async def _stream(self, call: Call, command: Command) -> None:
        """Send each yield's reply when it is committed."""
        parts = ReplyParts()
        has_page = b"starmodel-page" in call.request.headers
        progress = ""

        async def keep(outcome: Outcome) -> None:
            nonlocal progress
            self._mount(call, outcome)
            data = self._reply(call, command.entity_type, outcome, has_page)
            if outcome.reply.progress is not None:
                told, first = outcome.reply.progress, not progress
                progress = outcome.record.id
                data += self._realtime.encode_progress(progress, told, first=first)
            await parts.put(data)

        command.send = keep
        task = self._start(command)
        task.add_done_callback(lambda _: parts.finish())
        self._replying.add(parts)
        try:
            part = await parts.get()
            if part is None and task.done() and task.exception() is not None:
                raise task.exception()  # type: ignore[misc]
            await call.save_session()
            await self._application.end_sessions(call.session)
            await call.start(200, SSE, [NO_STORE, (b"x-accel-buffering", b"no")])
            while part is not None:
                await call.part(part)
                part = await parts.get()
        finally:  # the caller may be gone while the event goes on
            self._replying.discard(parts)
            parts.abandon()
        if not task.done():  # the server stops: the event goes on as long as it may
            await call.part(b"", last=True)
            return
        error = task.exception()
        if error is None:
            self._mount(call, task.result())
            body = self._last_reply(call, command, task.result(), has_page)
        else:
            problem = self._refusals.problem(call, error, self._told(command), domain=True)
            body = self._refusals.patches(problem)
        if progress:
            body += self._realtime.encode_progress(progress, None, first=False)
        if parts.skipped:
            body += self._realtime.encode_effects(Reply(toasts=[Toast(_SKIPPED, "warning")]))
        await call.part(body, last=True)
        await call.end_session()
        await self._application.end_sessions(call.session)
