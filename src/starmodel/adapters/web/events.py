"""The route of an event: read what was sent, bind, dispatch, answer in the caller's own way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from starmodel.adapters.web.call import SSE, Call
from starmodel.adapters.web.problems import Problem, problem_of
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.application import Application
from starmodel.app.binding import Inputs
from starmodel.app.dispatcher import Command, Outcome
from starmodel.app.presentation import RealtimeAdapter, UIAdapter
from starmodel.app.replies import Element
from starmodel.core.entity import public_state
from starmodel.core.errors import BindingError, RequestError
from starmodel.core.events import Event
from starmodel.core.registry import EntityType

_NO_STORE = (b"cache-control", b"no-store")


class EventRoutes:
    """Runs events for HTTP callers: Datastar, API clients and plain forms on the same URLs."""

    def __init__(
        self,
        application: Application,
        realtime: RealtimeAdapter,
        ui: UIAdapter,
        settings: WebSettings,
    ) -> None:
        self._application, self._realtime, self._ui = application, realtime, ui
        self._settings = settings
        self._running: set[asyncio.Task[Any]] = set()

    async def run(
        self, call: Call, type: EntityType, event: Event[Any, Any, Any], id: str = ""
    ) -> None:
        """Dispatch the event and answer; a refusal or failure is answered too."""
        request = call.request
        if request.method == "GET" and not request.is_datastar:
            # A link or a prefetch must not change state.
            await call.json(
                Problem(405, f"{type.name}.{event.name} runs by a click, not by a link.").as_json(),
                405,
            )
            return
        try:
            await self._application.ready()
            command = await self._command(call, type, event, id)
            if event.kind in ("generator", "async_generator") and request.is_datastar:
                await self._stream(call, command)
                return
            if event.kind == "sync":
                outcome = await self._application.dispatcher.dispatch(command)
            else:
                outcome = await self._unbroken(command)
            await self._application.end_sessions(call.session)
            await self._answer(call, command, outcome)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the web edge: every failure becomes an answer
            await self._refuse(call, type, event, id, error)

    async def _command(
        self, call: Call, type: EntityType, event: Event[Any, Any, Any], id: str
    ) -> Command:
        request, session = call.request, call.session
        body: dict[str, Any] = {}
        files: dict[str, Any] = {}
        signals: dict[str, Any] = {}
        body_name = "form"
        content = request.headers.get(b"content-type", b"")
        if request.method in ("GET", "DELETE", "HEAD"):
            if request.is_datastar:
                signals = request.signals_in_query
        elif content.startswith(b"application/json"):
            if request.is_datastar:
                signals = await request.json()
            else:
                body, body_name = await request.json(), "JSON body"
        elif content.startswith((b"application/x-www-form-urlencoded", b"multipart/form-data")):
            body, files = await request.form()
        elif await request.body():
            raise RequestError(
                f"A body of type {request.header(b'content-type')!r} can't be read; send JSON or "
                "a form.",
                status=415,
            )
        fixed = request.query
        binder = self._application.dispatcher.binders[type.cls, event.name]
        exposed = [name for name in binder.sensitive if name in fixed]
        if exposed:
            raise BindingError(
                f"{binder.where}: {exposed[0]!r} is secret and travels in the body only.",
                {exposed[0]: "must be sent in the body"},
            )
        inputs = Inputs({}, fixed, body, files, signals, body_name=body_name)
        key = request.headers.get(b"idempotency-key")
        return Command(
            type,
            event,
            binder.bind(inputs),
            id or None,
            session.actor,
            session,
            request.scope,
            signals,
            None if key is None else key.decode("latin-1"),
            expects=request.is_datastar,
        )

    async def _answer(self, call: Call, command: Command, outcome: Outcome) -> None:
        request, type = call.request, command.type
        url = outcome.reply.redirect
        if url is not None:
            outcome.reply.redirect = call.safe_url(url, self._settings.allowed_hosts)
        if request.is_datastar:
            has_page = b"starmodel-page" in request.headers
            if self._leaves(call, command, outcome):
                outcome.reply.redirect = self._next(call, command, outcome)
            body = self._realtime.encode_reply(type, outcome, has_page=has_page)
            headers = [_NO_STORE, (b"starmodel-status", b"200")]
            await call.answer(200, SSE, body, headers)
        elif request.wants_json or not request.header(b"accept").count("html"):
            await self._answer_json(call, command, outcome)
        elif outcome.reply.redirect is not None:
            await call.redirect(outcome.reply.redirect)
        else:
            await call.redirect(self._next(call, command, outcome))

    async def _answer_json(self, call: Call, command: Command, outcome: Outcome) -> None:
        entity = outcome.entity
        data = {
            "result": outcome.reply.result,
            "entity": None if entity is None else public_state(entity),
            "version": outcome.version,
        }
        if command.event.name == "create" and command.id is None and entity is not None:
            where = self._next(call, command, outcome).encode()
            await call.json(data, 201, [(b"location", where)])
        else:
            await call.json(data)

    def _next(self, call: Call, command: Command, outcome: Outcome) -> str:
        """Where a plain form leads after its event."""
        base = f"{call.root_path}{command.type.path}"
        if command.type.is_record and command.event.name == "delete":
            return base
        if command.type.is_record and command.event.name in ("create", "update"):
            entity = outcome.entity
            return base if entity is None else f"{base}/{quote(str(entity.id), safe='')}"
        return call.came_from(base)

    def _leaves(self, call: Call, command: Command, outcome: Outcome) -> bool:
        """True when a form of ours created or deleted the record that its page was about."""
        if outcome.reply.redirect is not None or not command.type.is_record:
            return False
        here = call.came_from("").partition("?")[0]
        base = f"{call.root_path}{command.type.path}"
        if command.event.name == "delete":
            return here.startswith(f"{base}/")
        return (command.event.name == "create" and here == f"{base}/new") or (
            command.event.name == "update" and here.endswith("/edit")
        )

    async def _unbroken(self, command: Command) -> Outcome:
        """Run to the end even when the caller goes away."""
        task = asyncio.create_task(self._application.dispatcher.dispatch(command))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _stream(self, call: Call, command: Command) -> None:
        """Send each yield's reply when it is committed."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def keep(outcome: Outcome) -> None:
            queue.put_nowait(self._realtime.encode_reply(command.type, outcome, has_page=True))

        command.send = keep
        task = asyncio.create_task(self._application.dispatcher.dispatch(command))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: queue.put_nowait(None))
        first = await queue.get()
        if first is None and task.exception() is not None:
            raise task.exception()  # type: ignore[misc]
        await call.start(200, SSE, [_NO_STORE, (b"x-accel-buffering", b"no")])
        while first is not None:
            await call.part(first)
            first = await queue.get()
        error = task.exception()
        if error is None:
            outcome = task.result()
            if outcome.reply.redirect is not None:
                call.safe_url(outcome.reply.redirect, self._settings.allowed_hosts)
            body = self._realtime.encode_reply(command.type, outcome, has_page=True)
        else:
            body = self._refusal(self._problem(call, command.type, command.event, "", error))
        await call.part(body, last=True)

    async def _refuse(
        self, call: Call, type: EntityType, event: Event[Any, Any, Any], id: str, error: Exception
    ) -> None:
        problem = self._problem(call, type, event, id, error)
        request = call.request
        if request.is_datastar:
            # Datastar ignores the body of a 4xx or 5xx: what must be seen goes out as 200.
            status = (b"starmodel-status", str(problem.status).encode())
            body = self._refusal(problem, type, event, id)
            await call.answer(200, SSE, body, [_NO_STORE, status])
        elif request.wants_json or not request.header(b"accept").count("html"):
            await call.json(problem.as_json(), problem.status)
        else:
            await call.html(self._ui.problem_page(problem), problem.status)

    def _problem(
        self,
        call: Call,
        type: EntityType,
        event: Event[Any, Any, Any],
        id: str,
        error: BaseException,
    ) -> Problem:
        return problem_of(
            error,
            where=f"{type.name}{f':{id}' if id else ''}.{event.name}",
            actor=call.session.actor,
            development=self._settings.development,
        )

    def _refusal(
        self,
        problem: Problem,
        type: EntityType | None = None,
        event: Event[Any, Any, Any] | None = None,
        id: str = "",
    ) -> bytes:
        elements: Sequence[Element] = ()
        if type is not None and event is not None:
            names = [
                p.name
                for p in self._application.dispatcher.binders[type.cls, event.name].open_parameters
            ]
            elements = self._ui.field_problems(type, event, id, names, problem.fields)
        return self._realtime.encode_refusal(problem.status, problem.text, problem.fields, elements)
