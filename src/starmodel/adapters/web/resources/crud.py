"""Generated pages and JSON representations of records, on the same URLs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.routing import Routes
from starmodel.adapters.web.resources.bulk import BulkRoute
from starmodel.adapters.web.resources.events.route import EventRoutes
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.decisions import check
from starmodel.app.application import Application
from starmodel.app.commands.binding.edited_fields import digests
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.app.presentation.ui import UIAdapter
from starmodel.app.queries.listing import listing_of, wants_total
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.public_state import public_state


class CrudRoutes:
    """Index, list, detail and form pages of every entity with a path."""

    def __init__(
        self,
        application: Application,
        realtime: RealtimeAdapter,
        ui: UIAdapter,
        error_responses: ErrorResponses,
        settings: WebSettings,
    ) -> None:
        self._application, self._realtime, self._ui = application, realtime, ui
        self._error_responses, self._settings = error_responses, settings

    def add_to(self, routes: Routes, events: EventRoutes) -> None:
        """Add the generated routes of every entity."""
        routes.add("GET", "/", self._guarded(self._start))
        for entity_type in self._application.registry:
            if entity_type.path is None:
                continue
            self._add_events(routes, events, entity_type)
            if not entity_type.crud:
                continue
            if entity_type.is_record:
                bulk = BulkRoute(self._application, self._realtime, self._error_responses)
                routes.add(
                    "POST",
                    f"{entity_type.path}/_bulk",
                    self._guarded(bulk.run),
                    entity_type=entity_type,
                )
                routes.add(
                    "GET", entity_type.path, self._guarded(self._list), entity_type=entity_type
                )
                routes.add(
                    "GET",
                    f"{entity_type.path}/new",
                    self._guarded(self._new),
                    entity_type=entity_type,
                )
                routes.add_record("GET", entity_type, "", self._guarded(self._detail))
                routes.add_record("GET", entity_type, "edit", self._guarded(self._edit))
            else:
                routes.add(
                    "GET", entity_type.path, self._guarded(self._own), entity_type=entity_type
                )

    def _add_events(self, routes: Routes, events: EventRoutes, entity_type: EntityType) -> None:
        run, path = events.run, str(entity_type.path)
        for event in entity_type.events.values():
            binder = self._application.dispatcher.binders[entity_type.cls, event.name]
            method = binder.method(self._settings.default_event_method).upper()
            tail = event.info.path or event.name
            if event.name in ("create", "update", "delete") and entity_type.is_record:
                if not entity_type.crud:
                    continue
                if event.name == "create":
                    routes.add("POST", path, run, entity_type=entity_type, event=event)
                    continue
                verbs = ("PUT", "PATCH") if event.name == "update" else ("DELETE",)
                for verb in verbs:
                    routes.add_record(verb, entity_type, "", run, event=event)
            elif entity_type.is_record:
                routes.add_record(method, entity_type, tail, run, event=event)
            else:
                routes.add(method, f"{path}/{tail}", run, entity_type=entity_type, event=event)
            if method != "POST" or event.name in ("update", "delete"):
                # Plain HTML forms support neither PUT, PATCH nor DELETE.
                if entity_type.is_record:
                    routes.add_record("POST", entity_type, tail, run, event=event)
                else:
                    routes.add("POST", f"{path}/{tail}", run, entity_type=entity_type, event=event)

    def _guarded(self, page: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """The page handler, with exceptions as content-negotiated error responses."""

        async def run(exchange: Exchange, found: Any, id: str) -> None:
            try:
                await self._application.ready()
                await page(exchange, found.entity_type, id)
            except Exception as error:  # the web edge: every exception becomes a response
                where = f"{exchange.request.method} {exchange.request.path}"
                await self._error_responses.send(
                    exchange, self._error_responses.problem(exchange, error, where)
                )

        return run

    async def _start(self, exchange: Exchange, entity_type: None, id: str) -> None:
        actor = exchange.session.actor
        await exchange.page(
            lambda: self._ui.page(self._settings.title, self._ui.start(actor), actor=actor)
        )

    async def _own(self, exchange: Exchange, entity_type: EntityType, id: str) -> None:
        await self._one(
            exchange, entity_type, await self._application.instance(entity_type, exchange.session)
        )

    async def _detail(self, exchange: Exchange, entity_type: EntityType, id: str) -> None:
        await self._one(
            exchange,
            entity_type,
            await self._application.instance(entity_type, exchange.session, id),
        )

    async def _one(self, exchange: Exchange, entity_type: EntityType, entity: Entity) -> None:
        exchange.request.check_acceptable()
        if exchange.request.wants_json:
            await exchange.resource(public_state(entity), entity)
            return
        ui, actor = self._ui, exchange.session.actor

        def page() -> str:
            content = (ui.detail(entity_type, entity), ui.events(entity_type, entity, actor))
            lead, title = ui.lead(entity_type, entity, actor), ui.title(entity_type, entity)
            return self._page(exchange, entity_type, title, *content, lead=lead, subject=entity)

        await exchange.page(page)

    async def _list(self, exchange: Exchange, entity_type: EntityType, id: str) -> None:
        asked, actor = exchange.request.query, exchange.session.actor
        application, policy = self._application, self._application.policy
        await check(policy, entity_type, "read", actor)  # before the query is parsed
        exchange.request.check_acceptable()
        cursors = application.cursors if exchange.request.wants_json else None
        if exchange.request.wants_json:
            exchange.request.check_repeated()
        reader = actor.id if actor is not None and policy.reads_fields(entity_type) else ""
        listing = listing_of(
            entity_type, asked, cursors=cursors, reader=reader, lenient=cursors is None
        )
        total = exchange.request.wants_json and wants_total(asked)
        window = await application.window(listing, actor, total=total)
        if not exchange.request.wants_json:

            def page() -> str:
                table = self._ui.table(listing, window, actor)
                lead = self._ui.lead(entity_type, None, actor)
                return self._page(exchange, entity_type, entity_type.plural_title, table, lead=lead)

            await exchange.page(page)
            return
        data: dict[str, Any] = {"items": [public_state(entity) for entity in window.entities]}
        if listing.cursor is None:
            data |= {"page": listing.page, "next": listing.page + 1 if window.more else None}
        else:
            last = window.entities[-1] if window.more else None
            data["next"] = (
                None if last is None else (application.cursors.behind(listing.query, last, reader))
            )
        if total:
            data["total"] = window.total
        await exchange.resource(data)

    async def _new(self, exchange: Exchange, entity_type: EntityType, id: str) -> None:
        event = entity_type.events["create"]
        actor = exchange.session.actor
        await check(self._application.policy, entity_type, "write", actor, event=event)
        title = self._application.texts.text("record.new", title=entity_type.title)
        await exchange.page(
            lambda: self._page(exchange, entity_type, title, self._ui.form(entity_type, event))
        )

    async def _edit(self, exchange: Exchange, entity_type: EntityType, id: str) -> None:
        entity = await self._application.instance(entity_type, exchange.session, id)
        event = entity_type.events["update"]
        await check(
            self._application.policy, entity_type, "write", exchange.session.actor,
            event=event, entity=entity,
        )  # fmt: skip
        title = self._application.texts.text(
            "record.edit", title=self._ui.title(entity_type, entity)
        )

        def page() -> str:
            values, was = public_state(entity), digests(entity)
            form = self._ui.form(entity_type, event, entity.id, values=values, was=was)
            return self._page(exchange, entity_type, title, form)

        await exchange.page(page)

    def _page(
        self,
        exchange: Exchange,
        entity_type: EntityType,
        title: str,
        *content: Any,
        lead: Any = None,
        subject: Entity | None = None,
    ) -> str:
        actor = exchange.session.actor
        return self._ui.page(
            title, *content, actor=actor, at=entity_type, lead=lead, subject=subject
        )
