"""Generated pages and JSON representations of records, on the same URLs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from starmodel.app.access.decisions import check, permits
from starmodel.app.access.denials import denial
from starmodel.app.access.fields import readable_fields
from starmodel.app.access.offers import may_create, rendered
from starmodel.app.access.policy import Actor
from starmodel.app.commands.binding.edited_fields import digests
from starmodel.app.commands.binding.form_names import COPY
from starmodel.app.commands.field_access import unsettable
from starmodel.app.ports.query import MAX_ORDER_TERMS
from starmodel.app.presentation.children import parent_choice, parent_url, place_of
from starmodel.app.presentation.drafted import new_with_relations, stored_with_relations
from starmodel.app.presentation.inlines import new_inlines, stored_children, stored_inlines
from starmodel.app.presentation.linked import linked_values
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import FormFlow, UIAdapter
from starmodel.app.queries.boards import BoardColumn, column_listings
from starmodel.app.queries.filter_forms import is_filter_form, parameters_of_form
from starmodel.app.queries.listing import (
    MAX_PLACE_CHARS,
    PLACE,
    Listing,
    listing_of,
    wants_total,
)
from starmodel.app.queries.neighbours import (
    LIST,
    NO_NEIGHBOURS,
    Neighbours,
    listing_in_words,
    neighbours_of,
    with_list,
)
from starmodel.app.queries.record_keys import key_of
from starmodel.app.sessions.session import Session
from starmodel.core.classes.children import Children
from starmodel.core.classes.related_fields import queried_field
from starmodel.core.definition.boards import board_of
from starmodel.core.entity import Entity
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import hidden_of
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.crud.children import child_lists
from starmodel.plugins.built_in.crud.data_streams import DataStreams
from starmodel.plugins.built_in.crud.opening import opening_values
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
        titles = await self._application.titles.of(
            resource.entity_type, [entity], actor, resource.policy
        )
        lists = await child_lists(self._application, resource, entity, actor, query)

        beside = await self._neighbours(exchange, resource, entity)

        def page() -> str:
            detail = ui.record_detail(resource, entity, titles)
            events = ui.record_events(resource, entity, actor)
            first = (events, detail) if resource.entity_type.is_record else (detail, events)
            content = (
                ui.record_neighbours(resource, beside, "record"),
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
        if query and not exchange.request.wants_json and is_filter_form(query):
            asked = parameters_of_form(entity_type, exchange.request.query_pairs)
            list_url = resource.url_for("list", root_path=exchange.root_path)
            await exchange.redirect(f"{list_url}?{urlencode(asked)}" if asked else list_url)
            return
        cursors = application.cursors if exchange.request.wants_json else None
        if exchange.request.wants_json:
            exchange.request.check_repeated()
        reader = self._reader(resource, actor, query.get("order", ""))
        hidden = readable_fields(policy, entity_type, actor).uncertain
        listing = listing_of(
            entity_type, query,
            cursors=cursors, reader=reader, lenient=cursors is None, hidden=hidden,
        )  # fmt: skip
        if listing.view and not exchange.request.wants_json:
            await self._board(exchange, resource, listing, hidden)
            return
        total = exchange.request.wants_json and wants_total(query)
        window = await application.window(listing, actor, total=total, policy=policy)
        if not exchange.request.wants_json:
            ui: UIAdapter = resource.ui
            window = await application.titles.add(
                window, entity_type, actor, policy, listing.columns
            )

            views = (
                ()
                if not (actor or entity_type.cls.model_config.get("views"))
                or application.saved_views is None
                else await application.saved_views.shown(listing, actor, hidden)
            )

            def page() -> str:
                has_links = views or actor or entity_type.cls.model_config.get("board")
                links = ui.list_views(resource, listing, views, actor) if has_links else None
                table = ui.list_table(resource, listing, window, actor)
                actions = ui.list_actions(resource, actor)
                return ui.page(
                    entity_type.plural_title, links, table,
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

    async def _board(
        self,
        exchange: Exchange,
        resource: MountedResource,
        listing: Listing,
        hidden: frozenset[str],
    ) -> None:
        """Send the board of a list: a query for each column. Raises: as `list`."""
        ui: UIAdapter = resource.ui
        application, actor, policy = self._application, exchange.session.actor, resource.policy
        entity_type, columns = resource.entity_type, list[BoardColumn]()
        board = board_of(entity_type.cls.__entity__)
        for value, each in [] if board is None else column_listings(listing, board, hidden):
            window = await application.window(each, actor, total=True, policy=policy)
            window = await application.titles.add(window, entity_type, actor, policy, each.columns)
            columns.append(BoardColumn(value, each, window))
        saved = application.saved_views
        views = () if saved is None else await saved.shown(listing, actor, hidden)

        def page() -> str:
            links = ui.list_views(resource, listing, views, actor)
            shown = ui.list_board(resource, listing, columns, actor)
            actions = ui.list_actions(resource, actor)
            return ui.page(
                entity_type.plural_title, links, shown,
                actor=actor, resource=resource, actions=actions,
            )  # fmt: skip

        await exchange.page(page)

    def _reader(self, resource: MountedResource, actor: Actor | None, order: str) -> str:
        """Whose cursors those of a list are: "" where every reader has the same order."""
        if actor is None:
            return ""
        names = [term.strip().lstrip("-") for term in order.split(",")[: MAX_ORDER_TERMS + 1]]
        paths = filter(None, [queried_field(resource.entity_type, name) for name in names])
        related = [self._application.registry[path.target] for path in paths]
        compared = (resource.entity_type, *related)
        return actor.id if any(map(resource.policy.reads_fields, compared)) else ""

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
        unset = await rendered(lambda: unsettable(policy, entity_type, actor, None))
        omitted = unset.union(hidden)
        if not await permits(policy, entity_type, actor):
            info = entity_type.cls.__entity__
            omitted = omitted.union(info.computed, info.related_computed)
        values, errors = await opening_values(self._application, exchange, resource, omitted)
        is_filled = bool(values or hidden)
        drafted = (
            None if is_filled else new_with_relations(self._application.relations, entity_type)
        )
        flow = FormFlow(
            self._parent_url(exchange, resource, choice.children, choice.id)
            if choice is not None
            else self._back_url(exchange, resource),
            may_add_another=True,
            draft=self._draft(exchange.session),
        )  # fmt: skip

        def page() -> str:
            form = ui.form(
                resource, event, values=values, errors=errors, omitted=omitted, hidden=hidden,
                flow=flow, inlines=new_inlines(self._application.inline_children(resource), actor),
                drafted=drafted,
            )  # fmt: skip
            content = (form, ui.form_after(resource, actor))
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
        beside = await self._neighbours(exchange, resource, entity)

        inlines = await stored_children(
            self._application.window, self._application.inline_children(resource), entity.id, actor
        )
        relations = self._application.relations
        drafted = await stored_with_relations(relations, entity)
        binder = self._application.dispatcher.binders[resource.entity_type.cls, "update"]
        linked = await linked_values(relations, binder, entity)
        children = self._place(exchange, resource, entity)

        def page() -> str:
            values, originals = {**public_state(entity), **linked.values}, digests(entity)
            omitted = unsettable(resource.policy, resource.entity_type, actor, entity)
            omitted |= linked.too_many
            form = ui.form(
                resource, event, entity.id,
                values=values, originals=originals, omitted=omitted,
                hidden={} if children is None else {PLACE: children.place},
                flow=self._edit_flow(exchange, resource, entity, children),
                inlines=stored_inlines(inlines, actor), drafted=drafted,
            )  # fmt: skip
            content = (
                ui.record_neighbours(resource, beside, "edit"), form,
                ui.form_after(resource, actor, entity),
            )  # fmt: skip
            return str(ui.page(title, *content, actor=actor, resource=resource))

        await exchange.page(page)

    def _place(
        self, exchange: Exchange, resource: MountedResource, entity: Entity
    ) -> Children | None:
        """The list of children, on their parent's page, that the visitor comes from.

        A link of that list has it in its query, and so has the page of the child, whose own
        links have not.
        """
        query: Mapping[str, str] = exchange.request.query
        if PLACE not in query:
            record_url = resource.url_for("record", entity.id, root_path=exchange.root_path)
            path, _, words = exchange.referer_or("").partition("?")
            if unquote(path) != unquote(record_url) or len(words) > 2 * MAX_PLACE_CHARS:
                return None
            query = dict(parse_qsl(words, max_num_fields=10)) if words.count("&") < 10 else {}
        return place_of(self._application.registry, resource.entity_type, query)

    def _parent_url(
        self, exchange: Exchange, resource: MountedResource, children: Children, key: Any
    ) -> str:
        area, registry = self._application.areas.of(resource), self._application.registry
        url = parent_url(area[registry[children.parent]], children, key, exchange.root_path)
        return url or self._back_url(exchange, resource)

    def _edit_flow(
        self,
        exchange: Exchange,
        resource: MountedResource,
        entity: Entity,
        children: Children | None,
    ) -> FormFlow:
        may_add = "new" in resource.pages and may_create(
            resource.policy, resource.entity_type, exchange.session.actor
        )
        root_path, words = exchange.root_path, exchange.request.query.get(LIST)
        copy = f"?{urlencode({COPY: key_of(entity.id)})}"
        new_url = resource.url_for("new", root_path=root_path) if may_add else ""
        cancel_url = with_list(resource.url_for("record", entity.id, root_path=root_path), words)
        if children is not None and children.key not in hidden_of(entity):
            key = getattr(entity, children.key)
            cancel_url = self._parent_url(exchange, resource, children, key)
        return FormFlow(
            cancel_url,
            may_add_another=may_add,
            duplicate_url=f"{new_url}{copy}" if may_add else "",
            draft=self._draft(exchange.session),
        )

    def _back_url(self, exchange: Exchange, resource: MountedResource) -> str:
        """Where a new record's form is left to: the list, as the visitor has seen it."""
        list_url = resource.url_for("list", root_path=exchange.root_path)
        back = exchange.referer_or(list_url)
        return back if back.partition("?")[0] == list_url else list_url

    def _draft(self, session: Session) -> str:
        """The names of this application and of the visitor in the browser's storage of drafts."""
        scopes = self._application.scopes
        return f"{scopes.browser_owner(None)}.{scopes.draft_owner(session, session.actor)}"

    async def _neighbours(
        self, exchange: Exchange, resource: MountedResource, entity: Entity
    ) -> Neighbours:
        """The records beside this one in the list that the visitor comes from.

        The first page after the list has its words in the Referer, the others in the URL.
        """
        if "list" not in resource.pages or not resource.entity_type.is_record:
            return NO_NEIGHBOURS
        words = exchange.request.query.get(LIST)
        if words is None:
            list_url = resource.url_for("list", root_path=exchange.root_path)
            path, _, query = exchange.referer_or("").partition("?")
            if path != list_url:
                return NO_NEIGHBOURS
            words = query
        actor, policy, entity_type = exchange.session.actor, resource.policy, resource.entity_type
        hidden = readable_fields(policy, entity_type, actor).uncertain
        listing = listing_in_words(entity_type, words, hidden)
        if listing is None:
            return NO_NEIGHBOURS
        read = partial(self._application.window, actor=actor, policy=policy)
        return await neighbours_of(listing, entity, read)
