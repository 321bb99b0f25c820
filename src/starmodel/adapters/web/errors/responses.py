"""Content-negotiated error responses: patches, pages and JSON."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starmodel.adapters.web.errors.leading_on import leading_on
from starmodel.adapters.web.errors.problems import PLAIN_CHALLENGE, Problem, problem_of
from starmodel.adapters.web.http.exchange import NOTHING_SENT, Exchange, Header
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.fields import writable_fields
from starmodel.app.access.offers import may_create
from starmodel.app.application import Application
from starmodel.app.commands.binding.edited_fields import digests_in
from starmodel.app.commands.binding.form_names import ORIGINALS
from starmodel.app.commands.elements import Element
from starmodel.app.ports.transport import Patch
from starmodel.app.presentation.children import parent_choice, place_of
from starmodel.app.presentation.field_words import NO_WORDS, FieldWords, field_words
from starmodel.app.presentation.inlines import (
    InlineRows,
    StoredChildren,
    has_locked_rows,
    sent_inlines,
    stored_children,
    stored_inlines,
)
from starmodel.app.presentation.resource import MountedResource, Page
from starmodel.app.presentation.ui import FormFlow, UIAdapter
from starmodel.app.queries.listing import PLACE
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import ConfirmationNeededError, RequestError, StarModelError
from starmodel.core.events import Event
from starmodel.core.events.results import Toast

_SAVING = ("create", "update")
_NO_PROBLEM = Problem(200, "")
_SHOWN_AGAIN = frozenset({400, 409, 422})  # a corrected form can succeed


class ErrorResponses:
    """Error responses: patches for Datastar, a page for browsers, JSON for API clients."""

    def __init__(
        self,
        application: Application,
        patches: PatchResponses,
        ui: UIAdapter,
        settings: WebSettings,
    ) -> None:
        self._application, self._patches, self._ui = application, patches, ui
        self._settings = settings
        self.sign_in_path = ""  # of the page where visitors sign in

    def problem(
        self,
        exchange: Exchange,
        error: BaseException,
        where: str,
        *,
        domain: bool = False,
        details: Mapping[str, str] | None = None,
        words: FieldWords = NO_WORDS,
    ) -> Problem:
        """Map an exception to a problem, without details that this caller may not read.

        Shapes: words is what forms call the inputs of the event that failed.
        """
        made = problem_of(
            error,
            where=where,
            developer=self._settings.development and exchange.session.is_developer,
            domain=domain,
            details=details,
            models=self._application.registry.models_by_title,
            texts=self._application.texts,
            words=words,
        )
        if isinstance(error, ConfirmationNeededError):
            confirmation = self._application.extensions.confirmation
            where_to = "" if confirmation is None else f"{exchange.root_path}{confirmation.path}"
            return replace(made, confirm=where_to)
        # A program whose token is refused has no use for the link.
        is_plain = made.challenge == PLAIN_CHALLENGE
        if made.status == 401 and is_plain and self._settings.development:
            hint = self._application.texts.text("access.sign_in_here")
            plain = made.plain and f"{made.plain} {hint}"
            return replace(made, text=f"{made.text} {hint}", plain=plain)
        return made

    async def send(
        self,
        exchange: Exchange,
        problem: Problem,
        *,
        elements: Sequence[Element] = (),
        headers: Sequence[Header] = (),
        ui: UIAdapter | None = None,
        said: str | None = None,
    ) -> None:
        """Send the problem in the representation that the request accepts.

        Shapes: ui renders the page, None for the application's; said replaces the message of
        the toast, "" for no toast.
        """
        if problem.retry_after_s is not None:
            headers = [*headers, (b"retry-after", str(problem.retry_after_s).encode())]
        if problem.status == 401:
            headers = [*headers, (b"www-authenticate", problem.challenge)]
        if exchange.request.is_datastar:
            # Datastar ignores the body of a 4xx or 5xx response, so patches are sent with 200.
            patches = (
                self._encode_sign_in(exchange, problem, elements)
                if self._leads_to_sign_in(exchange, problem)
                else self.encode(problem, elements, said)
            )
            await self._patches.send(exchange, patches, headers, status=problem.status)
        elif exchange.request.wants_html and self._leads_to_sign_in(exchange, problem):
            await exchange.redirect(self._sign_in_url(exchange, problem))
        elif exchange.request.wants_html:
            actor, ui = exchange.session.actor, ui or self._ui
            shown = leading_on(problem, exchange.request)
            await exchange.page(lambda: ui.error_page(shown, actor), problem.status, headers)
        else:
            await exchange.json(problem.as_json(), problem.status, headers)

    def _encode_sign_in(
        self, exchange: Exchange, problem: Problem, elements: Sequence[Element]
    ) -> Sequence[Patch]:
        """The patches for a click that needs a sign-in: a toast with a link that returns here."""
        link = self._application.texts.text("toast.sign_in")
        url = self._sign_in_url(exchange, problem)
        toast = self._ui.message_toast(Toast(problem.said, "error", url, link))
        shown = Element(self._ui.render(toast), "#starmodel-toasts", "append")
        return self._patches.encoder.encode_error(problem.status, "", [*elements, shown])

    def _leads_to_sign_in(self, exchange: Exchange, problem: Problem) -> bool:
        is_there = exchange.request.path == self.sign_in_path
        return bool(self.sign_in_path) and problem.status == 401 and not is_there

    def _sign_in_url(self, exchange: Exchange, problem: Problem) -> str:
        """The page to sign in or to confirm the password.

        It returns to this page, or to the one with the submitted form.
        """
        request = exchange.request
        url = problem.confirm or f"{exchange.root_path}{self.sign_in_path}"
        if request.method in ("GET", "HEAD"):
            back = request.normalized_url.decode("latin-1")
        else:
            back = exchange.referer_or("")
        return f"{url}?next={quote(back, safe='/')}" if back else url

    async def send_not_found(self, exchange: Exchange) -> None:
        """Send 404 for a path without a route."""
        text = self._application.texts.text("problem.no_page", path=exchange.request.path)
        await self.send(exchange, Problem(404, text))

    async def send_not_allowed(self, exchange: Exchange, allowed: str) -> None:
        """Send 405 with the allowed methods, "GET, POST"."""
        request = exchange.request
        text = self._application.texts.text(
            "problem.method", path=request.path, allowed=allowed, method=request.method
        )
        headers = [(b"allow", allowed.encode("latin-1"))]
        await self.send(exchange, Problem(405, text), headers=headers)

    async def send_error(self, exchange: Exchange, error: BaseException) -> None:
        """Send the response to an exception outside any event."""
        where = f"{exchange.request.method} {exchange.request.path}"
        await self.send(exchange, self.problem(exchange, error, where))

    async def send_event(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: str,
        problem: Problem,
        sent: Mapping[str, Any],
    ) -> None:
        """Send an event's problem: validation errors beside the inputs, a plain form again."""
        is_form = sent is not NOTHING_SENT
        files = self._application.dispatcher.binders[resource.entity_type.cls, event.name].files
        if problem.status == 413 and files:
            text = self._application.texts.text(
                "file.max_request", max_bytes=self._settings.max_body_bytes
            )
            problem = replace(problem, fields={files[0]: text})
        if exchange.request.is_datastar:
            # Only a generated form has elements for validation errors; it is sent as a form.
            beside = is_form or problem.status == 413
            omitted = await self._omitted(exchange, resource, id)
            choice = parent_choice(self._application.registry, resource.entity_type, sent)
            if choice is not None and event.name == "create":
                omitted = omitted.union(choice.inputs)
            inlines = self._inlines(exchange, resource, event, sent) if beside else ()
            elements = self.beside(resource, event, id, problem, omitted, inlines) if beside else ()
            said = problem.said_besides(
                self._inputs(resource.entity_type, event.name, omitted) if beside else (),
                self._row_inputs(exchange, inlines),
            )
            await self.send(exchange, problem, elements=elements, ui=resource.ui, said=said)
        elif (
            is_form
            and exchange.request.wants_html
            and (problem.fields or problem.status in _SHOWN_AGAIN)
        ):
            omitted = await self._omitted(exchange, resource, id)
            stored = await self._locked_rows(exchange, resource, event, id, sent)
            await exchange.page(
                lambda: self._form_again(
                    exchange, resource, event, id, problem, sent, omitted, stored
                ),
                problem.status,
            )
        else:
            await self.send(exchange, problem, ui=resource.ui)

    async def send_form(
        self, exchange: Exchange, resource: MountedResource, event: Event[Any, Any, Any], id: str
    ) -> None:
        """Send the form of an event again, with what was submitted and no problem."""
        sent = exchange.sent
        omitted = await self._omitted(exchange, resource, id)
        stored = await self._locked_rows(exchange, resource, event, id, sent)
        await exchange.page(
            lambda: self._form_again(
                exchange, resource, event, id, _NO_PROBLEM, sent, omitted, stored
            )
        )

    async def _locked_rows(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: str,
        sent: Mapping[str, Any],
    ) -> Sequence[StoredChildren]:
        """The children of a submitted form's record, if it has rows that the actor may not change.

        Their inputs are disabled, so that the form has no values for them.
        """
        application, actor = self._application, exchange.session.actor
        if not id or not application.dispatcher.rows.names(resource.entity_type, event):
            return ()
        inlines = application.inline_children(resource)
        if not has_locked_rows(inlines, sent):
            return ()
        try:
            entity = await application.instance(
                resource.entity_type, exchange.session, id, policy=resource.policy
            )
        except StarModelError:  # the caller does not read the record
            return ()
        return await stored_children(application.window, inlines, entity.id, actor)

    async def _omitted(
        self, exchange: Exchange, resource: MountedResource, id: str
    ) -> frozenset[str]:
        """The fields that the form of the request has not, because its actor may not set them."""
        entity_type, actor = resource.entity_type, exchange.session.actor
        fields = writable_fields(resource.policy, entity_type, actor)
        if not fields.depends_on_record or (entity_type.is_record and not id):
            return fields.closed
        try:
            entity = await self._application.instance(
                entity_type, exchange.session, id or None, policy=resource.policy
            )
        except StarModelError:  # the caller does not read the record
            return fields.uncertain
        return fields.closed_now(entity)

    def words(self, entity_type: EntityType, event: Event[Any, Any, Any]) -> FieldWords:
        """What forms call the inputs of an event."""
        return field_words(self._application.dispatcher.binders[entity_type.cls, event.name])

    def _row_inputs(self, exchange: Exchange, inlines: Sequence[InlineRows]) -> frozenset[str]:
        """The names of the inputs in rows of children, of the rows and of their relations."""
        names: set[str] = set()
        for shown in inlines:
            resource, relation = shown.resource, shown.children.name
            fields = writable_fields(resource.policy, resource.entity_type, exchange.session.actor)
            inputs = self._inputs(resource.entity_type, "create", fields.uncertain)
            names.add(relation)
            for row in shown.rows:
                names |= {f"{relation}.{row.at}", *(f"{relation}.{row.at}.{n}" for n in inputs)}
        return frozenset(names)

    def _inputs(
        self, entity_type: EntityType, event: str, omitted: frozenset[str]
    ) -> frozenset[str]:
        """The names of the inputs that a generated form displays, with their errors."""
        binder = self._application.dispatcher.binders.get((entity_type.cls, event))
        if binder is None:
            return frozenset()
        specs = entity_type.cls.__entity__.fields
        return frozenset(
            parameter.name
            for parameter in binder.form_parameters
            if not parameter.is_field
            or (parameter.name not in omitted and specs[parameter.name].ui.widget != "hidden")
        )

    def _flow(
        self, exchange: Exchange, resource: MountedResource, event: Event[Any, Any, Any], id: str
    ) -> dict[str, Any]:
        """The footer of a form that creates or changes a record, as an argument of `Forms.form`."""
        entity_type, root_path = resource.entity_type, exchange.root_path
        page: Page = "record" if event.name == "update" else "list"
        if not entity_type.is_record or event.name not in _SAVING or page not in resource.pages:
            return {}
        may_add = "new" in resource.pages and may_create(
            resource.policy, entity_type, exchange.session.actor
        )
        cancel_url = resource.url_for(page, id or None, root_path=root_path)
        return {"flow": FormFlow(cancel_url, may_add_another=may_add)}

    def beside(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: str,
        problem: Problem,
        omitted: frozenset[str],
        inlines: Sequence[InlineRows] = (),
    ) -> Sequence[Element]:
        """The patches that render each validation error beside its input."""
        ui: UIAdapter = resource.ui
        return ui.form_errors(
            resource, event, id, problem.fields, problem.was, omitted=omitted, inlines=inlines
        )

    def _inlines(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        sent: Mapping[str, Any],
        was: Mapping[str, str] = NOTHING_SENT,
        stored: Sequence[StoredChildren] = (),
    ) -> list[InlineRows]:
        """The rows of children in a submitted form. Shapes: was has newer digests by row."""
        if not self._application.dispatcher.rows.names(resource.entity_type, event):
            return []
        inlines = self._application.inline_children(resource)
        actor = exchange.session.actor
        return sent_inlines(inlines, actor, sent, was, stored_inlines(stored, actor))

    def encode(
        self, problem: Problem, elements: Sequence[Element] = (), said: str | None = None
    ) -> Sequence[Patch]:
        """The patches for Datastar; a developer also gets a panel with frames and arguments.

        Shapes: said replaces the message of the toast, "" for no toast.
        """
        if not problem.trace:
            text = problem.said if said is None else said
            return self._patches.encoder.encode_error(problem.status, text, elements)
        panel = self._ui.render(self._ui.error_panel(problem))
        shown = Element(panel, "#starmodel-failure", "inner")
        return self._patches.encoder.encode_error(problem.status, "", [*elements, shown])

    def _form_again(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: str,
        problem: Problem,
        sent: Mapping[str, Any],
        omitted: frozenset[str],
        stored: Sequence[StoredChildren],
    ) -> str:
        """The page of a form sent without JavaScript, with its values and validation errors."""
        entity_type, ui = resource.entity_type, resource.ui
        texts, title = self._application.texts, entity_type.title
        titles = {
            "create": texts.text("record.new", title=title),
            "update": texts.text("record.edit_any", title=title),
        }
        label = texts.render(event.title)
        binder = self._application.dispatcher.binders[entity_type.cls, event.name]
        values = {name: value for name, value in sent.items() if name not in binder.sensitive}
        originals: Mapping[str, str] = {
            name: text for name, text in problem.was.items() if "." not in name
        }
        with contextlib.suppress(RequestError):  # unreadable, which is the error being sent
            originals = originals or digests_in(sent.get(ORIGINALS), self._settings.bounds)
        choice = parent_choice(self._application.registry, entity_type, sent)
        hidden = {} if choice is None or event.name != "create" else choice.inputs
        inlines = self._inlines(exchange, resource, event, sent, problem.was, stored)
        place = place_of(self._application.registry, entity_type, sent)
        if event.name == "update" and place is not None:
            hidden = {PLACE: place.place}
        form = ui.form(
            resource, event, id or None,
            values=values, errors=problem.fields, originals=originals,
            omitted=omitted.union(hidden), hidden=hidden,
            inlines=inlines,
            **self._flow(exchange, resource, event, id),
        )  # fmt: skip
        said = problem.said_besides(
            self._inputs(resource.entity_type, event.name, omitted.union(hidden)),
            self._row_inputs(exchange, inlines),
        )
        page: str = ui.page(
            titles.get(event.name, label) if entity_type.is_record else label,
            ui.message_toast(Toast(said or texts.text("form.refused"), "error"))
            if problem is not _NO_PROBLEM
            else None,
            form,
            ui.form_after(resource, exchange.session.actor) if event.name == "create" else None,
            actor=exchange.session.actor,
            resource=resource,
        )
        return page
