"""The question before records are deleted: what goes along, and what prevents it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import cached_property
from urllib.parse import urlencode

from starmodel.app.access.decisions import check, permits
from starmodel.app.access.policy import Actor
from starmodel.app.commands.binding.form_names import (
    BULK_EVENT,
    BULK_IDS,
    CONFIRMED,
    SEVERAL_SUFFIX,
)
from starmodel.app.ports.query import Filter, Query
from starmodel.app.presentation.deletion import Deletion, Obstacle
from starmodel.app.presentation.record_names import name_of
from starmodel.app.presentation.resource import MountedResource
from starmodel.app.presentation.ui import UIAdapter
from starmodel.app.queries.listing import Listing
from starmodel.core.commands import plain
from starmodel.core.entity import Entity
from starmodel.core.errors import (
    AccessDeniedError,
    AccessScanLimitError,
    RequestError,
    StarModelError,
)
from starmodel.core.events.built_in import BUILT_IN
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.crud.delete_effects import DeleteEffects, Effect
from starmodel.plugins.web import PluginServices
from starmodel.texts.catalogue import Message
from starmodel.texts.dates import count_text

WORDS = ("cancel", "close", "show")


class Deletions:
    """Asks before a deletion: a page for plain forms, data for the dialog of a live page."""

    def __init__(self, services: PluginServices) -> None:
        self._application, self._texts = services.application, services.application.texts

    async def ask(self, exchange: Exchange, resource: MountedResource, entity: Entity) -> None:
        """Send the question about one record. Raises: NotSignedInError, AccessDeniedError."""
        entity_type, actor = resource.entity_type, exchange.session.actor
        event = entity_type.events["delete"]
        await check(resource.policy, entity_type, "write", actor, event=event, entity=entity)
        ui, root_path = resource.ui, exchange.root_path
        name = name_of(entity_type, ui.record_title(resource, entity))
        question = self._texts.text("delete.question", kind=entity_type.title, name=name)
        if event.info.confirm and event.info.confirm != BUILT_IN["delete"].info.confirm:
            question = self._texts.render(event.info.confirm)
        deletion = await self._deletion(
            exchange, resource, [entity], question,
            url=resource.event_url(event, entity.id, root_path=root_path), fields=(),
            back=resource.url_for("record", entity.id, root_path=root_path),
        )  # fmt: skip
        await self._send(exchange, resource, deletion)

    async def ask_for_many(
        self, exchange: Exchange, resource: MountedResource, ids: Sequence[str]
    ) -> None:
        """Send the question about the chosen records that the actor may read.

        The others are missing, as far as the actor knows, and are not counted.

        Raises: RequestError 409, where none of them is left.
        """
        entity_type, root_path = resource.entity_type, exchange.root_path
        about = resource.policy, entity_type, exchange.session.actor
        event = entity_type.events["delete"]
        readable = await self._readable(exchange, resource, ids)
        found = [entity for entity in readable if await permits(*about, event=event, entity=entity)]
        if not readable:
            raise RequestError(Message("bulk.nothing_left"), status=409)
        question = self._texts.text(
            "delete.question_of_many",
            count=len(readable), title=entity_type.title, things=entity_type.plural_title,
        )  # fmt: skip
        fields = [(BULK_EVENT, "delete"), (CONFIRMED, "1")]
        fields += [(f"{BULK_IDS}{SEVERAL_SUFFIX}", id) for id in ids]
        back = exchange.referer_or(resource.url_for("list", root_path=root_path))
        deletion = await self._deletion(
            exchange, resource, found, question,
            url=resource.url_for("bulk", root_path=root_path), fields=fields, back=back,
        )  # fmt: skip
        await self._send(exchange, resource, deletion)

    async def _readable(
        self, exchange: Exchange, resource: MountedResource, ids: Sequence[str]
    ) -> Sequence[Entity]:
        """The records among these that the actor may read; the others are refused later."""
        entity_type = resource.entity_type
        known = []
        for id in ids:
            with contextlib.suppress(StarModelError):  # no id of this class
                known.append(self._application.id_of(entity_type.cls, id))
        query = Query(entity_type.cls, (Filter("id", "in", known),))
        listing = Listing(entity_type, query, 1, max(len(known), 1), "", "", {})
        try:
            window = await self._application.window(
                listing, exchange.session.actor, policy=resource.policy
            )
        except (AccessDeniedError, AccessScanLimitError):
            return ()
        return window.entities

    async def _deletion(
        self,
        exchange: Exchange,
        resource: MountedResource,
        found: Sequence[Entity],
        question: str,
        *,
        url: str,
        fields: Sequence[tuple[str, str]],
        back: str,
    ) -> Deletion:
        actor: Actor | None = exchange.session.actor
        effects = await self._effects.of(found, actor, resource.policy) if found else []
        is_one = not fields
        notes = [
            self._note(resource, [e for e in effects if e.rule == rule], key)
            for rule, key in (
                ("CASCADE", "delete.cascade" if is_one else "delete.cascade_of_many"),
                ("SET NULL", "delete.set_null"),
            )
        ]
        restricted = [effect for effect in effects if effect.rule == "RESTRICT"]
        key = "delete.restricted" if is_one else "delete.restricted_of_many"
        obstacles = [
            Obstacle(self._note(resource, [effect], key), self._list_url(exchange, effect))
            for effect in restricted
        ]
        event = resource.entity_type.events["delete"]
        if not is_one:
            obstacles = []  # each record is deleted for itself, so the others still are
            notes += [self._note(resource, restricted, key)]
        return Deletion(
            question, self._texts.render(event.title), [note for note in notes if note],
            obstacles, url, fields, back,
        )  # fmt: skip

    def _note(self, resource: MountedResource, effects: Sequence[Effect], key: str) -> str:
        """The sentence about the records of several classes; "" for none."""
        if not effects:
            return ""
        texts, counts = self._texts, [self._counted(effect) for effect in effects if effect.count]
        number = sum(effect.count for effect in effects)
        if any(effect.has_others for effect in effects):
            counts.append(texts.text("count.others"))
            number += 2
        first = texts.joined("joined.list", counts[:-1])
        records = texts.text("joined.and", first=first, second=counts[-1]) if first else counts[-1]
        kind = resource.entity_type.title
        sentence = texts.text(key, count=number, records=records, kind=kind)
        return sentence[:1].upper() + sentence[1:]

    def _counted(self, effect: Effect) -> str:
        entity_type = effect.entity_type
        things = entity_type.plural_title
        if effect.more:
            return self._texts.text(
                "count.more", count=count_text(self._texts, effect.count), things=things
            )
        return self._texts.text(
            "count.records", count=effect.count, title=entity_type.title, things=things
        )

    def _list_url(self, exchange: Exchange, effect: Effect) -> str:
        """The list of the records that refer to a record; "" where there is none to see."""
        resource = self._application.areas.current_resource(effect.entity_type.cls)
        if not effect.count or "list" not in resource.pages or effect.reference is None:
            return ""
        field, id = effect.reference
        url = resource.url_for("list", root_path=exchange.root_path)
        return f"{url}?{urlencode({field: plain(id)})}"

    async def _send(
        self, exchange: Exchange, resource: MountedResource, deletion: Deletion
    ) -> None:
        if exchange.request.wants_json or not exchange.request.wants_html:
            await exchange.json(
                deletion.as_json({word: self._texts.text(f"delete.{word}") for word in WORDS})
            )
            return
        ui: UIAdapter = resource.ui
        actor = exchange.session.actor
        await exchange.page(
            lambda: str(
                ui.page(
                    deletion.question, ui.record_deletion(resource, deletion),
                    actor=actor, resource=resource,
                )
            )
        )  # fmt: skip

    @cached_property
    def _effects(self) -> DeleteEffects:
        return DeleteEffects(self._application)
