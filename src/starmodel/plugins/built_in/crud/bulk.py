"""The route of bulk events: one event for many records, from the form below a list."""

from __future__ import annotations

import logging
from typing import Any

from starmodel.app.access.decisions import check, permits
from starmodel.app.access.policy import Actor
from starmodel.app.commands.binding.form_names import (
    BULK_ASK,
    BULK_EVENT,
    BULK_IDS,
    CONFIRMED,
)
from starmodel.app.commands.command import Command
from starmodel.app.commands.loading import MAX_ID_CHARS
from starmodel.app.commands.replies import Reply
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import BindingError, NotFoundError, RequestError
from starmodel.core.events import Event
from starmodel.core.events.results import Toast
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.crud.bulk_forms import FIELDS, BulkForms
from starmodel.plugins.built_in.crud.deletions import Deletions
from starmodel.plugins.web import PluginServices, Problem
from starmodel.texts.catalogue import Catalogue, Message

MAX_CHOSEN = 1000
"""The most records of one request; more are named by their list, see `MatchingEvents`."""
log = logging.getLogger("starmodel")


class BulkEvents:
    """Runs an event on each chosen record, one transaction each, so failures are independent.

    Shapes: the request body is {"event": name, "id": [ids]}, a form or JSON; the
    JSON response is {"done": [ids], "refused": {id: reason}}. With "ask": true nothing is done,
    and the response says what deleting the records would do. A plain form that deletes is
    asked for on a page first.
    """

    def __init__(self, services: PluginServices, deletions: Deletions) -> None:
        self._deletions, self._forms = deletions, BulkForms(services)
        self._application, self._patches = services.application, services.patches
        self._error_responses = services.errors

    async def run(self, exchange: Exchange, resource: MountedResource, id: str) -> None:
        """Dispatch the commands and respond. Raises: RequestError, for an invalid choice."""
        entity_type = resource.entity_type
        await self._check_any(resource, exchange.session.actor)
        precondition = exchange.precondition
        if precondition is not None:
            precondition.check_new()  # an entity tag is of one record
        try:
            sent = (await exchange.request.fields())[0]
            event, ids = await self._chosen(exchange, resource, sent)
        finally:
            exchange.request.close_files()
        arguments: dict[str, Any] = {}
        if event.name in resource.bulk_forms:
            if _is_plain_form(exchange.request) and CONFIRMED not in sent:
                await self._forms.ask(exchange, resource, event, ids)
                return
            try:
                arguments = self._forms.arguments(exchange, resource, event, sent)
            except BindingError as error:
                if not exchange.request.is_form:
                    raise
                await self._forms.ask(exchange, resource, event, ids, sent, error)
                return
        if event.name == "delete" and (
            sent.get(BULK_ASK) or (_is_plain_form(exchange.request) and CONFIRMED not in sent)
        ):
            await self._deletions.ask_for_many(exchange, resource, ids)
            return
        done: list[str] = []
        refused: dict[str, Problem] = {}
        for each in ids:
            try:
                await self._application.dispatcher.dispatch(
                    self._command(exchange, resource, event, each, arguments)
                )
                done.append(each)
            except Exception as error:  # the web edge: every exception becomes a response
                where = f"{entity_type.name}:{each}.{event.name}()"
                words = self._error_responses.words(entity_type, event)
                refused[each] = self._error_responses.problem(
                    exchange, error, where, domain=True, words=words
                )
        toasts = _toasts(self._application.texts, entity_type, event, done, refused)
        if exchange.request.wants_html and not exchange.request.is_datastar:
            exchange.push_toasts(toasts)
        await exchange.save_session()
        try:
            await self._application.end_sessions(exchange.session)
        except Exception:  # the web edge: the commands are committed
            log.exception(
                "%s.%s is stored, but sessions were not ended", entity_type.name, event.name
            )
        try:
            await self._answer(exchange, resource, done, refused, toasts)
        except Exception:  # the web edge: the commands are committed
            if exchange.started:
                raise
            log.exception("%s.%s is stored, but its answer failed", entity_type.name, event.name)
            await exchange.json({"done": done, "refused": _reasons(refused)})

    async def _answer(
        self,
        exchange: Exchange,
        resource: MountedResource,
        done: list[str],
        refused: dict[str, Problem],
        toasts: list[Toast],
    ) -> None:
        if exchange.request.is_datastar:
            status = 422 if refused else 200
            patches = self._patches.encoder.encode_effects(Reply(toasts=toasts), status=status)
            await self._patches.send(exchange, patches, status=status)
        elif exchange.request.wants_html:
            list_url = resource.url_for("list", root_path=exchange.root_path)
            await exchange.redirect(exchange.referer_or(list_url))
        else:
            await exchange.json({"done": done, "refused": _reasons(refused)})

    async def _check_any(self, resource: MountedResource, actor: Actor | None) -> None:
        """Reject an actor without permission for any of the events, before the body is read.

        Raises: NotSignedInError, AccessDeniedError.
        """
        entity_type, policy = resource.entity_type, resource.policy
        events = [e for e in entity_type.events.values() if self._takes(resource, e)]
        for event in events:
            if await permits(policy, entity_type, actor, event=event):
                return
        await check(policy, entity_type, "write", actor, event=events[0] if events else None)

    def _takes(self, resource: MountedResource, event: Event[Any, Any, Any]) -> bool:
        """Whether the event runs on several records by one request."""
        runs_at_once = self._application.dispatcher.runs_at_once
        return event.name in resource.bulk_forms or runs_at_once(resource.entity_type, event)

    async def _chosen(
        self, exchange: Exchange, resource: MountedResource, sent: dict[str, Any]
    ) -> tuple[Event[Any, Any, Any], list[str]]:
        entity_type = resource.entity_type
        name, ids = sent.get(BULK_EVENT), sent.get(BULK_IDS)
        event = entity_type.events.get(name) if isinstance(name, str) else None
        if event is not None:
            actor = exchange.session.actor
            await check(resource.policy, entity_type, "write", actor, event=event)
        if event is None or not self._takes(resource, event):
            shown = repr(name)[:80]
            raise RequestError(f"event is {shown}; expected one that several records take.")
        if sent.get(BULK_ASK) and event.name != "delete":
            raise RequestError(f"{BULK_ASK} is of delete alone; {event.name} would run.")
        unknown = sent.keys() - FIELDS
        if unknown and event.name not in resource.bulk_forms:
            raise RequestError(f"{min(unknown)[:60]!r} is unknown; expected event and id.")
        if not isinstance(ids, list) or not ids:
            raise RequestError(Message("bulk.choose"))
        if len(ids) > MAX_CHOSEN:
            raise RequestError(Message("bulk.too_many_chosen", count=len(ids), most=MAX_CHOSEN))
        if not all(map(_is_id, ids)):
            raise RequestError(
                f"id has a value that names no record; expected texts of at most {MAX_ID_CHARS} "
                "characters, or whole numbers."
            )
        return event, self._distinct(entity_type, ids)

    def _distinct(self, entity_type: EntityType, ids: list[str | int]) -> list[str]:
        """The ids as texts, each record once: "7" and " 7" name the same one."""
        found: dict[Any, str] = {}
        for id in map(str, ids):
            try:
                key = self._application.dispatcher.id_of(entity_type.cls, id)
            except NotFoundError:
                key = None, id
            found.setdefault(key, id)
        return [*found.values()]

    def _command(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        id: str,
        arguments: dict[str, Any],
    ) -> Command:
        entity_type = resource.entity_type
        binder = self._application.dispatcher.binders[entity_type.cls, event.name]
        key = exchange.request.headers.get(b"idempotency-key")
        request = exchange.request.for_events() if binder.takes_request else None
        return Command(
            entity_type, event, dict(arguments), resource.policy, id, exchange.session.actor,
            exchange.session, request, {},
            None if key is None else key.decode("latin-1"), expects=True,
        )  # fmt: skip


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID_CHARS
    return type(value) is int


def _is_plain_form(request: Any) -> bool:
    """Whether a browser without JavaScript sent the request, which shows a page in reply."""
    return bool(request.wants_html and request.is_form and not request.is_datastar)


def _reasons(refused: dict[str, Problem]) -> dict[str, str]:
    """The reason for each refused record, for API clients."""
    return {id: each.text if each.plain else each.said for id, each in refused.items()}


def _toasts(
    texts: Catalogue,
    entity_type: EntityType,
    event: Event[Any, Any, Any],
    done: list[str],
    refused: dict[str, Problem],
) -> list[Toast]:
    names = {
        "event": event.title,
        "title": entity_type.title,
        "things": entity_type.plural_title,
    }
    toasts = []
    if done:
        key = "toast.deleted_many" if event.name == "delete" else "bulk.done"
        toasts.append(Toast(texts.text(key, count=len(done), **names), "success"))
    if refused:
        why = "; ".join(dict.fromkeys(problem.said for problem in refused.values()))
        text = texts.text("bulk.refused", count=len(refused), why=why, **names)
        toasts.append(Toast(text, "error"))
    return toasts
