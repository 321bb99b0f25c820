"""Generated pages and JSON representations of records, on the same URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starmodel.app.access.decisions import check
from starmodel.app.access.denials import denial
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.offers import may_create, rendered
from starmodel.app.commands.binding.edited_fields import digests
from starmodel.app.commands.field_access import unsettable
from starmodel.app.presentation.children import parent_choice
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import UIAdapter
from starmodel.app.queries.listing import listing_of, wants_total
from starmodel.core.entity import Entity
from starmodel.core.public_state import public_state
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.crud.children import child_lists
from starmodel.plugins.built_in.crud.data_streams import DataStreams
from starmodel.plugins.web import PluginServices


class CrudPages:
    """The list, record and form pages of a resource. Their routes have decided read access."""

    def __init__(self, services: PluginServices) -> None:
        self._application = services.application
        self._data = DataStreams(services)

    async def record(self, exchange: Exchange, resource: MountedResource, entity: Entity) -> None:
        """Send a record, or the one instance of a class without records."""
        exchange.request.check_acceptable()
        if exchange.request.wants_json:
            await exchange.resource(public_state(entity), entity)
            return
        if exchange.request.wants_stream:
            await self._data.serve_entity(exchange, resource, entity)
            return
        ui: UIAdapter = resource.ui
        actor, query = exchange.session.actor, exchange.request.query
        lists = await child_lists(self._application, resource, entity, actor, query)

        def page() -> str:
            detail = ui.record_detail(resource, entity)
            events = ui.record_events(resource, entity, actor)
            first = (events, detail) if resource.entity_type.is_record else (detail, events)
            content = (
                *first,
                ui.record_children(resource, entity, lists, actor),
                ui.record_panels(resource, entity, actor),
            )  # fmt: skip
            actions = ui.record_actions(resource, entity, actor)
            return ui.page(
                ui.record_title(resource, entity), *content,
                actor=actor, resource=resource, actions=actions, subject=entity,
            )  # fmt: skip

        await exchange.page(page)

    async def list(self, exchange: Exchange, resource: MountedResource, entity: None) -> None:
        """Send a list. Raises: RequestError, AccessScanLimitError."""
        query, actor = exchange.request.query, exchange.session.actor
        application, policy, entity_type = self._application, resource.policy, resource.entity_type
        exchange.request.check_acceptable()
        if exchange.request.wants_stream:
            await self._data.serve_list(exchange, resource)
            return
        cursors = application.cursors if exchange.request.wants_json else None
        if exchange.request.wants_json:
            exchange.request.check_repeated()
        reader = actor.id if actor is not None and policy.reads_fields(entity_type) else ""
        hidden = readable_fields(policy, entity_type, actor).uncertain
        listing = listing_of(
            entity_type, query,
            cursors=cursors, reader=reader, lenient=cursors is None, hidden=hidden,
        )  # fmt: skip
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

    async def new(self, exchange: Exchange, resource: MountedResource, id: str) -> None:
        """Send the form of a new record. Raises: NotSignedInError, AccessDeniedError."""
        entity_type, actor, ui = resource.entity_type, exchange.session.actor, resource.ui
        event = entity_type.events["create"]
        policy = resource.policy
        await check(policy, entity_type, "write", actor, event=event)
        if not await rendered(lambda: may_create(policy, entity_type, actor)):
            raise denial(entity_type, "write", actor, event)
        title = self._application.texts.text("record.new", title=entity_type.title)
        hidden: Mapping[str, str] = {}
        choice = parent_choice(self._application.registry, entity_type, exchange.request.query)
        if choice is not None:
            hidden = choice.inputs
            parent = self._application.areas.of(resource)[
                self._application.registry[choice.children.parent]
            ]
            chosen = await self._application.instance(
                parent.entity_type, exchange.session, choice.id, policy=parent.policy
            )
            named = ui.record_title(parent, chosen)
            title = self._application.texts.text(
                "children.new", title=entity_type.title, parent=named
            )

        def page() -> str:
            omitted = unsettable(policy, entity_type, actor, None).union(hidden)
            content = (
                ui.form(resource, event, omitted=omitted, hidden=hidden),
                ui.form_after(resource, actor),
            )  # fmt: skip
            return str(ui.page(title, *content, actor=actor, resource=resource))

        await exchange.page(page)

    async def edit(self, exchange: Exchange, resource: MountedResource, entity: Entity) -> None:
        """Send the form of a record. Raises: NotSignedInError, AccessDeniedError."""
        actor, ui = exchange.session.actor, resource.ui
        event = resource.entity_type.events["update"]
        await check(
            resource.policy, resource.entity_type, "write", actor, event=event, entity=entity
        )
        title = self._application.texts.text("record.edit", title=ui.record_title(resource, entity))

        def page() -> str:
            values, originals = public_state(entity), digests(entity)
            omitted = unsettable(resource.policy, resource.entity_type, actor, entity)
            form = ui.form(
                resource, event, entity.id,
                values=values, originals=originals, omitted=omitted,
            )  # fmt: skip
            more = ui.form_after(resource, actor, entity)
            return str(ui.page(title, form, more, actor=actor, resource=resource))

        await exchange.page(page)
