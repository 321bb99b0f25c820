"""The route of events for all records of a list: "all 500", not only those of its page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl

from starmodel.app.access.decisions import check, permits
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.policy import Actor
from starmodel.app.access.readiness import check_ready
from starmodel.app.commands.binding.form_names import (
    BULK_ASK,
    BULK_EVENT,
    BULK_IDS,
    BULK_MATCHING,
    SESSION_HEADER,
)
from starmodel.app.commands.command import Command
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.queries.counting import count_of
from starmodel.app.queries.listing import MAX_WORDS_CHARS, Listing, listing_of
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.titles import title_of
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import RequestError, StarModelError
from starmodel.core.events import Event
from starmodel.core.values.json_data import json_bytes
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.crud.bulk_forms import FIELDS, BulkForms
from starmodel.plugins.built_in.crud.exports import disconnected
from starmodel.plugins.web import PluginServices
from starmodel.texts.catalogue import Message

MAX_MATCHING = 10_000
"""The most records that one request runs an event on."""
REPORT_EVERY = 25
MAX_NAMED = 100
"""The most refused records that an answer names."""
NDJSON = b"application/x-ndjson"


class MatchingEvents:
    """Runs an event on every record that matches a list, one transaction each.

    The records are those that match, and that the visitor may read, when the request begins; the
    access rule of the event is asked for each of them.

    Shapes: the request body is {"event": name, "matching": query string of the list}, with the
    arguments of the event beside them. With "ask": true nothing runs, and the response is
    {"total", "permitted", "refused"}: how many records the access rule and the state permit. The
    response has a JSON object per line, {"total", "done", "refused"} as numbers, and the last one
    also "text" and "reasons", the refused records by [{"title", "url", "reason"}], at most 100.
    """

    def __init__(self, services: PluginServices) -> None:
        self._application, self._errors = services.application, services.errors
        self._forms = BulkForms(services)

    async def run(self, exchange: Exchange, resource: MountedResource, id: str) -> None:
        """Dispatch the commands and stream the progress.

        Raises: RequestError, for an invalid event or list, and 422 for too many records;
        NotSignedInError, AccessDeniedError.
        """
        check_session(exchange)
        await self._check_any(resource, exchange.session.actor)
        if exchange.precondition is not None:
            exchange.precondition.check_new()
        try:
            sent = (await exchange.request.fields())[0]
        finally:
            exchange.request.close_files()
        entity_type, event = resource.entity_type, await self._event(resource, exchange, sent)
        listing = self._listing(resource, exchange, sent)
        if sent.get(BULK_ASK):
            await self._ask(exchange, resource, event, listing)
            return
        arguments = self._arguments(resource, exchange, event, sent)
        chosen = await self._chosen(resource, exchange, listing)
        total, done, reasons, refused = len(chosen), 0, list[dict[str, str]](), 0
        await exchange.start(200, NDJSON, [(b"cache-control", b"no-store")])
        gone = asyncio.create_task(disconnected(exchange))
        for number, (key, title) in enumerate(chosen, 1):
            if gone.done():  # the visitor has stopped it
                break
            reason = await self._dispatched(exchange, resource, event, key, arguments)
            if reason is None:
                done += 1
            else:
                refused += 1
                if len(reasons) < MAX_NAMED:
                    url = resource.url_for("record", key, root_path=exchange.root_path)
                    reasons.append({"title": title, "url": url, "reason": reason})
            if number % REPORT_EVERY == 0 and number < total:
                await _report(exchange, total=total, done=done, refused=refused)
        gone.cancel()
        await exchange.end_session()
        text = self._summary(entity_type, event, done, refused)
        result = {"total": total, "done": done, "refused": refused, "text": text}
        await exchange.part(json_bytes({**result, "reasons": reasons}) + b"\n", last=True)

    async def _check_any(self, resource: MountedResource, actor: Actor | None) -> None:
        """Reject an actor without permission for any of the events, before the body is read."""
        entity_type, policy = resource.entity_type, resource.policy
        await check(policy, entity_type, "read", actor)
        events = [each for each in entity_type.events.values() if self._takes(resource, each)]
        for event in events:
            if await permits(policy, entity_type, actor, event=event):
                return
        await check(policy, entity_type, "write", actor, event=events[0] if events else None)

    def _takes(self, resource: MountedResource, event: Event[Any, Any, Any]) -> bool:
        """Whether the event runs on several records by one request."""
        runs_at_once = self._application.dispatcher.runs_at_once
        return event.name in resource.bulk_forms or runs_at_once(resource.entity_type, event)

    async def _ask(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        listing: Listing,
    ) -> None:
        """Send on how many of the matches the event would run; each of them is asked."""
        actor = exchange.session.actor
        await self._check_number(resource, exchange, listing)
        total = permitted = 0
        every = self._application.every(listing, actor, policy=resource.policy)
        async with aclosing(every) as batches:
            async for batch in batches:
                for each in batch[: MAX_MATCHING - total]:
                    total += 1
                    permitted += await self._is_possible(resource, event, actor, each)
        await exchange.json({"total": total, "permitted": permitted, "refused": total - permitted})

    async def _is_possible(
        self,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        actor: Actor | None,
        entity: Entity,
    ) -> bool:
        entity_type = resource.entity_type
        if not await permits(resource.policy, entity_type, actor, event=event, entity=entity):
            return False
        try:
            await check_ready(entity_type, event, actor, entity)
        except StarModelError:  # also a condition that has failed
            return False
        return True

    def _arguments(
        self,
        resource: MountedResource,
        exchange: Exchange,
        event: Event[Any, Any, Any],
        sent: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The arguments of the event, the same for each record. Raises: BindingError."""
        if event.name not in resource.bulk_forms:
            return {}
        return self._forms.arguments(
            exchange, resource, event, {n: v for n, v in sent.items() if n != BULK_MATCHING}
        )

    async def _event(
        self, resource: MountedResource, exchange: Exchange, sent: Mapping[str, Any]
    ) -> Event[Any, Any, Any]:
        entity_type, name = resource.entity_type, sent.get(BULK_EVENT)
        event = entity_type.events.get(name) if isinstance(name, str) else None
        if event is not None:
            actor = exchange.session.actor
            await check(resource.policy, entity_type, "write", actor, event=event)
        if event is None or not self._takes(resource, event):
            shown = repr(name)[:80]
            raise RequestError(f"event is {shown}; expected one that several records take.")
        unknown = sent.keys() - FIELDS - {BULK_MATCHING}
        if BULK_IDS in sent or (unknown and event.name not in resource.bulk_forms):
            unknown = unknown or {BULK_IDS}
            raise RequestError(f"{min(unknown)[:60]!r} is unknown; expected event and matching.")
        return event

    def _listing(
        self, resource: MountedResource, exchange: Exchange, sent: Mapping[str, Any]
    ) -> Listing:
        """The list of the query string. Raises: RequestError, ListQueryError."""
        words = sent.get(BULK_MATCHING)
        if not isinstance(words, str) or len(words) > MAX_WORDS_CHARS:
            raise RequestError(
                f"matching has no text of at most {MAX_WORDS_CHARS} characters; expected the query "
                "string of a list, such as 'status=open'."
            )
        try:
            pairs = parse_qsl(words, keep_blank_values=True, max_num_fields=100)
        except ValueError as error:
            raise RequestError("matching has more than 100 parameters.") from error
        parameters = dict(pairs)
        if len(parameters) < len(pairs):  # one of the two would widen the list
            raise RequestError("matching has a parameter twice; expected each once.")
        fields = readable_fields(resource.policy, resource.entity_type, exchange.session.actor)
        return listing_of(resource.entity_type, parameters, hidden=fields.uncertain)

    async def _chosen(
        self, resource: MountedResource, exchange: Exchange, listing: Listing
    ) -> list[tuple[Any, str]]:
        """The id and the title of each match. Raises: RequestError 422, for too many."""
        application, policy, actor = self._application, resource.policy, exchange.session.actor
        await self._check_number(resource, exchange, listing)
        chosen: list[tuple[Any, str]] = []
        async for batch in application.every(listing, actor, policy=policy):
            chosen += [(each.id, title_of(resource.entity_type, each)) for each in batch]
        return chosen[:MAX_MATCHING]

    async def _check_number(
        self, resource: MountedResource, exchange: Exchange, listing: Listing
    ) -> None:
        """Raises: RequestError 422, for more matches than one request may run on."""
        application, policy, actor = self._application, resource.policy, exchange.session.actor
        found = await count_of(listing, actor, policy, application.window, at_most=MAX_MATCHING)
        if found.more:
            things = resource.entity_type.plural_title
            raise RequestError(
                Message("bulk.too_many", most=MAX_MATCHING, things=things), status=422
            )

    async def _dispatched(
        self,
        exchange: Exchange,
        resource: MountedResource,
        event: Event[Any, Any, Any],
        key: Any,
        arguments: dict[str, Any],
    ) -> str | None:
        """Run the event on one record; why it was refused, None if it was done."""
        entity_type, dispatcher = resource.entity_type, self._application.dispatcher
        binder = dispatcher.binders[entity_type.cls, event.name]
        request = exchange.request.for_events() if binder.takes_request else None
        once = exchange.request.headers.get(b"idempotency-key")
        command = Command(
            entity_type, event, dict(arguments), resource.policy, str(plain(key)),
            exchange.session.actor, exchange.session, request, {},
            None if once is None else once.decode("latin-1"), expects=True,
        )  # fmt: skip
        try:
            outcome = await dispatcher.dispatch(command)
        except Exception as error:  # the web edge: every exception becomes an answer
            where = f"{entity_type.name}:{key}.{event.name}()"
            words = self._errors.words(entity_type, event)
            problem = self._errors.problem(exchange, error, where, domain=True, words=words)
            return problem.said
        said = [toast for toast in outcome.reply.toasts if toast.kind == "error"]
        return said[0].text if said else None

    def _summary(
        self, entity_type: EntityType, event: Event[Any, Any, Any], done: int, refused: int
    ) -> str:
        names = {
            "event": event.title, "title": entity_type.title, "things": entity_type.plural_title,
        }  # fmt: skip
        texts = self._application.texts
        if not refused:
            return texts.text("bulk.done", count=done, **names)
        return texts.text("bulk.partly", done=done, refused=refused, event=event.title)


def check_session(exchange: Exchange) -> None:
    """Reject a request of a page that was rendered for another session. Raises: RequestError."""
    tag = exchange.request.headers.get(SESSION_HEADER.encode())
    if tag is not None and tag != exchange.session.tag.encode():
        raise RequestError(Message("bulk.stale"), status=403)


async def _report(exchange: Exchange, **numbers: int) -> None:
    await exchange.part(json_bytes(numbers) + b"\n")
