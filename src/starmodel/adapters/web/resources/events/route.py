"""The route of an event, for Datastar, API clients and plain forms on the same URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starmodel.adapters.web.errors.problems import Problem
from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.csrf import OriginCheck
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.http.routing import Found, Routes
from starmodel.adapters.web.resources.areas import in_area
from starmodel.adapters.web.resources.events.confirming import ConfirmingEvents
from starmodel.adapters.web.resources.events.downloads import Downloads
from starmodel.adapters.web.resources.events.event_call import EventCall
from starmodel.adapters.web.resources.events.reading import EventReader
from starmodel.adapters.web.resources.events.replies import EventReplies
from starmodel.adapters.web.resources.events.running import RunningEvents
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.decisions import check
from starmodel.app.application import Application
from starmodel.app.commands.binding import form_names
from starmodel.app.commands.binding.rows import RowsChanged
from starmodel.app.commands.command import Command
from starmodel.app.presentation.drafted import drafted_with_relations
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.errors import BindingError, ConfirmationNeededError
from starmodel.core.events.built_in import BUILT_IN

CHECK_HEADER = form_names.CHECK_HEADER.encode()


class EventRoutes:
    """Dispatches events for HTTP requests."""

    def __init__(
        self,
        application: Application,
        patches: PatchResponses,
        error_responses: ErrorResponses,
        settings: WebSettings,
        origin: OriginCheck,
    ) -> None:
        self._application, self._origin, self._error_responses = (
            application,
            origin,
            error_responses,
        )
        self._settings = settings
        self._reader = EventReader(application, settings)
        self.downloads = Downloads(application)
        self._replies = EventReplies(application, patches, settings, self.downloads)
        self._confirming = ConfirmingEvents(application, patches, error_responses)
        self.running = RunningEvents(application, patches, error_responses, self._replies)

    def add_to(self, routes: Routes) -> None:
        """Add the routes of every event but `create`, `update` and `delete` of records.

        Raises: ConfigurationError, for two events at one path.
        """
        for resource in self._application.areas:
            if resource.path is None:
                continue
            for event in resource.entity_type.events.values():
                if not (resource.entity_type.is_record and event.name in BUILT_IN):
                    self.add(routes, resource, event)

    def add(self, routes: Routes, resource: MountedResource, event: Any, **what: Any) -> None:
        """Add the routes of one event. Raises: ConfigurationError, for a path that is taken."""
        binder = self._application.dispatcher.binders[resource.entity_type.cls, event.name]
        own = binder.method(self._settings.default_event_method).upper()
        run = in_area(self._application.areas.of(resource), self.run)
        for method, template in resource.event_templates(event, own):
            routes.add(method, template, run, resource=resource, event=event, **what)

    async def run(self, exchange: Exchange, found: Found, id: str = "") -> None:
        """Dispatch the event and respond; exceptions become error responses."""
        request, resource, event = exchange.request, found.resource, found.event
        entity_type = found.entity_type
        method = request.method
        if method == "HEAD" or (method == "GET" and not request.is_scripted_get):
            await self._refuse_link(exchange, found)
            return
        before, command = exchange.session.checkpoint(), None
        try:
            if method == "GET":
                self._origin.check_get(request)
            if not self._application.is_ready:
                await self._application.ready()
            await check(resource.policy, entity_type, "write", exchange.session.actor, event=event)
            if event.info.sudo and await self._confirming.confirm(exchange):
                before = exchange.session.checkpoint()
            if CHECK_HEADER in request.headers:
                await exchange.json(await self._checked(exchange, found, id))
                request.close_files()
                return
            command = await self._reader.command(exchange, resource, event, id)
            if event.kind == "sync":
                outcome = await self._application.dispatcher.dispatch(command)
                await self._replies.send(exchange, resource, command, outcome)
            else:
                await self._run_waiting(exchange, resource, command)
        except RowsChanged:
            exchange.session.restore(before)
            await self._error_responses.send_form(exchange, resource, event, id)
        except Exception as error:  # the web edge: every exception becomes a response
            if exchange.started:
                raise  # the server logs the failure and closes the connection
            exchange.session.restore(before)
            if isinstance(error, ConfirmationNeededError) and await self._confirming.ask(
                exchange, resource, event, id, error
            ):
                return
            about = EventCall(entity_type, event, id, command)
            recorded = self._application.dispatcher.recorded
            where, details = about.text(recorded), about.details(recorded)
            problem = self._error_responses.problem(
                exchange, error, where, domain=True, details=details,
                words=self._error_responses.words(entity_type, event),
            )  # fmt: skip
            await self._error_responses.send_event(
                exchange, resource, event, id, problem, exchange.sent
            )
        if request.files:
            request.close_files()  # not after a cancellation: the running event may read them

    async def _run_waiting(
        self, exchange: Exchange, resource: MountedResource, command: Command
    ) -> None:
        """Run an async or generator event; a closed connection does not cancel it."""
        if command.event.kind == "async":
            outcome = await self.running.outcome(command)
        elif exchange.request.is_datastar:
            await self.running.stream(exchange, command)
            return
        else:
            outcome = await self.running.collected(command)
        await self._replies.send(exchange, resource, command, outcome)

    async def _checked(self, exchange: Exchange, found: Found, id: str) -> dict[str, Any]:
        """Validate a partly filled form: errors by input, computed fields. Nothing is committed.

        Shapes: computed has the HTML of each field, and is omitted without any.
        """
        resource, errors = found.resource, dict[str, str]()
        computed: Mapping[str, str] = {}
        try:
            command = await self._reader.command(
                exchange, resource, found.event, id, problems=errors
            )
        except BindingError as error:
            errors = error.fields
        else:
            checked = await self._application.dispatcher.check(command)
            errors = checked.errors | errors
            relations = self._application.relations
            drafted = await drafted_with_relations(relations, checked, command.rows)
            if drafted is not None:
                computed = resource.ui.form_computed(resource, drafted)
        words = self._error_responses.words(found.entity_type, found.event)
        shown = self._application.texts.render_all(words.with_examples(errors))
        return {"errors": shown, "computed": computed} if computed else {"errors": shown}

    async def _refuse_link(self, exchange: Exchange, found: Found) -> None:
        """Respond 405: a link or a prefetch must not change state."""
        name = f"{found.entity_type.name}.{found.event.name}"
        problem = Problem(405, f"{name} runs by a click, not by a link.")
        await self._error_responses.send(exchange, problem, headers=[(b"allow", b"POST")])
