"""Generated pages and JSON representations of records, on the same URLs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starmodel.adapters.web.errors.responses import Refusals
from starmodel.adapters.web.http.exchange import Call
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
        refusals: Refusals,
        settings: WebSettings,
    ) -> None:
        self._application, self._realtime, self._ui = application, realtime, ui
        self._refusals, self._settings = refusals, settings

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
                bulk = BulkRoute(self._application, self._realtime, self._refusals)
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

        async def run(call: Call, found: Any, id: str) -> None:
            try:
                await self._application.ready()
                await page(call, found.entity_type, id)
            except Exception as error:  # the web edge: every exception becomes a response
                where = f"{call.request.method} {call.request.path}"
                await self._refusals.send(call, self._refusals.problem(call, error, where))

        return run

    async def _start(self, call: Call, entity_type: None, id: str) -> None:
        actor = call.session.actor
        await call.page(
            lambda: self._ui.page(self._settings.title, self._ui.start(actor), actor=actor)
        )

    async def _own(self, call: Call, entity_type: EntityType, id: str) -> None:
        await self._one(
            call, entity_type, await self._application.instance(entity_type, call.session)
        )

    async def _detail(self, call: Call, entity_type: EntityType, id: str) -> None:
        await self._one(
            call, entity_type, await self._application.instance(entity_type, call.session, id)
        )

    async def _one(self, call: Call, entity_type: EntityType, entity: Entity) -> None:
        call.request.check_acceptable()
        if call.request.wants_json:
            await call.resource(public_state(entity), entity)
            return
        ui, actor = self._ui, call.session.actor

        def page() -> str:
            content = (ui.detail(entity_type, entity), ui.events(entity_type, entity, actor))
            lead, title = ui.lead(entity_type, entity, actor), ui.title(entity_type, entity)
            return self._page(call, entity_type, title, *content, lead=lead, subject=entity)

        await call.page(page)

    async def _list(self, call: Call, entity_type: EntityType, id: str) -> None:
        asked, actor = call.request.query, call.session.actor
        application, policy = self._application, self._application.policy
        await check(policy, entity_type, "read", actor)  # before the query is parsed
        call.request.check_acceptable()
        cursors = application.cursors if call.request.wants_json else None
        if call.request.wants_json:
            call.request.check_repeated()
        reader = actor.id if actor is not None and policy.reads_fields(entity_type) else ""
        listing = listing_of(
            entity_type, asked, cursors=cursors, reader=reader, lenient=cursors is None
        )
        total = call.request.wants_json and wants_total(asked)
        window = await application.window(listing, actor, total=total)
        if not call.request.wants_json:

            def page() -> str:
                table = self._ui.table(listing, window, actor)
                lead = self._ui.lead(entity_type, None, actor)
                return self._page(call, entity_type, entity_type.plural_title, table, lead=lead)

            await call.page(page)
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
        await call.resource(data)

    async def _new(self, call: Call, entity_type: EntityType, id: str) -> None:
        event = entity_type.events["create"]
        actor = call.session.actor
        await check(self._application.policy, entity_type, "write", actor, event=event)
        title = self._application.texts.text("record.new", title=entity_type.title)
        await call.page(
            lambda: self._page(call, entity_type, title, self._ui.form(entity_type, event))
        )

    async def _edit(self, call: Call, entity_type: EntityType, id: str) -> None:
        entity = await self._application.instance(entity_type, call.session, id)
        event = entity_type.events["update"]
        await check(
            self._application.policy, entity_type, "write", call.session.actor,
            event=event, entity=entity,
        )  # fmt: skip
        title = self._application.texts.text(
            "record.edit", title=self._ui.title(entity_type, entity)
        )

        def page() -> str:
            values, was = public_state(entity), digests(entity)
            form = self._ui.form(entity_type, event, entity.id, values=values, was=was)
            return self._page(call, entity_type, title, form)

        await call.page(page)

    def _page(
        self,
        call: Call,
        entity_type: EntityType,
        title: str,
        *content: Any,
        lead: Any = None,
        subject: Entity | None = None,
    ) -> str:
        actor = call.session.actor
        return self._ui.page(
            title, *content, actor=actor, at=entity_type, lead=lead, subject=subject
        )
