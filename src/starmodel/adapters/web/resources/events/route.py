"""The route of an event, for Datastar, API clients and plain forms on the same URL."""

from __future__ import annotations

from starmodel.adapters.web.errors.problems import Problem
from starmodel.adapters.web.errors.responses import Refusals
from starmodel.adapters.web.http.csrf import OriginCheck
from starmodel.adapters.web.http.exchange import Call
from starmodel.adapters.web.http.routing import Found
from starmodel.adapters.web.resources.events.event_call import EventCall
from starmodel.adapters.web.resources.events.reading import EventReader
from starmodel.adapters.web.resources.events.replies import EventReplies
from starmodel.adapters.web.resources.events.running import RunningEvents
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.decisions import check
from starmodel.app.application import Application
from starmodel.app.commands.command import Command
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.core.errors import BindingError


class EventRoutes:
    """Dispatches events for HTTP requests."""

    def __init__(
        self,
        application: Application,
        realtime: RealtimeAdapter,
        refusals: Refusals,
        settings: WebSettings,
        origin: OriginCheck,
    ) -> None:
        self._application, self._origin, self._refusals = application, origin, refusals
        self._reader = EventReader(application, settings)
        self._replies = EventReplies(application, realtime, settings)
        self.running = RunningEvents(application, realtime, refusals, self._replies)

    async def run(self, call: Call, found: Found, id: str = "") -> None:
        """Dispatch the event and respond; exceptions become error responses."""
        request, entity_type, event = call.request, found.entity_type, found.event
        method = request.method
        if method == "HEAD" or (method == "GET" and not request.is_deliberate):
            await self._refuse_link(call, found)
            return
        before, command = call.session.checkpoint(), None
        try:
            if method == "GET":
                self._origin.check_get(request)
            if not self._application.is_ready:
                await self._application.ready()
            await check(
                self._application.policy, entity_type, "write", call.session.actor, event=event
            )
            if b"starmodel-check" in request.headers:
                await call.json({"errors": await self._checked(call, found, id)})
                request.close_files()
                return
            command = await self._reader.command(call, entity_type, event, id)
            if event.kind == "sync":
                outcome = await self._application.dispatcher.dispatch(command)
                await self._replies.send(call, command, outcome)
            else:
                await self._run_waiting(call, command)
        except Exception as error:  # the web edge: every exception becomes a response
            if call.started:
                raise  # the server logs the failure and closes the connection
            call.session.restore(before)
            about = EventCall(entity_type, event, id, command)
            recorded = self._application.dispatcher.recorded
            where, details = about.text(recorded), about.details(recorded)
            problem = self._refusals.problem(call, error, where, domain=True, details=details)
            await self._refusals.send_event(call, entity_type, event, id, problem, call.sent)
        if request.files:
            request.close_files()  # not after a cancellation: the running event may read them

    async def _run_waiting(self, call: Call, command: Command) -> None:
        """Run an async or generator event; a closed connection does not cancel it."""
        if command.event.kind == "async":
            outcome = await self.running.outcome(command)
        elif call.request.is_datastar:
            await self.running.stream(call, command)
            return
        else:
            outcome = await self.running.collected(command)
        await self._replies.send(call, command, outcome)

    async def _checked(self, call: Call, found: Found, id: str) -> dict[str, str]:
        """Validate a partly filled form: the errors by input. Nothing is committed."""
        errors: dict[str, str] = {}
        try:
            command = await self._reader.command(
                call, found.entity_type, found.event, id, problems=errors
            )
        except BindingError as error:
            errors = error.fields
        else:
            errors = await self._application.dispatcher.check(command) | errors
        return self._application.texts.render_all(errors)

    async def _refuse_link(self, call: Call, found: Found) -> None:
        """Respond 405: a link or a prefetch must not change state."""
        name = f"{found.entity_type.name}.{found.event.name}"
        problem = Problem(405, f"{name} runs by a click, not by a link.")
        await self._refusals.send(call, problem, headers=[(b"allow", b"POST")])
