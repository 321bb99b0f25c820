"""Generated pages and JSON representations of records, on the same URLs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starmodel.adapters.web.errors.responses import ErrorResponses
from starmodel.adapters.web.http.exchange import Exchange
from starmodel.adapters.web.http.patches import PatchResponses
from starmodel.adapters.web.http.routing import Found, Handler, Routes
from starmodel.adapters.web.resources.bulk import BulkRoute
from starmodel.adapters.web.resources.data_streams import DataStreams
from starmodel.adapters.web.resources.events.route import EventRoutes
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.decisions import check
from starmodel.app.access.denials import denial
from starmodel.app.access.offers import may_create, rendered
from starmodel.app.application import Application
from starmodel.app.commands.binding.edited_fields import digests
from starmodel.app.context import current_context
from starmodel.app.presentation.areas import Area
from starmodel.app.presentation.resource import MountedResource, Page
from starmodel.app.presentation.ui import UIAdapter
from starmodel.app.queries.listing import listing_of, wants_total
from starmodel.core.entity import Entity
from starmodel.core.events.built_in import BUILT_IN
from starmodel.core.public_state import public_state

Serve = Callable[[Exchange, Any, str], Awaitable[None]]  # with the MountedResource, or None


class CrudRoutes:
    """The start page, and the list, detail and form pages of every resource."""

    def __init__(
        self,
        application: Application,
        patches: PatchResponses,
        data: DataStreams,
        ui: UIAdapter,
        error_responses: ErrorResponses,
        settings: WebSettings,
    ) -> None:
        self._application, self._patches, self._ui = application, patches, ui
        self._data = data
        self._error_responses, self._settings = error_responses, settings

    def add_to(self, routes: Routes, events: EventRoutes) -> None:
        """Add the routes of every resource."""
        bulk = BulkRoute(self._application, self._patches, self._error_responses)
        record_pages: dict[Page, Serve] = {
            "list": self._list, "new": self._new, "bulk": bulk.run,
            "record": self._detail, "edit": self._edit,
        }  # fmt: skip
        own_pages: dict[Page, Serve] = {"list": self._own}
        routes.add("GET", "/", self._guarded(self._start))
        for area in self._application.areas.by_prefix:
            for resource in area:
                if resource.path is None:
                    continue
                self._add_events(routes, area, resource, events)
                pages = record_pages if resource.entity_type.is_record else own_pages
                for page, serve in pages.items() if resource.entity_type.crud else ():
                    routes.add(
                        "POST" if page == "bulk" else "GET",
                        resource.template(page),
                        _in_area(area, self._guarded(serve)),
                        resource=resource,
                        page=page,
                    )

    def _add_events(
        self, routes: Routes, area: Area, resource: MountedResource, events: EventRoutes
    ) -> None:
        entity_type, run = resource.entity_type, _in_area(area, events.run)
        for event in entity_type.events.values():
            if entity_type.is_record and event.name in BUILT_IN and not entity_type.crud:
                continue
            binder = self._application.dispatcher.binders[entity_type.cls, event.name]
            own = binder.method(self._settings.default_event_method).upper()
            for method, template in resource.event_templates(event, own):
                routes.add(method, template, run, resource=resource, event=event)

    def _guarded(self, serve: Serve) -> Handler:
        """The page handler, with exceptions as content-negotiated error responses."""

        async def run(exchange: Exchange, found: Found, id: str) -> None:
            try:
                await self._application.ready()
                await serve(exchange, found.resource, id)
            except Exception as error:  # the web edge: every exception becomes a response
                if exchange.started:
                    raise  # the server logs the failure and closes the connection
                where = f"{exchange.request.method} {exchange.request.path}"
                problem = self._error_responses.problem(exchange, error, where)
                ui = None if found.resource is None else found.resource.ui
                await self._error_responses.send(exchange, problem, ui=ui)

        return run

    async def _start(self, exchange: Exchange, resource: None, id: str) -> None:
        actor = exchange.session.actor
        await exchange.page(
            lambda: self._ui.page(self._settings.title, self._ui.page_start(actor), actor=actor)
        )

    async def _own(self, exchange: Exchange, resource: MountedResource, id: str) -> None:
        await self._one(exchange, resource, None)

    async def _detail(self, exchange: Exchange, resource: MountedResource, id: str) -> None:
        await self._one(exchange, resource, id)

    async def _one(self, exchange: Exchange, resource: MountedResource, id: str | None) -> None:
        entity = await self._instance(exchange, resource, id)
        exchange.request.check_acceptable()
        if exchange.request.wants_json:
            await exchange.resource(public_state(entity), entity)
            return
        if exchange.request.wants_stream:
            await self._data.serve_entity(exchange, resource, entity)
            return
        ui: UIAdapter = resource.ui
        actor = exchange.session.actor

        def page() -> str:
            content = (
                ui.record_detail(resource, entity), ui.record_events(resource, entity, actor),
                ui.record_panels(resource, entity, actor),
            )  # fmt: skip
            actions = ui.record_actions(resource, entity, actor)
            return ui.page(
                ui.record_title(resource, entity), *content,
                actor=actor, resource=resource, actions=actions, subject=entity,
            )  # fmt: skip

        await exchange.page(page)

    async def _instance(
        self, exchange: Exchange, resource: MountedResource, id: str | None
    ) -> Entity:
        return await self._application.instance(
            resource.entity_type, exchange.session, id, policy=resource.policy
        )

    async def _list(self, exchange: Exchange, resource: MountedResource, id: str) -> None:
        query, actor = exchange.request.query, exchange.session.actor
        application, policy, entity_type = self._application, resource.policy, resource.entity_type
        await check(policy, entity_type, "read", actor)  # before the query is parsed
        exchange.request.check_acceptable()
        if exchange.request.wants_stream:
            await self._data.serve_list(exchange, resource)
            return
        cursors = application.cursors if exchange.request.wants_json else None
        if exchange.request.wants_json:
            exchange.request.check_repeated()
        reader = actor.id if actor is not None and policy.reads_fields(entity_type) else ""
        listing = listing_of(
            entity_type, query, cursors=cursors, reader=reader, lenient=cursors is None
        )
        total = exchange.request.wants_json and wants_total(query)
        window = await application.window(listing, actor, total=total, policy=policy)
        if not exchange.request.wants_json:
            ui: UIAdapter = resource.ui

            def page() -> str:
                table = ui.list_table(resource, listing, window, actor)
                actions = ui.list_actions(resource, actor)
                return ui.page(
                    entity_type.plural_title, table,
                    actor=actor, resource=resource, actions=actions,
                )  # fmt: skip

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

    async def _new(self, exchange: Exchange, resource: MountedResource, id: str) -> None:
        entity_type, actor, ui = resource.entity_type, exchange.session.actor, resource.ui
        event = entity_type.events["create"]
        policy = resource.policy
        await check(policy, entity_type, "write", actor, event=event)
        if not await rendered(lambda: may_create(policy, entity_type, actor)):
            raise denial(entity_type, "write", actor, event)
        title = self._application.texts.text("record.new", title=entity_type.title)
        await exchange.page(
            lambda: ui.page(title, ui.form(resource, event), actor=actor, resource=resource)
        )

    async def _edit(self, exchange: Exchange, resource: MountedResource, id: str) -> None:
        entity = await self._instance(exchange, resource, id)
        actor, ui = exchange.session.actor, resource.ui
        event = resource.entity_type.events["update"]
        await check(
            resource.policy, resource.entity_type, "write", actor, event=event, entity=entity
        )
        title = self._application.texts.text("record.edit", title=ui.record_title(resource, entity))

        def page() -> str:
            values, originals = public_state(entity), digests(entity)
            form = ui.form(resource, event, entity.id, values=values, originals=originals)
            return str(ui.page(title, form, actor=actor, resource=resource))

        await exchange.page(page)


def _in_area(area: Area, handler: Handler) -> Handler:
    """The handler, with the area in the context of its requests; unchanged for the default one."""
    if not area.prefix:
        return handler

    async def run(exchange: Exchange, found: Found, id: str) -> None:
        context = current_context.get()
        if context is not None:
            context.area = area
        await handler(exchange, found, id)

    return run
