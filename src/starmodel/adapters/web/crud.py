"""Generated pages and the JSON of records, behind the same URLs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starmodel.adapters.web.bulk import BulkRoute
from starmodel.adapters.web.call import Call
from starmodel.adapters.web.events import EventRoutes
from starmodel.adapters.web.refusals import Refusals
from starmodel.adapters.web.routes import Routes
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.application import Application
from starmodel.app.commands.binding.edited_fields import digests
from starmodel.app.presentation.frontend import RealtimeAdapter
from starmodel.app.presentation.ui import UIAdapter
from starmodel.app.queries.listing import listing_of, wants_total
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity, public_state


class CrudRoutes:
    """Start page, list, detail and forms of every entity that has a path."""

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
        for type in self._application.registry:
            if type.path is None:
                continue
            self._add_events(routes, events, type)
            if not type.crud:
                continue
            if type.is_record:
                bulk = BulkRoute(self._application, self._realtime, self._refusals)
                routes.add("POST", f"{type.path}/_bulk", self._guarded(bulk.run), type=type)
                routes.add("GET", type.path, self._guarded(self._list), type=type)
                routes.add("GET", f"{type.path}/new", self._guarded(self._new), type=type)
                routes.add_record("GET", type, "", self._guarded(self._detail))
                routes.add_record("GET", type, "edit", self._guarded(self._edit))
            else:
                routes.add("GET", type.path, self._guarded(self._own), type=type)

    def _add_events(self, routes: Routes, events: EventRoutes, type: EntityType) -> None:
        def run(call: Call, found: Any, id: str) -> Awaitable[None]:
            return events.run(call, type, found.event, id)

        path = str(type.path)
        for event in type.events.values():
            binder = self._application.dispatcher.binders[type.cls, event.name]
            method = binder.method(self._settings.default_event_method).upper()
            tail = event.info.path or event.name
            if event.name in ("create", "update", "delete") and type.is_record:
                if not type.crud:
                    continue
                if event.name == "create":
                    routes.add("POST", path, run, type=type, event=event)
                    continue
                verbs = ("PUT", "PATCH") if event.name == "update" else ("DELETE",)
                for verb in verbs:
                    routes.add_record(verb, type, "", run, event=event)
            elif type.is_record:
                routes.add_record(method, type, tail, run, event=event)
            else:
                routes.add(method, f"{path}/{tail}", run, type=type, event=event)
            if method != "POST" or event.name in ("update", "delete"):
                # Plain forms can only post, and generated ones do.
                if type.is_record:
                    routes.add_record("POST", type, tail, run, event=event)
                else:
                    routes.add("POST", f"{path}/{tail}", run, type=type, event=event)

    def _guarded(self, page: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """The page, with every failure answered as its caller reads it."""

        async def run(call: Call, found: Any, id: str) -> None:
            try:
                await self._application.ready()
                await page(call, found.type, id)
            except Exception as error:  # the web edge: every failure becomes an answer
                where = f"{call.request.method} {call.request.path}"
                await self._refusals.send(call, self._refusals.problem(call, error, where))

        return run

    async def _start(self, call: Call, type: None, id: str) -> None:
        actor = call.session.actor
        await call.html(self._ui.page(self._settings.title, self._ui.start(actor), actor=actor))

    async def _own(self, call: Call, type: EntityType, id: str) -> None:
        await self._one(call, type, await self._application.instance(type, call.session))

    async def _detail(self, call: Call, type: EntityType, id: str) -> None:
        await self._one(call, type, await self._application.instance(type, call.session, id))

    async def _one(self, call: Call, type: EntityType, entity: Entity) -> None:
        call.request.check_acceptable()
        if call.request.wants_json:
            await call.resource(public_state(entity), entity)
            return
        ui, actor = self._ui, call.session.actor
        content = (ui.detail(type, entity), ui.events(type, entity, actor))
        lead = ui.lead(type, entity, actor)
        await self._page(call, type, ui.title(type, entity), *content, lead=lead, subject=entity)

    async def _list(self, call: Call, type: EntityType, id: str) -> None:
        asked, actor = call.request.query, call.session.actor
        application, policy = self._application, self._application.policy
        policy.check(type, "read", actor)  # before a word of the question is read
        call.request.check_acceptable()
        cursors = application.cursors if call.request.wants_json else None
        if call.request.wants_json:
            call.request.check_repeated()
        reader = actor.id if actor is not None and policy.reads_fields(type) else ""
        listing = listing_of(type, asked, cursors=cursors, reader=reader, lenient=cursors is None)
        total = call.request.wants_json and wants_total(asked)
        window = await application.window(listing, actor, total=total)
        if not call.request.wants_json:
            table = self._ui.table(listing, window, actor)
            lead = self._ui.lead(type, None, actor)
            await self._page(call, type, type.plural_title, table, lead=lead)
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

    async def _new(self, call: Call, type: EntityType, id: str) -> None:
        event = type.events["create"]
        self._application.policy.check(type, "write", call.session.actor, event=event)
        await self._page(call, type, f"New {type.title.lower()}", self._ui.form(type, event))

    async def _edit(self, call: Call, type: EntityType, id: str) -> None:
        entity = await self._application.instance(type, call.session, id)
        event = type.events["update"]
        self._application.policy.check(
            type, "write", call.session.actor, event=event, entity=entity
        )
        form = self._ui.form(
            type, event, entity.id, values=public_state(entity), was=digests(entity)
        )
        await self._page(call, type, f"Edit {self._ui.title(type, entity)}", form)

    async def _page(
        self,
        call: Call,
        type: EntityType,
        title: str,
        *content: Any,
        lead: Any = None,
        subject: Entity | None = None,
    ) -> None:
        actor = call.session.actor
        page = self._ui.page(title, *content, actor=actor, at=type, lead=lead, subject=subject)
        await call.html(page)
