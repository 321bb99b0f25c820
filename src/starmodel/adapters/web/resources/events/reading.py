"""Requests to commands: arguments, signals, browser states and headers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from starmodel.adapters.web.http.conditional import precondition_of
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.resources.browser_states import (
    NOTHING_SENT,
    SubmittedStates,
    parse_states,
    use_states,
)
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.application import Application
from starmodel.app.commands.binding.edited_fields import NO_DIGESTS, digests_in, touched
from starmodel.app.commands.binding.form_names import (
    ADD_ANOTHER,
    BROWSER,
    NEXT,
    ORIGINALS,
    ROW_CHANGE,
)
from starmodel.app.commands.binding.rows import RowsChanged, change_rows
from starmodel.app.commands.command import Command
from starmodel.app.commands.inlines.rows import SentRow
from starmodel.app.commands.inputs import Inputs
from starmodel.app.commands.replies import Reply
from starmodel.app.context import use_browser_state
from starmodel.app.presentation.confirmation import PROOF
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.listing import PLACE
from starmodel.app.sessions.browser_state import NO_BROWSER_STATE
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import BindingError, RequestError
from starmodel.core.events import Event
from starmodel.core.values.signal_names import keys_of
from starmodel.texts.catalogue import Message, joined

JSON = "application/json"
_SAVING = ("create", "update")
NO_ROWS: Mapping[str, list[SentRow]] = MappingProxyType({})


class EventReader:
    """Builds the command of each request, within the limits of the settings."""

    def __init__(self, application: Application, settings: WebSettings) -> None:
        self._application, self._settings = application, settings
        self._bounds = settings.bounds

    async def command(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: str,
        *,
        problems: dict[str, str] | None = None,
    ) -> Command:
        """Parse and bind a request into a command.

        Shapes: problems collects validation errors by argument; None raises them.
        Raises: RequestError, BindingError, AccessDeniedError, RowsChanged.
        """
        request, session, entity_type = exchange.request, exchange.session, resource.entity_type
        method, headers = request.method, request.headers
        binder = self._application.dispatcher.binders[entity_type.cls, event.name]
        was, rows = NO_DIGESTS, NO_ROWS
        refused: dict[str, str] = {}
        if method == "POST" and request.is_datastar and request.content_type == JSON:  # a click
            data, sent = await request.json(), NOTHING_SENT
            if data:
                sent = parse_states(request, data) if BROWSER in data else sent
                data = keys_of(data)
            inputs = Inputs(request.query, signals=data, bounds=self._bounds)
        else:
            inputs, sent, memory = await self._inputs(exchange, entity_type, event)
            was = digests_in(memory, self._bounds)
            if self._application.dispatcher.rows:
                body, rows = self._application.dispatcher.rows.taken(
                    entity_type, event, inputs.body
                )
                inputs = inputs._replace(body=body)
        if entity_type.cls.__entity__.guarded:
            inputs = inputs.seen_by(resource.policy, entity_type, session.actor)
        for name in binder.sensitive:
            if name in inputs.fixed:
                raise BindingError(
                    f"{binder.where}: {name!r} is secret and travels in the body only.",
                    {name: "must be sent in the body"},
                )
        if binder.browser_stores and request.wants_html and not request.is_datastar:
            raise RequestError(
                Message("problem.no_script", names=joined("joined.and", binder.browser_stores))
            )
        if binder.browser_stores or sent.owner:
            use_states(sent, session, self._application.scopes, binder.browser_stores)
        elif method == "GET":
            use_browser_state(NO_BROWSER_STATE)
        if problems is None and not rows:
            arguments = binder.bind(inputs)
        else:
            arguments, refused = binder.partial(inputs)
        key = headers.get(b"idempotency-key")
        is_conditional = b"if-match" in headers or b"if-none-match" in headers
        command = Command(
            entity_type,
            event,
            touched(arguments, was) if was else arguments,
            resource.policy,
            id if entity_type.is_record and event.name != "create" else None,
            session.actor,
            session,
            request.for_events() if binder.takes_request else None,
            {**inputs.signals, **sent.signals} if sent.signals else inputs.signals,
            None if key is None else key.decode("latin-1"),
            None,
            request.is_datastar,
            partial(self._vet, exchange),
            was,
            precondition_of(request) if is_conditional else None,
            inputs,
        )
        if rows:
            command.rows = self._application.dispatcher.rows.bind(command, rows, refused)
        if problems is not None:
            problems |= refused
        elif refused:
            raise BindingError(f"{binder.where}: {', '.join(refused)} can't be used.", refused)
        return command

    async def _inputs(
        self, exchange: Exchange, entity_type: EntityType, event: Event[Any, Any, Any]
    ) -> tuple[Inputs, SubmittedStates, Any]:
        """The inputs of query and body, the browser states, and the digests of an edit form.

        Raises: RequestError, for a body that can't be parsed; RowsChanged, for a button of
        the form that changes its rows.
        """
        request, bounds = exchange.request, self._bounds
        data: dict[str, Any] = {}
        files: dict[str, Any] = {}
        is_form = request.is_form and request.method != "GET"
        if request.method == "GET" or (request.method == "DELETE" and request.is_datastar):
            if request.is_datastar:
                data = request.signals_in_query
        else:
            data, files = await request.fields()
            if event.info.sudo:
                data.pop(PROOF, None)  # verified already
            if is_form:
                if event.name in _SAVING:
                    exchange.adds_another = data.pop(NEXT, "") == ADD_ANOTHER
                exchange.sent = data
                if ROW_CHANGE in data:
                    change = data.pop(ROW_CHANGE)
                    change_rows(data, change)
                    self._application.dispatcher.rows.add_row(entity_type, event, data, change)
                    raise RowsChanged
        sent = parse_states(request, data)
        if request.is_datastar and not is_form:
            signals = keys_of(data) if data else data
            return Inputs(request.query, signals=signals, bounds=bounds), sent, None
        if PLACE in data and event.name in _SAVING:
            data = {name: value for name, value in data.items() if name != PLACE}
        memory = data.get(ORIGINALS) if event.name == "update" else None
        if memory is not None:
            data = {name: value for name, value in data.items() if name != ORIGINALS}
        name = "form" if is_form else "JSON body"
        return Inputs(request.query, data, files, body_name=name, bounds=bounds), sent, memory

    def _vet(self, exchange: Exchange, reply: Reply) -> None:
        """Reject a reply that can't be sent, before the commit.

        Raises: RequestError, for a redirect to another site; ConfigurationError, for a session
        beyond a cookie's size.
        """
        if exchange.session:
            exchange.check_session()
        if reply.redirect is not None:
            exchange.safe_url(reply.redirect, self._settings.allowed_hosts)
